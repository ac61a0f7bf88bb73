use diskprint::{Cell, CellChanges, FileChanges, FileEntry, SliceId};
use rusqlite::{Connection, params_from_iter};

use super::{Sqlite, hive, rows};
use crate::error::doing;
use crate::hive::HiveIds;
use crate::results::{Counts, sorted};
use crate::table::owner;
use crate::{Error, Found, Results, Run, SliceRow, delta_table, fault, regdelta};

/// Tables that hold what a run found in a slice, in the order in which they can be emptied.
const RESULT_TABLES: [&str; 4] =
    ["regdelta", "diskprint_file_delta", "diskprint_cell_delta", "diskprint_fault"];

/// Stores the results of a sequence in one transaction.
pub(super) fn save(store: &mut Sqlite, results: &Results<'_>) -> Result<(), Error> {
    let failed = doing("storing the results of a sequence");
    let Some(last) = results.slices.last() else { return Ok(()) };
    let mut hives = results.hives()?;
    let transaction = store.begin()?;
    for slice in results.slices {
        if !is_registered(&transaction, &slice.id).map_err(&failed)? {
            return Err(Error::UnknownSlice(slice.id.clone()));
        }
        clear(&transaction, &slice.id).map_err(&failed)?;
    }
    hive::number(&transaction, &last.id, &mut hives, &results.run.finished)?;
    let mut counts = Counts::default();
    results.each(|slice, found| {
        counts.add(&found);
        insert(&transaction, slice, &found, &hives).map_err(&failed)
    })?;
    insert_run(&transaction, &last.id, results.run, counts).map_err(&failed)?;
    transaction.commit().map_err(&failed)
}

/// Adds what was found in one slice.
fn insert(
    connection: &Connection,
    slice: &SliceRow,
    found: &Found,
    hives: &HiveIds,
) -> rusqlite::Result<()> {
    insert_found(connection, &owner(&slice.id), found)?;
    let columns = regdelta::COLUMNS;
    let (names, marks) = (columns.join(", "), columns.map(|_| "?").join(", "));
    let mut statement =
        connection.prepare(&format!("INSERT INTO regdelta ({names}) VALUES ({marks})"))?;
    for row in regdelta::rows(slice, &found.cells, hives, |action| action.id().into()) {
        statement.execute(params_from_iter(row))?;
    }
    Ok(())
}

/// Adds rows to the tables of our own.
fn insert_found(
    connection: &Connection,
    owner: &[crate::table::Owner],
    found: &Found,
) -> rusqlite::Result<()> {
    let table = delta_table::table::<FileEntry, FileChanges>();
    rows::insert(connection, owner, &table, found.files.iter().map(delta_table::row))?;
    let table = delta_table::table::<Cell, CellChanges>();
    rows::insert(connection, owner, &table, found.cells.iter().map(delta_table::row))?;
    let faults = sorted(&found.faults);
    rows::insert(connection, owner, &fault::table(), faults.into_iter().map(fault::row))
}

fn is_registered(connection: &Connection, id: &SliceId) -> rusqlite::Result<bool> {
    connection.query_row(
        "SELECT count(*) FROM slice WHERE osetid = ? AND appetid = ? AND sliceid = ?",
        (&id.osetid, &id.appetid, id.sliceid),
        |row| row.get(0),
    )
}

fn clear(connection: &Connection, id: &SliceId) -> rusqlite::Result<()> {
    for table in RESULT_TABLES {
        let sql = format!("DELETE FROM {table} WHERE osetid = ? AND appetid = ? AND sliceid = ?");
        connection.execute(&sql, (&id.osetid, &id.appetid, id.sliceid))?;
    }
    Ok(())
}

fn insert_run(
    connection: &Connection,
    end: &SliceId,
    run: &Run,
    Counts { files, cells, faults }: Counts,
) -> rusqlite::Result<()> {
    let Run { version, inputs, outcome, started, finished } = run;
    connection.execute(
        "INSERT OR REPLACE INTO diskprint_run (osetid, appetid, sliceid, version, inputs, outcome,
             started, finished, files, cells, faults)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        rusqlite::params![
            end.osetid,
            end.appetid,
            end.sliceid,
            version,
            inputs,
            outcome,
            started,
            finished,
            files,
            cells,
            faults,
        ],
    )?;
    Ok(())
}
