use std::sync::Arc;

use diskprint_formats::{Allocation, Deleted, FileKind, Name, Times};

use crate::{ByteRuns, Digests, FileSecurity};

/// Name, metadata and digests of one file or of one of its streams.
///
/// A file with several hard links has an entry for each name; a named stream has an entry of its
/// own beside its file's. Name and metadata may disagree in deleted files: see [`Allocation`].
#[derive(Clone, Debug, PartialEq)]
pub struct FileEntry {
    /// Number of the partition in the image, from 1 through all disks.
    pub partition: u32,
    /// Path in the volume, its parts separated by `/`; the root directory's is empty.
    pub path: Name,
    /// Name of the data stream; `None` for the file itself.
    pub stream: Option<Name>,
    /// What the file is.
    pub kind: FileKind,
    /// Whether its name and its metadata are in use.
    pub alloc: Allocation,
    /// How a deleted file was found, and what is left of it; `None` for one in use.
    pub deleted: Option<Deleted>,
    /// Number of its metadata record (NTFS: MFT record number; FAT: where its directory entry is).
    pub inode: u64,
    /// How often that record was used (NTFS: sequence number); 0 where there are no records and
    /// the inode is the place of a directory entry (FAT, exFAT).
    pub seq: u16,
    /// Inode of the directory that its name says it is in.
    pub parent_inode: u64,
    /// Length of the content in bytes.
    pub size: u64,
    /// File attribute bits of Windows or mode bits of Unix, unknown ones too.
    pub attributes: u32,
    /// Number of names that the record says it has.
    pub link_count: u16,
    /// Owner id of $STANDARD_INFORMATION; 0 where there is none.
    pub owner_id: u32,
    /// Owner, group and security descriptor; `None` where the file system has none (all but NTFS) or
    /// they are not known.
    pub security: Option<Arc<FileSecurity>>,
    /// Times of the metadata record (NTFS: $STANDARD_INFORMATION).
    pub times: Times,
    /// Times beside the name (NTFS: $FILE_NAME), `None` for streams.
    pub name_times: Option<Times>,
    /// Where the content lies.
    pub runs: ByteRuns,
    /// Where a link leads to, as stored.
    pub target: Option<Name>,
    /// Digests of the content; `None` where it was not or could not be read.
    pub digests: Option<Digests>,
}

impl FileEntry {
    /// Whether name and metadata are both in use: the file is there for its user.
    pub fn is_live(&self) -> bool {
        self.alloc.name && self.alloc.inode
    }

    /// The path, with `:stream` behind it for a stream.
    pub fn full_path(&self) -> Name {
        match &self.stream {
            Some(stream) => self.path.followed_by(':', stream),
            None => self.path.clone(),
        }
    }
}

#[cfg(test)]
impl FileEntry {
    /// An empty regular file in use in partition 1, for tests to change.
    pub(crate) fn plain(path: &str) -> Self {
        Self {
            partition: 1,
            path: path.into(),
            stream: None,
            kind: FileKind::Regular,
            alloc: Allocation::LIVE,
            deleted: None,
            inode: 30,
            seq: 1,
            parent_inode: 5,
            size: 0,
            attributes: 0,
            link_count: 1,
            owner_id: 0,
            security: None,
            times: Times::default(),
            name_times: None,
            runs: ByteRuns::default(),
            target: None,
            digests: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_stays_small() {
        // All files of a volume with millions of them are held at a time.
        assert!(size_of::<FileEntry>() <= 280, "{} bytes", size_of::<FileEntry>());
    }
}
