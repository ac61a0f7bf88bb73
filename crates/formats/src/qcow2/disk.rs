use std::io;
use std::sync::Arc;

use super::inflate::inflate;
use super::{Error, Header, Snapshot, read_whole};
use crate::layered::{Layered, Pages, Stored, read_layered};
use crate::recent::Recent;
use crate::{ReadAt, ReadAtExt};

/// A disk in its current state, or in that of one of its snapshots; itself a reader.
pub struct Disk {
    file: Arc<dyn ReadAt>,
    below: Option<Arc<dyn ReadAt>>,
    header: Header,
    len: u64,
    l1_offset: u64,
    /// Entries of the L1 table as they are stored.
    l1: Vec<u8>,
    pages: Pages,
    clusters: Recent,
}

/// Bits of an L1 or L2 entry that are an offset.
// Source: QEMU, docs/interop/qcow2.rst, "L1 table entry", "Standard Cluster Descriptor".
const OFFSET: u64 = 0x00FF_FFFF_FFFF_FE00;
const COMPRESSED: u64 = 1 << 62;
const ZERO: u64 = 1;
const SECTOR: u64 = 512;
/// Subclusters of a cluster, where L2 entries are extended.
const SUBCLUSTERS: u32 = 32;

impl Disk {
    /// Opens the disk in `file`, as `snapshot` where one is given, on top of `below`, the backing
    /// file that the header names.
    ///
    /// # Errors
    /// When the L1 table does not lie in the file, or the disk below was not given.
    pub fn open(
        file: &Arc<dyn ReadAt>,
        header: &Header,
        snapshot: Option<&Snapshot>,
        below: Option<Arc<dyn ReadAt>>,
    ) -> Result<Self, Error> {
        if let (Some(name), None) = (&header.backing_file, &below) {
            return Err(Error::BackingMissing { name: name.clone() });
        }
        let (len, l1_offset, entries) = match snapshot {
            Some(it) => (it.size, it.l1_offset, it.l1_entries),
            None => (header.size, header.l1_offset, header.l1_entries),
        };
        // A table may be longer than the disk: it also maps the memory kept with a snapshot.
        let used = len.div_ceil(header.table_span().max(1));
        if used > entries.into() || used.saturating_mul(8) > 32 << 20 {
            let (field, stated) = ("l1_size", entries.into());
            let expected = "an entry for every part of the disk, at most 2^22";
            return Err(Error::HeaderField { field, stated, expected });
        }
        let l1 = read_whole(&**file, "L1 table", l1_offset, used.saturating_mul(8))?;
        let clusters = Recent::new(header.cluster_len());
        let (file, header, pages) = (Arc::clone(file), header.clone(), Pages::new());
        Ok(Self { file, below, header, len, l1_offset, l1, pages, clusters })
    }

    /// Where the L2 table for `offset` in the disk begins; `None` where there is none.
    fn table(&self, offset: u64) -> Result<Option<u64>, Error> {
        let at = (offset / self.header.table_span().max(1)).saturating_mul(8);
        let entry = usize::try_from(at).ok().and_then(|at| crate::bytes::u64_be(&self.l1, at));
        let stated = entry.unwrap_or(0);
        let (table, offset) = ("L1", self.l1_offset.saturating_add(at));
        match stated & OFFSET {
            0 => Ok(None),
            start if start % self.header.cluster_len() != 0 => {
                let expected = "the offset of a cluster";
                Err(Error::Entry { table, offset, stated, expected })
            }
            start if start >= self.file.len() => {
                Err(Error::Entry { table, offset, stated, expected: "an offset in the file" })
            }
            start => Ok(Some(start)),
        }
    }

    /// The L2 entry for `offset` in the disk, the bitmap of its subclusters, and where it is.
    fn entry(&self, table: u64, offset: u64) -> io::Result<(u64, u64, u64)> {
        let index = offset % self.header.table_span().max(1) / self.header.cluster_len();
        let len = self.header.l2_entry_len();
        let at = table.saturating_add(index.saturating_mul(len));
        let structure = "L2 entry";
        let failed = |source| Error::Read { structure, offset: at, source };
        if len == 16 {
            let bytes: [u8; 16] = self.pages.read(&*self.file, at).map_err(failed)?;
            let both = u128::from_be_bytes(bytes);
            Ok(((both >> 64) as u64, both as u64, at))
        } else {
            let bytes: [u8; 8] = self.pages.read(&*self.file, at).map_err(failed)?;
            Ok((u64::from_be_bytes(bytes), 0, at))
        }
    }

    /// Where a cluster that is not compressed lies, from `within` on.
    fn cluster(&self, entry: u64, at: u64, offset: u64) -> Result<Stored, Error> {
        let (start, file_len) = (entry & OFFSET, self.file.len());
        let within = offset % self.header.cluster_len();
        if start == 0 || start % self.header.cluster_len() != 0 {
            let expected = "the offset of a cluster";
            return Err(Error::Entry { table: "L2", offset: at, stated: entry, expected });
        }
        if start >= file_len {
            let disk = offset.saturating_sub(within);
            return Err(Error::Cluster { disk, offset: start, file_len });
        }
        Ok(Stored::At(start.saturating_add(within)))
    }

