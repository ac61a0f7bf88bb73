use ::postgres::{Error as PostgresError, Transaction};

use super::limits::{Limits, TooLong};
use crate::error::doing;
use crate::{Error, SliceRow, sequence};

/// Checks that each slice has a type that is known and fits into the original's columns.
pub(super) fn check(transaction: &mut Transaction<'_>, slices: &[SliceRow]) -> Result<(), Error> {
    let limits = Limits::read(transaction)?;
    let mut too_long = TooLong::default();
    for slice in slices {
        let SliceRow { id, slicetype, location, slicehash, .. } = slice;
        for (table, column, text) in [
            ("storage", "location", location),
            ("processqueue", "location", location),
            ("storage", "slicehash", slicehash),
            ("slice", "osetid", &id.osetid),
            ("slice", "appetid", &id.appetid),
        ] {
            limits.check(table, column, text, &mut too_long);
        }
        let sql = "SELECT 1 FROM slicetype WHERE type = $1";
        let known = transaction.query(sql, &[slicetype]).map_err(doing("reading slice types"))?;
        if known.is_empty() {
            let (slice, slicetype) = (id.clone(), slicetype.clone());
            return Err(Error::SliceType { slice, slicetype });
        }
    }
    too_long.result()
}

/// Adds a slice and its tarball, or updates them. No statement leans on a constraint that the
/// original's database might not have.
pub(super) fn register(
    transaction: &mut Transaction<'_>,
    slice: &SliceRow,
    now: &str,
) -> Result<(), PostgresError> {
    let SliceRow { id, slicetype, predecessor, location, slicehash } = slice;
    store_tarball(transaction, location, slicehash)?;
    let updated = transaction.execute(
        "UPDATE slice SET slicetype = $4, slicehash = $5, slicepredecessorid = $6::bigint
         WHERE osetid = $1 AND appetid = $2 AND sliceid = $3::bigint",
        &[&id.osetid, &id.appetid, &id.sliceid, slicetype, slicehash, predecessor],
    )?;
    if updated == 0 {
        transaction.execute(
            "INSERT INTO slice
                 (osetid, appetid, sliceid, slicetype, slicehash, slicepredecessorid, creationdate)
             VALUES ($1, $2, $3::bigint, $4, $5, $6::bigint, $7::text::timestamp)",
            &[&id.osetid, &id.appetid, &id.sliceid, slicetype, slicehash, predecessor, &now],
        )?;
    }
    // Nobody waits for what was at this place before.
    transaction.execute(
        "DELETE FROM processqueue WHERE location = $1 AND slicehash <> $2
             AND NOT EXISTS (SELECT 1 FROM slice WHERE slice.slicehash = processqueue.slicehash)",
        &[location, slicehash],
    )?;
    transaction.execute(
        "INSERT INTO diskprint_location VALUES ($1, $2, $3, $4)
         ON CONFLICT (osetid, appetid, sliceid) DO UPDATE SET location = excluded.location",
        &[&id.osetid, &id.appetid, &id.sliceid, location],
    )?;
    Ok(())
}

fn store_tarball(
    transaction: &mut Transaction<'_>,
    location: &str,
    slicehash: &str,
) -> Result<(), PostgresError> {
    let sql = "SELECT location::text FROM storage WHERE slicehash = $1 LIMIT 1";
    let known: Option<Option<String>> =
        transaction.query_opt(sql, &[&slicehash])?.map(|row| row.try_get(0)).transpose()?;
    let at = match &known {
        Some(Some(known)) => sequence::stored_at(known, location),
        _ => location,
    };
    if known.is_some() {
        let sql = "UPDATE storage SET location = $1 WHERE slicehash = $2";
        transaction.execute(sql, &[&at, &slicehash])?;
    } else {
        // The trigger tells the queue of it.
        let sql = "INSERT INTO storage (location, slicehash) VALUES ($1, $2)";
        transaction.execute(sql, &[&at, &slicehash])?;
    }
    let sql = "UPDATE processqueue SET location = $1 WHERE slicehash = $2";
    transaction.execute(sql, &[&at, &slicehash])?;
    Ok(())
}
