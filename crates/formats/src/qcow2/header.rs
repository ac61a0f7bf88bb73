use super::{Error, read_whole};
use crate::bytes::{u32_be, u64_be, window};
use crate::{ReadAt, ReadAtExt};

/// The first cluster of a disk: its header and the header extensions.
// Source: QEMU, docs/interop/qcow2.rst, "Header", "Header extensions".
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// 2 or 3.
    pub version: u32,
    /// Name of the file below, which may be a path or URL of the host; `None` where there is none.
    pub backing_file: Option<String>,
    /// Format of the file below, `raw`, `qcow2`; `None` where it is not stated.
    pub backing_format: Option<String>,
    /// Length of a cluster as a power of two.
    pub cluster_bits: u32,
    /// Length of the disk in bytes.
    pub size: u64,
    /// Entries in the active L1 table.
    pub l1_entries: u32,
    /// Offset of the active L1 table in bytes.
    pub l1_offset: u64,
    /// Number of internal snapshots.
    pub snapshots: u32,
    /// Offset of the snapshot table in bytes.
    pub snapshots_offset: u64,
    /// Feature bits of which a reader must know all, unknown ones too.
    pub incompatible_features: u64,
    /// Feature bits of which a reader need not know.
    pub compatible_features: u64,
    /// How clusters are compressed, those that are.
    pub compression: Compression,
}

/// How clusters are compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compression {
    /// Deflate without a header.
    Deflate,
    /// Zstandard.
    Zstd,
}

const MAGIC: &[u8] = b"QFI\xFB";
/// Length of the header in version 2.
const LEN: u64 = 72;
/// Length of the fields read of version 3.
const LEN_3: u64 = 105;
/// The longest name of a file below.
const MAX_NAME: u64 = 1023;
/// The most header extensions read; there are five kinds.
const MAX_EXTENSIONS: usize = 64;
/// The longest L1 table read, in bytes: QEMU's own limit, QCOW_MAX_L1_SIZE.
// Source: QEMU, block/qcow2.h.
const MAX_L1: u64 = 32 << 20;

const CORRUPT: u64 = 1 << 1;
const EXTERNAL_DATA: u64 = 1 << 2;
const EXTENDED_L2: u64 = 1 << 4;
/// Dirty, corrupt, external data file, compression type, extended L2 entries.
const KNOWN_FEATURES: u64 = 0x1F;

const BACKING_FORMAT: u32 = 0xE279_2ACA;
const CONVERT: &str = "convert it with: qemu-img convert -O qcow2 IN OUT";

impl Header {
    /// Reads the header of `file`; `None` when it is no qcow2.
    ///
    /// # Errors
    /// When it is one, and the header is damaged or asks for something that is not read.
    pub fn read(file: &dyn ReadAt) -> Result<Option<Self>, Error> {
        let structure = "header";
        let bytes = file.read_vec_at(0, LEN_3 as usize);
        let bytes = bytes.map_err(|source| Error::Read { structure, offset: 0, source })?;
        if !bytes.starts_with(MAGIC) {
            return Ok(None);
        }
        let (needed, file_len) = (LEN, file.len());
        let outside = Error::Outside { structure, offset: 0, needed, file_len };
        let (mut header, raw) = Self::fields(&bytes).ok_or(outside)?;
        header.check(&raw)?;
        header.names(file, &raw)?;
        Ok(Some(header))
    }

    /// Length of a cluster in bytes.
    pub fn cluster_len(&self) -> u64 {
        1 << self.cluster_bits.min(63)
    }

    /// Whether each L2 entry has a bitmap of its cluster's 32 subclusters.
    pub fn has_extended_l2(&self) -> bool {
        self.incompatible_features & EXTENDED_L2 != 0
    }

    /// Whether its writer has found damage in it.
    pub fn is_marked_corrupt(&self) -> bool {
        self.incompatible_features & CORRUPT != 0
    }

    /// Length of an L2 entry in bytes.
    pub(super) fn l2_entry_len(&self) -> u64 {
        if self.has_extended_l2() { 16 } else { 8 }
    }

    /// Bytes of the disk that one L2 table stands for.
    pub(super) fn table_span(&self) -> u64 {
        (self.cluster_len() / self.l2_entry_len()).saturating_mul(self.cluster_len())
    }

