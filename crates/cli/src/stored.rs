//! A sequence as the database has it.

use anyhow::{Context, Error, bail};
use diskprint::SliceId;
use diskprint::report::ReportSlice;
use diskprint_store::{LastRun, Store, report_slices, stored_sequence};

/// A sequence whose results are stored.
pub struct Stored {
    /// Its last slice.
    pub last: SliceId,
    /// The run that stored them.
    pub run: LastRun,
    /// Its slices, with all that differs.
    pub slices: Vec<ReportSlice>,
}

/// Reads the stored sequence that is named, or of which the last slice is.
pub fn sequence(store: &dyn Store, name: &str) -> Result<Stored, Error> {
    let sequence = stored_sequence(store, name)?;
    let last = sequence.last().context("the sequence has no slices")?.id.clone();
    let Some(run) = store.last_run(&last)? else {
        bail!("no results of {last} are stored: diskprint run makes them");
    };
    let slices = report_slices(store, &sequence)?;
    Ok(Stored { last, run, slices })
}
