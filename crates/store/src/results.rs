use diskprint::{CellDelta, Fault, FileDelta};

use crate::SliceRow;

/// What a run found in one sequence, to be stored at once.
#[derive(Clone, Copy, Debug)]
pub struct Results<'a> {
    /// The slices of the sequence, in order; the first has no differences.
    pub slices: &'a [SliceResults<'a>],
    /// The run itself.
    pub run: &'a Run,
}

impl Results<'_> {
    /// How many differences of files, differences of cells, and faults all slices have.
    pub(crate) fn counts(&self) -> [i64; 3] {
        let count = |of: fn(&SliceResults<'_>) -> usize| -> i64 {
            self.slices.iter().map(|slice| of(slice) as i64).sum()
        };
        [
            count(|slice| slice.files.len()),
            count(|slice| slice.cells.len()),
            count(|slice| slice.faults.len()),
        ]
    }
}

impl SliceResults<'_> {
    /// The faults, sorted.
    pub(crate) fn sorted_faults(&self) -> Vec<&Fault> {
        let mut faults: Vec<&Fault> = self.faults.iter().collect();
        faults.sort();
        faults
    }
}

/// What a run found in one slice.
#[derive(Clone, Copy, Debug)]
pub struct SliceResults<'a> {
    /// The slice.
    pub slice: &'a SliceRow,
    /// Differences of files from the slice before.
    pub files: &'a [FileDelta],
    /// Differences of keys and values from the slice before.
    pub cells: &'a [CellDelta],
    /// What could not be read in this slice.
    pub faults: &'a [Fault],
}

/// A run over one sequence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// Version of the program.
    pub version: String,
    /// Digest over everything that the results depend on.
    pub inputs: String,
    /// How it ended: `clean`, `faults`, `failed`.
    pub outcome: String,
    /// When it began, ISO 8601 in UTC.
    pub started: String,
    /// When it ended, ISO 8601 in UTC.
    pub finished: String,
}

/// The last run over a sequence and how much it stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LastRun {
    /// The run.
    pub run: Run,
    /// How many differences of files it stored.
    pub files: u64,
    /// How many differences of keys and values it stored.
    pub cells: u64,
    /// How many faults it stored.
    pub faults: u64,
}
