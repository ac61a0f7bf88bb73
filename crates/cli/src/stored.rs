//! A sequence as the database has it.

use anyhow::{Context, Error, bail};
use diskprint::SliceId;
use diskprint::report::ReportSlice;
use diskprint_store::{LastRun, SliceRow, Store};

use crate::catalogue;

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
    let sequence = catalogue::stored_sequence(store, name)?;
    let last = sequence.last().context("the sequence has no slices")?.id.clone();
    let Some(run) = store.last_run(&last)? else {
        bail!("no results of {last} are stored: diskprint run makes them");
    };
    let slices = sequence.iter().map(|row| slice(store, row)).collect::<Result<_, _>>()?;
    Ok(Stored { last, run, slices })
}

fn slice(store: &dyn Store, row: &SliceRow) -> Result<ReportSlice, Error> {
    let SliceRow { id, slicetype, location, slicehash, .. } = row;
    let load = || -> Result<ReportSlice, diskprint_store::Error> {
        Ok(ReportSlice {
            id: id.sliceid.to_string(),
            slicetype: slicetype.clone(),
            tarball: location.clone(),
            slicehash: slicehash.clone(),
            files: store.file_deltas(id)?,
            cells: store.cell_deltas(id)?,
            recovered: store.recovered_cells(id)?,
            faults: store.faults(id)?,
        })
    };
    load().with_context(|| format!("slice {id}"))
}
