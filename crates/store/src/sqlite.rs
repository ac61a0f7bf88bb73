use std::path::Path;
use std::time::Duration;

use diskprint::{CellDelta, Fault, FileDelta, SliceId};
use rusqlite::{Connection, OpenFlags, OptionalExtension, Transaction, TransactionBehavior};

use crate::error::doing;
use crate::migrate::migrate;
use crate::sequence::{Link, ends, order};
use crate::{Error, LastRun, Results, Run, SliceResults, SliceRow};
use crate::{delta_table, fault, hive, regdelta};

#[cfg(test)]
pub(crate) mod tests;

/// How long to wait for another process that writes to the same database.
const PATIENCE: Duration = Duration::from_secs(60);

/// Tables that hold what a run found in a slice, in the order in which they can be emptied.
const RESULT_TABLES: [&str; 4] =
    ["regdelta", "diskprint_file_delta", "diskprint_cell_delta", "diskprint_fault"];

/// A SQLite database with the tables of the original workflow and our own.
#[derive(Debug)]
pub struct Sqlite {
    connection: Connection,
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

    /// Registers slices and their tarballs, or updates those that are there. `now`, ISO 8601 in
    /// UTC, becomes the creation date of the new ones.
    ///
    /// One tarball has one row in `storage` however many slices share it; its location is the one
    /// given last.
    ///
    /// # Errors
    /// When a slice type is unknown or the database fails; then nothing is registered.
    pub fn register_slices(&mut self, slices: &[SliceRow], now: &str) -> Result<(), Error> {
        let failed = doing("registering slices");
        let transaction = self.begin()?;
        for slice in slices {
            check_type(&transaction, slice)?;
            register(&transaction, slice, now).map_err(&failed)?;
        }
        transaction.commit().map_err(&failed)
    }

    /// Returns the slices that no slice of their sequence names as predecessor, sorted.
    ///
    /// # Errors
    /// When the database fails.
    pub fn sequence_ends(&self) -> Result<Vec<SliceId>, Error> {
        let pairs: Vec<(String, String)> = self
            .connection
            .prepare("SELECT DISTINCT osetid, appetid FROM slice ORDER BY osetid, appetid")
            .and_then(|mut statement| {
                statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
            })
            .map_err(doing("looking for sequences"))?;
        let mut all = Vec::new();
        for (osetid, appetid) in pairs {
            let ends = ends(&self.links(&osetid, &appetid)?);
            let id =
                |sliceid| SliceId { osetid: osetid.clone(), appetid: appetid.clone(), sliceid };
            all.extend(ends.into_iter().map(id));
        }
        Ok(all)
    }

    /// Returns the ids of all slices of an application on an operating system, sorted.
    ///
    /// # Errors
    /// When the database fails.
    pub fn sequence_ids(&self, osetid: &str, appetid: &str) -> Result<Vec<i64>, Error> {
        let mut ids: Vec<i64> =
            self.links(osetid, appetid)?.into_iter().map(|link| link.sliceid).collect();
        ids.dedup();
        Ok(ids)
    }

