mod report;

use std::sync::Arc;

use diskprint_formats::regf::log::LogFile;
use diskprint_formats::{Name, regf};

use crate::Digests;

pub use report::{Grade, HiveReport};
use report::{Outcome, Undo};

/// A hive file of a slice: where it was found and what it holds.
#[derive(Clone, Debug)]
pub struct Hive {
    /// Number of the partition that it is in.
    pub partition: u32,
    /// Path in the volume, parts separated by `/`, with `:stream` where it is a stream.
    pub path: Name,
    /// Digests of the hive file.
    pub digests: Digests,
    /// The keys and values; shared between slices in which the bytes of the hive and of its
    /// transaction logs are the same.
    pub tree: Arc<regf::Hive>,
    /// What the hive file said of itself, what its transaction logs gave, and what that is worth.
    pub report: Arc<HiveReport>,
}

/// Which state of a hive is read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum HiveState {
    /// As Windows would see it: where the last write to the hive was not completed, with what its
    /// transaction logs hold.
    #[default]
    Recovered,
    /// As the hive file has it.
    Stored,
}

impl HiveState {
    /// The word for it: `recovered` or `stored`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Recovered => "recovered",
            Self::Stored => "stored",
        }
    }
}

/// Reads a hive from the bytes of its file and of its transaction logs.
///
/// # Errors
/// When not one key can be read.
pub fn read_hive(
    primary: Vec<u8>,
    logs: &[(LogFile, &[u8])],
    state: HiveState,
) -> Result<(regf::Hive, HiveReport), regf::Error> {
    let mut recovery = regf::log::recover(&primary, logs);
    let recovered = recovery.bytes.take();
    let (tree, outcome) = match recovered.filter(|_| state == HiveState::Recovered) {
        None => (regf::Hive::read(primary)?, Outcome::Stored),
        Some(bytes) => {
            let undo = Undo::new(&primary, &bytes);
            match regf::Hive::read(bytes) {
                Ok(tree) => (tree, Outcome::Recovered(undo)),
                // Better an old state than none.
                Err(error) => (regf::Hive::read(primary)?, Outcome::Unreadable(error)),
            }
        }
    };
    let report = HiveReport::new(&tree, state, recovery, outcome);
    Ok((tree, report))
}