    fn fields(bytes: &[u8]) -> Option<(Self, Raw)> {
        let version = u32_be(bytes, 4)?;
        let is_3 = version >= 3;
        let raw = Raw {
            backing_offset: u64_be(bytes, 8)?,
            backing_len: u32_be(bytes, 16)?.into(),
            encryption: u32_be(bytes, 32)?,
            header_len: if is_3 { u32_be(bytes, 100)?.into() } else { LEN },
            compression: if is_3 { bytes.get(104).copied().unwrap_or(0) } else { 0 },
        };
        let header = Self {
            version,
            backing_file: None,
            backing_format: None,
            cluster_bits: u32_be(bytes, 20)?,
            size: u64_be(bytes, 24)?,
            l1_entries: u32_be(bytes, 36)?,
            l1_offset: u64_be(bytes, 40)?,
            snapshots: u32_be(bytes, 60)?,
            snapshots_offset: u64_be(bytes, 64)?,
            incompatible_features: if is_3 { u64_be(bytes, 72)? } else { 0 },
            compatible_features: if is_3 { u64_be(bytes, 80)? } else { 0 },
            compression: Compression::Deflate,
        };
        Some((header, raw))
    }

    fn check(&mut self, raw: &Raw) -> Result<(), Error> {
        let bad = |field, stated, expected| Err(Error::HeaderField { field, stated, expected });
        if !(2..=3).contains(&self.version) {
            return bad("version", self.version.into(), "2 or 3");
        }
        // Source: QEMU, block/qcow2.h, MIN_CLUSTER_BITS, MAX_CLUSTER_BITS; subclusters of less
        // than a sector are not allowed.
        let bits = if self.has_extended_l2() { 14..=21 } else { 9..=21 };
        if !bits.contains(&self.cluster_bits) {
            return bad(
                "cluster_bits",
                self.cluster_bits.into(),
                "9 to 21, 14 to 21 with subclusters",
            );
        }
        if self.version == 3 && !(104..=self.cluster_len()).contains(&raw.header_len) {
            return bad("header_length", raw.header_len, "104 up to the length of a cluster");
        }
        if raw.encryption != 0 {
            let what = "an encrypted disk";
            let help = "decrypt it with: qemu-img convert --object secret,… -O qcow2 IN OUT";
            return Err(Error::Unsupported { what, help });
        }
        if self.incompatible_features & EXTERNAL_DATA != 0 {
            let what = "a disk whose data lie in another file (external data file)";
            return Err(Error::Unsupported { what, help: CONVERT });
        }
        if self.incompatible_features & !KNOWN_FEATURES != 0 {
            let expected = "bits 0 to 4";
            return bad("incompatible_features", self.incompatible_features, expected);
        }
        self.compression = match (raw.header_len > 104, raw.compression) {
            (false, _) | (true, 0) => Compression::Deflate,
            (true, 1) => Compression::Zstd,
            (true, other) => {
                return bad("compression_type", other.into(), "0, deflate, or 1, zstd");
            }
        };
        if self.size > u64::MAX >> 2 {
            return bad("size", self.size, "fewer than 2^62 bytes");
        }
        if self.size.div_ceil(self.table_span().max(1)) > self.l1_entries.into() {
            return bad("l1_size", self.l1_entries.into(), "an entry for every part of the disk");
        }
        if u64::from(self.l1_entries) * 8 > MAX_L1 {
            return bad("l1_size", self.l1_entries.into(), "at most 2^22 entries");
        }
        Ok(())
    }

    /// Reads the name of the file below and its format.
    fn names(&mut self, file: &dyn ReadAt, raw: &Raw) -> Result<(), Error> {
        if raw.backing_offset == 0 || raw.backing_len == 0 {
            return Ok(());
        }
        if raw.backing_len > MAX_NAME {
            let (field, stated) = ("backing_file_size", raw.backing_len);
            return Err(Error::HeaderField { field, stated, expected: "at most 1023 bytes" });
        }
        let name = read_whole(file, "backing file name", raw.backing_offset, raw.backing_len)?;
        self.backing_file = Some(String::from_utf8_lossy(&name).into_owned());
        // Extensions lie between header and name, all in the first cluster.
        let cluster = file.read_vec_at(0, self.cluster_len() as usize);
        let cluster = cluster.map_err(|source| Error::Read {
            structure: "header extensions",
            offset: 0,
            source,
        })?;
        self.backing_format = extension(&cluster, raw.header_len, BACKING_FORMAT)
            .map(|name| String::from_utf8_lossy(name).into_owned());
        Ok(())
    }
}

/// Fields that say where others are.
struct Raw {
    backing_offset: u64,
    backing_len: u64,
    encryption: u32,
    header_len: u64,
    compression: u8,
}

/// Finds the header extension of this type.
fn extension(cluster: &[u8], header_len: u64, wanted: u32) -> Option<&[u8]> {
    let mut offset = usize::try_from(header_len).ok()?;
    for _ in 0..MAX_EXTENSIONS {
        let (kind, len) = (u32_be(cluster, offset)?, u32_be(cluster, offset.checked_add(4)?)?);
        let (data, len) = (offset.checked_add(8)?, usize::try_from(len).ok()?);
        match kind {
            0 => return None,
            kind if kind == wanted => return window(cluster, data, len),
            _ => offset = data.checked_add(len.checked_next_multiple_of(8)?)?,
        }
    }
    None
}
