//! `registry_deltas.db`: the registry differences of one sequence, as the original's stage 7 left
//! them, in a SQLite file of its own.

use std::path::Path;

use diskprint::{CellDelta, regdelta};
use rusqlite::Connection;

use crate::column::shown;
use crate::error::doing;
use crate::hive::HiveIds;
use crate::{Error, Results, SliceRow, sqlite_file};

const TABLES: &str = "
    CREATE TABLE hive (
        hiveid INTEGER PRIMARY KEY, hivepath TEXT, appetid TEXT, osetid TEXT, partition INTEGER
    );
    CREATE TABLE regdelta (
        osetid TEXT, appetid TEXT, sliceid INTEGER, hiveid INTEGER, cellaction TEXT, cellpath TEXT,
        parentmtimebefore TEXT, parentmtimeafter TEXT, mtimebefore TEXT, mtimeafter TEXT,
        valuesha1before TEXT, valuesha1after TEXT, celltypebefore TEXT, celltypeafter TEXT,
        iskeybefore INTEGER, iskeyafter INTEGER, slicetype TEXT
    );
";

/// Writes `path` anew: under another name first, then renamed, so that it is whole or not there.
///
/// The same `results` give the same bytes. Hives are numbered from 1 by partition and path.
///
/// # Errors
/// When the results cannot be loaded or the file cannot be written.
pub fn write(path: &Path, results: &Results<'_>) -> Result<(), Error> {
    let mut hives = results.hives()?;
    for (number, (_, id)) in (1..).zip(hives.iter_mut()) {
        *id = number;
    }
    sqlite_file::write(path, |connection| fill(connection, results, &hives))
}

fn fill(connection: &Connection, results: &Results<'_>, hives: &HiveIds) -> Result<(), Error> {
    let failed = doing("filling registry_deltas.db");
    connection.execute_batch(TABLES).map_err(&failed)?;
    if let Some(first) = results.slices.first() {
        insert_hives(connection, first, hives).map_err(&failed)?;
    }
    results
        .each(|slice, found| insert_rows(connection, slice, &found.cells, hives).map_err(&failed))
}

fn insert_hives(
    connection: &Connection,
    slice: &SliceRow,
    hives: &HiveIds,
) -> rusqlite::Result<()> {
    let mut statement = connection.prepare("INSERT INTO hive VALUES (?, ?, ?, ?, ?)")?;
    for ((partition, path), id) in hives.iter() {
        statement.execute((id, shown(path), &slice.id.appetid, &slice.id.osetid, partition))?;
    }
    Ok(())
}

fn insert_rows(
    connection: &Connection,
    slice: &SliceRow,
    cells: &[CellDelta],
    hives: &HiveIds,
) -> rusqlite::Result<()> {
    let mut statement = connection.prepare(
        "INSERT INTO regdelta VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )?;
    for (delta, row) in cells.iter().zip(regdelta::rows(cells)) {
        statement.execute(rusqlite::params![
            slice.id.osetid,
            slice.id.appetid,
            slice.id.sliceid,
            hives.get(delta),
            row.action.name(),
            shown(&row.cellpath),
            row.before.parentmtime,
            row.after.parentmtime,
            row.before.mtime,
            row.after.mtime,
            row.before.valuesha1,
            row.after.valuesha1,
            row.before.celltype,
            row.after.celltype,
            row.before.iskey,
            row.after.iskey,
            slice.slicetype,
        ])?;
    }
    Ok(())
}
