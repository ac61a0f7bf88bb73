use ::postgres::{Client, Error as PostgresError, GenericClient, Row};
use diskprint::SliceId;

use super::limits::Limits;
use crate::error::doing;
use crate::{Error, JournalEntry, Journaled, QueueEntry, queue};

/// What table `storage` calls the tarball of a slice, which need not be what the slice's row of
/// ours says.
pub(super) fn slicehash(client: &mut impl GenericClient, id: &SliceId) -> Result<String, Error> {
    let failed = doing("reading a slice");
    let sql = "SELECT slicehash::text FROM slice
               WHERE osetid = $1 AND appetid = $2 AND sliceid = $3::bigint";
    let rows = client.query(sql, &[&id.osetid, &id.appetid, &id.sliceid]).map_err(&failed)?;
    let row = rows.first().ok_or_else(|| Error::UnknownSlice(id.clone()))?;
    let slicehash: Option<String> = row.try_get(0).map_err(&failed)?;
    slicehash.ok_or_else(|| Error::NoTarball(id.clone()))
}

/// Returns the queue, sorted.
pub(super) fn entries(client: &mut Client) -> Result<Vec<QueueEntry>, PostgresError> {
    let sql = "SELECT processqueue.location::text, slicehash::text, osetid::text, appetid::text,
                   sliceid::bigint
               FROM processqueue LEFT JOIN slice USING (slicehash)";
    let read = |row: &Row| {
        let slice = match row.try_get(2)? {
            None => None,
            Some(osetid) => {
                Some(SliceId { osetid, appetid: row.try_get(3)?, sliceid: row.try_get(4)? })
            }
        };
        Ok((row.try_get(0)?, row.try_get(1)?, slice))
    };
    let rows = client.query(sql, &[])?;
    Ok(queue::entries(rows.iter().map(read).collect::<Result<Vec<_>, PostgresError>>()?))
}

/// Takes a tarball out of the queue.
pub(super) fn remove(
    client: &mut impl GenericClient,
    slicehash: &str,
) -> Result<u64, PostgresError> {
    client.execute("DELETE FROM processqueue WHERE slicehash = $1", &[&slicehash])
}

const JOURNAL_TEXTS: [&str; 4] = ["workstatus", "script", "workerid", "outputdir"];

/// Adds a row to the journal. What is too long for its column is cut: a note is not worth a run.
pub(super) fn add_to_journal(client: &mut Client, entry: &JournalEntry) -> Result<(), Error> {
    let limits = Limits::read(client)?.of("workjournal", &JOURNAL_TEXTS);
    let mut texts = entry.texts();
    for (text, limit) in texts.iter_mut().zip(limits) {
        cut(text, limit.unwrap_or(usize::MAX));
    }
    let [status, script, worker, outputdir] = texts;
    client
        .execute(
            "INSERT INTO workjournal (sliceid, statustime, workstatus, script, workerid, outputdir)
             VALUES ($1::bigint, $2::text::timestamp, $3, $4, $5, $6)",
            &[&entry.slice.sliceid, &entry.time, &status, &script, &worker, &outputdir],
        )
        .map_err(doing("writing to the journal"))?;
    Ok(())
}

/// Cuts a text that has more characters than `limit`, and says so.
fn cut(text: &mut String, limit: usize) {
    if text.chars().count() > limit {
        *text = text.chars().take(limit.saturating_sub(1)).chain(['…']).collect();
    }
}

/// Returns the journal in the order of time, rows of one time as they lie in the table.
pub(super) fn journal(client: &mut Client) -> Result<Vec<Journaled>, PostgresError> {
    let sql = "SELECT sliceid::bigint, to_char(statustime, 'YYYY-MM-DD\"T\"HH24:MI:SS.US'),
                   workstatus::text, script::text, workerid::text, outputdir::text
               FROM workjournal ORDER BY statustime NULLS FIRST, ctid";
    let read = |row: &Row| {
        let time: Option<String> = row.try_get(1)?;
        Ok(Journaled {
            sliceid: row.try_get(0)?,
            time: time.map(|time| format!("{}Z", time.trim_end_matches('0').trim_end_matches('.'))),
            status: row.try_get(2)?,
            script: row.try_get(3)?,
            worker: row.try_get(4)?,
            outputdir: row.try_get(5)?,
        })
    };
    client.query(sql, &[])?.iter().map(read).collect()
}
