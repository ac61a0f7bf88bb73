//! Looking into stored results: a page of differences at a time, where they lie, and who else
//! touches the same thing.
//!
//! No answer reads more than its page and what it looked at for it, however much is stored: rows are
//! found by indexes, and each page begins behind the last row of the one before.

use diskprint::report::NoisePlace;
use diskprint::{CellDelta, Fault, FileDelta, InterimChange, RecoveredCell, SliceId};

use crate::branch::{Branch, Tree};
use crate::{Error, LastRun};

pub(crate) use condition::{Condition, Dialect};
pub use subject::Subject;

mod answers;
mod condition;
mod subject;

/// Which row of the results.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RowId {
    /// The slice that differs from the one before it.
    pub slice: SliceId,
    /// What differs.
    pub tree: Tree,
    /// Number of the row among those.
    pub ordinal: i64,
}

/// A difference that is stored.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    /// Where.
    pub id: RowId,
    /// What it is.
    pub row: Row,
}

/// What a difference is.
#[derive(Clone, Debug, PartialEq)]
pub enum Row {
    /// Of a file or stream.
    File(FileDelta),
    /// Of a key or value.
    Cell(CellDelta),
    /// A key or value that no list leads to.
    Recovered(RecoveredCell),
}

/// Which differences are wanted.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Those that say `new`, `altered` or `deleted`.
    pub action: Option<String>,
    /// Keys and values that are known as that kind of artefact.
    pub artefact: Option<String>,
    /// Those with this text in a path or name, letters A to Z in any case, or with this digest.
    pub search: Option<String>,
    /// Those below a folder, hive or key.
    pub branch: Option<Branch>,
}

/// A part of an answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Page<T> {
    /// What was found; there may be more behind it even where this is empty.
    pub items: Vec<T>,
    /// Behind which ordinal to go on; `None` where there is no more.
    pub next: Option<i64>,
}

/// A sequence that touches something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Touching {
    /// Operating system.
    pub osetid: String,
    /// Application.
    pub appetid: String,
    /// In how many rows.
    pub rows: u64,
}

/// A slice among all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Its id.
    pub id: SliceId,
    /// The slice before it.
    pub predecessor: Option<i64>,
    /// What was done before it was recorded, `Install`.
    pub slicetype: Option<String>,
}

/// Looks into stored results.
pub trait Browse {
    /// Returns all slices, sorted; one that has several rows is listed several times.
    ///
    /// # Errors
    /// When the database fails.
    fn all_slices(&self) -> Result<Vec<Listed>, Error>;

    /// Returns the last run over each sequence, by the slice that it ends with.
    ///
    /// # Errors
    /// When the database fails.
    fn last_runs(&self) -> Result<Vec<(SliceId, LastRun)>, Error>;

    /// Returns branches right below `parent`, in their order, those behind the ordinal `after`; of
    /// no parent, the three trees. They are not there where no results of the slice are stored.
    ///
    /// # Errors
    /// When the database fails.
    fn branches(
        &self,
        slice: &SliceId,
        parent: Option<i64>,
        after: Option<i64>,
        limit: usize,
    ) -> Result<Vec<Branch>, Error>;

    /// Returns one branch; `None` where there is none of that ordinal.
    ///
    /// # Errors
    /// When the database fails.
    fn branch(&self, slice: &SliceId, ordinal: i64) -> Result<Option<Branch>, Error>;

    /// Returns differences of a slice that `filter` wants, in stored order, those behind the
    /// ordinal `after`, at most `limit`.
    ///
    /// # Errors
    /// When the database fails.
    fn differences(
        &self,
        slice: &SliceId,
        tree: Tree,
        filter: &Filter,
        after: Option<i64>,
        limit: usize,
    ) -> Result<Page<Difference>, Error>;

    /// Returns one difference; `None` where there is none of that id.
    ///
    /// # Errors
    /// When the database fails.
    fn difference(&self, id: &RowId) -> Result<Option<Difference>, Error>;

    /// Returns the faults of a slice, sorted, those behind the ordinal `after`, at most `limit`.
    ///
    /// # Errors
    /// When the database fails.
    fn fault_page(
        &self,
        slice: &SliceId,
        after: Option<i64>,
        limit: usize,
    ) -> Result<Page<Fault>, Error>;

    /// Lists what happened between a slice and the one before it, behind the change numbered `after`.
    ///
    /// # Errors
    /// When the database fails or holds what no program of ours wrote.
    fn interim_page(
        &self,
        slice: &SliceId,
        after: Option<i64>,
        limit: usize,
    ) -> Result<Page<InterimChange>, Error>;

    /// Returns how many faults a slice has.
    ///
    /// # Errors
    /// When the database fails.
    fn fault_count(&self, slice: &SliceId) -> Result<u64, Error>;

    /// Returns differences of all slices at a path or key, or of a content, sorted by their ids,
    /// those behind `after`, at most `limit`.
    ///
    /// # Errors
    /// When the database fails.
    fn touching(
        &self,
        subject: &Subject,
        after: Option<&RowId>,
        limit: usize,
    ) -> Result<Vec<Difference>, Error>;

    /// Returns the sequences that touch a path or key, or a content, sorted.
    ///
    /// # Errors
    /// When the database fails.
    fn sequences_touching(&self, subject: &Subject) -> Result<Vec<Touching>, Error>;

    /// Returns the slices in which a place is changed, in any order. Names that are not text are
    /// not found.
    ///
    /// # Errors
    /// When the database fails.
    fn slices_touching(&self, place: &NoisePlace) -> Result<Vec<SliceId>, Error>;
}
