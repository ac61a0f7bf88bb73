use super::file_record::undo_fixup;
use super::{Error, FileName, FileReference, Namespace};
use crate::bytes::{u16_le, u32_le, u64_le, window};

/// An entry of a directory's index: a name in use and the record that it names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndexEntry {
    /// The file's record.
    pub file: FileReference,
    /// Its name, a copy of its $FILE_NAME.
    pub name: FileName,
}

const LAST: u16 = 2;

/// Decodes the entries in the value of an $INDEX_ROOT of file names.
///
/// # Errors
/// [`Error::Size`] at the first entry that does not fit.
pub fn root_entries(value: &[u8]) -> Result<Vec<IndexEntry>, Error> {
    node_entries(value, 0x10)
}

/// Whether an $INDEX_ROOT says that entries are in index blocks too.
pub(super) fn has_blocks(value: &[u8]) -> bool {
    value.get(0x1C).is_some_and(|flags| flags & 1 != 0)
}

/// Decodes the entries of an index block as stored.
pub(super) fn block_entries(stored: &[u8]) -> Result<Vec<IndexEntry>, Error> {
    let mut block = stored.to_vec();
    undo_fixup(&mut block, "INDX")?;
    node_entries(&block, 0x18)
}

/// Finds what is left in an index block as stored of entries that it does not list any more: behind
/// those in use, or anywhere where the block is not in use. All of them are of the directory `of`.
///
/// When an entry is removed, those behind it move up, and the last ones stay as they were behind
/// the end; a block that is no longer needed keeps all that it had. The entry that ends a node may
/// lie where the header of one was: which record that named is lost then, and 0 stands for it.
pub(super) fn stale_entries(stored: &[u8], in_use: bool, of: u64) -> Vec<IndexEntry> {
    let mut block = stored.to_vec();
    if undo_fixup(&mut block, "INDX").is_err() {
        return Vec::new();
    }
    let used = u32_le(&block, 0x1C).map_or(0, |used| used as usize);
    let mut at = if in_use { 0x18usize.saturating_add(used) } else { 0x18 }.next_multiple_of(8);
    let mut found = Vec::new();
    while let Some(bytes) = block.get(at..).filter(|bytes| bytes.len() > ENTRY_HEADER) {
        match stale_entry(bytes, of).or_else(|| stale_key(bytes, of)) {
            Some((entry, len)) => {
                found.push(entry);
                at = at.saturating_add(len.next_multiple_of(8));
            }
            None => at = at.saturating_add(8),
        }
    }
    found
}

/// Length of what stands before the key of an entry.
const ENTRY_HEADER: usize = 0x10;

/// The entry of a file name that `bytes` begin with, and its length, if all of it says so.
fn stale_entry(bytes: &[u8], of: u64) -> Option<(IndexEntry, usize)> {
    let (len, key_len) = (u16_le(bytes, 8)?.into(), usize::from(u16_le(bytes, 0x0A)?));
    let (entry, found_len) = stale_key(window(bytes, ENTRY_HEADER, key_len)?, of)?;
    let file = FileReference::from_raw(u64_le(bytes, 0)?);
    let most = ENTRY_HEADER + key_len + 16;
    let is_whole =
        key_len == found_len && (ENTRY_HEADER + key_len..=most).contains(&len) && len % 8 == 0;
    is_whole.then_some((IndexEntry { file, ..entry }, len))
}

/// The $FILE_NAME that `bytes` begin with, and its length, if all of it says that it is one.
fn stale_key(bytes: &[u8], of: u64) -> Option<(IndexEntry, usize)> {
    let name = FileName::parse(bytes)?;
    let len = 0x42 + usize::from(*bytes.get(0x40)?) * 2;
    let times = [name.crtime, name.mtime, name.ctime, name.atime];
    let is_whole = name.parent.record == of
        && name.parent.sequence != 0
        && !name.name.is_empty()
        && !matches!(name.namespace, Namespace::Unknown(_))
        && times.iter().all(|time| time.0 < FAR);
    let file = FileReference { record: 0, sequence: 0 };
    is_whole.then_some((IndexEntry { file, name }, len))
}

/// 2200-01-01: later times are no times of files.
const FAR: u64 = 189_062_208_000_000_000;

/// Decodes the entries of the index node whose header is at `header`.
fn node_entries(bytes: &[u8], header: usize) -> Result<Vec<IndexEntry>, Error> {
    let error = |offset, field, found: usize| Error::Size {
        structure: "index node",
        offset,
        field,
        found: found as u64,
        room: bytes.len(),
    };
    let first = u32_le(bytes, header).ok_or_else(|| error(header, "first entry", 0))? as usize;
    let used = u32_le(bytes, header + 4).ok_or_else(|| error(header, "used size", 0))? as usize;
    let node = window(bytes, header, used).ok_or_else(|| error(header, "used size", used))?;
    let mut entries = Vec::new();
    let mut at = first;
    loop {
        let short = |field, found| error(header.saturating_add(at), field, found);
        let entry = node.get(at..).ok_or_else(|| short("entry", at))?;
        let len = usize::from(u16_le(entry, 8).ok_or_else(|| short("entry length", 0))?);
        let key_len = usize::from(u16_le(entry, 0x0A).ok_or_else(|| short("key length", 0))?);
        let flags = u16_le(entry, 0x0C).ok_or_else(|| short("flags", 0))?;
        if flags & LAST != 0 {
            return Ok(entries);
        }
        if len < 0x10 || len > entry.len() {
            return Err(short("entry length", len));
        }
        let key = window(entry, 0x10, key_len).ok_or_else(|| short("key length", key_len))?;
        let name = FileName::parse(key).ok_or_else(|| short("key length", key_len))?;
        let file = FileReference::from_raw(u64_le(entry, 0).unwrap_or(0));
        entries.push(IndexEntry { file, name });
        at = at.saturating_add(len);
    }
}
