//! First slices that several sequences start from: each is read once and kept until the last of
//! those sequences is done.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use diskprint::survey::Survey;
use diskprint::{Container, pipeline, results};

use super::plan::Planned;
use super::stamp;

/// The first slices of all sequences of a run, those with the same bytes being one.
#[derive(Default)]
pub struct Baselines {
    by_tarball: HashMap<PathBuf, Arc<Baseline>>,
}

/// A first slice that several sequences start from.
#[derive(Default)]
pub struct Baseline {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// How many sequences that start from it are not done yet.
    left: usize,
    /// The slice, and the file that it was read from.
    read: Option<(PathBuf, Arc<Survey>)>,
}

impl Baselines {
    /// Finds out which sequences start from the same slice: tarballs at one path, and those of one
    /// length and the same SHA-256. They are hashed on as many threads as the pool has.
    pub fn of<'p>(results: &Path, sequences: impl Iterator<Item = &'p [Planned]>) -> Self {
        let mut users: BTreeMap<&Path, usize> = BTreeMap::new();
        for first in sequences.filter_map(|planned| planned.first()) {
            *users.entry(&first.tarball).or_default() += 1;
        }
        let mut by_len: BTreeMap<u64, Vec<&Path>> = BTreeMap::new();
        for tarball in users.keys() {
            if let Ok(metadata) = fs::metadata(tarball) {
                by_len.entry(metadata.len()).or_default().push(tarball);
            }
        }
        // One alone shares nothing by its content.
        let twins: Vec<&Path> =
            by_len.values().filter(|same| same.len() > 1).flatten().copied().collect();
        // One that cannot be read is told so by the sequence that it is of.
        let hash = |tarball: &&Path| {
            stamp::known_slicehash(tarball, &results::folder(results, tarball)).ok()
        };
        let hashes: HashMap<&Path, Option<[u8; 32]>> =
            twins.iter().copied().zip(pipeline::map(&twins, hash)).collect();
        let mut by_tarball = HashMap::new();
        for tarballs in by_len.into_values() {
            let mut same: BTreeMap<[u8; 32], Arc<Baseline>> = BTreeMap::new();
            for tarball in tarballs {
                let Some(hash) = hashes.get(tarball).copied().unwrap_or(Some([0; 32])) else {
                    continue;
                };
                let baseline = same.entry(hash).or_default();
                baseline.lock().left += users.get(tarball).copied().unwrap_or(0);
                by_tarball.insert(tarball.to_owned(), baseline.clone());
            }
        }
        Self { by_tarball }
    }

    /// The baseline that a sequence starts from; to be dropped when the sequence is done.
    pub fn user_of(&self, planned: &[Planned]) -> User {
        let tarball = planned.first().map(|first| first.tarball.clone()).unwrap_or_default();
        User { baseline: self.by_tarball.get(&tarball).cloned().unwrap_or_default(), tarball }
    }

    /// The order in which to run sequences, as their indexes: those that start from one baseline
    /// follow each other, so that few baselines are kept at a time.
    pub fn order(&self, sequences: &[&[Planned]]) -> Vec<usize> {
        let mut first_of: HashMap<*const Baseline, usize> = HashMap::new();
        let group = |(index, planned): (usize, &&[Planned])| {
            let baseline = planned.first().and_then(|first| self.by_tarball.get(&first.tarball));
            let first = match baseline {
                Some(baseline) => *first_of.entry(Arc::as_ptr(baseline)).or_insert(index),
                None => index,
            };
            (first, index)
        };
        let mut order: Vec<_> = sequences.iter().enumerate().map(group).collect();
        order.sort_unstable();
        order.into_iter().map(|(_, index)| index).collect()
    }
}

impl Baseline {
    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        // A sequence that panicked while it read left nothing behind.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A sequence that starts from a baseline.
pub struct User {
    baseline: Arc<Baseline>,
    tarball: PathBuf,
}

impl User {
    /// Whether other sequences start from it, too: one that has read it, or is not done yet.
    pub fn is_shared(&self) -> bool {
        let state = self.baseline.lock();
        state.left > 1 || state.read.is_some()
    }

    /// The slice as another sequence has read it, or else as `read` does. While it is read, other
    /// sequences that need it wait.
    pub fn get<E>(&self, read: impl FnOnce() -> Result<Survey, E>) -> Result<Arc<Survey>, E> {
        let mut state = self.baseline.lock();
        match &state.read {
            // What is wrong with a virtual disk or E01 is told with its name, which a copy of it has
            // not.
            Some((file, survey))
                if !matches!(survey.container, Container::Disk(_) | Container::Ewf)
                    || *file == self.tarball =>
            {
                return Ok(survey.clone());
            }
            Some(_) => {
                drop(state);
                return read().map(Arc::new);
            }
            None => {}
        }
        let survey = Arc::new(read()?);
        if state.left > 1 {
            state.read = Some((self.tarball.clone(), survey.clone()));
        }
        Ok(survey)
    }
}

impl Drop for User {
    fn drop(&mut self) {
        let mut state = self.baseline.lock();
        state.left = state.left.saturating_sub(1);
        if state.left == 0 {
            state.read = None;
        }
    }
}
