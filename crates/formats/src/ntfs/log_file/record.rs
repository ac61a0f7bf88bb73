use crate::bytes::{u16_le, u64_le, window};
use crate::ntfs::{FileName, FileReference, Namespace};

/// Something that a record of the log says is done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogRecord {
    /// Its log sequence number.
    pub lsn: u64,
    /// The transaction that it is part of; numbers are used again.
    pub transaction: u32,
    /// What is done.
    pub operation: Operation,
}

/// What is done, as far as it is about names of files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Operation {
    /// A file record is taken for a new file, or a further record of one.
    RecordTaken(FileReference),
    /// A file record is given back, by its number.
    RecordFreed(u64),
    /// A directory lists a name.
    NameAdded(FileReference, FileName),
    /// A directory does not list a name any more.
    NameRemoved(FileReference, FileName),
    /// All of the transaction is done.
    Ended,
}

/// Numbers of operations.
// Source: the NTFS driver of Linux, fs/ntfs3/fslog.c, enum NTFS_LOG_OPERATION.
mod number {
    pub(super) const INITIALIZE_FILE_RECORD: u16 = 0x02;
    pub(super) const DEALLOCATE_FILE_RECORD: u16 = 0x03;
    pub(super) const ADD_INDEX_ENTRY_ROOT: u16 = 0x0C;
    pub(super) const DELETE_INDEX_ENTRY_ROOT: u16 = 0x0D;
    pub(super) const ADD_INDEX_ENTRY_ALLOCATION: u16 = 0x0E;
    pub(super) const DELETE_INDEX_ENTRY_ALLOCATION: u16 = 0x0F;
    pub(super) const FORGET_TRANSACTION: u16 = 0x1B;
}

/// Sizes of the volume that a record's target is told in.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sizes {
    pub(super) cluster: u64,
    pub(super) file_record: u64,
}

impl Operation {
    /// Decodes the data of a record; `None` where it is about nothing that is told here.
    pub(super) fn parse(data: &[u8], sizes: Sizes) -> Option<Self> {
        let part = |at: usize| {
            let (offset, len) = (u16_le(data, at)?, u16_le(data, at + 2)?);
            window(data, offset.into(), len.into())
        };
        let (redo, undo) = (|| part(4), || part(8));
        match u16_le(data, 0)? {
            number::INITIALIZE_FILE_RECORD => {
                let record = target(data, sizes)?;
                let sequence = u16_le(redo()?, 0x10)?;
                Some(Self::RecordTaken(FileReference { record, sequence }))
            }
            number::DEALLOCATE_FILE_RECORD => Some(Self::RecordFreed(target(data, sizes)?)),
            number::ADD_INDEX_ENTRY_ROOT | number::ADD_INDEX_ENTRY_ALLOCATION => {
                let (file, name) = entry(redo()?)?;
                Some(Self::NameAdded(file, name))
            }
            number::DELETE_INDEX_ENTRY_ROOT | number::DELETE_INDEX_ENTRY_ALLOCATION => {
                let (file, name) = entry(undo()?)?;
                Some(Self::NameRemoved(file, name))
            }
            number::FORGET_TRANSACTION => Some(Self::Ended),
            _ => None,
        }
    }
}

/// The number of the file record that an operation on the $MFT is about.
fn target(data: &[u8], sizes: Sizes) -> Option<u64> {
    let (vcn, block) = (u64_le(data, 0x18)?, u16_le(data, 0x14)?);
    let offset = vcn.checked_mul(sizes.cluster)?.checked_add(u64::from(block) * 512)?;
    offset.checked_div(sizes.file_record)
}

/// An entry of an index of names: the file and its name there. Entries of other indexes have other
/// keys, whose length does not go with what would be the length of the name.
fn entry(bytes: &[u8]) -> Option<(FileReference, FileName)> {
    const KEY: usize = 0x10;
    let (len, key_len) = (usize::from(u16_le(bytes, 8)?), usize::from(u16_le(bytes, 0x0A)?));
    let key = window(bytes, KEY, key_len)?;
    let name = FileName::parse(key)?;
    let name_len = usize::from(*key.get(0x40)?) * 2;
    let is_name = key_len == 0x42 + name_len && len >= KEY + key_len && name_len > 0;
    let is_known = !matches!(name.namespace, Namespace::Unknown(_));
    (is_name && is_known).then(|| Some((FileReference::from_raw(u64_le(bytes, 0)?), name)))?
}
