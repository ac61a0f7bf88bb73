use std::cell::RefCell;
use std::collections::BTreeMap;

use ::postgres::config::SslMode;
use ::postgres::types::ToSql;
use ::postgres::{Client, Error as PostgresError, NoTls, Row, Transaction};
use diskprint::{CellDelta, Delta, Fault, FileDelta, InterimChange, RecoveredCell, SliceId};

use crate::delta_table::{self, Stored};
use crate::error::doing;
use crate::{
    Error, HiveCondition, JournalEntry, Journaled, LastRun, Link, QueueEntry, Results, Run,
    SliceRow, Store, fault, hive_condition, interim_change, recovered_cell,
};
use limits::Limits;
use migrate::migrate;
use tls::Tls;

mod address;
mod browse;
mod catalogue;
mod check;
mod content;
mod gone;
mod hive;
mod limits;
mod migrate;
mod privileges;
mod queue;
mod register;
mod rows;
mod save;
mod tls;

pub use address::Address;
pub(crate) use gone::is_gone;

/// Columns of the original's tables that a path goes into, with their tables.
const PATH_COLUMNS: [(&str, &str); 9] = [
    ("regdelta", "cellpath"),
    ("hive", "hivepath"),
    ("storage", "location"),
    ("processqueue", "location"),
    ("filemetadata", "path"),
    ("filemetadata", "filename"),
    ("filemetadata", "extension"),
    ("registry", "regfilepath"),
    ("registry", "regfilename"),
];

/// A PostgreSQL database with the tables of the original workflow and our own, all in the schema
/// `diskprint`.
pub struct Postgres {
    // Even reading takes the client for itself.
    client: RefCell<Client>,
    address: Address,
}

impl Postgres {
    /// Connects to the database at `address`, makes the tables that are absent and brings ours up
    /// to date. The original workflow's tables are never altered.
    ///
    /// # Errors
    /// When it cannot be reached or its tables are of a newer version.
    pub fn open(address: &Address) -> Result<Self, Error> {
        let mut client = connect(address)?;
        migrate(&mut client)?;
        Ok(Self { client: client.into(), address: address.clone() })
    }

    /// Connects to the database at `address`, which must have our tables, as [`Postgres::open`]
    /// does.
    ///
    /// # Errors
    /// As for [`Postgres::open`], and when it has no tables of ours.
    pub fn open_existing(address: &Address) -> Result<Self, Error> {
        let mut client = connect(address)?;
        if !migrate::has_tables(&mut client)? {
            return Err(Error::NoTables);
        }
        migrate(&mut client)?;
        Ok(Self { client: client.into(), address: address.clone() })
    }

    /// Connects to the database at `address`, which must have our tables, up to date; nothing can be
    /// written through this connection, and no statement may take longer than ten seconds.
    ///
    /// # Errors
    /// When it cannot be reached, has no tables of ours, or such of another version.
    pub fn open_read_only(address: &Address) -> Result<Self, Error> {
        let mut client = connect(address)?;
        match migrate::versions(&mut client)? {
            (0, _) => return Err(Error::NoTables),
            (found, known) if found < known => return Err(Error::Older { found, known }),
            _ => {}
        }
        let sql = "SET default_transaction_read_only TO on; SET statement_timeout TO '10s'";
        client.batch_execute(sql).map_err(doing("connecting"))?;
        Ok(Self { client: client.into(), address: address.clone() })
    }

    /// Takes the limit of length from those columns of the original workflow's tables that hold
    /// paths; returns the columns, with their tables, that had one.
    ///
    /// # Errors
    /// When the database fails; then no column is changed.
    pub fn widen(&mut self) -> Result<Vec<String>, Error> {
        let failed = doing("widening columns");
        let mut transaction = self.client.get_mut().transaction().map_err(&failed)?;
        lock(&mut transaction).map_err(&failed)?;
        let limited = Limits::read(&mut transaction)?.limited(&PATH_COLUMNS);
        for (table, column) in &limited {
            let sql = format!("ALTER TABLE {table} ALTER COLUMN {column} TYPE VARCHAR");
            transaction.batch_execute(&sql).map_err(&failed)?;
        }
        transaction.commit().map_err(&failed)?;
        Ok(limited.iter().map(|(table, column)| format!("{table}.{column}")).collect())
    }

    fn query<T>(
        &self,
        what: &'static str,
        sql: &str,
        values: &[&(dyn ToSql + Sync)],
        read: impl Fn(&Row) -> Result<T, PostgresError>,
    ) -> Result<Vec<T>, Error> {
        let rows = self.client.borrow_mut().query(sql, values);
        rows.and_then(|rows| rows.iter().map(read).collect()).map_err(doing(what))
    }

