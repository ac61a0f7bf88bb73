//! How the slices of a sequence are read: unpacked ahead of their turn, and with what was read
//! before.

use std::fs;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use anyhow::{Context, Error};
use diskprint::pipeline::{self, Ahead};
use diskprint::survey::Survey;
use diskprint::{Cache, Image, Monitor, OpenError, Opened, Scratch};

use super::plan::Planned;
use super::stamp::{self, PendingStamp};
use super::watch::{SequenceWatch, SliceWatch};
use super::work::Work;

/// How many slices are unpacked at most while one is worked on, if there is more than one thread.
/// Each takes one thread; with fewer threads they follow each other, and none waits for what is done
/// with the slices before it.
const AHEAD: usize = 3;

/// What the slices of a sequence are read with.
pub struct Reading<'r> {
    work: &'r Work<'r>,
    watch: &'r SequenceWatch<'r>,
    planned: &'r [Planned],
    /// Whether other sequences start from the same slice.
    is_shared: bool,
    /// The cache of the first slice, where others have that, too.
    below: Mutex<Option<Arc<Cache>>>,
    /// Made when the first slice is unpacked.
    cache: Mutex<Option<Arc<Cache>>>,
}

/// Slices that are unpacked, or will be.
pub type Openings<'a, 'scope, 'r> = Ahead<'a, 'scope, Result<Opening<'r>, Error>>;

impl<'r> Reading<'r> {
    pub fn new(
        work: &'r Work<'r>,
        watch: &'r SequenceWatch<'r>,
        planned: &'r [Planned],
        is_shared: bool,
    ) -> Self {
        let (below, cache) = Default::default();
        Self { work, watch, planned, is_shared, below, cache }
    }

    /// Does `work` with the slices, which are unpacked when they are asked for, or before.
    pub fn with<R: Send>(&self, work: impl FnOnce(&mut Openings<'_, '_, 'r>) -> R + Send) -> R {
        pipeline::with_ahead(self.planned.len(), |index| self.open(index), work)
    }

    /// Begins to unpack slice `index`, which is to be read, and those behind it that are unread:
    /// `is_unread` says which.
    pub fn begin(
        &self,
        openings: &Openings<'_, '_, 'r>,
        index: usize,
        is_unread: impl Fn(usize) -> bool,
    ) {
        // Another sequence may have read it, and what it was read with is to be used.
        if index == 0 && self.is_shared {
            return;
        }
        openings.begin(index);
        let ahead = if pipeline::threads() == 1 { 0 } else { AHEAD };
        let behind = (index + 1..self.planned.len()).take(ahead);
        behind.filter(|next| is_unread(*next)).for_each(|next| openings.begin(next));
    }

    /// Takes note of what the first slice was read with.
    pub fn starts_from(&self, first: &Survey) {
        if self.is_shared {
            *lock(&self.below) = first.cache.clone();
        }
    }

    fn open(&self, index: usize) -> Result<Opening<'r>, Error> {
        let planned = self.planned.get(index).context("no such slice")?;
        let cache = match index {
            0 if self.is_shared => self.new_cache(None)?,
            _ => self.cache()?,
        };
        let bytes = fs::metadata(&planned.tarball).map_or(0, |metadata| metadata.len());
        let watch = self.watch.slice(&planned.id.to_string(), bytes);
        let stamp = stamp::before_reading(&planned.tarball);
        watch.stage("unpacking");
        let read = |bytes| watch.read(bytes);
        let opened = Image::open(&planned.tarball, Scratch::cached(&cache), &read);
        let opened = opened.map(|opened| opened.with_fiwalk(self.work.fiwalk.clone()));
        Ok(Opening { opened, stamp, watch })
    }

    fn cache(&self) -> Result<Arc<Cache>, Error> {
        let mut cache = lock(&self.cache);
        if let Some(cache) = &*cache {
            return Ok(cache.clone());
        }
        let new = self.new_cache(lock(&self.below).clone())?;
        Ok(cache.insert(new).clone())
    }

    fn new_cache(&self, below: Option<Arc<Cache>>) -> Result<Arc<Cache>, Error> {
        let folder = self.work.scratch;
        let cache = Cache::new(folder, below, SystemTime::now())
            .with_context(|| format!("writing to {}", folder.display()))?;
        let monitor = self.work.timings.clone().map(|timings| timings as Arc<dyn Monitor>);
        let cache = cache.verifying(self.work.verify).monitored(monitor);
        Ok(Arc::new(cache.with_digests_in(self.work.digest_bytes)))
    }
}

fn lock<T>(what: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    what.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A slice whose tarball was unpacked, and what goes with that.
pub struct Opening<'w> {
    pub opened: Result<Opened, OpenError>,
    pub stamp: Option<PendingStamp>,
    pub watch: SliceWatch<'w>,
}
