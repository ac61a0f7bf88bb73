//! Security descriptors of the files of an NTFS volume.

use std::collections::HashMap;
use std::sync::Arc;

use diskprint_formats::ntfs::{
    AttributeType, Error, File, SharedDescriptor, StreamReader, Volume, security_descriptors,
};
use diskprint_formats::{ReadAt, ReadAtExt, SecurityDescriptor};

use crate::{Fault, FileSecurity, Place, Step};

/// Record of $Secure.
pub(super) const SECURE: u64 = 9;
/// No security descriptor is longer, in bytes: its two lists are at most 64 KiB each.
// Source: [MS-DTYP] 2.4.5, AclSize.
const LONGEST: u64 = 256 << 10;
/// What is not known of files whose descriptor is not.
const SKIPPED: &str = "owners and security descriptors of files";

/// Why the descriptor of a file is not known.
pub(super) enum Missing {
    /// None has its id, which is this.
    Shared(u32),
    /// Its own cannot be read.
    Own(String),
}

/// The descriptors that files name by their ids, and where those are read that have their own.
pub(super) struct Descriptors<'v> {
    volume: &'v dyn ReadAt,
    by_id: HashMap<u32, Arc<FileSecurity>>,
    /// Whether those that are missing are told already.
    is_told: bool,
}

impl<'v> Descriptors<'v> {
    /// Reads the descriptors of `volume`.
    pub fn read(volume: &'v Volume<impl ReadAt>, faults: &mut Vec<Fault>) -> Self {
        let mut by_id = HashMap::new();
        let mut is_told = false;
        let mut tell = |error: &Error, skipped| {
            is_told |= skipped == SKIPPED;
            faults.push(Fault::new(Step::Inode(SECURE).into(), error, skipped));
        };
        let read = security_descriptors(volume, &mut |found| match found {
            Ok(SharedDescriptor { id, descriptor }) => {
                by_id.entry(id).or_insert_with(|| Arc::new(FileSecurity::of(descriptor)));
            }
            Err(error @ Error::SecurityDescriptor { is_copied: true, .. }) => tell(&error, ""),
            Err(error) => tell(&error, SKIPPED),
        });
        if let Err(error) = read {
            tell(&error, SKIPPED);
        }
        Self { volume: volume.reader(), by_id, is_told }
    }

    /// None, where no file has a descriptor of its own.
    #[cfg(test)]
    pub fn none() -> Self {
        Self { volume: &(&[] as &[u8]), by_id: HashMap::new(), is_told: false }
    }

    /// The descriptor of `file`, where it has one.
    ///
    /// # Errors
    /// When it has one that cannot be read.
    pub fn of(&self, file: &File) -> Result<Option<Arc<FileSecurity>>, Missing> {
        let id = file.information.and_then(|it| it.security_id).filter(|id| *id > 0);
        match id {
            Some(id) => self.by_id.get(&id).cloned().map(Some).ok_or(Missing::Shared(id)),
            None => self.own(file).map_err(Missing::Own),
        }
    }

    /// The descriptor that is an attribute of `file`: before NTFS 3.0 all were.
    fn own(&self, file: &File) -> Result<Option<Arc<FileSecurity>>, String> {
        let Some(stream) = file.stream(AttributeType::SECURITY_DESCRIPTOR, "") else {
            return Ok(None);
        };
        let content = stream.content.as_ref().map_err(Error::to_string)?;
        let reader = StreamReader::new(self.volume, content);
        let len = reader.len().min(LONGEST) as usize;
        let descriptor = reader.read_vec_at(0, len).map_err(|error| error.to_string())?;
        Ok(Some(Arc::new(FileSecurity::of(SecurityDescriptor::new(&descriptor)))))
    }

    /// What is wrong where files in use have ids that no descriptor has: how many do, by id.
    pub fn missing(&self, missing: &HashMap<u32, u64>) -> Option<Fault> {
        let first = missing.keys().min().filter(|_| !self.is_told)?;
        let files: u64 = missing.values().sum();
        let what = format!(
            "{files} files have security ids that $Secure has no descriptor of; the first is {first}"
        );
        Some(Fault::text(Place::from(Step::Inode(SECURE)), what, SKIPPED))
    }
}
