use diskprint::SliceId;
use rusqlite::{Connection, OptionalExtension};

use crate::error::doing;
use crate::{Error, JournalEntry, Journaled, QueueEntry, queue};

/// What table `storage` calls the tarball of a slice.
pub(super) fn slicehash(connection: &Connection, id: &SliceId) -> Result<String, Error> {
    let row: Option<Option<String>> = connection
        .prepare_cached(
            "SELECT slicehash FROM slice WHERE osetid = ? AND appetid = ? AND sliceid = ?",
        )
        .and_then(|mut statement| {
            statement.query_row((&id.osetid, &id.appetid, id.sliceid), |row| row.get(0)).optional()
        })
        .map_err(doing("reading a slice"))?;
    row.ok_or_else(|| Error::UnknownSlice(id.clone()))?.ok_or_else(|| Error::NoTarball(id.clone()))
}

/// Returns the queue, sorted.
pub(super) fn entries(connection: &Connection) -> rusqlite::Result<Vec<QueueEntry>> {
    let mut statement = connection.prepare(
        "SELECT processqueue.location, slicehash, osetid, appetid, sliceid
         FROM processqueue LEFT JOIN slice USING (slicehash)",
    )?;
    let rows = statement.query_map([], |row| {
        let slice = match row.get(2)? {
            None => None,
            Some(osetid) => Some(SliceId { osetid, appetid: row.get(3)?, sliceid: row.get(4)? }),
        };
        Ok((row.get(0)?, row.get(1)?, slice))
    })?;
    Ok(queue::entries(rows.collect::<rusqlite::Result<Vec<_>>>()?))
}

/// Takes a tarball out of the queue.
pub(super) fn remove(connection: &Connection, slicehash: &str) -> rusqlite::Result<usize> {
    connection.prepare_cached("DELETE FROM processqueue WHERE slicehash = ?")?.execute([slicehash])
}

/// Adds a row to the journal.
pub(super) fn add_to_journal(
    connection: &Connection,
    entry: &JournalEntry,
) -> rusqlite::Result<usize> {
    let [status, script, worker, outputdir] = entry.texts();
    connection.execute(
        "INSERT INTO workjournal (sliceid, statustime, workstatus, script, workerid, outputdir)
         VALUES (?, ?, ?, ?, ?, ?)",
        (entry.slice.sliceid, &entry.time, status, script, worker, outputdir),
    )
}

/// Returns the journal in the order of time, rows of one time as they were added.
pub(super) fn journal(connection: &Connection) -> rusqlite::Result<Vec<Journaled>> {
    let mut statement = connection.prepare(
        "SELECT sliceid, statustime, workstatus, script, workerid, outputdir FROM workjournal
         ORDER BY statustime, rowid",
    )?;
    let rows = statement.query_map([], |row| {
        Ok(Journaled {
            sliceid: row.get(0)?,
            time: row.get(1)?,
            status: row.get(2)?,
            script: row.get(3)?,
            worker: row.get(4)?,
            outputdir: row.get(5)?,
        })
    })?;
    rows.collect()
}
