use diskprint::SliceId;
use rusqlite::{Connection, params_from_iter};

use super::{Sqlite, content, found, hive, queue, rows};
use crate::branch::branches;
use crate::content::ContentDigests;
use crate::error::doing;
use crate::hive::HiveIds;
use crate::results::Counts;
use crate::table::owner;
use crate::{Branch, Error, Found, Results, Run, SliceRow, branch, hive_condition, regdelta};

/// Tables that hold what a run found in a slice, in the order in which they can be emptied.
pub(super) const RESULT_TABLES: [&str; 8] = [
    "regdelta",
    "diskprint_file_delta",
    "diskprint_cell_delta",
    "diskprint_recovered_cell",
    "diskprint_interim_change",
    "diskprint_hive_condition",
    "diskprint_fault",
    "diskprint_branch",
];

/// Stores the results of a sequence in one transaction.
pub(super) fn save(store: &mut Sqlite, results: &Results<'_>) -> Result<(), Error> {
    let failed = doing("storing the results of a sequence");
    let Some(last) = results.slices.last() else { return Ok(()) };
    let mut hives = results.hives()?;
    let transaction = store.begin()?;
    for slice in results.slices {
        let slicehash = queue::slicehash(&transaction, &slice.id)?;
        clear(&transaction, &slice.id).map_err(&failed)?;
        if results.dequeue {
            queue::remove(&transaction, &slicehash).map_err(&failed)?;
        }
    }
    hive::number(&transaction, &last.id, &mut hives, &results.run.finished)?;
    let (mut counts, mut digests) = (Counts::default(), ContentDigests::new());
    results.each(|slice, found| {
        counts.add(&found);
        insert(&transaction, slice, &found, &hives).map_err(&failed)?;
        let slicehash = queue::slicehash(&transaction, &slice.id)?;
        content::replace(&transaction, &slicehash, &found.content, &mut digests)
    })?;
    content::add_digests(&transaction, &digests).map_err(&failed)?;
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
    let Found { files, cells, recovered, content, .. } = found;
    found::insert(connection, &owner(&slice.id), found)?;
    let conditions = content.conditions.iter().map(hive_condition::row);
    rows::insert(connection, &owner(&slice.id), &hive_condition::table(), conditions)?;
    insert_branches(connection, &slice.id, &branches(files, cells, recovered))?;
    let columns = regdelta::COLUMNS;
    let (names, marks) = (columns.join(", "), columns.map(|_| "?").join(", "));
    let mut statement =
        connection.prepare(&format!("INSERT INTO regdelta ({names}) VALUES ({marks})"))?;
    for row in regdelta::rows(slice, cells, hives, |action| action.id().into()) {
        statement.execute(params_from_iter(row))?;
    }
    Ok(())
}

/// Adds the branches of one slice.
pub(super) fn insert_branches(
    connection: &Connection,
    slice: &SliceId,
    branches: &[Branch],
) -> rusqlite::Result<()> {
    rows::insert(connection, &owner(slice), &branch::table(), branches.iter().map(branch::row))
}

pub(super) fn clear(connection: &Connection, id: &SliceId) -> rusqlite::Result<()> {
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
