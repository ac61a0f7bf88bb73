use diskprint::SliceId;
use rusqlite::{Connection, TransactionBehavior};

use super::{found, save};
use crate::Error;
use crate::branch::branches;
use crate::error::doing;
use crate::table::owner;

/// The migrations; a database of version n has had the first n.
const MIGRATIONS: [&str; 8] = [
    include_str!("../../migrations/sqlite/0001_workflow.sql"),
    include_str!("../../migrations/sqlite/0002_diskprint.sql"),
    include_str!("../../migrations/sqlite/0003_location.sql"),
    include_str!("../../migrations/sqlite/0004_lookups.sql"),
    include_str!("../../migrations/sqlite/0005_registry.sql"),
    include_str!("../../migrations/sqlite/0006_browse.sql"),
    include_str!("../../migrations/sqlite/0007_interim.sql"),
    include_str!("../../migrations/sqlite/0008_security.sql"),
];

/// The first version that has branches.
const BRANCHES: i64 = 6;

/// `dprt`: the application id in the header of our databases.
// Source: https://sqlite.org/fileformat2.html#application_id
const APPLICATION_ID: i64 = 0x6470_7274;

/// Brings the database to the newest version, in one transaction.
pub(crate) fn migrate(connection: &mut Connection) -> Result<(), Error> {
    let failed = doing("bringing the tables up to date");
    let transaction =
        connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(&failed)?;
    let (found, known) = versions(&transaction)?;
    let Some(missing) = usize::try_from(found).ok().and_then(|done| MIGRATIONS.get(done..)) else {
        return Err(Error::Newer { found, known });
    };
    if missing.is_empty() {
        return Ok(());
    }
    for migration in missing {
        transaction.execute_batch(migration).map_err(&failed)?;
    }
    if found < BRANCHES {
        add_branches(&transaction)?;
    }
    transaction.pragma_update(None, "application_id", APPLICATION_ID).map_err(&failed)?;
    transaction.pragma_update(None, "user_version", known).map_err(&failed)?;
    transaction.commit().map_err(&failed)
}

/// Makes the branches of results that were stored without.
fn add_branches(connection: &Connection) -> Result<(), Error> {
    let failed = doing("making branches of stored results");
    let sql = "SELECT DISTINCT osetid, appetid, sliceid FROM slice ORDER BY 1, 2, 3";
    let slices = connection.prepare(sql).and_then(|mut statement| {
        let read = |row: &rusqlite::Row<'_>| {
            Ok(SliceId { osetid: row.get(0)?, appetid: row.get(1)?, sliceid: row.get(2)? })
        };
        statement.query_map([], read)?.collect::<rusqlite::Result<Vec<_>>>()
    });
    for slice in slices.map_err(&failed)? {
        let owner = owner(&slice);
        let (files, cells) =
            (found::deltas(connection, &owner)?, found::deltas(connection, &owner)?);
        let branches = branches(&files, &cells, &found::recovered(connection, &owner)?);
        save::insert_branches(connection, &slice, &branches).map_err(&failed)?;
    }
    Ok(())
}

/// The version of the tables, 0 where there are none, and the newest that is known.
pub(super) fn versions(connection: &Connection) -> Result<(i64, i64), Error> {
    let failed = doing("reading the version of its tables");
    let known = MIGRATIONS.len() as i64;
    let pragma = |name: &str| connection.pragma_query_value(None, name, |row| row.get(0));
    let (found, application): (i64, i64) =
        (pragma("user_version").map_err(&failed)?, pragma("application_id").map_err(&failed)?);
    let tables: i64 = connection
        .query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))
        .map_err(&failed)?;
    if application != APPLICATION_ID && (application != 0 || tables != 0) {
        return Err(Error::Foreign { found: application });
    }
    if found > known {
        return Err(Error::Newer { found, known });
    }
    Ok((found, known))
}
