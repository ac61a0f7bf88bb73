//! Partition tables: what byte ranges a disk is divided into.

mod apm;
mod bsd;
mod error;
mod gpt;
mod kind;
mod mbr;

use std::io;

pub use error::{Error, GptDamage};
pub use kind::{Guid, PartitionKind};

use crate::file_system::{self, FileSystem};
use crate::{ReadAt, ReadAtExt};

/// How a disk is divided.
#[derive(Debug)]
pub struct Layout {
    /// The kind of table.
    pub scheme: Scheme,
    /// Length of a sector in bytes: 512, 4096, or 2048 in an Apple partition map.
    pub sector_len: u64,
    /// The partitions in the order of the table; containers of logical partitions, and slices with a
    /// label of a BSD, are left out.
    pub partitions: Vec<Partition>,
    /// Stretches of 1 MiB and more that belong to no partition, in the order of the disk.
    pub gaps: Vec<Gap>,
    /// What is wrong with the table.
    pub findings: Vec<Error>,
}

/// The kind of partition table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// A master boot record.
    Mbr,
    /// A GUID partition table.
    Gpt,
    /// An Apple partition map.
    Apm,
    /// A disk label of a BSD, without a boot record's table.
    Bsd,
    /// None: a file system fills the disk.
    Whole(FileSystem),
    /// None, nor a file system that is known.
    Unknown,
}

impl Scheme {
    /// The name of the kind: `mbr`, `gpt`, `apm`, `bsd`, `whole disk`, `unknown`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Mbr => "mbr",
            Self::Gpt => "gpt",
            Self::Apm => "apm",
            Self::Bsd => "bsd",
            Self::Whole(_) => "whole disk",
            Self::Unknown => "unknown",
        }
    }
}

/// One partition of a disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Partition {
    /// Number in its table: 1 to 4 and, for logical ones and those of a label in a slice, from 5 in an
    /// MBR; from 1 in a GPT, an Apple partition map and a label; 0 where a file system fills the disk.
    pub index: u32,
    /// Offset in the disk, in bytes.
    pub start: u64,
    /// Length in bytes as stated; it may reach behind the disk's end.
    pub len: u64,
    /// What the table says is in it; `None` where there is no table.
    pub kind: Option<PartitionKind>,
    /// Name in a GPT or an Apple partition map, letter in a label; empty elsewhere.
    pub name: crate::Name,
    /// Whether the machine starts from it (MBR), or may (GPT, legacy BIOS bootable).
    pub active: bool,
}

/// A stretch of a disk that belongs to no partition. All numbers are bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gap {
    /// Offset in the disk.
    pub start: u64,
    /// Length.
    pub len: u64,
}

/// Partitions in the order of their table, and what is wrong with it.
type Table = (Vec<Partition>, Vec<Error>);

/// The shortest gap worth a line; what lies between tables and the first partition is shorter.
const MIN_GAP: u64 = 1 << 20;
/// Sector lengths that are tried, the usual one first.
const SECTOR_LENS: [u64; 2] = [512, 4096];

