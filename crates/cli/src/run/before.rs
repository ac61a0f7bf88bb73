//! The state that a slice is compared with.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Error};
use diskprint::diff::{self, Comparison, Earlier};
use diskprint::survey::Survey;
use diskprint::{HiveState, Known, Snapshot};

/// The state of the slice before.
pub enum Before {
    /// One that nobody else has: its files lie in a file of the scratch folder.
    Aside { slicehash: [u8; 32], state: Box<Earlier> },
    /// One that other sequences start from, too.
    Shared(Arc<Survey>),
}

impl Before {
    /// Keeps a slice for the comparison with the next one.
    pub fn new(survey: Arc<Survey>, scratch: &Path) -> Result<Self, Error> {
        match Arc::try_unwrap(survey) {
            Ok(Survey { slicehash, snapshot, .. }) => {
                let state = Earlier::new(snapshot, scratch)
                    .with_context(|| format!("writing to {}", scratch.display()))?;
                Ok(Self::Aside { slicehash, state: Box::new(state) })
            }
            Err(shared) => Ok(Self::Shared(shared)),
        }
    }

    /// The SHA-256 of its tarball.
    pub fn slicehash(&self) -> &[u8; 32] {
        match self {
            Self::Aside { slicehash, .. } => slicehash,
            Self::Shared(survey) => &survey.slicehash,
        }
    }

    /// What is known of it for reading the next slice, hives in that state.
    pub fn known(&self, state: HiveState) -> Known {
        match self {
            Self::Aside { state: earlier, .. } => earlier.known(state),
            Self::Shared(survey) => survey.snapshot.known(state),
        }
    }

    /// Compares it with the state after it.
    pub fn compare(&self, after: &Snapshot) -> Result<Comparison, Error> {
        match self {
            Self::Aside { state, .. } => {
                state.compare(after).context("reading the files of the slice before, in scratch")
            }
            Self::Shared(survey) => Ok(diff::snapshots(&survey.snapshot, after)),
        }
    }
}
