//! A file's further records.

use std::collections::HashSet;

use super::file::Assembly;
use super::{
    Attribute, AttributeType, Content, Error, FileRecord, FileReference, Form, ListEntry, Volume,
};
use crate::{Extents, ReadAt, ReadAtExt};

/// Longest $ATTRIBUTE_LIST that is read, in bytes: what Windows allows.
const MOST_LIST: u64 = 256 << 10;
/// How many records that are not the file's own a list may name before the rest is left.
const MOST_STRANGERS: usize = 64;

/// What a walk over many files may still do, and what it found.
pub(super) struct Work {
    /// Bytes of lists that may still be read. An entry is little larger than the attribute that it
    /// names, so the lists of sound files together are smaller than the $MFT, but for those of
    /// deleted files; without a limit, many small records could share one long list.
    list_bytes: u64,
    /// Extension records that belong to a file.
    pub(super) owned: HashSet<u64>,
}

impl Work {
    pub(super) fn new<R: ReadAt>(volume: &Volume<R>) -> Self {
        let list_bytes = volume.mft.len().saturating_mul(64).max(64 << 20);
        Self { list_bytes, owned: HashSet::new() }
    }
}

impl<R: ReadAt> Volume<R> {
    /// Adds what is in the records that the file's $ATTRIBUTE_LIST names.
    pub(super) fn add_extensions(
        &self,
        base: &FileRecord,
        assembly: &mut Assembly<'_>,
        work: &mut Work,
    ) {
        let Some(list) = base.attribute(AttributeType::ATTRIBUTE_LIST, "") else { return };
        let list = match self.attribute_list(&list, work) {
            Ok(list) => list,
            Err(error) => return assembly.error(error),
        };
        let mut seen = HashSet::from([base.reference.record]);
        let mut strangers = 0;
        for entry in ListEntry::walk(&list) {
            let place = match entry {
                Ok(entry) if seen.insert(entry.record.record) => entry.record,
                Ok(_) => continue,
                Err(error) => return assembly.error(error),
            };
            match self.extension(base, place) {
                Ok(extension) => {
                    assembly.add(&extension, self.record_offset(place.record));
                    work.owned.insert(place.record);
                }
                Err(_) if strangers == MOST_STRANGERS => {
                    return assembly.error(Error::TooMany { read: MOST_STRANGERS });
                }
                Err(error) => {
                    strangers += 1;
                    let (record, source) = (place.record, Box::new(error));
                    assembly.error(Error::Extension { record, source });
                }
            }
        }
    }

    fn attribute_list(&self, list: &Attribute<'_>, work: &mut Work) -> Result<Vec<u8>, Error> {
        let (data_size, initialized_size) = match list.form {
            Form::Resident { value, .. } => return Ok(value.to_vec()),
            Form::NonResident { data_size, initialized_size, .. } => (data_size, initialized_size),
        };
        let limit = MOST_LIST.min(work.list_bytes);
        if data_size > limit {
            return Err(Error::LongList { data_size, limit });
        }
        work.list_bytes = work.list_bytes.saturating_sub(data_size);
        let (runs, cluster_size) = (list.runs()?, self.geometry.cluster_size);
        let extents = Extents { runs, cluster_size, data_size, initialized_size, unit_clusters: 0 };
        let content = Content::NonResident(extents);
        Ok(self.content_reader(&content).read_vec_at(0, data_size as usize)?)
    }

    fn extension(&self, base: &FileRecord, place: FileReference) -> Result<FileRecord, Error> {
        let extension = self.record(place.record)?;
        let (found, expected) = (extension.base, base.reference);
        if !is_same(found, expected, base.is_in_use()) {
            return Err(Error::OtherBase { found, expected });
        }
        if !is_same(place, extension.reference, extension.is_in_use()) {
            let (found, expected) = (extension.reference.sequence, place.sequence);
            return Err(Error::OtherUse { found, expected });
        }
        if base.is_in_use() && !extension.is_in_use() {
            return Err(Error::NotInUse);
        }
        Ok(extension)
    }
}

/// Whether `meant` names `record`. Deleting moves the sequence number of a record on by one, and
/// what names it stays as it was.
fn is_same(meant: FileReference, record: FileReference, in_use: bool) -> bool {
    let moved_on = meant.sequence.wrapping_add(1) == record.sequence;
    meant == record || (meant.record == record.record && !in_use && moved_on)
}
