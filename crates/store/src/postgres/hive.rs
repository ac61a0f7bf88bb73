use ::postgres::{Error as PostgresError, Transaction};
use diskprint::SliceId;
use diskprint_formats::Name;

use super::rows::wtf8;
use crate::Error;
use crate::column::{Value, shown};
use crate::error::doing;
use crate::hive::HiveIds;

/// Sets the ids of all `hives`: the ones they have, or new ones in sorted order.
///
/// Table `hive` knows no partitions, so ours beside it tells hives of one path apart. A row
/// without one there was made by the original workflow and is taken for the first that asks. The
/// original's tools may empty `hive` and start its numbers again: a row of ours whose path differs
/// is one of a hive that is gone.
pub(super) fn number(
    transaction: &mut Transaction<'_>,
    slice: &SliceId,
    hives: &mut HiveIds,
    now: &str,
) -> Result<(), Error> {
    for (hive, id) in hives.iter_mut() {
        *id = match known(transaction, slice, hive).map_err(doing("looking for a hive"))? {
            Some(id) => id,
            None => add(transaction, slice, hive, now).map_err(doing("storing a hive"))?,
        };
    }
    Ok(())
}

fn known(
    transaction: &mut Transaction<'_>,
    slice: &SliceId,
    (partition, path): (u32, &Name),
) -> Result<Option<i64>, PostgresError> {
    let row = transaction.query_opt(
        "SELECT hive.hiveid::bigint FROM hive
         JOIN diskprint_hive AS ours ON ours.hiveid = hive.hiveid AND ours.path = hive.hivepath
         WHERE osetid = $1 AND appetid = $2 AND partition = $3 AND path = $4
         AND path_wtf8 IS NOT DISTINCT FROM $5 ORDER BY hive.hiveid LIMIT 1",
        &[
            &slice.osetid,
            &slice.appetid,
            &i64::from(partition),
            &shown(path),
            &wtf8(&Value::from(path)),
        ],
    )?;
    row.map(|row| row.try_get(0)).transpose()
}

fn add(
    transaction: &mut Transaction<'_>,
    slice: &SliceId,
    (partition, path): (u32, &Name),
    now: &str,
) -> Result<i64, PostgresError> {
    let SliceId { osetid, appetid, .. } = slice;
    let adopted = transaction.query_opt(
        "SELECT hiveid::bigint FROM hive WHERE osetid = $1 AND appetid = $2 AND hivepath = $3
         AND NOT EXISTS (SELECT 1 FROM diskprint_hive AS ours
             WHERE ours.hiveid = hive.hiveid AND ours.path = hive.hivepath)
         ORDER BY hiveid LIMIT 1",
        &[osetid, appetid, &shown(path)],
    )?;
    let row = match adopted {
        Some(row) => row,
        None => transaction.query_one(
            "INSERT INTO hive (hivepath, appetid, osetid, datetime_ingested_to_postgres)
             VALUES ($1, $2, $3, $4::text::timestamp) RETURNING hiveid::bigint",
            &[&shown(path), appetid, osetid, &now],
        )?,
    };
    let id: i64 = row.try_get(0)?;
    transaction.execute("DELETE FROM diskprint_hive WHERE hiveid = $1", &[&id])?;
    transaction.execute(
        "INSERT INTO diskprint_hive (hiveid, partition, path, path_wtf8) VALUES ($1, $2, $3, $4)",
        &[&id, &i64::from(partition), &shown(path), &wtf8(&Value::from(path))],
    )?;
    Ok(id)
}