    fn deltas<T: Stored<C>, C>(&self, slice: &SliceId) -> Result<Vec<Delta<T, C>>, Error> {
        let table = delta_table::table::<T, C>();
        rows::select(&mut *self.client.borrow_mut(), slice, &table)
            .map_err(doing("reading differences"))?
            .into_iter()
            .map(|row| delta_table::read(row).map_err(doing("reading differences")))
            .collect()
    }
}

fn connect(address: &Address) -> Result<Client, Error> {
    let failed = doing("connecting");
    let config = address.config();
    let client = match config.get_ssl_mode() {
        SslMode::Disable => config.connect(NoTls),
        _ => config.connect(Tls::new(address.verify())),
    };
    let mut client = client.map_err(|error| match config.get_password() {
        None if error.to_string().contains("password missing") => Error::NoPassword,
        _ => failed(error),
    })?;
    client
        .batch_execute("SET search_path TO diskprint; SET client_min_messages TO warning")
        .map_err(&failed)?;
    Ok(client)
}

/// Waits until no other program of ours writes; it then waits until `transaction` ends.
fn lock(transaction: &mut Transaction<'_>) -> Result<(), PostgresError> {
    // The application id of our SQLite files.
    transaction.batch_execute(
        "SET LOCAL lock_timeout = '60s'; SELECT pg_advisory_xact_lock(x'64707274'::bigint)",
    )
}

impl Store for Postgres {
    fn register_slices(&mut self, slices: &[SliceRow], now: &str) -> Result<(), Error> {
        let failed = doing("registering slices");
        let mut transaction = self.client.get_mut().transaction().map_err(&failed)?;
        lock(&mut transaction).map_err(&failed)?;
        register::check(&mut transaction, slices)?;
        for slice in slices {
            register::register(&mut transaction, slice, now).map_err(&failed)?;
        }
        transaction.commit().map_err(&failed)
    }

    fn sequences(&self) -> Result<Vec<(String, String)>, Error> {
        let sql = "SELECT DISTINCT osetid::text, appetid::text FROM slice";
        self.query("looking for sequences", sql, &[], |row| Ok((row.try_get(0)?, row.try_get(1)?)))
    }

    fn links(&self, osetid: &str, appetid: &str) -> Result<Vec<Link>, Error> {
        let sql = "SELECT sliceid::bigint, slicepredecessorid::bigint FROM slice
                   WHERE osetid = $1 AND appetid = $2";
        let mut links = self.query("reading slices", sql, &[&osetid, &appetid], |row| {
            Ok(Link { sliceid: row.try_get(0)?, predecessor: row.try_get(1)? })
        })?;
        links.sort_unstable();
        Ok(links)
    }

    fn slice(&self, id: &SliceId) -> Result<SliceRow, Error> {
        let sql = "SELECT slicetype::text, slicepredecessorid::bigint,
                       coalesce(diskprint_location.location, storage.location), slicehash::text
                   FROM slice JOIN storage USING (slicehash)
                       LEFT JOIN diskprint_location USING (osetid, appetid, sliceid)
                   WHERE osetid = $1 AND appetid = $2 AND sliceid = $3::bigint";
        let key: [&(dyn ToSql + Sync); 3] = [&id.osetid, &id.appetid, &id.sliceid];
        let rows = self.query("reading a slice", sql, &key, |row| {
            Ok(SliceRow {
                id: id.clone(),
                slicetype: row.try_get(0)?,
                predecessor: row.try_get(1)?,
                location: row.try_get(2)?,
                slicehash: row.try_get(3)?,
            })
        })?;
        rows.into_iter().next().ok_or_else(|| Error::NoTarball(id.clone()))
    }

    fn slice_at(&self, location: &str) -> Result<Option<SliceId>, Error> {
        let sql = "SELECT osetid::text, appetid::text, sliceid::bigint
                   FROM slice JOIN storage USING (slicehash)
                       LEFT JOIN diskprint_location USING (osetid, appetid, sliceid)
                   WHERE coalesce(diskprint_location.location, storage.location) = $1";
        let ids = self.query("looking for a tarball", sql, &[&location], |row| {
            let (osetid, appetid) = (row.try_get(0)?, row.try_get(1)?);
            Ok(SliceId { osetid, appetid, sliceid: row.try_get(2)? })
        })?;
        Ok(ids.into_iter().min())
    }

    fn stored_at(&self, slicehash: &str) -> Result<Option<String>, Error> {
        let sql = "SELECT location::text FROM storage WHERE slicehash = $1 ORDER BY location";
        let mut found =
            self.query("looking for a tarball", sql, &[&slicehash], |row| row.try_get(0))?;
        Ok(found.pop().flatten())
    }

    fn hashes_at(&self, location: &str) -> Result<Vec<String>, Error> {
        let sql = "SELECT slicehash::text FROM storage WHERE location = $1";
        let mut hashes =
            self.query("looking for a tarball", sql, &[&location], |row| row.try_get(0))?;
        hashes.sort();
        Ok(hashes)
    }

