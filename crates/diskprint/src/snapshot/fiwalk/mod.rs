//! File systems that have no reader here, as fiwalk of The Sleuth Kit lists them.
//!
//! It runs as a process of its own with bounds on its time and memory, over a copy of the volume,
//! and what it prints is read as it comes. Its runs say where contents lie; digests and all else are
//! made here, as for any other volume.

mod copy;
mod entry;
mod process;
mod volume;

use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use diskprint_formats::ReadAt;
use thiserror::Error;

use super::drafts::Contents;
use super::{Listing, Unlisted, walked};
use crate::Partition;
use copy::Copy;
use volume::Volume;

/// The program fiwalk, and what it may take.
#[derive(Clone, Debug)]
pub struct Fiwalk {
    /// The program.
    pub program: PathBuf,
    /// The folder in which a copy of the volume lies while it runs.
    pub scratch: PathBuf,
    /// What a run of it may take.
    pub bounds: Bounds,
}

/// What a run of fiwalk may take.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// How long it may take, whatever the length of the volume.
    pub time: Duration,
    /// How much longer for each gigabyte (2^30 bytes) of the volume.
    pub time_per_gigabyte: Duration,
    /// How much memory, in bytes of its address space.
    pub memory: u64,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            time: Duration::from_secs(600),
            time_per_gigabyte: Duration::from_secs(60),
            memory: 4 << 30,
        }
    }
}

impl Bounds {
    /// How long it may take for a volume of `len` bytes.
    fn time_for(&self, len: u64) -> Duration {
        let gigabytes = u32::try_from(len >> 30).unwrap_or(u32::MAX);
        self.time.saturating_add(self.time_per_gigabyte.saturating_mul(gigabytes))
    }
}

/// Why fiwalk listed nothing.
#[derive(Debug, Error)]
enum Error {
    #[error(
        "file system {0} has no reader here: install fiwalk (The Sleuth Kit) to have its files listed"
    )]
    Absent(&'static str),
    #[error("file system {0} is not read")]
    Unknown(&'static str),
    #[error("file system {0} has no reader here, and its copy for fiwalk cannot be written")]
    Copy(&'static str, #[source] io::Error),
    #[error("file system {name} has no reader here, and {program} found none in it{why}")]
    None { name: &'static str, program: String, why: String },
}

impl Fiwalk {
    /// The program at `program` with the usual bounds; its copies lie in `scratch`.
    pub fn new(program: impl Into<PathBuf>, scratch: impl Into<PathBuf>) -> Self {
        let (program, scratch) = (program.into(), scratch.into());
        Self { program, scratch, bounds: Bounds::default() }
    }

    /// The command that lists the files in `image` without reading them.
    fn command(&self, image: &Path) -> Command {
        let mut command = Command::new(&self.program);
        command.args(["-x", "-z", "-g"]).arg(image);
        command
    }
}

/// Lists the files of a volume whose file system has no reader here, and takes note of its sizes.
pub(super) fn list(
    fiwalk: Option<&Fiwalk>,
    bytes: &dyn ReadAt,
    partition: &mut Partition,
    contents: Contents,
) -> Result<Listing, Unlisted> {
    let name = partition.file_system.unwrap_or_default();
    if !is_for_fiwalk(name) {
        return Err(Error::Unknown(name).into());
    }
    let fiwalk = fiwalk.ok_or(Error::Absent(name))?;
    let copy = Copy::of(bytes, &fiwalk.scratch).map_err(|error| Error::Copy(name, error))?;
    let volume = Volume::new(fiwalk, &copy, bytes.len(), name);
    let listing = walked::list(&volume, bytes.len(), partition, contents);
    volume.outcome()?;
    walked::measure(&volume, partition);
    Ok(listing)
}

/// Whether some version of fiwalk may read it. A copy of a volume that none does would be for nothing.
// Source: The Sleuth Kit, tsk_fs.h, TSK_FS_TYPE_ENUM.
fn is_for_fiwalk(file_system: &str) -> bool {
    matches!(file_system, "hfs" | "hfsplus" | "ufs1" | "ufs2" | "yaffs2")
}