    /// What the last cluster of a file is cut to.
    ///
    /// The file may end within its last cluster: QEMU writes what was written and no more, and
    /// reads zeros behind the end. Seen in every image whose last new cluster was written in
    /// part; a cluster that begins behind the end is an error all the same.
    /// Test: `a_cluster_that_the_file_ends_in_is_zeros_behind_the_end`.
    fn cut(&self, stored: Stored, len: u64) -> (Stored, u64) {
        match stored {
            Stored::At(at) if at >= self.file.len() => (Stored::Zeros, len),
            Stored::At(at) => (stored, len.min(self.file.len().saturating_sub(at))),
            other => (other, len),
        }
    }

    /// What subclusters from that at `offset` on are, and how many bytes of them are alike.
    fn subclusters(
        &self,
        (entry, bitmap, at): (u64, u64, u64),
        offset: u64,
    ) -> Result<(Stored, u64), Error> {
        let sub_len = self.header.cluster_len() / u64::from(SUBCLUSTERS);
        let within = offset % self.header.cluster_len();
        let first = u32::try_from(within / sub_len.max(1)).unwrap_or(0);
        // Source: QEMU, docs/interop/qcow2.rst, "Extended L2 Entries": bit x says that subcluster
        // x is allocated, bit 32 + x that it reads as zeros.
        let state = |index: u32| (bitmap >> index & 1 == 1, bitmap >> (32 + index) & 1 == 1);
        let alike = (first..SUBCLUSTERS).take_while(|index| state(*index) == state(first)).count();
        let len = (u64::from(first) + alike as u64).saturating_mul(sub_len);
        let len = len.saturating_sub(within);
        match state(first) {
            (true, true) => {
                let expected = "a subcluster that is allocated or zeros, not both";
                Err(Error::Entry { table: "L2", offset: at, stated: bitmap, expected })
            }
            (true, false) => Ok(self.cut(self.cluster(entry, at, offset)?, len)),
            (false, true) => Ok((Stored::Zeros, len)),
            (false, false) => Ok((Stored::Below, len)),
        }
    }

    /// The file offset of a compressed cluster, and how many bytes it takes at most.
    // Source: QEMU, docs/interop/qcow2.rst, "Compressed Clusters Descriptor".
    fn compressed(&self, entry: u64) -> (u64, u64) {
        let bits = 70u32.saturating_sub(self.header.cluster_bits);
        let offset = entry & 1u64.checked_shl(bits).unwrap_or(0).wrapping_sub(1);
        let more = (entry & !(3 << 62)).checked_shr(bits).unwrap_or(0);
        let sectors = more.saturating_add(1);
        (offset, sectors.saturating_mul(SECTOR).saturating_sub(offset % SECTOR))
    }
}

impl Layered for Disk {
    fn disk_len(&self) -> u64 {
        self.len
    }

    fn file(&self) -> &dyn ReadAt {
        &*self.file
    }

    fn below(&self) -> Option<&Arc<dyn ReadAt>> {
        self.below.as_ref()
    }

    fn stretch(&self, offset: u64) -> io::Result<(Stored, u64)> {
        let span = self.header.table_span().max(1);
        let Some(table) = self.table(offset)? else {
            return Ok((Stored::Below, span.saturating_sub(offset % span)));
        };
        let found = self.entry(table, offset)?;
        let (entry, bitmap, at) = found;
        let (cluster_len, is_extended) = (self.header.cluster_len(), self.header.has_extended_l2());
        let within = offset % cluster_len;
        let left = cluster_len.saturating_sub(within);
        if entry & COMPRESSED != 0 {
            if bitmap != 0 {
                let expected = "no subclusters of a compressed cluster";
                let (table, stated) = ("L2", bitmap);
                return Err(Error::Entry { table, offset: at, stated, expected }.into());
            }
            return Ok((Stored::Made { piece: entry, within }, left));
        }
        if is_extended {
            return Ok(self.subclusters(found, offset)?);
        }
        if entry & ZERO != 0 && self.header.version < 3 {
            let expected = "no zero flag in version 2";
            let (table, stated) = ("L2", entry);
            return Err(Error::Entry { table, offset: at, stated, expected }.into());
        }
        if entry & ZERO != 0 {
            return Ok((Stored::Zeros, left));
        }
        if entry & OFFSET == 0 {
            return Ok((Stored::Below, left));
        }
        Ok(self.cut(self.cluster(entry, at, offset)?, left))
    }

    fn make(&self, piece: u64) -> io::Result<Arc<[u8]>> {
        let (offset, most) = self.compressed(piece);
        let expected = self.header.cluster_len();
        self.clusters.get(piece, || {
            // A cluster that does not shrink is not stored compressed.
            let most = most.min(expected.saturating_add(SECTOR));
            let bytes = self.file.read_vec_at(offset, usize::try_from(most).unwrap_or(0));
            let structure = "compressed cluster";
            let bytes = bytes.map_err(|source| Error::Read { structure, offset, source })?;
            let len = usize::try_from(expected).unwrap_or(0);
            let cluster = inflate(self.header.compression, &bytes, len);
            cluster
                .map_err(|source| Error::Inflate { offset, expected, source: Some(source) }.into())
        })
    }
}

read_layered!(Disk);
