use ::postgres::{Client, GenericClient, Transaction};
use diskprint::{Cell, CellChanges, Delta, FileChanges, FileEntry, SliceId};

use super::rows::{self, AnyError};
use super::{lock, save};
use crate::branch::branches;
use crate::delta_table::Stored;
use crate::error::doing;
use crate::{Error, delta_table, recovered_cell};

/// The migrations; a database of version n has had the first n.
const MIGRATIONS: [&str; 7] = [
    include_str!("../../migrations/postgres/0001_workflow.sql"),
    include_str!("../../migrations/postgres/0002_diskprint.sql"),
    include_str!("../../migrations/postgres/0003_location.sql"),
    include_str!("../../migrations/postgres/0004_registry.sql"),
    include_str!("../../migrations/postgres/0005_browse.sql"),
    include_str!("../../migrations/postgres/0006_interim.sql"),
    include_str!("../../migrations/postgres/0007_security.sql"),
];

/// The first version that has branches.
const BRANCHES: i64 = 5;

/// Brings the database to the newest version, in one transaction. Where it is there already,
/// nothing is written, so that who may only read can read.
pub(super) fn migrate(client: &mut Client) -> Result<(), Error> {
    if missing(client)?.is_empty() {
        return Ok(());
    }
    let failed = doing("bringing the tables up to date");
    let mut transaction = client.transaction().map_err(&failed)?;
    lock(&mut transaction).map_err(&failed)?;
    if !exists(&mut transaction, "SELECT to_regnamespace('diskprint') IS NOT NULL")? {
        transaction.batch_execute("CREATE SCHEMA diskprint").map_err(&failed)?;
    }
    let (found, _) = versions(&mut transaction)?;
    // Again, now that no other program of ours is at it.
    for migration in missing(&mut transaction)? {
        transaction.batch_execute(migration).map_err(&failed)?;
    }
    if found < BRANCHES {
        let doing = "making branches of stored results";
        add_branches(&mut transaction).map_err(|source| Error::Database { doing, source })?;
    }
    let version = MIGRATIONS.len() as i32;
    transaction.execute("DELETE FROM diskprint_version", &[]).map_err(&failed)?;
    transaction
        .execute("INSERT INTO diskprint_version (version) VALUES ($1)", &[&version])
        .map_err(&failed)?;
    transaction.commit().map_err(&failed)
}

/// Makes the branches of results that were stored without.
fn add_branches(transaction: &mut Transaction<'_>) -> Result<(), AnyError> {
    let sql = "SELECT DISTINCT osetid::text, appetid::text, sliceid::bigint FROM slice
               ORDER BY 1, 2, 3";
    for row in transaction.query(sql, &[])? {
        let slice =
            SliceId { osetid: row.try_get(0)?, appetid: row.try_get(1)?, sliceid: row.try_get(2)? };
        let files = deltas::<FileEntry, FileChanges>(transaction, &slice)?;
        let cells = deltas::<Cell, CellChanges>(transaction, &slice)?;
        let recovered = rows::select(transaction, &slice, &recovered_cell::table())?.into_iter();
        let recovered = recovered.map(recovered_cell::read).collect::<Result<Vec<_>, _>>()?;
        save::insert_branches(transaction, &slice, &branches(&files, &cells, &recovered))?;
    }
    Ok(())
}

fn deltas<T: Stored<C>, C>(
    transaction: &mut Transaction<'_>,
    slice: &SliceId,
) -> Result<Vec<Delta<T, C>>, AnyError> {
    let rows = rows::select(transaction, slice, &delta_table::table::<T, C>())?.into_iter();
    Ok(rows.map(delta_table::read).collect::<Result<_, _>>()?)
}

/// Whether the tables of ours are there, of whatever version.
pub(super) fn has_tables(client: &mut impl GenericClient) -> Result<bool, Error> {
    exists(client, "SELECT to_regclass('diskprint.diskprint_version') IS NOT NULL")
}

/// The migrations that the database has not had.
fn missing(client: &mut impl GenericClient) -> Result<&'static [&'static str], Error> {
    let (found, known) = versions(client)?;
    let missing = usize::try_from(found).ok().and_then(|done| MIGRATIONS.get(done..));
    missing.ok_or(Error::Newer { found, known })
}

/// The version of the tables, 0 where there are none, and the newest that is known.
pub(super) fn versions(client: &mut impl GenericClient) -> Result<(i64, i64), Error> {
    let known = MIGRATIONS.len() as i64;
    if !has_tables(client)? {
        return Ok((0, known));
    }
    let sql = "SELECT coalesce(max(version), 0)::bigint FROM diskprint_version";
    let row = client.query_one(sql, &[]).and_then(|row| row.try_get(0));
    match row.map_err(doing(READING))? {
        found if found > known => Err(Error::Newer { found, known }),
        found => Ok((found, known)),
    }
}

fn exists(client: &mut impl GenericClient, sql: &str) -> Result<bool, Error> {
    client.query_one(sql, &[]).and_then(|row| row.try_get(0)).map_err(doing(READING))
}

const READING: &str = "reading the version of its tables";
