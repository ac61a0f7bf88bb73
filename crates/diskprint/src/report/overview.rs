//! What a sequence did, in words and numbers: what the head of the page says, as values.

use std::fmt;
use std::ops::Add;

use super::life::{self, Counts};
use super::verdict::{counted, sentences};
use super::{Registered, ReportSlice, registered};
use crate::{Delta, Fault, InterimChange};

/// What a sequence did.
#[derive(Debug)]
pub struct Overview<'a> {
    /// A sentence for each step, and one for what is left.
    pub verdict: Vec<String>,
    /// The slices in their order; the first has no differences.
    pub slices: Vec<SliceOverview<'a>>,
    /// How much one step created and no later one removed.
    pub behind: Counts,
    /// The paths of that, in the order in which it came.
    pub behind_paths: Vec<String>,
}

/// What differs in a slice from the one before.
#[derive(Debug)]
pub struct SliceOverview<'a> {
    /// Its id.
    pub id: &'a str,
    /// What was done before it was recorded.
    pub slicetype: &'a str,
    /// Differences of files and streams.
    pub files: Tally,
    /// Differences of keys and values.
    pub cells: Tally,
    /// What is new of services, autostarts and the like.
    pub registered: Vec<Registered>,
    /// What happened to files since the slice before and neither of the two shows.
    pub interim: &'a [InterimChange],
    /// What could not be read or compared.
    pub faults: &'a [Fault],
}

/// How many differences there are, by what happened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// New.
    pub new: usize,
    /// There before and after, and not the same.
    pub altered: usize,
    /// Deleted.
    pub deleted: usize,
    /// Keys and values that no list leads to.
    pub recovered: usize,
}

impl Tally {
    /// All of them.
    pub fn sum(self) -> usize {
        self.new + self.altered + self.deleted + self.recovered
    }

    pub(super) fn of<T, C>(deltas: &[Delta<T, C>]) -> Self {
        let mut tally = Self::default();
        deltas.iter().for_each(|delta| tally.count(delta));
        tally
    }

    pub(super) fn count<T, C>(&mut self, delta: &Delta<T, C>) {
        match delta {
            Delta::New(_) => self.new += 1,
            Delta::Altered { .. } => self.altered += 1,
            Delta::Deleted(_) => self.deleted += 1,
        }
    }
}

impl Add for Tally {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            new: self.new + other.new,
            altered: self.altered + other.altered,
            deleted: self.deleted + other.deleted,
            recovered: self.recovered + other.recovered,
        }
    }
}

/// In words: `23 files, 2 folders and 13 keys`; `nothing`.
impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(counted(*self, None).as_deref().unwrap_or("nothing"))
    }
}

/// Says what a sequence did.
pub fn overview(slices: &[ReportSlice]) -> Overview<'_> {
    let behind = life::behind(slices);
    Overview {
        verdict: sentences(slices, &behind),
        slices: slices.iter().map(slice).collect(),
        behind: behind.counts,
        behind_paths: life::paths(slices, &behind),
    }
}

fn slice(slice: &ReportSlice) -> SliceOverview<'_> {
    SliceOverview {
        id: &slice.id,
        slicetype: &slice.slicetype,
        files: Tally::of(&slice.files),
        cells: Tally { recovered: slice.recovered.len(), ..Tally::of(&slice.cells) },
        registered: registered(&slice.cells),
        interim: &slice.interim,
        faults: &slice.faults,
    }
}
