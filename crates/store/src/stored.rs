//! A stored sequence as exports and reports want it.

use std::io::Write;

use diskprint::SliceId;
use diskprint::export::Writer;
use diskprint::report::ReportSlice;
use diskprint::row::SliceName;

use crate::{Error, LastRun, SliceRow, Store};

/// Returns the slices of the sequence that is named, `8504-1-7895-1`, or whose last slice is.
///
/// # Errors
/// When it is no such name, when there is no such sequence or several, and when the database fails.
pub fn stored_sequence(store: &dyn Store, name: &str) -> Result<Vec<SliceRow>, Error> {
    match SliceId::from_name(name) {
        Some(end) if store.ends(&end.osetid, &end.appetid)?.contains(&end.sliceid) => {
            store.sequence_ending_at(&end)
        }
        Some(slice) => Err(Error::NotAnEnd(slice)),
        None => {
            let ids = SliceId::sequence_from_name(name)
                .ok_or_else(|| Error::SequenceName(name.to_owned()))?;
            store.sequence(&ids.0, &ids.1)
        }
    }
}

/// What a report says in its head of the run that it shows; `version` is that of the program that
/// makes the page.
pub fn run_notes(LastRun { run, .. }: &LastRun, version: &str) -> Vec<(String, String)> {
    let note = |name: &str, text: String| (name.to_owned(), text);
    vec![
        note("Run", format!("{} to {} (UTC), ended {}", run.started, run.finished, run.outcome)),
        note("Read and compared by", format!("diskprint {}", run.version)),
        note("Page made by", format!("diskprint {version}")),
        note("Digest of all results", run.inputs.clone()),
    ]
}

/// Writes all stored differences of a sequence: slice by slice, files before cells before
/// recovered cells before changes between slices, each in stored order.
///
/// # Errors
/// When the database fails, and when what is below the writer does.
pub fn write_rows<W: Write>(
    store: &dyn Store,
    sequence: &[SliceRow],
    writer: &mut Writer<W>,
) -> Result<(), Error> {
    let rows = |id: &SliceId, writer: &mut Writer<W>| {
        let sliceid = id.sliceid.to_string();
        let (osetid, appetid) = (Some(&*id.osetid), Some(&*id.appetid));
        let name = SliceName { osetid, appetid, sliceid: &sliceid };
        for delta in store.file_deltas(id)? {
            writer.file(&name, &delta).map_err(Error::WriteRows)?;
        }
        for delta in store.cell_deltas(id)? {
            writer.cell(&name, &delta).map_err(Error::WriteRows)?;
        }
        for found in store.recovered_cells(id)? {
            writer.recovered(&name, &found).map_err(Error::WriteRows)?;
        }
        for change in store.interim_changes(id)? {
            writer.interim(&name, &change).map_err(Error::WriteRows)?;
        }
        Ok(())
    };
    sequence.iter().try_for_each(|SliceRow { id, .. }| rows(id, writer).map_err(|it| of(id, it)))
}

/// Says which slice it was.
fn of(slice: &SliceId, error: Error) -> Error {
    Error::Slice { slice: slice.clone(), source: error.into() }
}

/// Loads the slices of a sequence, with all that was found in them.
///
/// # Errors
/// When the database fails.
pub fn report_slices(store: &dyn Store, sequence: &[SliceRow]) -> Result<Vec<ReportSlice>, Error> {
    let load = |SliceRow { id, slicetype, location, slicehash, .. }: &SliceRow| {
        Ok(ReportSlice {
            id: id.sliceid.to_string(),
            slicetype: slicetype.clone(),
            tarball: location.clone(),
            slicehash: slicehash.clone(),
            files: store.file_deltas(id)?,
            cells: store.cell_deltas(id)?,
            recovered: store.recovered_cells(id)?,
            interim: store.interim_changes(id)?,
            faults: store.faults(id)?,
        })
    };
    sequence.iter().map(|row| load(row).map_err(|it| of(&row.id, it))).collect()
}
