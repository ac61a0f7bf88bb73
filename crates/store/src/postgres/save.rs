use ::postgres::{Client, Error as PostgresError, GenericClient, Transaction};
use diskprint::regdelta::Action;
use diskprint::{Cell, CellChanges, CellDelta, FileChanges, FileEntry, SliceId};

use super::limits::{self, Limits, TooLong};
use super::{hive, lock, rows};
use crate::column::shown;
use crate::error::doing;
use crate::hive::HiveIds;
use crate::results::{Counts, sorted};
use crate::table::owner;
use crate::{Error, Found, Results, Run, SliceRow, delta_table, fault, regdelta};

/// Tables that hold what a run found in a slice, in the order in which they can be emptied.
const RESULT_TABLES: [&str; 4] =
    ["regdelta", "diskprint_file_delta", "diskprint_cell_delta", "diskprint_fault"];

/// Stores the results of a sequence in one transaction.
pub(super) fn save(client: &mut Client, results: &Results<'_>) -> Result<(), Error> {
    let failed = doing("storing the results of a sequence");
    let Some(last) = results.slices.last() else { return Ok(()) };
    let mut hives = check(client, results)?;
    let mut transaction = client.transaction().map_err(&failed)?;
    lock(&mut transaction).map_err(&failed)?;
    for slice in results.slices {
        if !is_registered(&mut transaction, &slice.id).map_err(&failed)? {
            return Err(Error::UnknownSlice(slice.id.clone()));
        }
        clear(&mut transaction, &slice.id).map_err(&failed)?;
    }
    let actions = ActionIds::read(&mut transaction)?;
    hive::number(&mut transaction, &last.id, &mut hives, &results.run.finished)?;
    let mut counts = Counts::default();
    results.each(|slice, found| {
        counts.add(&found);
        insert(&mut transaction, slice, &found, &hives, &actions).map_err(&failed)
    })?;
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

/// Checks all that goes into columns of the original's, before anything is written; returns the
/// hives of the sequence.
fn check(client: &mut impl GenericClient, results: &Results<'_>) -> Result<HiveIds, Error> {
    let limits = Limits::read(client)?;
    let mut too_long = TooLong::default();
    let mut hives = HiveIds::default();
    results.each(|slice, found| {
        hives.add(&found.cells);
        check_cells(&limits, slice, &found.cells, &mut too_long);
        Ok(())
    })?;
    for ((_, path), _) in hives.iter() {
        limits.check("hive", "hivepath", &shown(path), &mut too_long);
    }
    too_long.result()?;
    Ok(hives)
}

fn check_cells(limits: &Limits, slice: &SliceRow, cells: &[CellDelta], too_long: &mut TooLong) {
    let columns = regdelta::COLUMNS;
    let row_limits = limits.of("regdelta", &columns);
    let no_hives = HiveIds::default();
    let rows = regdelta::rows(slice, cells, &no_hives, |action| action.id().into());
    for (delta, row) in cells.iter().zip(rows) {
        too_long.check_row(&row, &row_limits, |index| {
            let cell = delta.latest();
            let (hive, path) = (cell.hive.to_text(), cell.cellpath().to_text().into_owned());
            let path = limits::cut(&path);
            let item = format!("slice {}, hive {hive:?}, cell {path:?}", slice.id);
            (item, format!("regdelta.{}", columns[index]))
        });
    }
}

/// Adds what was found in one slice.
fn insert(
    transaction: &mut Transaction<'_>,
    slice: &SliceRow,
    Found { files, cells, faults, .. }: &Found,
    hives: &HiveIds,
    actions: &ActionIds,
) -> Result<(), PostgresError> {
    let owner = owner(&slice.id);
    let table = delta_table::table::<FileEntry, FileChanges>();
    rows::insert(transaction, &owner, &table, files.iter().map(delta_table::row))?;
    let table = delta_table::table::<Cell, CellChanges>();
    rows::insert(transaction, &owner, &table, cells.iter().map(delta_table::row))?;
    let faults = sorted(faults).into_iter().map(fault::row);
    rows::insert(transaction, &owner, &fault::table(), faults)?;
    let rows = regdelta::rows(slice, cells, hives, |action| actions.id(action));
    rows::copy(transaction, "regdelta", &regdelta::COLUMNS.join(", "), rows)
}

fn is_registered(transaction: &mut Transaction<'_>, id: &SliceId) -> Result<bool, PostgresError> {
    let sql = "SELECT 1 FROM slice WHERE osetid = $1 AND appetid = $2 AND sliceid = $3::bigint";
    Ok(!transaction.query(sql, &[&id.osetid, &id.appetid, &id.sliceid])?.is_empty())
}

fn clear(transaction: &mut Transaction<'_>, id: &SliceId) -> Result<(), PostgresError> {
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
