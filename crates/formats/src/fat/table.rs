use std::collections::HashSet;
use std::io;

use super::{BootSector, Error, Width};
use crate::taken::Taken;
use crate::{Extents, ReadAt, ReadAtExt, Run};

/// The file allocation table: for each cluster the next of its chain.
pub(super) struct Table<'v> {
    reader: &'v dyn ReadAt,
    boot_sector: &'v BootSector,
    /// The part that was read last, and where it begins in the table.
    page: (u64, Vec<u8>),
    /// Clusters of chains that were followed.
    taken: Taken,
    /// The parts that were compared with the other table, by where they begin.
    compared: HashSet<u64>,
    differences: Option<Differences>,
}

/// Where the table and its copy differ.
#[derive(Clone, Copy)]
pub(super) struct Differences {
    /// In how many bytes, of the parts that were read.
    pub bytes: u64,
    /// The first such byte, counted from the start of the table.
    pub first: u64,
}

/// How much of the table is read at once: a multiple of three bytes, which hold two entries of 12
/// bits.
const PAGE: u64 = 12 << 10;

impl<'v> Table<'v> {
    pub fn new(reader: &'v dyn ReadAt, boot_sector: &'v BootSector) -> Self {
        let (page, taken, compared, differences) = Default::default();
        Self { reader, boot_sector, page, taken, compared, differences }
    }

    /// What the table says of a cluster: 0 where it is free, and above the last cluster where a
    /// chain ends.
    pub fn entry(&mut self, cluster: u32) -> io::Result<u32> {
        let cluster = u64::from(cluster);
        Ok(match self.boot_sector.width {
            Width::Fat12 => {
                let [low, high] = self.bytes(cluster + cluster / 2)?;
                let both = u16::from_le_bytes([low, high]);
                let entry = if cluster % 2 == 0 { both & 0xFFF } else { both >> 4 };
                u32::from(entry)
            }
            Width::Fat16 => u16::from_le_bytes(self.bytes(cluster * 2)?).into(),
            Width::Fat32 => u32::from_le_bytes(self.bytes(cluster * 4)?) & 0x0FFF_FFFF,
        })
    }

    /// Where the parts that were read differ from the other table.
    pub fn differences(&self) -> Option<Differences> {
        self.differences
    }

    /// Bytes of the active table, or of its copy where that cannot be read.
    fn bytes<const N: usize>(&mut self, offset: u64) -> io::Result<[u8; N]> {
        let (start, page) = &self.page;
        let within = |start: u64, page: &[u8]| {
            let at = usize::try_from(offset.checked_sub(start)?).ok()?;
            page.get(at..)?.first_chunk().copied()
        };
        if let Some(bytes) = within(*start, page) {
            return Ok(bytes);
        }
        let start = offset - offset % PAGE;
        let BootSector { table_start, table_len, active_table, is_mirrored, .. } =
            *self.boot_sector;
        // One byte more: an entry of 12 bits may go on in the next page.
        let len = (PAGE + 1).min(table_len.saturating_sub(start)) as usize;
        let read = |table: u8| {
            self.reader.read_vec_at(table_start + u64::from(table) * table_len + start, len)
        };
        let page = match read(active_table) {
            Err(_) if is_mirrored => read(1)?,
            first => first?,
        };
        if is_mirrored && self.compared.insert(start) {
            let copy = read(1).unwrap_or_else(|_| page.clone());
            self.compare(start, &page, &copy);
        }
        let bytes = within(start, &page);
        self.page = (start, page);
        bytes.ok_or_else(|| io::Error::new(io::ErrorKind::UnexpectedEof, "the table ends before"))
    }

    /// Compares a part of the table with its copy. The first two entries are not of clusters: that the
    /// volume is in use may be noted in one table alone.
    fn compare(&mut self, start: u64, page: &[u8], copy: &[u8]) {
        let first_cluster = match self.boot_sector.width {
            Width::Fat12 => 3,
            Width::Fat16 => 4,
            Width::Fat32 => 8,
        };
        // The last byte is the first of the next part.
        let bytes = (start..).zip(page.iter().zip(copy)).take(PAGE as usize);
        let differ = bytes.filter(|(at, (own, copy))| *at >= first_cluster && own != copy);
        for (at, _) in differ {
            let found = self.differences.get_or_insert(Differences { bytes: 0, first: at });
            found.bytes += 1;
            found.first = found.first.min(at);
        }
    }

    /// Whether no file has the cluster.
    pub fn is_free(&mut self, cluster: u32) -> bool {
        self.boot_sector.has(cluster) && self.entry(cluster).is_ok_and(|entry| entry == 0)
    }

    /// Follows the chain from `first`, at most `most` clusters of it. See [`Taken::chain`].
    pub fn chain(
        &mut self,
        first: u32,
        most: u64,
        is_directory: bool,
    ) -> (Vec<u32>, Option<Error>) {
        let last = self.boot_sector.last_cluster();
        let mut taken = std::mem::take(&mut self.taken);
        let chain = taken.chain(most, is_directory, |from| {
            let to = from.map_or(Ok(first), |from| self.entry(from))?;
            match self.boot_sector.has(to) {
                true => Ok(Some(to)),
                false if from.is_some() && self.is_end(to) => Ok(None),
                false => Err(Error::Outside { from: from.unwrap_or(0), to, last }),
            }
        });
        self.taken = taken;
        chain
    }

    fn is_end(&self, entry: u32) -> bool {
        entry
            >= match self.boot_sector.width {
                Width::Fat12 => 0xFF8,
                Width::Fat16 => 0xFFF8,
                Width::Fat32 => 0x0FFF_FFF8,
            }
    }
}

/// Where the content of clusters lies, of which `len` bytes count.
pub(super) fn extents(boot_sector: &BootSector, clusters: &[u32], len: u64) -> Extents {
    let sector_size = boot_sector.sector_size;
    let in_sectors = |bytes: u64| bytes / u64::from(sector_size);
    let per_cluster = in_sectors(boot_sector.cluster_size.into());
    let mut runs: Vec<Run> = Vec::new();
    for (vcn, cluster) in (0..).step_by(per_cluster as usize).zip(clusters) {
        let lcn = in_sectors(boot_sector.cluster_start(*cluster));
        match runs.last_mut() {
            Some(run) if run.lcn.is_some_and(|first| first + run.clusters == lcn) => {
                run.clusters += per_cluster;
            }
            _ => runs.push(Run { vcn, lcn: Some(lcn), clusters: per_cluster }),
        }
    }
    Extents {
        runs,
        cluster_size: sector_size,
        data_size: len,
        initialized_size: len,
        unit_clusters: 0,
    }
}