    fn regdelta_rows(&self) -> Result<BTreeMap<SliceId, u64>, Error> {
        let sql = "SELECT osetid::text, appetid::text, sliceid::bigint, count(*) FROM regdelta
                   GROUP BY 1, 2, 3";
        let rows = self.query("counting rows", sql, &[], |row| {
            let (osetid, appetid, sliceid) = (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
            Ok((SliceId { osetid, appetid, sliceid }, row.try_get::<_, i64>(3)?.cast_unsigned()))
        })?;
        Ok(rows.into_iter().collect())
    }

    fn save(&mut self, results: &Results<'_>) -> Result<(), Error> {
        let saved = save::save(self.client.get_mut(), results);
        if let Err(error) = &saved
            && !error.is_gone()
            && let Ok(client) = connect(&self.address)
        {
            // When the server refuses a COPY, answers to what was sent meanwhile are still under
            // way, and would be taken for those to what is asked next.
            self.client = client.into();
        }
        saved
    }

    fn file_deltas(&self, slice: &SliceId) -> Result<Vec<FileDelta>, Error> {
        self.deltas(slice)
    }

    fn cell_deltas(&self, slice: &SliceId) -> Result<Vec<CellDelta>, Error> {
        self.deltas(slice)
    }

    fn recovered_cells(&self, slice: &SliceId) -> Result<Vec<RecoveredCell>, Error> {
        rows::select(&mut *self.client.borrow_mut(), slice, &recovered_cell::table())
            .map_err(doing("reading recovered cells"))?
            .into_iter()
            .map(|row| recovered_cell::read(row).map_err(doing("reading recovered cells")))
            .collect()
    }

    fn interim_changes(&self, slice: &SliceId) -> Result<Vec<InterimChange>, Error> {
        let failed = "reading changes between slices";
        rows::select(&mut *self.client.borrow_mut(), slice, &interim_change::table())
            .map_err(doing(failed))?
            .into_iter()
            .map(|row| interim_change::read(row).map_err(doing(failed)))
            .collect()
    }

    fn hive_conditions(&self, slice: &SliceId) -> Result<Vec<HiveCondition>, Error> {
        rows::select(&mut *self.client.borrow_mut(), slice, &hive_condition::table())
            .map_err(doing("reading hives"))?
            .into_iter()
            .map(|row| hive_condition::read(row).map_err(doing("reading hives")))
            .collect()
    }

    fn faults(&self, slice: &SliceId) -> Result<Vec<Fault>, Error> {
        rows::select(&mut *self.client.borrow_mut(), slice, &fault::table())
            .map_err(doing("reading faults"))?
            .into_iter()
            .map(|row| fault::read(row).map_err(doing("reading faults")))
            .collect()
    }

    fn queue(&self) -> Result<Vec<QueueEntry>, Error> {
        queue::entries(&mut self.client.borrow_mut()).map_err(doing("reading the queue"))
    }

    fn dequeue(&mut self, slices: &[SliceId]) -> Result<(), Error> {
        let failed = doing("emptying the queue");
        let mut transaction = self.client.get_mut().transaction().map_err(&failed)?;
        for slice in slices {
            let slicehash = queue::slicehash(&mut transaction, slice)?;
            queue::remove(&mut transaction, &slicehash).map_err(&failed)?;
        }
        transaction.commit().map_err(&failed)
    }

    fn journal(&mut self, entry: &JournalEntry) -> Result<(), Error> {
        queue::add_to_journal(self.client.get_mut(), entry)
    }

    fn journal_entries(&self) -> Result<Vec<Journaled>, Error> {
        queue::journal(&mut self.client.borrow_mut()).map_err(doing("reading the journal"))
    }

    fn last_run(&self, end: &SliceId) -> Result<Option<LastRun>, Error> {
        let sql = "SELECT version, inputs, outcome, started, finished, files, cells, faults
                   FROM diskprint_run WHERE osetid = $1 AND appetid = $2 AND sliceid = $3";
        let key: [&(dyn ToSql + Sync); 3] = [&end.osetid, &end.appetid, &end.sliceid];
        Ok(self.query("reading a run", sql, &key, read_run)?.pop())
    }
}

fn read_run(row: &Row) -> Result<LastRun, PostgresError> {
    Ok(LastRun {
        run: Run {
            version: row.try_get(0)?,
            inputs: row.try_get(1)?,
            outcome: row.try_get(2)?,
            started: row.try_get(3)?,
            finished: row.try_get(4)?,
        },
        files: row.try_get::<_, i64>(5)?.cast_unsigned(),
        cells: row.try_get::<_, i64>(6)?.cast_unsigned(),
        faults: row.try_get::<_, i64>(7)?.cast_unsigned(),
    })
}
