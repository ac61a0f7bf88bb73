use ::postgres::{Client, GenericClient};

use super::lock;
use crate::Error;
use crate::error::doing;

/// The migrations; a database of version n has had the first n.
const MIGRATIONS: [&str; 4] = [
    include_str!("../../migrations/postgres/0001_workflow.sql"),
    include_str!("../../migrations/postgres/0002_diskprint.sql"),
    include_str!("../../migrations/postgres/0003_location.sql"),
    include_str!("../../migrations/postgres/0004_registry.sql"),
];

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
    // Again, now that no other program of ours is at it.
    for migration in missing(&mut transaction)? {
        transaction.batch_execute(migration).map_err(&failed)?;
    }
    let version = MIGRATIONS.len() as i32;
    transaction.execute("DELETE FROM diskprint_version", &[]).map_err(&failed)?;
    transaction
        .execute("INSERT INTO diskprint_version (version) VALUES ($1)", &[&version])
        .map_err(&failed)?;
    transaction.commit().map_err(&failed)
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
