use std::fmt;

use super::super::BaseBlock;
use super::error::LogError;
use super::sequence_number::precedes;
use crate::Filetime;

/// Which of a hive's transaction logs, by the end of its file name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LogFile {
    /// `.LOG`: the only log up to Windows Server 2003, since then mostly empty.
    Log,
    /// `.LOG1`
    Log1,
    /// `.LOG2`
    Log2,
}

impl fmt::Display for LogFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Log => "LOG",
            Self::Log1 => "LOG1",
            Self::Log2 => "LOG2",
        })
    }
}

/// Whether a hive needs its logs.
// Source: regf spec, "Dirty state of a hive".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Every write was completed.
    Clean {
        /// Both sequence numbers.
        sequence_number: u32,
    },
    /// A write was begun and not completed.
    Dirty {
        /// Primary sequence number.
        primary: u32,
        /// Secondary sequence number.
        secondary: u32,
    },
    /// The base block is damaged, and its fields count for nothing.
    BadBaseBlock {
        /// Checksum as stored.
        stated: u32,
        /// Checksum of the bytes.
        computed: u32,
    },
    /// The file is too short for a base block, and nothing can be applied to it.
    NoBaseBlock {
        /// Length of the file in bytes.
        len: u64,
    },
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Clean { sequence_number } => {
                write!(f, "clean (sequence number {sequence_number})")
            }
            Self::Dirty { primary, secondary } => {
                write!(f, "dirty (checksum valid, sequence numbers {primary} and {secondary})")
            }
            Self::BadBaseBlock { stated, computed } => write!(
                f,
                "dirty (base block damaged, checksum is {stated:#010x}, computed {computed:#010x})"
            ),
            Self::NoBaseBlock { len } => write!(f, "no base block ({len} bytes)"),
        }
    }
}

/// What kind of transaction log a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// No bytes but zeros: no log was ever written.
    Empty,
    /// A dirty vector and pages, up to Windows 8.
    Old,
    /// Log entries, from Windows 8.1 on.
    New,
    /// None of these.
    Unknown,
}

/// What became of a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Its changes were to be applied; [`LogReport::applied`] says which were.
    Used,
    /// There is nothing in it.
    Empty,
    /// It is no log that can be used; [`LogReport::refused`] says why.
    Unusable,
    /// The hive does not need it.
    NotNeeded,
    /// The hive file is too short for a base block.
    NoBaseBlock,
    /// It begins before what the hive holds already.
    Older {
        /// Sequence number that it begins with.
        log: u32,
        /// Sequence number of the first entry that the hive lacks.
        hive: u32,
    },
    /// It was made for another write than the one that was not completed.
    OtherWrite {
        /// Last-written time of the log.
        log: Filetime,
        /// Last-written time of the hive.
        hive: Filetime,
    },
    /// Its entries do not follow those that were applied before.
    Gap {
        /// Sequence number that it begins with.
        found: u32,
        /// Sequence number that would follow.
        expected: u32,
    },
    /// Windows uses one log alone here, and it is another one.
    OtherLog(LogFile),
}

/// Some log entries, by their sequence numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entries {
    /// How many there are.
    pub count: u64,
    /// The first sequence number.
    pub first: u32,
    /// The last sequence number.
    pub last: u32,
}

impl Entries {
    /// Adds an entry to some, or to none.
    pub(super) fn count(entries: &mut Option<Self>, number: u32) {
        let one = Self { count: 0, first: number, last: number };
        let entries = entries.get_or_insert(one);
        entries.count = entries.count.saturating_add(1);
        if precedes(number, entries.first) {
            entries.first = number;
        }
        if precedes(entries.last, number) {
            entries.last = number;
        }
    }
}

impl fmt::Display for Entries {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self { count: 1, first, .. } => write!(f, "entry {first}"),
            Self { count, first, last } => write!(f, "{count} entries {first} to {last}"),
        }
    }
}

/// What was applied of a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Applied {
    /// Its entries; a log of the old format is one.
    pub entries: Entries,
    /// Number of dirty pages; those of the old format have 512 bytes.
    pub pages: u64,
    /// Bytes in these pages.
    pub bytes: u64,
}

/// What was found in a transaction log, and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogReport {
    /// Which log this is.
    pub file: LogFile,
    /// Length of the file in bytes.
    pub len: u64,
    /// What kind of log it is.
    pub format: LogFormat,
    /// The base block in its first sector; `None` where it has no signature.
    pub base_block: Option<BaseBlock>,
    /// What became of it.
    pub verdict: Verdict,
    /// The entries that are whole and follow one another from the start of the log, applied or
    /// not; a log of the old format is one.
    pub entries: Option<Entries>,
    /// Of these, the entries from the first one on that the hive lacks. Windows ignores them while
    /// the hive is clean.
    pub newer: u64,
    /// What was applied.
    pub applied: Option<Applied>,
    /// Why the log, or what follows the entries, cannot be applied.
    pub refused: Option<LogError>,
    /// Entries behind the end that come later, seen by their headers: they are lost to recovery.
    pub unreached: Option<Entries>,
    /// Entries behind the end from before the log was begun anew, seen by their headers.
    pub older: Option<Entries>,
}

impl fmt::Display for LogReport {
    /// Writes one line: what became of the log, then what else is in it, separated by `; `.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.file)?;
        self.verdict(f)?;
        if let (Some(error), true) = (&self.refused, self.verdict != Verdict::Unusable) {
            write!(f, "; refused: {error}")?;
        }
        if let Some(entries) = self.unreached {
            write!(f, "; left out: {entries}")?;
        }
        if let Some(entries) = self.older {
            write!(f, "; behind the end, from before: {entries}")?;
        }
        Ok(())
    }
}

impl LogReport {
    fn verdict(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.verdict {
            Verdict::Used => match self.applied {
                Some(Applied { entries, pages, bytes }) => {
                    write!(f, "{entries} applied ({pages} pages, {bytes} bytes)")
                }
                None => write!(f, "nothing applied"),
            },
            Verdict::Empty => write!(f, "empty"),
            Verdict::Unusable => match &self.refused {
                Some(error) => write!(f, "unusable: {error}"),
                None => write!(f, "unusable"),
            },
            Verdict::NotNeeded => {
                self.entries(f)?;
                write!(f, "not needed")?;
                self.newer(f, "ignored")
            }
            Verdict::NoBaseBlock => {
                self.entries(f)?;
                write!(f, "not applied: the hive has no base block")
            }
            Verdict::Older { log, hive } => {
                self.entries(f)?;
                write!(f, "not applied: begins with {log}, the hive holds all before {hive}")?;
                self.newer(f, "left out")
            }
            Verdict::OtherWrite { log, hive } => {
                let side = if log < hive { "older" } else { "newer" };
                write!(f, "not applied: last written at another, {side} time than the hive")
            }
            Verdict::Gap { found, expected } => {
                self.entries(f)?;
                write!(f, "not applied: begins with {found}, and {expected} would follow")
            }
            Verdict::OtherLog(used) => {
                self.entries(f)?;
                write!(f, "not applied: {used} alone is used")
            }
        }
    }

    fn entries(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.entries.map_or(Ok(()), |entries| write!(f, "{entries} "))
    }

    fn newer(&self, f: &mut fmt::Formatter<'_>, fate: &str) -> fmt::Result {
        if self.newer > 0 { write!(f, ", {} newer {fate}", self.newer) } else { Ok(()) }
    }
}
