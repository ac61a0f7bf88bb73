use std::io;

use super::Error;
use crate::bytes::{u32_le, window};
use crate::{ReadAt, ReadAtExt};

/// The first sector of a volume ("Main Boot Sector"). Places and lengths are in bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BootSector {
    /// Sector size.
    pub sector_size: u32,
    /// Cluster size, up to 32 MiB.
    pub cluster_size: u32,
    /// Where the table of chains begins, the active one of two.
    pub table_start: u64,
    /// Where cluster 2, the first, begins.
    pub heap_start: u64,
    /// Number of clusters.
    pub cluster_count: u32,
    /// First cluster of the root directory.
    pub root_cluster: u32,
    /// Serial number of the volume.
    pub serial_number: u32,
    /// Whether the second table and the second bitmap of clusters in use are the active ones.
    pub second_is_active: bool,
}

/// Which boot sector was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Region {
    /// That of the main boot region.
    Main,
    /// That of the backup region: the main one is damaged.
    Backup,
    /// That of the main region, and neither region's checksum fits.
    Unchecked,
}

/// Sectors of a boot region before the one with their checksum, and of a whole region.
const CHECKED_SECTORS: u64 = 11;
const REGION_SECTORS: u64 = 12;

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
        // VolumeFlags, ActiveFat; NumberOfFats.
        let second_is_active = shift(106) & 1 != 0 && shift(110) == 2;
        let tables_before = if second_is_active { in_bytes(long(84)?) } else { 0 };
        Ok(Self {
            sector_size,
            cluster_size: sector_size << cluster_shift,
            table_start: in_bytes(long(80)?) + tables_before,
            heap_start: in_bytes(long(88)?),
            // The table's first two entries belong to no cluster, and its last values are marks.
            cluster_count: long(92)?.min(0xFFFF_FFF5),
            root_cluster: long(96)?,
            serial_number: long(100)?,
            second_is_active,
        })
    }

    /// Whether the checksum of its region fits, which begins with it at byte `start` ("Main Boot Checksum
    /// Sub-region").
    fn is_checked(&self, volume: &dyn ReadAt, start: u64) -> io::Result<bool> {
        let len = CHECKED_SECTORS * u64::from(self.sector_size);
        let bytes = volume.read_vec_at(start, len as usize)?;
        let stated = volume.read_vec_at(start.saturating_add(len), 4)?;
        // VolumeFlags and PercentInUse change while the volume is used.
        let counted = bytes.iter().enumerate().filter(|(at, _)| ![106, 107, 112].contains(at));
        let sum = counted
            .fold(0, |sum: u32, (_, byte)| sum.rotate_right(1).wrapping_add(u32::from(*byte)));
        Ok(u32_le(&stated, 0) == Some(sum))
    }

    /// Reads the boot sector of a volume: of its two regions the first whose checksum fits, or else the
    /// first that can be one; and says which that was.
    ///
    /// # Errors
    /// When neither can be one.
    pub(super) fn read(volume: &dyn ReadAt) -> Result<(Self, Region), Error> {
        let main = volume.read_vec_at(0, 512).map_err(Error::from);
        let main = main.and_then(|bytes| Self::parse(&bytes));
        let is_checked = |it: &Self, at| it.is_checked(volume, at).unwrap_or(false);
        match (main, Self::backup(volume)) {
            (Ok(main), _) if is_checked(&main, 0) => Ok((main, Region::Main)),
            (Ok(_), Some((copy, at))) if is_checked(&copy, at) => Ok((copy, Region::Backup)),
            (Ok(main), _) => Ok((main, Region::Unchecked)),
            (Err(_), Some((copy, _))) => Ok((copy, Region::Backup)),
            (Err(error), None) => Err(error),
        }
    }

    /// The boot sector of the backup region, and where it begins.
    pub(crate) fn backup(volume: &dyn ReadAt) -> Option<(Self, u64)> {
        [512, 1024, 2048, 4096].into_iter().find_map(|sector: u64| {
            let at = REGION_SECTORS * sector;
            let copy = Self::parse(&volume.read_vec_at(at, 512).ok()?).ok()?;
            (u64::from(copy.sector_size) == sector).then_some((copy, at))
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
