use super::{Error, Partition, PartitionKind, Table};
use crate::bytes::{u32_le, window};
use crate::{Name, ReadAt, ReadAtExt};

/// The four entries of a master or extended boot record.
// Source: UEFI 2.10, 5.2.1 "Legacy Master Boot Record (MBR)".
#[derive(Debug)]
pub(super) struct BootRecord {
    entries: Vec<Entry>,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    boot_indicator: u8,
    kind: u8,
    start_sector: u64,
    sectors: u64,
}

const SECTOR: u64 = 512;
/// More extended boot records than a chain can sensibly have.
const MAX_LOGICAL: usize = 1024;
const FIRST_LOGICAL: u32 = 5;

impl BootRecord {
    /// Reads a boot record; `None` when the sector does not end with 55 AA.
    pub fn parse(sector: &[u8]) -> Option<Self> {
        if window(sector, 510, 2)? != [0x55, 0xAA] {
            return None;
        }
        let entries = window(sector, 446, 64)?.chunks(16).filter_map(Entry::parse).collect();
        Some(Self { entries })
    }

    /// Whether it says that the disk has a GPT.
    // Source: UEFI 2.10, 5.2.3 "Protective MBR".
    pub fn is_protective(&self) -> bool {
        self.entries.iter().any(|entry| entry.kind == 0xEE)
    }

    /// Whether its entries could divide a disk of `disk_len` bytes.
    pub fn divides(&self, disk_len: u64) -> bool {
        let mut used = self.entries.iter().filter(|entry| entry.is_used()).peekable();
        used.peek().is_some()
            && used.all(|entry| {
                matches!(entry.boot_indicator, 0 | 0x80)
                    && entry.start_sector > 0
                    && entry.start_sector.saturating_mul(SECTOR) < disk_len
            })
    }

    /// Whether one of its entries, also one without a type, begins at byte `end` or before it.
    pub fn begins_before(&self, end: u64) -> bool {
        let mut used = self.entries.iter().filter(|entry| entry.sectors != 0);
        used.any(|entry| entry.start_sector.saturating_mul(SECTOR) <= end)
    }
}

impl Entry {
    fn parse(bytes: &[u8]) -> Option<Self> {
        Some(Self {
            boot_indicator: *bytes.first()?,
            kind: *bytes.get(4)?,
            start_sector: u32_le(bytes, 8)?.into(),
            sectors: u32_le(bytes, 12)?.into(),
        })
    }

    fn is_used(&self) -> bool {
        self.kind != 0 && self.sectors != 0
    }

    /// Whether it holds logical partitions.
    // Source: A. Brouwer, "Partition types": 05 (CHS), 0F (LBA), 85 (Linux).
    fn is_extended(&self) -> bool {
        matches!(self.kind, 0x05 | 0x0F | 0x85)
    }

    fn partition(&self, index: u32, base_sector: u64) -> Partition {
        Partition {
            index,
            start: base_sector.saturating_add(self.start_sector).saturating_mul(SECTOR),
            len: self.sectors.saturating_mul(SECTOR),
            kind: Some(PartitionKind::Mbr(self.kind)),
            name: Name::default(),
            active: self.boot_indicator == 0x80,
        }
    }
}

/// Lists the partitions of `boot` and of the extended partitions in it.
pub(super) fn read(disk: &dyn ReadAt, boot: &BootRecord) -> Table {
    let used = || (1..).zip(&boot.entries).filter(|(_, entry)| entry.is_used());
    let mut partitions: Vec<_> = used()
        .filter(|(_, entry)| !entry.is_extended())
        .map(|(index, entry)| entry.partition(index, 0))
        .collect();
    let mut findings = Vec::new();
    let mut index = FIRST_LOGICAL;
    for (_, extended) in used().filter(|(_, entry)| entry.is_extended()) {
        if let Err(error) = logical(disk, extended.start_sector, &mut index, &mut partitions) {
            findings.push(error);
        }
    }
    (partitions, findings)
}

/// Follows the chain of extended boot records from `base`, the first sector of the extended
/// partition. A logical partition is counted from its own record, the next record from `base`.
// Source: A. Brouwer, "Extended partitions".
fn logical(
    disk: &dyn ReadAt,
    base: u64,
    index: &mut u32,
    partitions: &mut Vec<Partition>,
) -> Result<(), Error> {
    let (mut sector, mut seen) = (base, Vec::new());
    loop {
        let offset = sector.saturating_mul(SECTOR);
        if seen.contains(&sector) || seen.len() >= MAX_LOGICAL {
            return Err(Error::ExtendedLoop { offset });
        }
        seen.push(sector);
        let bytes = disk.read_vec_at(offset, SECTOR as usize).unwrap_or_default();
        let record = BootRecord::parse(&bytes).ok_or(Error::Extended { offset })?;
        for entry in record.entries.iter().filter(|e| e.is_used() && !e.is_extended()) {
            partitions.push(entry.partition(*index, sector));
            *index = index.saturating_add(1);
        }
        match record.entries.iter().find(|entry| entry.is_used() && entry.is_extended()) {
            Some(next) => sector = base.saturating_add(next.start_sector),
            None => return Ok(()),
        }
    }
}
