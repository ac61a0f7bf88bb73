use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use diskprint::{CellDelta, Fault, FileDelta, InterimChange, RecoveredCell, SliceId};
use rusqlite::{Connection, OpenFlags, OptionalExtension, Transaction, TransactionBehavior};

use crate::error::doing;
use crate::table::owner;
use crate::{
    Error, HiveCondition, JournalEntry, Journaled, LastRun, Link, QueueEntry, Results, Run,
    SliceRow, Store, hive_condition, sequence,
};
use migrate::migrate;

mod browse;
mod catalogue;
mod content;
mod examine;
pub(crate) mod found;
mod hive;
mod migrate;
mod queue;
pub(crate) mod rows;
mod save;

/// How long to wait for another process that writes to the same database.
const PATIENCE: Duration = Duration::from_secs(60);

/// How long who only reads waits for another process that writes.
const PATIENCE_READING: Duration = Duration::from_secs(5);

/// A SQLite database with the tables of the original workflow and our own.
#[derive(Debug)]
pub struct Sqlite {
    pub(crate) connection: Connection,
}

impl Sqlite {
    /// Opens the database at `path`, which is made when it is absent, and brings its tables up to
    /// date.
    ///
    /// # Errors
    /// When it cannot be opened, is another program's, or is of a newer version.
    pub fn open(path: &Path) -> Result<Self, Error> {
        Self::with(Connection::open(path))
    }

    /// Opens the database at `path`, which must be there, as [`Sqlite::open`] does.
    ///
    /// # Errors
    /// As for [`Sqlite::open`], and when it is absent.
    pub fn open_existing(path: &Path) -> Result<Self, Error> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        Self::with(Connection::open_with_flags(path, flags))
    }

    /// Opens the database at `path`, which must be there and up to date, for reading only.
    ///
    /// # Errors
    /// When it cannot be opened, is another program's, or is of another version.
    pub fn open_read_only(path: &Path) -> Result<Self, Error> {
        let failed = doing("opening it");
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(path, flags).map_err(&failed)?;
        connection.busy_timeout(PATIENCE_READING).map_err(&failed)?;
        match migrate::versions(&connection)? {
            (found, known) if found < known => Err(Error::Older { found, known }),
            _ => Ok(Self { connection }),
        }
    }

    /// Makes a database in memory, gone when it is dropped.
    ///
    /// # Errors
    /// When there is no memory for it.
    pub fn in_memory() -> Result<Self, Error> {
        Self::with(Connection::open_in_memory())
    }

    fn with(connection: rusqlite::Result<Connection>) -> Result<Self, Error> {
        let failed = doing("opening it");
        let mut connection = connection.map_err(&failed)?;
        connection.busy_timeout(PATIENCE).map_err(&failed)?;
        connection.pragma_update(None, "foreign_keys", true).map_err(&failed)?;
        // What was committed must not be rolled back by a journal that comes back with a loss of
        // power. Source: https://sqlite.org/pragma.html#pragma_synchronous
        connection.pragma_update(None, "synchronous", "EXTRA").map_err(&failed)?;
        migrate(&mut connection)?;
        Ok(Self { connection })
    }

    fn begin(&mut self) -> Result<Transaction<'_>, Error> {
        self.connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(doing("beginning to write"))
    }
}

impl Store for Sqlite {
    fn register_slices(&mut self, slices: &[SliceRow], now: &str) -> Result<(), Error> {
        let failed = doing("registering slices");
        let transaction = self.begin()?;
        for slice in slices {
            check_type(&transaction, slice)?;
            register(&transaction, slice, now).map_err(&failed)?;
        }
        transaction.commit().map_err(&failed)
    }

    fn sequences(&self) -> Result<Vec<(String, String)>, Error> {
        self.connection
            .prepare("SELECT DISTINCT osetid, appetid FROM slice")
            .and_then(|mut statement| {
                statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
            })
            .map_err(doing("looking for sequences"))
    }

    fn links(&self, osetid: &str, appetid: &str) -> Result<Vec<Link>, Error> {
        let read =
            |row: &rusqlite::Row<'_>| Ok(Link { sliceid: row.get(0)?, predecessor: row.get(1)? });
        self.connection
            .prepare(
                "SELECT sliceid, slicepredecessorid FROM slice WHERE osetid = ? AND appetid = ?
                 ORDER BY sliceid, slicepredecessorid",
            )
            .and_then(|mut statement| statement.query_map((osetid, appetid), read)?.collect())
            .map_err(doing("reading slices"))
    }

