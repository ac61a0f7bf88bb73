//! Boot records, built from UEFI 2.10, 5.2.

/// One entry: type, first sector, number of sectors.
pub type Entry = (u8, u32, u32);

/// Returns a master or extended boot record with `entries` in their order.
pub fn boot_record(entries: &[Entry]) -> [u8; 512] {
    let mut sector = [0; 512];
    for (index, (kind, start, sectors)) in entries.iter().enumerate() {
        let entry = &mut sector[446 + index * 16..462 + index * 16];
        entry[4] = *kind;
        entry[8..12].copy_from_slice(&start.to_le_bytes());
        entry[12..16].copy_from_slice(&sectors.to_le_bytes());
    }
    sector[510..].copy_from_slice(&[0x55, 0xAA]);
    sector
}

/// Returns a disk with these volumes, each in a partition of its own behind the one before it.
pub fn disk(volumes: &[&[u8]]) -> Vec<u8> {
    const FIRST: usize = 2048;
    let mut disk = vec![0; FIRST * 512];
    let mut entries = Vec::new();
    for volume in volumes {
        let start = disk.len() / 512;
        disk.extend_from_slice(volume);
        disk.resize(disk.len().next_multiple_of(512), 0);
        entries.push((7, start as u32, (disk.len() / 512 - start) as u32));
    }
    disk[..512].copy_from_slice(&boot_record(&entries));
    disk
}