    /// Returns the slice whose tarball is at `location`; the first by name when several share it.
    ///
    /// # Errors
    /// When the database fails.
    pub fn slice_at(&self, location: &str) -> Result<Option<SliceId>, Error> {
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

    /// Returns the one sequence of an application on an operating system, first slice first.
    ///
    /// # Errors
    /// When there is none, when it has several ends, and as for [`Sqlite::sequence_ending_at`].
    pub fn sequence(&self, osetid: &str, appetid: &str) -> Result<Vec<SliceRow>, Error> {
        let links = self.links(osetid, appetid)?;
        let (osetid, appetid) = (osetid.to_owned(), appetid.to_owned());
        match (ends(&links).as_slice(), links.first()) {
            (&[sliceid], _) => self.sequence_ending_at(&SliceId { osetid, appetid, sliceid }),
            (_, None) => Err(Error::UnknownSequence { osetid, appetid }),
            // Every slice is a predecessor: `order` says which ones go round.
            (&[], Some(link)) => {
                self.sequence_ending_at(&SliceId { osetid, appetid, sliceid: link.sliceid })
            }
            (ends, _) => Err(Error::SeveralEnds { osetid, appetid, ends: ends.to_vec() }),
        }
    }

    /// Returns the sequence that ends with `end`, first slice first, as `slicepredecessorid` says.
    ///
    /// # Errors
    /// When a slice is missing, goes round to itself, has several rows, or has no tarball.
    pub fn sequence_ending_at(&self, end: &SliceId) -> Result<Vec<SliceRow>, Error> {
        let ids = order(&self.links(&end.osetid, &end.appetid)?, end)?;
        ids.into_iter().map(|sliceid| self.slice(SliceId { sliceid, ..end.clone() })).collect()
    }

    /// Stores what a run found in one sequence, in one transaction: its slices' earlier rows are
    /// replaced, ids of hives are used again.
    ///
    /// Rows go in in the order given, that of [`diskprint::diff`].
    ///
    /// # Errors
    /// When a slice is not registered or the database fails; then nothing is stored.
    pub fn save(&mut self, results: &Results<'_>) -> Result<(), Error> {
        let failed = doing("storing the results of a sequence");
        let transaction = self.begin()?;
        for slice in results.slices {
            if !is_registered(&transaction, &slice.slice.id).map_err(&failed)? {
                return Err(Error::UnknownSlice(slice.slice.id.clone()));
            }
            clear(&transaction, &slice.slice.id).map_err(&failed)?;
        }
        let Some(last) = results.slices.last() else { return Ok(()) };
        let cells = results.slices.iter().flat_map(|slice| slice.cells);
        let hives = hive::ids(&transaction, &last.slice.id, cells, &results.run.finished)?;
        for SliceResults { slice, files, cells, faults } in results.slices {
            delta_table::insert(&transaction, &slice.id, files.iter())?;
            delta_table::insert(&transaction, &slice.id, cells.iter())?;
            regdelta::insert(&transaction, slice, cells, &hives)?;
            let mut faults: Vec<_> = faults.iter().collect();
            faults.sort();
            fault::insert(&transaction, &slice.id, faults)?;
        }
        insert_run(&transaction, &last.slice.id, results).map_err(&failed)?;
        transaction.commit().map_err(&failed)
    }

    /// Returns the stored differences of files from the slice before, in their stored order,
    /// without byte runs.
    ///
    /// # Errors
    /// When the database fails or holds what no program of ours wrote.
    pub fn file_deltas(&self, slice: &SliceId) -> Result<Vec<FileDelta>, Error> {
        delta_table::select(&self.connection, slice)
    }

    /// Returns the stored differences of keys and values from the slice before, in their stored
    /// order.
    ///
    /// # Errors
    /// When the database fails or holds what no program of ours wrote.
    pub fn cell_deltas(&self, slice: &SliceId) -> Result<Vec<CellDelta>, Error> {
        delta_table::select(&self.connection, slice)
    }

    /// Returns the stored faults of a slice, sorted.
    ///
    /// # Errors
    /// When the database fails or holds what no program of ours wrote.
    pub fn faults(&self, slice: &SliceId) -> Result<Vec<Fault>, Error> {
        fault::select(&self.connection, slice)
    }

    /// Returns the last run over the sequence that ends with `end`; `None` when there was none.
    ///
    /// # Errors
    /// When the database fails.
    pub fn last_run(&self, end: &SliceId) -> Result<Option<LastRun>, Error> {
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

    fn begin(&mut self) -> Result<Transaction<'_>, Error> {
        self.connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(doing("beginning to write"))
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

    fn slice(&self, id: SliceId) -> Result<SliceRow, Error> {
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
        match row {
            None => Err(Error::NoTarball(id)),
            Some((slicetype, predecessor, location, slicehash)) => {
                Ok(SliceRow { id, slicetype, predecessor, location, slicehash })
            }
        }
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
    let count = |of: fn(&SliceResults<'_>) -> usize| -> i64 {
        results.slices.iter().map(|slice| of(slice) as i64).sum()
    };
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
            count(|slice| slice.files.len()),
            count(|slice| slice.cells.len()),
            count(|slice| slice.faults.len()),
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
