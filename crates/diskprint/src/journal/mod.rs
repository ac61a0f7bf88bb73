//! What the journals of an NTFS volume say happened to its files since the slice before.

mod log;
mod usn;

use diskprint_formats::ntfs::{Error, FileReference, Volume};
use diskprint_formats::{Filetime, Name, ReadAt};

use crate::snapshot::Known;
use crate::{Fault, FileEntry, Partition, Place, Step};

/// A journal of a volume as it was when the slice was recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Journal {
    /// Number of the partition.
    pub partition: u32,
    /// Which one it is.
    pub kind: JournalKind,
    /// The number that it was given when it was made; 0 where it has none.
    pub id: u64,
    /// The first number that records can still have.
    pub first: u64,
    /// The number that the next record would have had.
    pub next: u64,
    /// What happened since the slice before, in order; nothing where no slice before was known.
    pub events: Vec<FileEvent>,
}

/// Which journal of a volume it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum JournalKind {
    /// The change journal, $Extend/$UsnJrnl.
    UsnJrnl,
    /// The log of changes to metadata, $LogFile. It has no times, and may reach back for minutes only.
    LogFile,
}

impl JournalKind {
    const ALL: [Self; 2] = [Self::UsnJrnl, Self::LogFile];

    /// The name of its file.
    pub fn name(self) -> &'static str {
        match self {
            Self::UsnJrnl => "$UsnJrnl",
            Self::LogFile => "$LogFile",
        }
    }

    /// The kind of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// Something that happened to a file, as a journal tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileEvent {
    /// The file.
    pub file: FileReference,
    /// The number of the record: a USN, its offset in $J in bytes, or a log sequence number.
    pub number: u64,
    /// When it was written; unset where the journal does not tell.
    pub time: Filetime,
    /// What happened.
    pub kind: FileEventKind,
    /// The name that the file had then.
    pub link: FileLink,
    /// Attribute bits.
    pub attributes: u32,
    /// Bits of [`diskprint_formats::ntfs::usn_journal::reason`], unknown ones too; 0 in a log.
    pub reason: u32,
}

/// A name in a directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileLink {
    /// The directory.
    pub parent: FileReference,
    /// The name.
    pub name: Name,
}

/// What happened to a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FileEventKind {
    /// It was made.
    Created,
    /// It got another name or directory; the one before, where the journal has it.
    Renamed(Option<FileLink>),
    /// It was deleted.
    Deleted,
}

/// Where the file of the change journal is.
const USN_JOURNAL: &str = "$Extend/$UsnJrnl";

/// Reads the journals of a volume whose files are `entries`, from where the slice before ended.
///
/// Where the change journal tells all that happened since then, the log is not asked.
pub(crate) fn read(
    volume: &Volume<impl ReadAt>,
    entries: &[FileEntry],
    partition: &Partition,
    known: &Known,
    faults: &mut Vec<Fault>,
) -> Vec<Journal> {
    let mut note = |path: Name, error: Error, skipped: &str| {
        faults.push(Fault::new(Place::from(Step::Path(path)), &error, skipped));
    };
    let is_journal = |entry: &&FileEntry| {
        entry.is_live()
            && entry.path.to_str() == Some(USN_JOURNAL)
            && entry.stream.as_ref().and_then(Name::to_str) == Some("$J")
    };
    let mut journals = Vec::new();
    if let Some(entry) = entries.iter().find(is_journal) {
        let mut note = |error, skipped: &str| note(entry.full_path(), error, skipped);
        match usn::read(volume, entry.inode, partition, known, &mut note) {
            Ok(journal) => journals.extend(journal),
            Err(error) => note(error, BETWEEN),
        }
    }
    let is_whole = journals.iter().any(|it: &Journal| {
        let since = known.since(partition.serial, it.kind, it.id);
        since.is_some_and(|since| since > 0 && since >= it.first)
    });
    match log::read(volume, partition, known, !is_whole) {
        Ok(journal) => journals.extend(journal),
        Err(error) => note("$LogFile".into(), error, BETWEEN),
    }
    journals
}

const BETWEEN: &str = "what happened to files between the slices";
