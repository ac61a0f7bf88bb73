use diskprint::{CellDelta, regdelta};
use rusqlite::Connection;

use crate::column::shown;
use crate::error::doing;
use crate::hive::{self, HiveIds};
use crate::{Error, SliceRow};

/// Adds the original workflow's row for each of `deltas`.
pub(crate) fn insert(
    connection: &Connection,
    slice: &SliceRow,
    deltas: &[CellDelta],
    hives: &HiveIds<'_>,
) -> Result<(), Error> {
    let failed = doing("storing rows of regdelta");
    let mut statement = connection
        .prepare(
            "INSERT INTO regdelta (osetid, appetid, sliceid, hiveid, cellaction,
                 parentmtimebefore, parentmtimeafter, mtimebefore, mtimeafter,
                 valuesha1before, valuesha1after, celltypebefore, celltypeafter,
                 iskeybefore, iskeyafter, slicetype, cellpath)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .map_err(&failed)?;
    for (delta, row) in deltas.iter().zip(regdelta::rows(deltas)) {
        let values = rusqlite::params![
            slice.id.osetid,
            slice.id.appetid,
            slice.id.sliceid,
            hives.get(&hive::key(delta)),
            row.action.id(),
            row.before.parentmtime,
            row.after.parentmtime,
            row.before.mtime,
            row.after.mtime,
            row.before.valuesha1,
            row.after.valuesha1,
            row.before.celltype,
            row.after.celltype,
            // NOT NULL in the original's database: false on the side that is missing.
            row.before.iskey.unwrap_or(false),
            row.after.iskey.unwrap_or(false),
            slice.slicetype,
            shown(&row.cellpath),
        ];
        statement.execute(values).map_err(&failed)?;
    }
    Ok(())
}
