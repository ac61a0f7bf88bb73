use diskprint_formats::ntfs::FileReference;
use diskprint_formats::{Filetime, Name};

use crate::JournalKind;

/// Something that happened to a file between two slices and that the slices themselves do not show,
/// as a journal of its volume tells it. Never among the differences of files.
///
/// All changes of a file are told together, so that they read as its life: created, renamed,
/// deleted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InterimChange {
    /// Number of the partition.
    pub partition: u32,
    /// The journal that tells it.
    pub journal: JournalKind,
    /// The file's record, and which of its uses it was.
    pub file: FileReference,
    /// The number of the journal's record: a USN, its offset in $J in bytes.
    pub number: u64,
    /// When the record was written.
    pub time: Filetime,
    /// What happened.
    pub action: InterimAction,
    /// Path that the file had then. Directories in it have the names of the slice after; one that is
    /// not there any more, its last one.
    pub path: Name,
    /// Path that it had before it was renamed, where the journal has it.
    pub path_before: Option<Name>,
    /// Attribute bits of Windows.
    pub attributes: u32,
    /// Bits that say what happened since the file was opened.
    // Source: winioctl.h, USN_REASON_*.
    pub reason: u32,
}

impl InterimChange {
    /// Whether another change is one of the same file, told by the same journal.
    pub fn is_of_same_file(&self, other: &Self) -> bool {
        let key = |it: &Self| (it.partition, it.journal, it.file);
        key(self) == key(other)
    }
}

/// What happened to a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InterimAction {
    /// It was made.
    Created,
    /// It got another name or directory.
    Renamed,
    /// It was deleted.
    Deleted,
}

impl InterimAction {
    const ALL: [Self; 3] = [Self::Created, Self::Renamed, Self::Deleted];

    /// `created`, `renamed` or `deleted`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Renamed => "renamed",
            Self::Deleted => "deleted",
        }
    }

    /// The action of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|action| action.name() == name)
    }
}
