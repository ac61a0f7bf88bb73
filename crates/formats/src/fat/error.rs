use std::io;

use crate::taken::Doubt;

/// What is wrong with a structure of a FAT volume.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The boot sector does not describe a FAT volume.
    #[error("boot sector: {field} is {found:#x}")]
    BootSector {
        /// The field.
        field: &'static str,
        /// What it holds.
        found: u64,
    },
    /// The boot sector was taken from its copy.
    #[error("the boot sector is damaged; its copy in sector 6 was used")]
    FromBackup,
    /// The table of chains and its copy differ.
    #[error(
        "the two tables of chains differ in {bytes} bytes of what was read, first at byte {first:#x}; \
         the first was read"
    )]
    TablesDiffer {
        /// In how many bytes.
        bytes: u64,
        /// The first of them, counted from the start of the table.
        first: u64,
    },
    /// A chain leads to a cluster that is none of the volume's.
    #[error("cluster {from} leads to cluster {to:#x}; the volume has clusters 2 to {last}")]
    Outside {
        /// The cluster before; 0 for the directory entry.
        from: u32,
        /// The cluster that it names.
        to: u32,
        /// The last cluster of the volume.
        last: u32,
    },
    /// A chain ends before the file does.
    #[error("its chain of clusters ends after {found}, the content needs {needed}")]
    Short {
        /// How many clusters the chain has.
        found: u64,
        /// How many the size takes.
        needed: u64,
    },
    /// A chain does not end.
    #[error("its chain of clusters does not end, or returns to cluster {at}")]
    Endless {
        /// Where it was left.
        at: u32,
    },
    /// A cluster belongs to what was read before as well.
    #[error("cluster {at} of its chain belongs to another file or directory, too")]
    Shared {
        /// The cluster.
        at: u32,
    },
    /// The parts of a long name do not belong to its short one.
    #[error("a long name does not belong to the entry behind it; its short name is used")]
    LongName,
    /// A path is too long, or all paths together are.
    #[error("its path is too long")]
    Path,
    /// The bytes below could not be read.
    #[error("cannot be read")]
    Io(#[from] io::Error),
}

impl From<Doubt> for Error {
    fn from(doubt: Doubt) -> Self {
        match doubt {
            Doubt::Endless(at) => Self::Endless { at },
            Doubt::Shared(at) => Self::Shared { at },
        }
    }
}
