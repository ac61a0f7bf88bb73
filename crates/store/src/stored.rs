//! A stored sequence as exports and reports want it.

use std::io::Write;

use diskprint::export::Writer;
use diskprint::report::ReportSlice;
use diskprint::row::SliceName;

use crate::{Error, SliceRow, Store};

/// Writes all stored differences of a sequence: slice by slice, files before cells before
/// recovered cells, each in stored order.
///
/// # Errors
/// When the database fails, and when what is below the writer does.
pub fn write_rows<W: Write>(
    store: &dyn Store,
    sequence: &[SliceRow],
    writer: &mut Writer<W>,
) -> Result<(), Error> {
    for SliceRow { id, .. } in sequence {
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
    }
    Ok(())
}

/// Loads the slices of a sequence, with all that was found in them.
///
/// # Errors
/// When the database fails.
pub fn report_slices(store: &dyn Store, sequence: &[SliceRow]) -> Result<Vec<ReportSlice>, Error> {
    let slice = |SliceRow { id, slicetype, location, slicehash, .. }: &SliceRow| {
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
    sequence.iter().map(slice).collect()
}