    fn slice(&self, id: &SliceId) -> Result<SliceRow, Error> {
        let row = self
            .connection
            .query_row(
                "SELECT slicetype, slicepredecessorid,
                     coalesce(diskprint_location.location, storage.location), slicehash
                 FROM slice JOIN storage USING (slicehash)
                     LEFT JOIN diskprint_location USING (osetid, appetid, sliceid)
                 WHERE osetid = ? AND appetid = ? AND sliceid = ?",
                (&id.osetid, &id.appetid, id.sliceid),
                |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)),
            )
            .optional()
            .map_err(doing("reading a slice"))?;
        let Some((slicetype, predecessor, location, slicehash)) = row else {
            return Err(Error::NoTarball(id.clone()));
        };
        Ok(SliceRow { id: id.clone(), slicetype, predecessor, location, slicehash })
    }

    fn slice_at(&self, location: &str) -> Result<Option<SliceId>, Error> {
        self.connection
            .query_row(
                "SELECT osetid, appetid, sliceid FROM slice JOIN storage USING (slicehash)
                     LEFT JOIN diskprint_location USING (osetid, appetid, sliceid)
                 WHERE coalesce(diskprint_location.location, storage.location) = ?
                 ORDER BY osetid, appetid, sliceid LIMIT 1",
                [location],
                |row| {
                    Ok(SliceId { osetid: row.get(0)?, appetid: row.get(1)?, sliceid: row.get(2)? })
                },
            )
            .optional()
            .map_err(doing("looking for a tarball"))
    }

    fn stored_at(&self, slicehash: &str) -> Result<Option<String>, Error> {
        stored_at(&self.connection, slicehash).map_err(doing("looking for a tarball"))
    }

    fn hashes_at(&self, location: &str) -> Result<Vec<String>, Error> {
        self.connection
            .prepare_cached("SELECT slicehash FROM storage WHERE location = ? ORDER BY slicehash")
            .and_then(|mut statement| statement.query_map([location], |row| row.get(0))?.collect())
            .map_err(doing("looking for a tarball"))
    }

    fn regdelta_rows(&self) -> Result<BTreeMap<SliceId, u64>, Error> {
        let read = |row: &rusqlite::Row<'_>| {
            let (osetid, appetid, sliceid) = (row.get(0)?, row.get(1)?, row.get(2)?);
            let count: i64 = row.get(3)?;
            Ok((SliceId { osetid, appetid, sliceid }, count.cast_unsigned()))
        };
        let sql = "SELECT osetid, appetid, sliceid, count(*) FROM regdelta GROUP BY 1, 2, 3";
        self.connection
            .prepare(sql)
            .and_then(|mut statement| statement.query_map([], read)?.collect())
            .map_err(doing("counting rows"))
    }

    fn save(&mut self, results: &Results<'_>) -> Result<(), Error> {
        save::save(self, results)
    }

    fn file_deltas(&self, slice: &SliceId) -> Result<Vec<FileDelta>, Error> {
        found::deltas(&self.connection, &owner(slice))
    }

    fn cell_deltas(&self, slice: &SliceId) -> Result<Vec<CellDelta>, Error> {
        found::deltas(&self.connection, &owner(slice))
    }

    fn recovered_cells(&self, slice: &SliceId) -> Result<Vec<RecoveredCell>, Error> {
        found::recovered(&self.connection, &owner(slice))
    }

    fn interim_changes(&self, slice: &SliceId) -> Result<Vec<InterimChange>, Error> {
        found::interim(&self.connection, &owner(slice))
    }

    fn hive_conditions(&self, slice: &SliceId) -> Result<Vec<HiveCondition>, Error> {
        let table = hive_condition::table();
        rows::select(&self.connection, &owner(slice), &table, hive_condition::read)
    }

    fn faults(&self, slice: &SliceId) -> Result<Vec<Fault>, Error> {
        found::faults(&self.connection, &owner(slice))
    }

    fn queue(&self) -> Result<Vec<QueueEntry>, Error> {
        queue::entries(&self.connection).map_err(doing("reading the queue"))
    }

    fn dequeue(&mut self, slices: &[SliceId]) -> Result<(), Error> {
        let failed = doing("emptying the queue");
        let transaction = self.begin()?;
        for slice in slices {
            let slicehash = queue::slicehash(&transaction, slice)?;
            queue::remove(&transaction, &slicehash).map_err(&failed)?;
        }
        transaction.commit().map_err(&failed)
    }

    fn journal(&mut self, entry: &JournalEntry) -> Result<(), Error> {
        queue::add_to_journal(&self.connection, entry).map_err(doing("writing to the journal"))?;
        Ok(())
    }

    fn journal_entries(&self) -> Result<Vec<Journaled>, Error> {
        queue::journal(&self.connection).map_err(doing("reading the journal"))
    }

    fn last_run(&self, end: &SliceId) -> Result<Option<LastRun>, Error> {
        self.connection
            .query_row(
                "SELECT version, inputs, outcome, started, finished, files, cells, faults
                 FROM diskprint_run WHERE osetid = ? AND appetid = ? AND sliceid = ?",
                (&end.osetid, &end.appetid, end.sliceid),
                read_run,
            )
            .optional()
            .map_err(doing("reading a run"))
    }
}

