use super::Error;
use crate::bytes::{u16_le, u32_le};

/// How many bits an entry of the table has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "each is named as it is called")]
pub enum Width {
    Fat12,
    Fat16,
    Fat32,
}

/// The first sector of a volume ("Boot Sector and BPB"). Places and lengths are in bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BootSector {
    /// Sector size.
    pub sector_size: u32,
    /// Cluster size.
    pub cluster_size: u32,
    /// Where the first table begins.
    pub table_start: u64,
    /// Length of a table.
    pub table_len: u64,
    /// Number of tables.
    pub tables: u8,
    /// Which table counts, from 0.
    pub active_table: u8,
    /// Whether the other table is a copy of it.
    pub is_mirrored: bool,
    /// Length of the root directory behind the tables; 0 for FAT32.
    pub root_len: u64,
    /// First cluster of the root directory; 0 where it lies behind the tables.
    pub root_cluster: u32,
    /// Number of clusters.
    pub cluster_count: u32,
    /// Serial number of the volume; 0 where there is none.
    pub serial_number: u32,
    /// How many bits an entry of the table has, as the number of clusters tells.
    pub width: Width,
}

impl BootSector {
    /// Decodes and checks the boot sector at the start of `bytes`.
    ///
    /// # Errors
    /// [`Error::BootSector`] with the field that cannot be.
    pub fn parse(bytes: &[u8]) -> Result<Self, Error> {
        let bad = |field, found: u64| Error::BootSector { field, found };
        let short = || bad("length", bytes.len() as u64);
        let byte = |offset: usize| bytes.get(offset).copied().ok_or_else(short);
        let word = |offset| u16_le(bytes, offset).map(u32::from).ok_or_else(short);
        let long = |offset| u32_le(bytes, offset).ok_or_else(short);
        let sector_size = word(11)?;
        if !matches!(sector_size, 512 | 1024 | 2048 | 4096) {
            return Err(bad("BPB_BytsPerSec", sector_size.into()));
        }
        let per_cluster = u32::from(byte(13)?);
        if !per_cluster.is_power_of_two() {
            return Err(bad("BPB_SecPerClus", per_cluster.into()));
        }
        let (reserved, tables) = (word(14)?, byte(16)?);
        if reserved == 0 {
            return Err(bad("BPB_RsvdSecCnt", 0));
        }
        if !matches!(tables, 1 | 2) {
            return Err(bad("BPB_NumFATs", tables.into()));
        }
        let or_long = |word: u32, offset| if word == 0 { long(offset) } else { Ok(word) };
        let is_wide = word(22)? == 0;
        let table_sectors = or_long(word(22)?, 36)?;
        if table_sectors == 0 {
            return Err(bad("BPB_FATSz32", 0));
        }
        let (in_bytes, sectors) = (u64::from(sector_size), or_long(word(19)?, 32)?);
        let root_len = (u64::from(word(17)?) * 32).next_multiple_of(in_bytes);
        let table_len = u64::from(table_sectors) * in_bytes;
        let table_start = u64::from(reserved) * in_bytes;
        let before = table_start + table_len * u64::from(tables) + root_len;
        let cluster_size = per_cluster * sector_size;
        let data = (u64::from(sectors) * in_bytes).saturating_sub(before);
        let cluster_count = u32::try_from(data / u64::from(cluster_size)).unwrap_or(u32::MAX);
        // "FAT Type Determination": by the number of clusters and nothing else.
        let width = match cluster_count {
            0 => return Err(bad("BPB_TotSec32", sectors.into())),
            1..4085 => Width::Fat12,
            4085..65525 => Width::Fat16,
            _ => Width::Fat32,
        };
        // BPB_ExtFlags: which table is the active one, if not all are.
        let flags = if is_wide { word(40)? } else { 0 };
        let is_mirrored = tables > 1 && flags & 0x80 == 0;
        let active_table = if flags & 0x80 == 0 { 0 } else { flags as u8 & 0xF };
        if active_table >= tables {
            return Err(bad("BPB_ExtFlags", flags.into()));
        }
        let (root_cluster, serial_at) = if is_wide { (long(44)?, 67) } else { (0, 39) };
        Ok(Self {
            sector_size,
            cluster_size,
            table_start,
            table_len,
            tables,
            active_table,
            is_mirrored,
            root_len,
            root_cluster,
            cluster_count,
            serial_number: if byte(serial_at - 1)? == 0x29 { long(serial_at)? } else { 0 },
            width,
        })
    }

    /// Where the root directory begins that lies behind the tables, else the first cluster.
    pub fn root_start(&self) -> u64 {
        self.table_start + self.table_len * u64::from(self.tables)
    }

    /// Where cluster 2, the first, begins.
    pub fn data_start(&self) -> u64 {
        self.root_start() + self.root_len
    }

    /// The last cluster.
    pub fn last_cluster(&self) -> u32 {
        self.cluster_count.saturating_add(1)
    }

    /// Whether the volume has the cluster.
    pub fn has(&self, cluster: u32) -> bool {
        (2..=self.last_cluster()).contains(&cluster)
    }

    /// Where a cluster of the volume begins.
    pub fn cluster_start(&self, cluster: u32) -> u64 {
        let index = u64::from(cluster.saturating_sub(2));
        self.data_start() + index * u64::from(self.cluster_size)
    }
}
