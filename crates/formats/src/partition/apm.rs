use std::io;

use super::{Error, Partition, PartitionKind, Table};
use crate::bytes::{u16_be, u32_be, window};
use crate::{Name, ReadAt, ReadAtExt};

/// Block 0 of the disk, and each entry of the map, begin so.
// Source: "Inside Macintosh: Devices", SCSI Manager, "The Partition Map" and "The Driver Descriptor
// Record".
const DISK: &[u8] = b"ER";
const ENTRY: &[u8] = b"PM";
/// The most entries that are read.
const MAX_ENTRIES: u32 = 4096;
/// Types of entries that hold no volume: the map itself, and what is free.
const NOT_PARTITIONS: [&str; 4] =
    ["apple_partition_map", "apple_free", "apple_void", "apple_scratch"];

/// Reads an Apple partition map, and the length of a block in it; `None` where there is none.
pub(super) fn read(disk: &dyn ReadAt) -> io::Result<Option<(u64, Table)>> {
    let start = disk.read_vec_at(0, 512)?;
    if !start.starts_with(DISK) {
        return Ok(None);
    }
    let stated = u16_be(&start, 2).map(u64::from);
    for block_len in stated.into_iter().filter(|it| [512, 2048, 4096].contains(it)).chain([512]) {
        let entry = disk.read_vec_at(block_len, 512)?;
        if entry.starts_with(ENTRY) {
            return Ok(Some((block_len, partitions(disk, block_len, &entry)?)));
        }
    }
    Ok(None)
}

fn partitions(disk: &dyn ReadAt, block_len: u64, first: &[u8]) -> io::Result<Table> {
    let stated = u32_be(first, 4).unwrap_or(0);
    let count = stated.min(MAX_ENTRIES);
    let (mut partitions, mut findings) = Table::default();
    if stated > count {
        findings.push(Error::TooManyEntries { offset: block_len, stated, read: count });
    }
    for index in 1..=count {
        let entry = disk.read_vec_at(u64::from(index) * block_len, 512)?;
        if !entry.starts_with(ENTRY) {
            findings.push(Error::MapEntry { index, count });
            break;
        }
        partitions.extend(partition(index, block_len, &entry));
    }
    Ok((partitions, findings))
}

/// One entry; `None` where it holds no volume.
fn partition(index: u32, block_len: u64, entry: &[u8]) -> Option<Partition> {
    let kind: [u8; 32] = window(entry, 48, 32)?.try_into().ok()?;
    let kind = PartitionKind::Apm(kind);
    if NOT_PARTITIONS.contains(&&*kind.to_string().to_lowercase()) {
        return None;
    }
    let name = window(entry, 16, 32)?.split(|byte| *byte == 0).next().unwrap_or_default();
    let blocks = |at| Some(u64::from(u32_be(entry, at)?).saturating_mul(block_len));
    let (start, len) = (blocks(8)?, blocks(12)?);
    Some(Partition {
        index,
        start,
        len,
        kind: Some(kind),
        name: Name::from_latin1(name),
        active: false,
    })
}
