//! What files are and have in all file systems.

use crate::Filetime;

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

/// How a deleted file was found, and what is left of its content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deleted {
    /// What gave it away.
    pub found_by: FoundBy,
    /// What is left of its content.
    pub remains: Remains,
}

/// What gave a deleted file away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FoundBy {
    /// Its metadata record, which is not in use.
    Record,
    /// An entry that a directory does not list any more: deleted, or in the slack of its blocks.
    DirectoryEntry,
}

impl FoundBy {
    /// In a word: `record`, `directory entry`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Record => "record",
            Self::DirectoryEntry => "directory entry",
        }
    }
}

/// What is left of a deleted file's content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Remains {
    /// All of it can be: nothing else uses the places where it lay, as far as these are known.
    /// What was written there and deleted since is not seen.
    All,
    /// A part at most: others use some of these places again.
    Part,
    /// Not known: where it lay, or whether others use these places again.
    Unknown,
}

impl Remains {
    /// In a word: `all`, `part`, `unknown`.
    pub fn name(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Part => "part",
            Self::Unknown => "unknown",
        }
    }
}
