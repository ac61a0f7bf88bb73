use diskprint_formats::{Filetime, Name};

use crate::{ByteRuns, Digests};

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
    /// Number of its metadata record (NTFS: MFT record number).
    pub inode: u64,
    /// How often that record was used (NTFS: sequence number).
    pub seq: u16,
    /// Inode of the directory that its name says it is in.
    pub parent_inode: u64,
    /// Length of the content in bytes.
    pub size: u64,
    /// File attribute bits of Windows, unknown ones too.
    pub attributes: u32,
    /// Number of names that the record says it has.
    pub link_count: u16,
    /// Owner id of $STANDARD_INFORMATION; 0 where there is none.
    pub owner_id: u32,
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

/// Which halves of a file are in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allocation {
    /// The directory lists the name.
    pub name: bool,
    /// The metadata record is in use.
    pub inode: bool,
}

impl Allocation {
    /// A file in use.
    pub const LIVE: Self = Self { name: true, inode: true };
    /// A deleted file.
    pub const DELETED: Self = Self { name: false, inode: false };
}

/// What a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FileKind {
    /// A regular file.
    Regular,
    /// A directory.
    Directory,
    /// A symbolic link or junction.
    Link,
    /// Something else, or no longer known.
    Other,
}

impl FileKind {
    /// The letter of DFXML's `name_type`: `r`, `d`, `l`, `-`.
    pub fn letter(self) -> &'static str {
        match self {
            Self::Regular => "r",
            Self::Directory => "d",
            Self::Link => "l",
            Self::Other => "-",
        }
    }
}

/// The four times of a file; each may be unset.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Times {
    /// Content changed.
    pub mtime: Filetime,
    /// Last read.
    pub atime: Filetime,
    /// Metadata changed.
    pub ctime: Filetime,
    /// Created.
    pub crtime: Filetime,
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
            inode: 30,
            seq: 1,
            parent_inode: 5,
            size: 0,
            attributes: 0,
            link_count: 1,
            owner_id: 0,
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
        assert!(size_of::<FileEntry>() <= 264, "{} bytes", size_of::<FileEntry>());
    }
}