/// Reads how `disk` is divided.
///
/// # Errors
/// When its first sectors cannot be read. What is wrong with a table is in the findings.
pub fn read(disk: &dyn ReadAt) -> io::Result<Layout> {
    let sector = disk.read_vec_at(0, 512)?;
    let boot = mbr::BootRecord::parse(&sector);
    let file_system = file_system::whole(disk)?;
    let protective = boot.as_ref().is_some_and(mbr::BootRecord::is_protective);
    // A boot record that divides the disk itself is newer than a GPT left behind it.
    let divides = boot
        .as_ref()
        .is_some_and(|boot| boot.divides(disk.len()) && !covers_descriptors(boot, file_system));
    if protective || (file_system.is_none() && !divides) {
        for sector_len in SECTOR_LENS {
            if let Some(table) = gpt::read(disk, sector_len)? {
                return Ok(finish(disk, Scheme::Gpt, sector_len, file_system, table));
            }
        }
    }
    if file_system.is_none() && !divides {
        if let Some((sector_len, table)) = apm::read(disk)? {
            return Ok(finish(disk, Scheme::Apm, sector_len, None, table));
        }
        if let Some(table) = bsd::read(disk, 0, 1)? {
            return Ok(finish(disk, Scheme::Bsd, 512, None, table));
        }
    }
    // The boot sector of a file system ends like a boot record, and where its code lies a record
    // has its entries; a file system that begins behind sector 0 leaves room for a real record.
    let whole = match file_system {
        Some(found) if divides && !found.has_boot_sector() => None,
        None if !divides && !protective => file_system::copied(disk)?,
        found => found,
    };
    Ok(match (whole, boot) {
        (Some(found), _) => {
            let (len, name) = (disk.len(), crate::Name::default());
            let whole = Partition { index: 0, start: 0, len, kind: None, name, active: false };
            finish(disk, Scheme::Whole(found), 512, None, (vec![whole], Vec::new()))
        }
        (None, Some(boot)) => {
            let mut table = mbr::read(disk, &boot);
            open_slices(disk, &mut table)?;
            if protective {
                table.1.insert(0, Error::GptLost);
            }
            finish(disk, Scheme::Mbr, 512, file_system, table)
        }
        (None, None) => finish(disk, Scheme::Unknown, 512, None, Table::default()),
    })
}

/// Whether a partition lies over the descriptors of the ISO 9660 or UDF volume that begins at byte 0. Such
/// an entry speaks for the volume as a whole, to programs that want a partition; one that
/// divides the disk begins behind them, and what it holds is newer.
fn covers_descriptors(boot: &mbr::BootRecord, found: Option<FileSystem>) -> bool {
    matches!(found, Some(FileSystem::Iso9660 | FileSystem::Udf))
        && boot.begins_before(file_system::ISO_9660_DESCRIPTORS)
}

/// Puts the partitions of labels in the place of the slices that they divide.
fn open_slices(disk: &dyn ReadAt, (partitions, findings): &mut Table) -> io::Result<()> {
    let last = partitions.iter().map(|partition| partition.index).max();
    let mut next = last.unwrap_or(0).max(4).saturating_add(1);
    let mut opened = Vec::new();
    for partition in std::mem::take(partitions) {
        let is_slice =
            matches!(partition.kind, Some(PartitionKind::Mbr(kind)) if bsd::is_slice(kind));
        let label = if is_slice { bsd::read(disk, partition.start, next)? } else { None };
        match label {
            Some((own, found)) => {
                findings.extend(found);
                next = next.saturating_add(own.len() as u32);
                opened.extend(own);
            }
            None => opened.push(partition),
        }
    }
    *partitions = opened;
    Ok(())
}

/// Compares the partitions with the disk, with each other, and with the file system `behind` them, which
/// is known at the disk's own start.
fn finish(
    disk: &dyn ReadAt,
    scheme: Scheme,
    sector_len: u64,
    behind: Option<FileSystem>,
    (partitions, mut findings): Table,
) -> Layout {
    let disk_len = disk.len();
    let is_part = |it: &Partition| it.start <= file_system::ISO_9660_DESCRIPTORS;
    if !partitions.iter().any(is_part) {
        findings.extend(behind.map(Error::NotRead));
    }
    let mut order: Vec<&Partition> = partitions.iter().collect();
    order.sort_by_key(|partition| (partition.start, partition.len));
    let (mut gaps, mut free_from, mut last) = (Vec::new(), 0u64, None);
    for &Partition { index, start, len, .. } in order {
        let end = start.saturating_add(len);
        if end > disk_len {
            findings.push(Error::OutsideDisk { index, start, len, disk_len });
        }
        match last {
            Some(other) if start < free_from => findings.push(Error::Overlap { index, other }),
            _ => gaps.push(Gap { start: free_from, len: start.saturating_sub(free_from) }),
        }
        if end > free_from {
            (free_from, last) = (end, Some(index));
        }
    }
    gaps.push(Gap { start: free_from, len: disk_len.saturating_sub(free_from) });
    gaps.retain(|gap| gap.len >= MIN_GAP);
    Layout { scheme, sector_len, partitions, gaps, findings }
}
