//! What all sequences of a run have in common.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use anyhow::{Error, bail};
use diskprint::{Fiwalk, HiveState, SliceId, archive};

use super::baselines::Baselines;
use super::timings::Timings;
use crate::args::RunArgs;
use crate::config::Config;
use crate::database::Session;
use crate::fiwalk;
use crate::memory::Size;

/// What sequences of one run work with.
pub struct Work<'a> {
    pub results: &'a Path,
    pub scratch: &'a Path,
    pub session: &'a Session,
    pub baselines: &'a Baselines,
    pub folders: Folders,
    /// Rows of each slice in table `regdelta`, as soon as somebody asked.
    regdelta_rows: OnceLock<BTreeMap<SliceId, u64>>,
    /// In which state hives are read.
    pub hive_state: HiveState,
    /// What lists file systems that have no reader here.
    pub fiwalk: Option<Fiwalk>,
    /// Keep the disks as images, of segments of at most so many bytes.
    pub archive: Option<u64>,
    /// Read also what did not change since the slice before, and compare its digests.
    pub verify: bool,
    /// How many bytes the digests that are carried over may take in each sequence; `None` where
    /// there is no limit.
    pub digest_bytes: Option<u64>,
    /// Where the parts of the work are measured, if they are.
    pub timings: Option<Arc<Timings>>,
    /// Store again what is stored.
    pub re_export: bool,
    /// Take the tarballs from the queue when their results are stored.
    pub dequeue: bool,
}

/// Folders of slices that jobs work in, so that no two work in the same: sequences may have slices
/// in common.
#[derive(Default)]
pub struct Folders(Mutex<HashMap<PathBuf, Arc<Mutex<()>>>>);

impl Folders {
    pub fn of(&self, folder: &Path) -> Arc<Mutex<()>> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // Only those that somebody works in are kept.
        all.retain(|_, lock| Arc::strong_count(lock) > 1);
        all.entry(folder.to_owned()).or_default().clone()
    }
}

impl<'a> Work<'a> {
    pub fn new(
        args: &RunArgs,
        config: &Config,
        session: &'a Session,
        results: &'a Path,
        scratch: &'a Path,
        baselines: &'a Baselines,
    ) -> Result<Self, Error> {
        Ok(Self {
            results,
            scratch,
            session,
            baselines,
            folders: Folders::default(),
            regdelta_rows: OnceLock::new(),
            hive_state: args
                .hive_state
                .or(config.hive_state)
                .map_or_else(HiveState::default, HiveState::from),
            fiwalk: fiwalk::find(scratch),
            archive: archive_segment(args, config)?,
            verify: args.verify,
            digest_bytes: None,
            timings: args.timings.then(Arc::default),
            re_export: args.re_export,
            dequeue: args.queue,
        })
    }

    /// How many rows table `regdelta` has for slices, when it was first asked for in this run:
    /// others may have emptied it.
    pub fn rows_of<'i>(&self, slices: impl Iterator<Item = &'i SliceId>) -> Result<u64, Error> {
        let rows = match self.regdelta_rows.get() {
            Some(rows) => rows,
            None => {
                let rows = self.session.with(|store| store.regdelta_rows())?;
                self.regdelta_rows.get_or_init(|| rows)
            }
        };
        Ok(slices.filter_map(|slice| rows.get(slice)).sum())
    }
}

/// The longest segment of images in bytes; `None` where none are to be kept.
///
/// # Errors
/// When it is shorter than segments are, or stands for nothing.
pub fn archive_segment(args: &RunArgs, config: &Config) -> Result<Option<u64>, Error> {
    let is_kept = args.archive.or(config.archive).is_some();
    match args.archive_segment.or(config.archive_segment) {
        Some(Size(bytes)) if bytes < archive::LEAST_SEGMENT => {
            bail!("--archive-segment: {bytes} bytes are too short; 1MiB is the least")
        }
        Some(_) if !is_kept && args.archive_segment.is_some() => {
            bail!("--archive-segment says how images are divided: it needs --archive")
        }
        segment => Ok(is_kept.then_some(segment.map_or(archive::SEGMENT, |Size(bytes)| bytes))),
    }
}
