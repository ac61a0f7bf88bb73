use super::file_record::undo_fixup;
use super::{Error, FileName, FileReference};
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