fn check_type(connection: &Connection, slice: &SliceRow) -> Result<(), Error> {
    let known: bool = connection
        .query_row("SELECT count(*) FROM slicetype WHERE type = ?", [&slice.slicetype], |row| {
            row.get(0)
        })
        .map_err(doing("looking for a slice type"))?;
    let (slice, slicetype) = (slice.id.clone(), slice.slicetype.clone());
    if known { Ok(()) } else { Err(Error::SliceType { slice, slicetype }) }
}

fn stored_at(connection: &Connection, slicehash: &str) -> rusqlite::Result<Option<String>> {
    let sql = "SELECT location FROM storage WHERE slicehash = ?";
    connection.query_row(sql, [slicehash], |row| row.get(0)).optional().map(Option::flatten)
}

fn register(connection: &Connection, slice: &SliceRow, now: &str) -> rusqlite::Result<()> {
    let SliceRow { id, slicetype, predecessor, location, slicehash } = slice;
    let known = stored_at(connection, slicehash)?;
    let at = known.as_deref().map_or(&**location, |known| sequence::stored_at(known, location));
    connection.execute(
        "INSERT INTO storage (location, slicehash) VALUES (?, ?)
         ON CONFLICT (slicehash) DO UPDATE SET location = excluded.location",
        (at, slicehash),
    )?;
    connection
        .execute("UPDATE processqueue SET location = ? WHERE slicehash = ?", (at, slicehash))?;
    connection.execute(
        "INSERT INTO slice
             (sliceid, slicetype, osetid, appetid, creationdate, slicehash, slicepredecessorid)
         VALUES (?, ?, ?, ?, ?, ?, ?)
         ON CONFLICT (osetid, appetid, sliceid) DO UPDATE SET
             slicetype = excluded.slicetype,
             slicehash = excluded.slicehash,
             slicepredecessorid = excluded.slicepredecessorid",
        (id.sliceid, slicetype, &id.osetid, &id.appetid, now, slicehash, predecessor),
    )?;
    // Nobody waits for what was at this place before.
    connection.execute(
        "DELETE FROM processqueue WHERE location = ? AND slicehash <> ?
             AND NOT EXISTS (SELECT 1 FROM slice WHERE slice.slicehash = processqueue.slicehash)",
        (location, slicehash),
    )?;
    connection.execute(
        "INSERT OR REPLACE INTO diskprint_location VALUES (?, ?, ?, ?)",
        (&id.osetid, &id.appetid, id.sliceid, location),
    )?;
    Ok(())
}

fn read_run(row: &rusqlite::Row<'_>) -> rusqlite::Result<LastRun> {
    Ok(LastRun {
        run: Run {
            version: row.get(0)?,
            inputs: row.get(1)?,
            outcome: row.get(2)?,
            started: row.get(3)?,
            finished: row.get(4)?,
        },
        files: row.get::<_, i64>(5)?.cast_unsigned(),
        cells: row.get::<_, i64>(6)?.cast_unsigned(),
        faults: row.get::<_, i64>(7)?.cast_unsigned(),
    })
}
