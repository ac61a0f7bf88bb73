use std::sync::Arc;

use crate::block_file::BlockWriter;
use crate::block_store::BlockStore;
use crate::file_set::{FileSet, is_needed, normal};
use crate::tar_reader::MemberKind;
use crate::tar_sparse::Segment;
use crate::tarball::TarballError;
use crate::{Fault, Place, Step};

const MAX_MEMBERS: u64 = 1_000_000;

/// Puts the members of an archive that a disk may need into a store.
pub(crate) struct Unpacker<'a> {
    store: &'a Arc<BlockStore>,
    limit: Option<u64>,
    files: FileSet<'static>,
    faults: &'a mut Vec<Fault>,
    /// How many members there were.
    count: u64,
    /// How many bytes the members before have, zeros apart.
    held: u64,
}

impl<'a> Unpacker<'a> {
    /// `limit` is the most bytes to keep.
    pub fn new(store: &'a Arc<BlockStore>, limit: Option<u64>, faults: &'a mut Vec<Fault>) -> Self {
        Self { store, limit, files: FileSet::default(), faults, count: 0, held: 0 }
    }

    /// Adds a fault of the archive itself.
    pub fn fault(&mut self, fault: Fault) {
        self.faults.push(fault);
    }

    /// Whether the next member is to be kept. One that leads outside, a link and a device are not,
    /// and become faults.
    ///
    /// # Errors
    /// When there are too many.
    pub fn takes(&mut self, path: &str, kind: MemberKind) -> Result<bool, TarballError> {
        self.count += 1;
        if self.count > MAX_MEMBERS {
            return Err(TarballError::Members { limit: MAX_MEMBERS });
        }
        let own = normal(path);
        let refusal = if path.starts_with('/') || own.split('/').any(|part| part == "..") {
            "its path leads outside of the archive"
        } else if !is_needed(&own) || kind == MemberKind::Directory {
            return Ok(false);
        } else {
            match kind {
                MemberKind::File | MemberKind::Directory => return Ok(true),
                MemberKind::Link => "it is a link",
                MemberKind::Other(_) => "it is neither file, folder nor link",
            }
        };
        let place = Place::from(Step::Member(path.to_owned()));
        self.faults.push(Fault::text(place, refusal, "the member"));
        Ok(false)
    }

    /// Keeps a member of `len` bytes, of which those outside of `segments` are zeros. `read` fills the
    /// start of a buffer with what comes next and says how much it was, never nothing.
    ///
    /// # Errors
    /// Those of `read`; when the store cannot take it, or all have more bytes than allowed.
    pub fn keep(
        &mut self,
        path: &str,
        len: u64,
        segments: &[Segment],
        read: &mut dyn FnMut(&mut [u8]) -> Result<usize, TarballError>,
    ) -> Result<(), TarballError> {
        let failed = |source| TarballError::Scratch { path: self.store.path().to_owned(), source };
        let mut file = BlockWriter::new(self.store, len);
        for segment in segments {
            file.skip_to(segment.offset).map_err(failed)?;
            let mut left = segment.len;
            while left > 0 {
                let room = file.room();
                let count = room.len().min(usize::try_from(left).unwrap_or(usize::MAX));
                let count = read(&mut room[..count])?;
                file.wrote(count).map_err(failed)?;
                left -= count as u64;
                if let Some(limit) = self.limit.filter(|limit| self.held + file.held > *limit) {
                    return Err(TarballError::Room { limit });
                }
            }
        }
        let (file, held) = file.finish().map_err(failed)?;
        self.held += held;
        if self.files.insert_unpacked(normal(path), file) {
            let place = Place::from(Step::Member(path.to_owned()));
            let what = "the archive has several members of this path; the last one was read";
            self.faults.push(Fault::text(place, what, "the others"));
        }
        Ok(())
    }

    /// What was kept.
    pub fn finish(self) -> FileSet<'static> {
        self.files
    }
}
