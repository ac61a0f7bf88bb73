//! Writes transaction logs from the specification ("Format of transaction log files", revision of
//! 2018), and hives that need them.

use super::checksum;

/// Offset of the hive bins data in a hive file.
const BINS: usize = 4096;
/// Logs are written in sectors of this many bytes.
const SECTOR: usize = 512;

/// File type of logs of the old format since Windows XP.
pub const OLD: u32 = 1;
/// File type of logs of the old format up to Windows 2000.
pub const VERY_OLD: u32 = 2;
/// File type of logs of the new format.
pub const NEW: u32 = 6;

/// The hive with these sequence numbers, and a checksum that is right.
pub fn with_numbers(hive: &[u8], primary: u32, secondary: u32) -> Vec<u8> {
    let numbers = [primary.to_le_bytes(), secondary.to_le_bytes()].concat();
    with(hive, 4, &numbers)
}

/// The hive with this last-written time, in the base block and in the first hive bin.
pub fn with_last_written(hive: &[u8], filetime: u64) -> Vec<u8> {
    let mut hive = with(hive, 12, &filetime.to_le_bytes());
    hive[BINS + 20..BINS + 28].copy_from_slice(&filetime.to_le_bytes());
    hive
}

/// The file, a hive or a log, with `bytes` at `offset` of its base block, and a checksum that is
/// right.
pub fn with(file: &[u8], offset: usize, bytes: &[u8]) -> Vec<u8> {
    let mut file = file.to_vec();
    file[offset..offset + bytes.len()].copy_from_slice(bytes);
    let sum = checksum(&file[..508]);
    file[508..512].copy_from_slice(&sum.to_le_bytes());
    file
}

/// A dirty page: bytes for an offset of the hive bins data.
#[derive(Clone, Debug)]
pub struct Page {
    /// Offset in the hive bins data.
    pub offset: u32,
    /// What belongs there.
    pub bytes: Vec<u8>,
}

/// The blocks of 4096 bytes in which `after` differs from `before`, neighbours together.
pub fn dirty_pages(before: &[u8], after: &[u8]) -> Vec<Page> {
    let mut pages: Vec<Page> = Vec::new();
    for (index, block) in after[BINS..].chunks(4096).enumerate() {
        let start = index * 4096;
        if before.get(BINS + start..BINS + start + block.len()) == Some(block) {
            continue;
        }
        match pages.last_mut() {
            Some(last) if last.offset as usize + last.bytes.len() == start => {
                last.bytes.extend(block);
            }
            _ => pages.push(Page { offset: start as u32, bytes: block.to_vec() }),
        }
    }
    pages
}

/// A log entry to be written.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Sequence number.
    pub number: u32,
    /// Flags.
    pub flags: u32,
    /// Size of the hive bins data, in bytes.
    pub bins_len: u32,
    /// The dirty pages.
    pub pages: Vec<Page>,
}

impl Entry {
    /// The entry that makes `after` of `before`.
    pub fn between(number: u32, before: &[u8], after: &[u8]) -> Self {
        let bins_len = (after.len() - BINS) as u32;
        Self { number, flags: 0, bins_len, pages: dirty_pages(before, after) }
    }

    /// The entry as stored, with both hashes.
    pub fn bytes(&self) -> Vec<u8> {
        let mut body = Vec::new();
        for page in &self.pages {
            body.extend(page.offset.to_le_bytes());
            body.extend((page.bytes.len() as u32).to_le_bytes());
        }
        self.pages.iter().for_each(|page| body.extend(&page.bytes));
        body.resize((40 + body.len()).next_multiple_of(SECTOR) - 40, 0);
        let mut entry = b"HvLE".to_vec();
        let count = self.pages.len() as u32;
        for field in [40 + body.len() as u32, self.flags, self.number, self.bins_len, count] {
            entry.extend(field.to_le_bytes());
        }
        entry.extend(marvin32(&body).to_le_bytes());
        entry.extend(marvin32(&entry).to_le_bytes());
        entry.extend(body);
        entry
    }
}

/// A log of the new format for `hive`: a base block with the number of the first entry, then the
/// entries.
pub fn new_log(hive: &[u8], entries: &[Entry]) -> Vec<u8> {
    let mut log = base_block(hive, NEW, entries[0].number);
    entries.iter().for_each(|entry| log.extend(entry.bytes()));
    log
}

/// A log of the old format that makes `after` of `before`; `file_type` is [`OLD`] or [`VERY_OLD`].
pub fn old_log(before: &[u8], after: &[u8], file_type: u32, number: u32) -> Vec<u8> {
    let mut log = base_block(after, file_type, number);
    let mut bitmap = vec![0u8; (after.len() - BINS) / 512 / 8];
    let mut data: Vec<u8> = Vec::new();
    for page in dirty_pages(before, after) {
        for (index, sector) in page.bytes.chunks(512).enumerate() {
            let bit = page.offset as usize / 512 + index;
            bitmap[bit / 8] |= 1 << (bit % 8);
            data.extend(sector);
        }
    }
    log.extend(b"DIRT");
    log.extend(bitmap);
    log.resize(log.len().next_multiple_of(SECTOR), 0);
    log.extend(data);
    log
}

/// The first sector of a log: that of the hive, of another file type and with other numbers.
pub fn base_block(hive: &[u8], file_type: u32, number: u32) -> Vec<u8> {
    let numbers = with_numbers(&hive[..SECTOR], number, number);
    with(&numbers, 28, &file_type.to_le_bytes())
}

/// Marvin32 with the seed of log entries, over whole words.
pub fn marvin32(bytes: &[u8]) -> u64 {
    let (mut lo, mut hi) = (u32::from_be_bytes(*b"zNU\xC5"), 0x82EF_4D88u32);
    let words = bytes.chunks_exact(4).map(|word| u32::from_le_bytes(word.try_into().expect("4")));
    for word in words.chain([0x80, 0]) {
        lo = lo.wrapping_add(word);
        hi ^= lo;
        lo = lo.rotate_left(20).wrapping_add(hi);
        hi = hi.rotate_left(9) ^ lo;
        lo = lo.rotate_left(27).wrapping_add(hi);
        hi = hi.rotate_left(19);
    }
    u64::from(hi) << 32 | u64::from(lo)
}
