//! What other sequences change, too, at the places of a report.

use std::collections::{BTreeSet, HashMap};

use diskprint::SliceId;
use diskprint::report::{Noise, NoisePlace, ReportSlice};

use crate::{Error, Store, column};

/// How many rows are read in the time that one place takes to be looked up: 7 microseconds a row,
/// 80 a place that no other sequence changes, of 80,000 rows in SQLite.
const ROWS_A_LOOKUP: u64 = 12;

/// The slices of each other sequence.
type Others = HashMap<(String, String), BTreeSet<i64>>;

/// Which places of a report the sequences of other applications change, too; `own` is a slice of
/// the report's sequence.
///
/// Either each place is looked up, or all that the others changed is read: what costs less.
///
/// # Errors
/// When the database fails.
pub fn noise(store: &dyn Store, own: &SliceId, slices: &[ReportSlice]) -> Result<Noise, Error> {
    let noise = Noise::at_places_of(slices);
    let others = others(store, own)?;
    let is_other = |id: &SliceId| others.contains_key(&(id.osetid.clone(), id.appetid.clone()));
    let runs = store.last_runs()?.into_iter().filter(|(id, _)| is_other(id));
    let rows = runs.fold(0u64, |sum, (_, run)| sum.saturating_add(run.files + run.cells));
    let lookups = noise.places().count() as u64 * ROWS_A_LOOKUP;
    match rows > lookups && noise.places().all(is_indexed) {
        true => look_up(store, &others, noise),
        false => load(store, &others, noise),
    }
}

/// Looks each place up.
pub(crate) fn look_up(
    store: &dyn Store,
    others: &Others,
    mut noise: Noise,
) -> Result<Noise, Error> {
    noise.look_up(u32::try_from(others.len()).unwrap_or(u32::MAX), |place| {
        let mut found = BTreeSet::new();
        for SliceId { osetid, appetid, sliceid } in store.slices_touching(place)? {
            let sequence = (osetid, appetid);
            if others.get(&sequence).is_some_and(|slices| slices.contains(&sliceid)) {
                found.insert(sequence);
            }
        }
        Ok::<_, Error>(u32::try_from(found.len()).unwrap_or(u32::MAX))
    })?;
    Ok(noise)
}

/// Reads all that the others changed.
pub(crate) fn load(store: &dyn Store, others: &Others, mut noise: Noise) -> Result<Noise, Error> {
    for ((osetid, appetid), slices) in others {
        noise.begin_sequence();
        for sliceid in slices {
            let (osetid, appetid) = (osetid.clone(), appetid.clone());
            let id = SliceId { osetid, appetid, sliceid: *sliceid };
            store.file_deltas(&id)?.iter().for_each(|delta| noise.add_file(delta));
            store.cell_deltas(&id)?.iter().for_each(|delta| noise.add_cell(delta));
        }
    }
    Ok(noise)
}

pub(crate) fn others(store: &dyn Store, own: &SliceId) -> Result<Others, Error> {
    let mut others = Others::new();
    for (osetid, appetid) in store.sequences()? {
        if (&osetid, &appetid) != (&own.osetid, &own.appetid) {
            let slices = store.sequence_ids(&osetid, &appetid)?.into_iter().collect();
            others.insert((osetid, appetid), slices);
        }
    }
    Ok(others)
}

/// Whether databases find the place: names that are no text are in no index.
pub(crate) fn is_indexed(place: &NoisePlace) -> bool {
    let is_text = |name| column::plain(name).is_some();
    match place {
        NoisePlace::File { path, stream } => is_text(path) && stream.iter().all(is_text),
        NoisePlace::Key { path, value } => is_text(path) && value.iter().all(is_text),
        NoisePlace::HiveKey { hive, value, .. } => is_text(hive) && value.iter().all(is_text),
    }
}
