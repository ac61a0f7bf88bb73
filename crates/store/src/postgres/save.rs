use ::postgres::{Client, Error as PostgresError, Transaction};
use diskprint::regdelta::Action;
use diskprint::{Cell, CellChanges, FileChanges, FileEntry, SliceId};

use super::check::check;
use super::{content, hive, lock, queue, rows};
use crate::branch::branches;
use crate::content::ContentDigests;
use crate::error::doing;
use crate::hive::HiveIds;
use crate::results::{Counts, sorted};
use crate::table::owner;
use crate::{
    Branch, Error, Found, Results, Run, SliceRow, branch, delta_table, fault, hive_condition,
    interim_change, recovered_cell, regdelta,
};

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
pub(super) fn save(client: &mut Client, results: &Results<'_>) -> Result<(), Error> {
    let failed = doing("storing the results of a sequence");
    let Some(last) = results.slices.last() else { return Ok(()) };
    let mut hives = check(client, results)?;
    let mut transaction = client.transaction().map_err(&failed)?;
    lock(&mut transaction).map_err(&failed)?;
    for slice in results.slices {
        let slicehash = queue::slicehash(&mut transaction, &slice.id)?;
        clear(&mut transaction, &slice.id).map_err(&failed)?;
        if results.dequeue {
            queue::remove(&mut transaction, &slicehash).map_err(&failed)?;
        }
    }
    let actions = ActionIds::read(&mut transaction)?;
    hive::number(&mut transaction, &last.id, &mut hives, &results.run.finished)?;
    let (mut counts, mut digests) = (Counts::default(), ContentDigests::new());
    results.each(|slice, found| {
        counts.add(&found);
        insert(&mut transaction, slice, &found, &hives, &actions).map_err(&failed)?;
        let slicehash = queue::slicehash(&mut transaction, &slice.id)?;
        content::replace(&mut transaction, &slicehash, &found.content, &mut digests)
    })?;
    content::add_digests(&mut transaction, &digests).map_err(&failed)?;
    insert_run(&mut transaction, &last.id, results.run, counts).map_err(&failed)?;
    transaction.commit().map_err(&failed)
}

/// The number that table `cell` has for each action that we store.
struct ActionIds([(Action, i64); 3]);

impl ActionIds {
    fn read(transaction: &mut Transaction<'_>) -> Result<Self, Error> {
        let failed = doing("reading table cell");
        let sql = "SELECT actionid::bigint FROM cell WHERE actiontype = $1";
        let mut ids = [Action::Created, Action::Removed, Action::PropertyUpdated].map(|it| (it, 0));
        for (action, id) in &mut ids {
            let row = transaction.query_opt(sql, &[&action.name()]).map_err(&failed)?;
            let row = row.ok_or(Error::UnknownAction(action.name()))?;
            *id = row.try_get(0).map_err(&failed)?;
        }
        Ok(Self(ids))
    }

    fn id(&self, action: Action) -> i64 {
        self.0.iter().find(|(known, _)| *known == action).map_or(action.id().into(), |(_, id)| *id)
    }
}

/// Adds what was found in one slice.
fn insert(
    transaction: &mut Transaction<'_>,
    slice: &SliceRow,
    Found { files, cells, recovered, interim, faults, content }: &Found,
    hives: &HiveIds,
    actions: &ActionIds,
) -> Result<(), PostgresError> {
    let owner = owner(&slice.id);
    let table = delta_table::table::<FileEntry, FileChanges>();
    rows::insert(transaction, &owner, &table, files.iter().map(delta_table::row))?;
    let table = delta_table::table::<Cell, CellChanges>();
    rows::insert(transaction, &owner, &table, cells.iter().map(delta_table::row))?;
    let rows = recovered.iter().map(recovered_cell::row);
    rows::insert(transaction, &owner, &recovered_cell::table(), rows)?;
    let rows = interim.iter().map(interim_change::row);
    rows::insert(transaction, &owner, &interim_change::table(), rows)?;
    let conditions = content.conditions.iter().map(hive_condition::row);
    rows::insert(transaction, &owner, &hive_condition::table(), conditions)?;
    let faults = sorted(faults).into_iter().map(fault::row);
    rows::insert(transaction, &owner, &fault::table(), faults)?;
    insert_branches(transaction, &slice.id, &branches(files, cells, recovered))?;
    let rows = regdelta::rows(slice, cells, hives, |action| actions.id(action));
    rows::copy(transaction, "regdelta", &regdelta::COLUMNS.join(", "), rows)
}

/// Adds the branches of one slice.
pub(super) fn insert_branches(
    transaction: &mut Transaction<'_>,
    slice: &SliceId,
    branches: &[Branch],
) -> Result<(), PostgresError> {
    rows::insert(transaction, &owner(slice), &branch::table(), branches.iter().map(branch::row))
}

pub(super) fn clear(transaction: &mut Transaction<'_>, id: &SliceId) -> Result<(), PostgresError> {
    for table in RESULT_TABLES {
        let sql = format!(
            "DELETE FROM {table} WHERE osetid = $1 AND appetid = $2 AND sliceid = $3::bigint"
        );
        transaction.execute(&sql, &[&id.osetid, &id.appetid, &id.sliceid])?;
    }
    Ok(())
}

fn insert_run(
    transaction: &mut Transaction<'_>,
    end: &SliceId,
    run: &Run,
    Counts { files, cells, faults }: Counts,
) -> Result<(), PostgresError> {
    let Run { version, inputs, outcome, started, finished } = run;
    let SliceId { osetid, appetid, sliceid } = end;
    transaction.execute(
        "DELETE FROM diskprint_run WHERE osetid = $1 AND appetid = $2 AND sliceid = $3",
        &[osetid, appetid, sliceid],
    )?;
    transaction.execute(
        "INSERT INTO diskprint_run (osetid, appetid, sliceid, version, inputs, outcome,
             started, finished, files, cells, faults)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        &[
            osetid, appetid, sliceid, version, inputs, outcome, started, finished, &files, &cells,
            &faults,
        ],
    )?;
    Ok(())
}
