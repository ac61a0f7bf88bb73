use diskprint::SliceId;
use diskprint_formats::Name;

use crate::column::shown;

/// What is to be noted of a run, for table `workjournal`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JournalEntry {
    /// The last slice of the sequence.
    pub slice: SliceId,
    /// When, ISO 8601 in UTC.
    pub time: String,
    /// How far it is.
    pub status: String,
    /// What is run.
    pub script: String,
    /// Who runs it.
    pub worker: String,
    /// Where the results go.
    pub outputdir: String,
}

impl JournalEntry {
    /// Status, script, worker and output folder, as columns of text take them.
    pub(crate) fn texts(&self) -> [String; 4] {
        let Self { status, script, worker, outputdir, .. } = self;
        [status, script, worker, outputdir].map(|text| shown(&Name::from(&**text)))
    }
}

/// A row of table `workjournal`, which other programs may have written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Journaled {
    /// Number of the slice, which the table does not name otherwise.
    pub sliceid: Option<i64>,
    /// When, ISO 8601 in UTC.
    pub time: Option<String>,
    /// How far it was.
    pub status: Option<String>,
    /// What was run.
    pub script: Option<String>,
    /// Who ran it.
    pub worker: Option<String>,
    /// Where the results went.
    pub outputdir: Option<String>,
}
