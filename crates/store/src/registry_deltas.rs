//! `registry_deltas.db`: the registry differences of one sequence, as the original's stage 7 left
//! them, in a SQLite file of its own.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use diskprint::{CellDelta, regdelta};
use rusqlite::Connection;

use crate::column::shown;
use crate::error::doing;
use crate::hive::{self, HiveIds};
use crate::{Error, Results, SliceRow};

const TABLES: &str = "
    PRAGMA page_size = 4096;
    PRAGMA journal_mode = OFF;
    PRAGMA synchronous = OFF;
    PRAGMA auto_vacuum = NONE;
    BEGIN;
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
/// When the file cannot be written.
pub fn write(path: &Path, results: &Results<'_>) -> Result<(), Error> {
    let mut partial = OsString::from(path);
    partial.push(".partial");
    let partial = PathBuf::from(partial);
    let failed = |source| Error::Write { path: path.to_owned(), source };
    match fs::remove_file(&partial) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed(error)),
        _ => {}
    }
    let connection = Connection::open(&partial).map_err(doing("making registry_deltas.db"))?;
    fill(&connection, results)?;
    connection.close().map_err(|(_, error)| doing("closing registry_deltas.db")(error))?;
    File::open(&partial).and_then(|file| file.sync_all()).map_err(failed)?;
    fs::rename(&partial, path).map_err(failed)?;
    let folder = path.parent().filter(|folder| *folder != Path::new(""));
    let folder = File::open(folder.unwrap_or(Path::new("."))).map_err(failed)?;
    folder.sync_all().map_err(failed)
}

fn fill(connection: &Connection, results: &Results<'_>) -> Result<(), Error> {
    let failed = doing("filling registry_deltas.db");
    connection.execute_batch(TABLES).map_err(&failed)?;
    let cells = results.slices.iter().flat_map(|slice| slice.cells);
    let mut hives: HiveIds<'_> = cells.map(|delta| (hive::key(delta), 0)).collect();
    for (number, id) in (1..).zip(hives.values_mut()) {
        *id = number;
    }
    if let Some(first) = results.slices.first() {
        insert_hives(connection, first.slice, &hives).map_err(&failed)?;
    }
    for slice in results.slices {
        insert_rows(connection, slice.slice, slice.cells, &hives).map_err(&failed)?;
    }
    connection.execute_batch("COMMIT").map_err(&failed)
}

fn insert_hives(
    connection: &Connection,
    slice: &SliceRow,
    hives: &HiveIds<'_>,
) -> rusqlite::Result<()> {
    let mut statement = connection.prepare("INSERT INTO hive VALUES (?, ?, ?, ?, ?)")?;
    for ((partition, path), id) in hives {
        statement.execute((id, shown(path), &slice.id.appetid, &slice.id.osetid, partition))?;
    }
    Ok(())
}

fn insert_rows(
    connection: &Connection,
    slice: &SliceRow,
    cells: &[CellDelta],
    hives: &HiveIds<'_>,
) -> rusqlite::Result<()> {
    let mut statement = connection.prepare(
        "INSERT INTO regdelta VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )?;
    for (delta, row) in cells.iter().zip(regdelta::rows(cells)) {
        statement.execute(rusqlite::params![
            slice.id.osetid,
            slice.id.appetid,
            slice.id.sliceid,
            hives.get(&hive::key(delta)),
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
