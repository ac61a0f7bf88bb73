//! VMDK files, built from VMware's "Virtual Disk Format 5.0".

const SECTOR: usize = 512;
/// Sectors of a grain in [`sparse`].
pub const GRAIN_SECTORS: usize = 8;
/// Entries of a grain table in [`sparse`].
pub const TABLE_ENTRIES: usize = 4;

/// Returns the header sector of a sparse extent of `capacity` sectors, without directories.
pub fn sparse_header(capacity: u64, grain_sectors: u64) -> Vec<u8> {
    let mut sector = vec![0; SECTOR];
    sector[..4].copy_from_slice(b"KDMV");
    put(&mut sector, 4, &1u32.to_le_bytes()); // version
    put(&mut sector, 8, &3u32.to_le_bytes()); // flags: newline test, redundant directory
    put(&mut sector, 12, &capacity.to_le_bytes());
    put(&mut sector, 20, &grain_sectors.to_le_bytes());
    put(&mut sector, 44, &512u32.to_le_bytes()); // numGTEsPerGT
    put(&mut sector, 73, b"\n \r\n");
    sector
}

/// Returns a text descriptor; `parent` is content id and file name of the disk below.
pub fn descriptor(kind: &str, cid: u32, parent: Option<(u32, &str)>, extents: &[&str]) -> String {
    let parent_cid = parent.map_or(u32::MAX, |(cid, _)| cid);
    let hint = parent.map(|(_, file)| format!("parentFileNameHint=\"{file}\"\n"));
    format!(
        "# Disk DescriptorFile\nversion=1\nCID={cid:08x}\nparentCID={parent_cid:08x}\n\
         createType=\"{kind}\"\n{}\n# Extent description\n{}\n",
        hint.unwrap_or_default(),
        extents.join("\n")
    )
}

/// Returns a whole monolithic sparse disk with two sets of directories, whose grains are `grains`:
/// `None` was never written, `Some(byte)` is full of that byte.
pub fn sparse(text: &str, grains: &[Option<u8>]) -> Vec<u8> {
    let full = |byte: &Option<u8>| byte.map(|byte| vec![byte; GRAIN_SECTORS * SECTOR]);
    sparse_of(text, &grains.iter().map(full).collect::<Vec<_>>())
}

/// Returns a disk like [`sparse`] with the bytes of each grain that was written.
pub fn sparse_of(text: &str, grains: &[Option<Vec<u8>>]) -> Vec<u8> {
    let tables = grains.len().div_ceil(TABLE_ENTRIES);
    let mut file = sparse_header((grains.len() * GRAIN_SECTORS) as u64, GRAIN_SECTORS as u64);
    put(&mut file, 44, &(TABLE_ENTRIES as u32).to_le_bytes());
    let text_sectors = text.len().div_ceil(SECTOR);
    let directory_sectors = (tables * 4).div_ceil(SECTOR);
    let redundant = 1 + text_sectors;
    let directory = redundant + directory_sectors + tables;
    let first_grain = directory + directory_sectors + tables;
    for (at, value) in [(28, 1), (36, text_sectors), (48, redundant), (56, directory)] {
        put(&mut file, at, &(value as u64).to_le_bytes());
    }
    file.resize(first_grain * SECTOR, 0);
    put(&mut file, SECTOR, text.as_bytes());
    let mut entries = vec![0u32; grains.len()];
    for (entry, grain) in entries.iter_mut().zip(grains) {
        if let Some(bytes) = grain {
            *entry = (file.len() / SECTOR) as u32;
            file.extend_from_slice(bytes);
            file.resize(file.len().next_multiple_of(SECTOR), 0);
        }
    }
    for start in [redundant, directory] {
        for (table, entries) in entries.chunks(TABLE_ENTRIES).enumerate() {
            let sector = start + directory_sectors + table;
            put(&mut file, start * SECTOR + table * 4, &(sector as u32).to_le_bytes());
            for (index, entry) in entries.iter().enumerate() {
                put(&mut file, sector * SECTOR + index * 4, &entry.to_le_bytes());
            }
        }
    }
    file
}

/// Returns a snapshot of a disk, described by `text`: the grains of `after`, as long as `before`,
/// that are others there.
pub fn snapshot(text: &str, before: &[u8], after: &[u8]) -> Vec<u8> {
    let grain = GRAIN_SECTORS * SECTOR;
    let pairs = before.chunks(grain).zip(after.chunks(grain));
    let grains = pairs.map(|(before, after)| (before != after).then(|| after.to_vec()));
    sparse_of(text, &grains.collect::<Vec<_>>())
}

fn put(bytes: &mut [u8], at: usize, value: &[u8]) {
    bytes[at..at + value.len()].copy_from_slice(value);
}
