use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection as Sqlite3, OpenFlags, TransactionBehavior};

use super::{Sqlite, migrate};
use crate::Error;
use crate::error::doing;
use crate::examination::{Connection, Examination, Tables};

/// How long to wait for another process that writes.
const PATIENCE: Duration = Duration::from_secs(10);

impl Sqlite {
    /// Looks at the database at `path`, which must be there: its tables and whether it can be
    /// written. Nothing is left in it, and no table is brought up to date.
    ///
    /// # Errors
    /// When it cannot be opened, is another program's, or is of a newer version.
    pub fn examine(path: &Path) -> Result<Examination, Error> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let failed = doing("opening it");
        let mut database = Sqlite3::open_with_flags(path, flags).map_err(&failed)?;
        database.busy_timeout(PATIENCE).map_err(&failed)?;
        let (version, known) = migrate::versions(&database)?;
        let tables = if version == 0 { Tables::None } else { Tables::Ours { version, known } };
        Ok(Examination {
            program: format!("SQLite {}", rusqlite::version()),
            connection: Connection::Local,
            tables,
            lacking: Vec::new(),
            write: try_to_write(&mut database).map_err(doing("writing to it")),
            limited: Vec::new(),
        })
    }
}

/// Writes a table and takes it back.
fn try_to_write(database: &mut Sqlite3) -> rusqlite::Result<()> {
    let transaction = database.transaction_with_behavior(TransactionBehavior::Immediate)?;
    transaction.execute_batch("CREATE TABLE diskprint_check (it)")?;
    transaction.rollback()
}
