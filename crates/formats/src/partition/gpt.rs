use std::io;

use flate2::Crc;

use super::error::GptDamage;
use super::{Error, Guid, Partition, PartitionKind, Table};
use crate::bytes::{u32_le, u64_le, window};
use crate::{Name, ReadAt, ReadAtExt};

/// A sound GPT header with its entries.
// Source: UEFI 2.10, 5.3.2 "GPT Header".
struct Header {
    alternate_lba: u64,
    /// The entries as they are on disk.
    entries: Vec<u8>,
    entry_len: usize,
}

/// Where a header lies.
#[derive(Clone, Copy)]
struct Copy {
    name: &'static str,
    lba: u64,
    sector_len: u64,
}

const SIGNATURE: &[u8] = b"EFI PART";
const MIN_HEADER: u32 = 92;
/// The most bytes of entries read: 32,768 entries of the usual length.
const MAX_ENTRIES: u64 = 4 << 20;
/// Attribute bit 2: a legacy BIOS may start from it.
const BIOS_BOOTABLE: u64 = 1 << 2;

/// Reads the GPT of a disk with sectors of `sector_len` bytes; `None` when neither its header nor
/// the backup is sound.
pub(super) fn read(disk: &dyn ReadAt, sector_len: u64) -> io::Result<Option<Table>> {
    let primary = Copy { name: "primary", lba: 1, sector_len };
    let last = (disk.len() / sector_len.max(1)).saturating_sub(1);
    let mut findings = Vec::new();
    let header = match primary.read(disk)? {
        Ok(header) => {
            compare_backup(disk, &header, sector_len, &mut findings)?;
            header
        }
        Err(damage) => match (Copy { name: "backup", lba: last, sector_len }).read(disk)? {
            Ok(header) => {
                findings.push(primary.damaged(damage));
                header
            }
            Err(_) => return Ok(None),
        },
    };
    Ok(Some((header.partitions(sector_len), findings)))
}

/// Compares the backup with the sound primary. On a disk that grew it is not at the end, but
/// where the primary says.
fn compare_backup(
    disk: &dyn ReadAt,
    primary: &Header,
    sector_len: u64,
    findings: &mut Vec<Error>,
) -> io::Result<()> {
    let backup = Copy { name: "backup", lba: primary.alternate_lba, sector_len };
    match backup.read(disk)? {
        Ok(header) if header.entries == primary.entries => {}
        Ok(_) => findings.push(Error::GptDisagree),
        Err(damage) => findings.push(backup.damaged(damage)),
    }
    Ok(())
}

impl Copy {
    fn offset(self) -> u64 {
        self.lba.saturating_mul(self.sector_len)
    }

    fn damaged(self, what: GptDamage) -> Error {
        Error::GptHeader { copy: self.name, offset: self.offset(), what }
    }

    fn read(self, disk: &dyn ReadAt) -> io::Result<Result<Header, GptDamage>> {
        let len = usize::try_from(self.sector_len).unwrap_or(0);
        let sector = disk.read_vec_at(self.offset(), len)?;
        Ok(self.header(disk, &sector))
    }

    fn header(self, disk: &dyn ReadAt, sector: &[u8]) -> Result<Header, GptDamage> {
        let missing = GptDamage::Signature;
        if window(sector, 0, SIGNATURE.len()) != Some(SIGNATURE) {
            return Err(missing);
        }
        let u32_at = |offset| u32_le(sector, offset).ok_or(missing);
        let u64_at = |offset| u64_le(sector, offset).ok_or(missing);
        let (header_len, stated) = (u32_at(12)?, u32_at(16)?);
        let bytes = window(sector, 0, header_len as usize).filter(|_| header_len >= MIN_HEADER);
        let bytes = bytes.ok_or(field("HeaderSize", header_len.into()))?;
        let computed = header_checksum(bytes);
        if stated != computed {
            return Err(GptDamage::Checksum { stated, computed });
        }
        let (my_lba, alternate_lba) = (u64_at(24)?, u64_at(32)?);
        if my_lba != self.lba {
            return Err(field("MyLBA", my_lba));
        }
        let (count, entry_len) = (u32_at(80)?, u32_at(84)?);
        // Source: UEFI 2.10, table 5-5: 128 × 2^n bytes.
        if entry_len % 128 != 0 || !(entry_len / 128).is_power_of_two() {
            return Err(field("SizeOfPartitionEntry", entry_len.into()));
        }
        let len = u64::from(count).saturating_mul(entry_len.into());
        if len > MAX_ENTRIES {
            return Err(field("NumberOfPartitionEntries", count.into()));
        }
        let offset = u64_at(72)?.saturating_mul(self.sector_len);
        let entries = disk.read_vec_at(offset, usize::try_from(len).unwrap_or(0));
        let entries = entries.unwrap_or_default();
        let (stated, computed) = (u32_at(88)?, crc32(&[&entries]));
        if stated != computed || entries.len() as u64 != len {
            return Err(GptDamage::Entries { stated, computed });
        }
        Ok(Header { alternate_lba, entries, entry_len: entry_len as usize })
    }
}

impl Header {
    // Source: UEFI 2.10, 5.3.3 "GPT Partition Entry Array".
    fn partitions(&self, sector_len: u64) -> Vec<Partition> {
        let entries = self.entries.chunks_exact(self.entry_len.max(1));
        (1..)
            .zip(entries)
            .filter_map(|(index, entry)| partition(index, entry, sector_len))
            .collect()
    }
}

/// Reads an entry; `None` when it is not used.
fn partition(index: u32, entry: &[u8], sector_len: u64) -> Option<Partition> {
    let kind = Guid(*entry.first_chunk()?);
    if kind.is_zero() {
        return None;
    }
    let (first, last) = (u64_le(entry, 32)?, u64_le(entry, 40)?);
    // The last block belongs to the partition; one that ends before it begins is empty.
    let sectors = last.saturating_add(1).saturating_sub(first);
    let (name, _) = window(entry, 56, 72)?.as_chunks::<2>();
    let name = name.iter().map(|unit| u16::from_le_bytes(*unit)).take_while(|unit| *unit != 0);
    Some(Partition {
        index,
        start: first.saturating_mul(sector_len),
        len: sectors.saturating_mul(sector_len),
        kind: Some(PartitionKind::Gpt(kind)),
        name: Name::from_utf16(name),
        active: u64_le(entry, 48)? & BIOS_BOOTABLE != 0,
    })
}

fn field(field: &'static str, stated: u64) -> GptDamage {
    GptDamage::Field { field, stated }
}

/// The header's checksum is computed with its own field as zero.
fn header_checksum(bytes: &[u8]) -> u32 {
    let before = bytes.get(..16).unwrap_or_default();
    let after = bytes.get(20..).unwrap_or_default();
    crc32(&[before, &[0; 4], after])
}

fn crc32(parts: &[&[u8]]) -> u32 {
    let mut crc = Crc::new();
    parts.iter().for_each(|part| crc.update(part));
    crc.sum()
}
