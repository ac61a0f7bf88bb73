use diskprint::SliceId;
use diskprint_formats::Name;
use rusqlite::{Connection, OptionalExtension};

use crate::Error;
use crate::column::{Value, shown};
use crate::error::doing;
use crate::hive::HiveIds;

/// Sets the ids of all `hives`: the ones they have, or new ones in sorted order.
///
/// Table `hive` knows no partitions, so ours beside it tells hives of one path apart. A row
/// without one there was made by the original workflow and is taken for the first that asks.
pub(crate) fn number(
    connection: &Connection,
    slice: &SliceId,
    hives: &mut HiveIds,
    now: &str,
) -> Result<(), Error> {
    for (hive, id) in hives.iter_mut() {
        *id = match known(connection, slice, hive).map_err(doing("looking for a hive"))? {
            Some(id) => id,
            None => add(connection, slice, hive, now).map_err(doing("storing a hive"))?,
        };
    }
    Ok(())
}

fn known(
    connection: &Connection,
    slice: &SliceId,
    (partition, path): (u32, &Name),
) -> rusqlite::Result<Option<i64>> {
    connection
        .prepare_cached(
            "SELECT hiveid FROM hive JOIN diskprint_hive USING (hiveid)
             WHERE osetid = ? AND appetid = ? AND partition = ? AND path = ?
             ORDER BY hiveid LIMIT 1",
        )?
        .query_row((&slice.osetid, &slice.appetid, partition, Value::from(path)), |row| row.get(0))
        .optional()
}

fn add(
    connection: &Connection,
    slice: &SliceId,
    (partition, path): (u32, &Name),
    now: &str,
) -> rusqlite::Result<i64> {
    let SliceId { osetid, appetid, .. } = slice;
    let adopted: Option<i64> = connection
        .prepare_cached(
            "SELECT hiveid FROM hive WHERE osetid = ? AND appetid = ? AND hivepath = ?
             AND hiveid NOT IN (SELECT hiveid FROM diskprint_hive) ORDER BY hiveid LIMIT 1",
        )?
        .query_row((osetid, appetid, shown(path)), |row| row.get(0))
        .optional()?;
    let id = match adopted {
        Some(id) => id,
        None => connection
            .prepare_cached(
                "INSERT INTO hive (hivepath, appetid, osetid, datetime_ingested_to_postgres)
                 VALUES (?, ?, ?, ?) RETURNING hiveid",
            )?
            .query_row((shown(path), appetid, osetid, now), |row| row.get(0))?,
    };
    connection.execute(
        "INSERT INTO diskprint_hive (hiveid, partition, path) VALUES (?, ?, ?)",
        (id, partition, Value::from(path)),
    )?;
    Ok(id)
}
