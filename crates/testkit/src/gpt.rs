//! GUID partition tables, built from UEFI 2.10, 5.3.

use flate2::Crc;

use crate::mbr;

/// Type GUID of Microsoft basic data as stored.
pub const BASIC_DATA: [u8; 16] = [
    0xA2, 0xA0, 0xD0, 0xEB, 0xE5, 0xB9, 0x33, 0x44, 0x87, 0xC0, 0x68, 0xB6, 0xB7, 0x26, 0x99, 0xC7,
];

/// Writes protective boot record, primary and backup table onto `disk`, whose sectors are
/// `sector_len` bytes; each partition is a name, its first and its last sector.
pub fn write(disk: &mut [u8], sector_len: usize, partitions: &[(&str, u64, u64)]) {
    let sectors = disk.len() / sector_len;
    disk[..512].copy_from_slice(&mbr::boot_record(&[(0xEE, 1, sectors as u32 - 1)]));
    let entries: Vec<u8> = partitions.iter().flat_map(entry).chain([0; 128]).collect();
    let table_sectors = entries.len().div_ceil(sector_len);
    let last = sectors - 1;
    for (own, other, table) in [(1, last, 2), (last, 1, last - table_sectors)] {
        disk[table * sector_len..][..entries.len()].copy_from_slice(&entries);
        let header = header(own as u64, other as u64, table as u64, &entries);
        disk[own * sector_len..][..92].copy_from_slice(&header);
    }
}

fn entry((name, first, last): &(&str, u64, u64)) -> [u8; 128] {
    let mut entry = [0; 128];
    entry[..16].copy_from_slice(&BASIC_DATA);
    entry[16] = *first as u8; // the partition's own GUID
    entry[32..40].copy_from_slice(&first.to_le_bytes());
    entry[40..48].copy_from_slice(&last.to_le_bytes());
    for (unit, to) in name.encode_utf16().zip(entry[56..].chunks_mut(2)) {
        to.copy_from_slice(&unit.to_le_bytes());
    }
    entry
}

fn header(own: u64, other: u64, table: u64, entries: &[u8]) -> [u8; 92] {
    let mut header = [0; 92];
    header[..8].copy_from_slice(b"EFI PART");
    header[8..12].copy_from_slice(&0x0001_0000u32.to_le_bytes());
    header[12..16].copy_from_slice(&92u32.to_le_bytes());
    for (at, value) in [(24, own), (32, other), (72, table)] {
        header[at..at + 8].copy_from_slice(&value.to_le_bytes());
    }
    header[80..84].copy_from_slice(&((entries.len() / 128) as u32).to_le_bytes());
    header[84..88].copy_from_slice(&128u32.to_le_bytes());
    header[88..92].copy_from_slice(&crc32(entries).to_le_bytes());
    let checksum = crc32(&header);
    header[16..20].copy_from_slice(&checksum.to_le_bytes());
    header
}

fn crc32(bytes: &[u8]) -> u32 {
    let mut crc = Crc::new();
    crc.update(bytes);
    crc.sum()
}
