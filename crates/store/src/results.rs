use diskprint::{CellDelta, Fault, FileDelta, InterimChange, RecoveredCell};

use crate::hive::HiveIds;
use crate::{Error, FilesInUse, HiveCondition, RegistryFile, SliceRow};

/// What a run found in one sequence, to be stored at once. No more than one slice of it is in
/// memory at a time.
#[derive(Clone, Copy)]
pub struct Results<'a> {
    /// The slices of the sequence, in order; the first has no differences.
    pub slices: &'a [SliceRow],
    /// The run itself.
    pub run: &'a Run,
    /// Loads what was found in the slice of that index. It is called more than once for each, one
    /// at a time, and gives the same each time.
    pub found: &'a dyn Fn(usize) -> Result<Found, Error>,
    /// Whether the tarballs of these slices leave the queue, table `processqueue`.
    pub dequeue: bool,
}

impl Results<'_> {
    /// Hands what was found in each slice to `each`, one slice after the other.
    pub(crate) fn each(
        &self,
        mut each: impl FnMut(&SliceRow, Found) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let mut slices = self.slices.iter().enumerate();
        slices.try_for_each(|(index, slice)| each(slice, (self.found)(index)?))
    }

    /// All hives that something was found in, none with an id.
    pub(crate) fn hives(&self) -> Result<HiveIds, Error> {
        let mut hives = HiveIds::default();
        self.each(|_, found| {
            hives.add(&found.cells);
            Ok(())
        })?;
        Ok(hives)
    }
}

/// What a run found in one slice.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Found {
    /// Differences of files from the slice before.
    pub files: Vec<FileDelta>,
    /// Differences of keys and values from the slice before.
    pub cells: Vec<CellDelta>,
    /// Keys and values that no list leads to, and that were not there so in the slice before.
    pub recovered: Vec<RecoveredCell>,
    /// What happened to files since the slice before and neither of the two shows.
    pub interim: Vec<InterimChange>,
    /// What could not be read in this slice, nor compared.
    pub faults: Vec<Fault>,
    /// What the slice holds, whatever the one before it held.
    pub content: Content,
}

/// What a slice holds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Content {
    /// Its files and streams in use.
    pub files: FilesInUse,
    /// Its hive files.
    pub hives: Vec<RegistryFile>,
    /// What each hive was worth.
    pub conditions: Vec<HiveCondition>,
}

/// How many differences of files, differences of cells, and faults were stored.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Counts {
    pub(crate) files: i64,
    pub(crate) cells: i64,
    pub(crate) faults: i64,
}

impl Counts {
    pub(crate) fn add(&mut self, found: &Found) {
        self.files += found.files.len() as i64;
        self.cells += found.cells.len() as i64;
        self.faults += found.faults.len() as i64;
    }
}

/// The faults, sorted.
pub(crate) fn sorted(faults: &[Fault]) -> Vec<&Fault> {
    let mut faults: Vec<&Fault> = faults.iter().collect();
    faults.sort();
    faults
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
