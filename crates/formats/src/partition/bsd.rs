use std::io;

use super::{Error, Partition, PartitionKind, Table};
use crate::bytes::{u16_le, u32_le, window};
use crate::{Name, ReadAt, ReadAtExt};

const SECTOR: u64 = 512;
// Source: sys/disklabel.h of FreeBSD: DISKMAGIC, and where the fields of struct disklabel are.
const MAGIC: u32 = 0x8256_4557;
/// Where a label may be: in the second sector, or, as on Alpha, in the first.
const PLACES: [u64; 2] = [SECTOR, 64];
/// The most entries of a label.
const MAX_ENTRIES: u16 = 22;
const ENTRIES: usize = 148;
/// The entry `c` is the whole disk, or the whole slice of it.
const WHOLE: usize = 2;

/// Whether a slice of that type in an MBR may hold a label.
// Source: A. Brouwer, "List of partition identifiers for PCs": FreeBSD, OpenBSD, NetBSD.
pub(super) fn is_slice(kind: u8) -> bool {
    matches!(kind, 0xA5 | 0xA6 | 0xA9)
}

/// Reads the label of a disk, or of its slice that begins at byte `start`; the partitions are numbered
/// from `first` on. `None` where there is none.
pub(super) fn read(disk: &dyn ReadAt, start: u64, first: u32) -> io::Result<Option<Table>> {
    let (mut label, mut offset) = (Vec::new(), 0);
    for place in PLACES {
        offset = start.saturating_add(place);
        let bytes = disk.read_vec_at(offset, SECTOR as usize)?;
        if [0, 132].iter().all(|at| u32_le(&bytes, *at) == Some(MAGIC)) {
            label = bytes;
            break;
        }
    }
    if label.is_empty() {
        return Ok(None);
    }
    let stated = u16_le(&label, 138).unwrap_or(0);
    let count = stated.min(MAX_ENTRIES);
    let mut findings = Vec::new();
    if stated > count {
        let (stated, read) = (stated.into(), count.into());
        findings.push(Error::TooManyEntries { offset, stated, read });
    } else if !is_sound(&label, count) {
        findings.push(Error::LabelChecksum { offset });
    }
    let entries: Vec<(u64, u64, u8)> = (0..usize::from(count))
        .filter_map(|index| {
            let entry = window(&label, ENTRIES + 16 * index, 16)?;
            let sectors = u64::from(u32_le(entry, 0)?);
            Some((u64::from(u32_le(entry, 4)?), sectors, *entry.get(12)?))
        })
        .collect();
    let is_used = |(index, (_, sectors, kind)): &(usize, &(u64, u64, u8))| {
        *index != WHOLE && *sectors > 0 && *kind != 0
    };
    let used = || entries.iter().enumerate().filter(is_used);
    // Sectors count from the start of the disk, or from that of the slice, as those of the whole do.
    let whole = entries.get(WHOLE).filter(|(_, sectors, _)| *sectors > 0);
    let least = used().map(|(_, (offset, ..))| *offset).min();
    let least = whole.map(|(offset, ..)| *offset).or(least).unwrap_or(0);
    let base = if least.saturating_mul(SECTOR) < start { start } else { 0 };
    let partitions = (first..).zip(used()).map(|(number, (index, &(offset, sectors, kind)))| {
        let letter = char::from(b'a'.saturating_add(index as u8));
        Partition {
            index: number,
            start: base.saturating_add(offset.saturating_mul(SECTOR)),
            len: sectors.saturating_mul(SECTOR),
            kind: Some(PartitionKind::Bsd(kind)),
            name: Name::from(&*letter.to_string()),
            active: false,
        }
    });
    Ok(Some((partitions.collect(), findings)))
}

/// Whether the words of a label, with its checksum among them, cancel each other out.
// Source: sys/disklabel.h of FreeBSD: dkcksum, over the label up to the end of its last entry.
fn is_sound(label: &[u8], count: u16) -> bool {
    let words = (0..(ENTRIES + 16 * usize::from(count)) / 2).map(|index| u16_le(label, 2 * index));
    words.flatten().fold(0, |sum, word| sum ^ word) == 0
}
