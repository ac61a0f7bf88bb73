use std::io;

use crate::taken::Doubt;

/// What is wrong with a structure of an exFAT volume.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The boot sector does not describe an exFAT volume.
    #[error("boot sector: {field} is {found:#x}")]
    BootSector {
        /// The field, as the specification names it.
        field: &'static str,
        /// What it holds.
        found: u64,
    },
    /// The boot sector was taken from its copy.
    #[error("the boot sector is damaged; its copy in sector 12 was used")]
    FromBackup,
    /// The checksum of the boot region does not fit, nor that of its copy.
    #[error("the checksum of the boot region does not fit, nor does that of its copy")]
    BootChecksum,
    /// Clusters that are none of the volume's.
    #[error("clusters {first:#x} and {count} behind it: the volume has clusters 2 to {last}")]
    Outside {
        /// The first of them.
        first: u32,
        /// How many follow it.
        count: u64,
        /// The last cluster of the volume.
        last: u32,
    },
    /// A chain ends before the content does.
    #[error("its chain of clusters ends after {found}, the content needs {needed}")]
    Short {
        /// How many clusters the chain has.
        found: u64,
        /// How many the length takes.
        needed: u64,
    },
    /// A cluster belongs to what was read before as well, or the chain returns to it.
    #[error("cluster {at} belongs to another file or directory too, or its chain returns to it")]
    Shared {
        /// The cluster.
        at: u32,
    },
    /// The entries of a file do not have the sum that they state.
    #[error("the entries of a file have the checksum {found:#06x} and state {stated:#06x}")]
    Checksum {
        /// The sum stated.
        stated: u16,
        /// That of the entries.
        found: u16,
    },
    /// The entries of a file are not all there.
    #[error("the entries of a file are not whole")]
    NotWhole,
    /// There is an entry in use that is not known and says that it must be.
    #[error("entry of the critical type {kind:#x}, which is not known")]
    Unknown {
        /// The type.
        kind: u8,
    },
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
            Doubt::Endless(at) | Doubt::Shared(at) => Self::Shared { at },
        }
    }
}
