use super::Error;
use crate::bytes::{u32_le, window};

/// The first sector of a volume ("Main Boot Sector"). Places and lengths are in bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BootSector {
    /// Sector size.
    pub sector_size: u32,
    /// Cluster size, up to 32 MiB.
    pub cluster_size: u32,
    /// Where the table of chains begins.
    pub table_start: u64,
    /// Where cluster 2, the first, begins.
    pub heap_start: u64,
    /// Number of clusters.
    pub cluster_count: u32,
    /// First cluster of the root directory.
    pub root_cluster: u32,
    /// Serial number of the volume.
    pub serial_number: u32,
}

impl BootSector {
    /// Decodes and checks the boot sector at the start of `bytes`.
    ///
    /// # Errors
    /// [`Error::BootSector`] with the field that cannot be.
    pub fn parse(bytes: &[u8]) -> Result<Self, Error> {
        let bad = |field, found: u64| Error::BootSector { field, found };
        let long = |offset| u32_le(bytes, offset).ok_or_else(|| bad("length", bytes.len() as u64));
        let shift = |at: usize| bytes.get(at).copied().map_or(u32::MAX, u32::from);
        if window(bytes, 3, 8) != Some(b"EXFAT   ") {
            return Err(bad("FileSystemName", 0));
        }
        let (sector_shift, cluster_shift) = (shift(108), shift(109));
        if !(9..=12).contains(&sector_shift) {
            return Err(bad("BytesPerSectorShift", sector_shift.into()));
        }
        if cluster_shift > 25 - sector_shift {
            return Err(bad("SectorsPerClusterShift", cluster_shift.into()));
        }
        let sector_size = 1u32 << sector_shift;
        let in_bytes = |sectors: u32| u64::from(sectors) * u64::from(sector_size);
        Ok(Self {
            sector_size,
            cluster_size: sector_size << cluster_shift,
            table_start: in_bytes(long(80)?),
            heap_start: in_bytes(long(88)?),
            // The table's first two entries belong to no cluster, and its last values are marks.
            cluster_count: long(92)?.min(0xFFFF_FFF5),
            root_cluster: long(96)?,
            serial_number: long(100)?,
        })
    }

    /// The last cluster.
    pub fn last_cluster(&self) -> u32 {
        self.cluster_count.saturating_add(1)
    }

    /// Where a cluster begins.
    pub fn cluster_start(&self, cluster: u32) -> u64 {
        let index = u64::from(cluster.saturating_sub(2));
        self.heap_start + index * u64::from(self.cluster_size)
    }
}
