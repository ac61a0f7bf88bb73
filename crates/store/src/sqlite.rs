use std::path::Path;
use std::time::Duration;

use diskprint::{
    Cell, CellChanges, CellDelta, Delta, Fault, FileChanges, FileDelta, FileEntry, SliceId,
};
use rusqlite::{
    Connection, OpenFlags, OptionalExtension, Transaction, TransactionBehavior, params_from_iter,
};

use crate::delta_table::{self, Stored};
use crate::error::doing;
use crate::hive::HiveIds;
use crate::{Error, LastRun, Link, Results, Run, SliceResults, SliceRow, Store, fault, regdelta};
use migrate::migrate;

mod catalogue;
mod hive;
mod migrate;
mod rows;

/// How long to wait for another process that writes to the same database.
const PATIENCE: Duration = Duration::from_secs(60);

/// Tables that hold what a run found in a slice, in the order in which they can be emptied.
const RESULT_TABLES: [&str; 4] =
    ["regdelta", "diskprint_file_delta", "diskprint_cell_delta", "diskprint_fault"];

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
        migrate(&mut connection)?;
        Ok(Self { connection })
    }

    fn begin(&mut self) -> Result<Transaction<'_>, Error> {
        self.connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(doing("beginning to write"))
    }

    fn deltas<T: Stored<C>, C>(&self, slice: &SliceId) -> Result<Vec<Delta<T, C>>, Error> {
        rows::select(&self.connection, slice, &delta_table::table::<T, C>())
            .map_err(doing("reading differences"))?
            .into_iter()
            .map(|row| delta_table::read(row).map_err(doing("reading differences")))
            .collect()
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
                "SELECT slicetype, slicepredecessorid, location, slicehash
                 FROM slice JOIN storage USING (slicehash)
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
                 WHERE location = ? ORDER BY osetid, appetid, sliceid LIMIT 1",
                [location],
                |row| {
                    Ok(SliceId { osetid: row.get(0)?, appetid: row.get(1)?, sliceid: row.get(2)? })
                },
            )
            .optional()
            .map_err(doing("looking for a tarball"))
    }

    fn save(&mut self, results: &Results<'_>) -> Result<(), Error> {
        let failed = doing("storing the results of a sequence");
        let Some(last) = results.slices.last() else { return Ok(()) };
        let transaction = self.begin()?;
        for slice in results.slices {
            if !is_registered(&transaction, &slice.slice.id).map_err(&failed)? {
                return Err(Error::UnknownSlice(slice.slice.id.clone()));
            }
            clear(&transaction, &slice.slice.id).map_err(&failed)?;
        }
        let cells = results.slices.iter().flat_map(|slice| slice.cells);
        let hives = hive::ids(&transaction, &last.slice.id, cells, &results.run.finished)?;
        for slice in results.slices {
            insert(&transaction, slice, &hives).map_err(&failed)?;
        }
        insert_run(&transaction, &last.slice.id, results).map_err(&failed)?;
        transaction.commit().map_err(&failed)
    }

    fn file_deltas(&self, slice: &SliceId) -> Result<Vec<FileDelta>, Error> {
        self.deltas(slice)
    }

    fn cell_deltas(&self, slice: &SliceId) -> Result<Vec<CellDelta>, Error> {
        self.deltas(slice)
    }

    fn faults(&self, slice: &SliceId) -> Result<Vec<Fault>, Error> {
        rows::select(&self.connection, slice, &fault::table())
            .map_err(doing("reading faults"))?
            .into_iter()
            .map(|row| fault::read(row).map_err(doing("reading faults")))
            .collect()
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

/// Adds what was found in one slice.
fn insert(
    connection: &Connection,
    results: &SliceResults<'_>,
    hives: &HiveIds<'_>,
) -> rusqlite::Result<()> {
    let SliceResults { slice, files, cells, .. } = results;
    let table = delta_table::table::<FileEntry, FileChanges>();
    rows::insert(connection, &slice.id, &table, files.iter().map(delta_table::row))?;
    let table = delta_table::table::<Cell, CellChanges>();
    rows::insert(connection, &slice.id, &table, cells.iter().map(delta_table::row))?;
    let faults = results.sorted_faults();
    rows::insert(connection, &slice.id, &fault::table(), faults.into_iter().map(fault::row))?;

    let columns = regdelta::COLUMNS;
    let (names, marks) = (columns.join(", "), columns.map(|_| "?").join(", "));
    let mut statement =
        connection.prepare(&format!("INSERT INTO regdelta ({names}) VALUES ({marks})"))?;
    for row in regdelta::rows(slice, cells, hives, |action| action.id().into()) {
        statement.execute(params_from_iter(row))?;
    }
    Ok(())
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

fn register(connection: &Connection, slice: &SliceRow, now: &str) -> rusqlite::Result<()> {
    let SliceRow { id, slicetype, predecessor, location, slicehash } = slice;
    connection.execute(
        "INSERT INTO storage (location, slicehash) VALUES (?, ?)
         ON CONFLICT (slicehash) DO UPDATE SET location = excluded.location",
        (location, slicehash),
    )?;
    connection.execute(
        "UPDATE processqueue SET location = ? WHERE slicehash = ?",
        (location, slicehash),
    )?;
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
    Ok(())
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
    results: &Results<'_>,
) -> rusqlite::Result<()> {
    let Run { version, inputs, outcome, started, finished } = results.run;
    let [files, cells, faults] = results.counts();
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
