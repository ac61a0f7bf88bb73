use super::Error;
use crate::Guid;
use crate::bytes::{u32_be, u64_be};

/// The last sector of a disk, of which a dynamic one has a copy in its first.
// Source: "Virtual Hard Disk Image Format Specification", "Hard Disk Footer Format".
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Footer {
    /// Where the header of a dynamic disk begins, in bytes.
    pub data_offset: u64,
    /// When the disk was made, in seconds since 2000.
    pub time_stamp: u32,
    /// The program that made it, `win `, `qemu`, `vbox`.
    pub creator: [u8; 4],
    /// Length that the disk had first, in bytes.
    pub original_size: u64,
    /// Length of the disk in bytes.
    pub current_size: u64,
    /// How its content is stored.
    pub kind: Kind,
    /// By which its children know it.
    pub unique_id: Guid,
    /// Whether the machine was suspended.
    pub saved_state: bool,
}

/// How a disk's content is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// As it is, before the footer.
    Fixed,
    /// In blocks, those that were written.
    Dynamic,
    /// In blocks, what differs from the disk below.
    Differencing,
}

impl Kind {
    /// The name: `vhd-fixed`, `vhd-dynamic`, `vhd-differencing`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Fixed => "vhd-fixed",
            Self::Dynamic => "vhd-dynamic",
            Self::Differencing => "vhd-differencing",
        }
    }
}

const STRUCTURE: &str = "footer";
pub(super) const COOKIE: &[u8; 8] = b"conectix";
/// Where the checksum is.
const CHECKSUM: usize = 64;

impl Footer {
    /// Reads the footer that begins at `offset` of its file; `None` where its cookie is not there.
    /// A wrong checksum is added to `findings`: every field that is used is checked by itself.
    ///
    /// # Errors
    /// When a field holds what it may not.
    pub(super) fn parse(
        bytes: &[u8],
        offset: u64,
        findings: &mut Vec<Error>,
    ) -> Result<Option<Self>, Error> {
        if !bytes.starts_with(COOKIE) {
            return Ok(None);
        }
        findings.extend(wrong_checksum(STRUCTURE, bytes, CHECKSUM, offset));
        let (needed, file_len) = (super::SECTOR, bytes.len() as u64);
        let (structure, outside) =
            (STRUCTURE, Error::Outside { structure: STRUCTURE, offset, needed, file_len });
        let (version, kind, mut footer) = Self::fields(bytes).ok_or(outside)?;
        let bad = |field, stated, expected| Error::Field { structure, field, stated, expected };
        if version >> 16 != 1 {
            return Err(bad("file format version", version.into(), "0x1xxxx"));
        }
        footer.kind = match kind {
            2 => Kind::Fixed,
            3 => Kind::Dynamic,
            4 => Kind::Differencing,
            other => {
                let expected = "2, fixed, 3, dynamic, or 4, differencing";
                return Err(bad("disk type", other.into(), expected));
            }
        };
        Ok(Some(footer))
    }

    fn fields(bytes: &[u8]) -> Option<(u32, u32, Self)> {
        let footer = Self {
            data_offset: u64_be(bytes, 16)?,
            time_stamp: u32_be(bytes, 24)?,
            creator: *bytes.get(28..)?.first_chunk()?,
            original_size: u64_be(bytes, 40)?,
            current_size: u64_be(bytes, 48)?,
            kind: Kind::Fixed,
            unique_id: Guid::at(bytes, 68)?,
            saved_state: *bytes.get(84)? != 0,
        };
        Some((u32_be(bytes, 12)?, u32_be(bytes, 60)?, footer))
    }
}

/// Compares the checksum in `bytes` at `at` with that of all other bytes.
// Source: "Virtual Hard Disk Image Format Specification", "Hard Disk Footer Format", Checksum:
// the one's complement of the sum of all bytes.
pub(super) fn wrong_checksum(
    structure: &'static str,
    bytes: &[u8],
    at: usize,
    offset: u64,
) -> Option<Error> {
    let stated = u32_be(bytes, at).unwrap_or(0);
    let sum = |bytes: &[u8]| bytes.iter().fold(0u32, |sum, byte| sum.wrapping_add((*byte).into()));
    let own = sum(&stated.to_be_bytes());
    let expected = !sum(bytes).wrapping_sub(own);
    (stated != expected).then_some(Error::Checksum { structure, offset, stated, expected })
}
