//! Keys and values that no list in use leads to, and that were not there so before.

use std::collections::HashMap;
use std::sync::Arc;

use diskprint_formats::Name;
use diskprint_formats::regf::recovered::{RecoveredKey, RecoveredPath, RecoveredValue};
use sha1::{Digest, Sha1};

use super::naming::Naming;
use crate::regxml::rendering;
use crate::{Cell, CellKind, Hive, KeyCell, RecoveredCell, ValueCell};

/// Returns the recovered keys and values of `after` that `before` does not have: not with that
/// path, name, and time or data. All of a hive that is new count.
///
/// Sorted by partition, hive path, and offset in the hive.
pub(super) fn recovered(before: &[Hive], after: &[Hive], naming: &Naming) -> Vec<RecoveredCell> {
    let mut found = Vec::new();
    for hive in after {
        let place = (hive.partition, hive.path.to_upper());
        let was = before.iter().find(|old| (old.partition, old.path.to_upper()) == place);
        if was.is_some_and(|was| Arc::ptr_eq(&was.tree, &hive.tree)) {
            continue;
        }
        let mut known: HashMap<Identity, u64> = HashMap::new();
        for cell in was.into_iter().flat_map(of_hive) {
            *known.entry(identity(&cell)).or_default() += 1;
        }
        found.extend(of_hive(hive).filter(|cell| match known.get_mut(&identity(cell)) {
            Some(left) if *left > 0 => {
                *left -= 1;
                false
            }
            _ => true,
        }));
    }
    // The end of a path alone may be that of another place.
    let whole = found.iter_mut().filter(|found| found.is_path_whole);
    whole.for_each(|found| naming.name(&mut found.cell));
    let place =
        |found: &RecoveredCell| (found.cell.partition, found.cell.hive.clone(), found.offset);
    found.sort_by_cached_key(place);
    found
}

/// What makes two recovered cells of two states one: path, whether that is whole, and the record.
type Identity = (Arc<[Name]>, bool, Option<(Name, u32, [u8; 20])>, u64);

fn identity(found: &RecoveredCell) -> Identity {
    let (value, time) = match &found.cell.kind {
        CellKind::Key(key) => (None, key.mtime.0),
        CellKind::Value(value) => {
            (Some((value.name.clone(), value.value_type, value.sha1)), found.is_data_lost.into())
        }
    };
    (found.cell.key.clone(), found.is_path_whole, value, time)
}

/// The recovered cells of one hive, without names that people know.
fn of_hive(hive: &Hive) -> impl Iterator<Item = RecoveredCell> + use<> {
    let all = hive.tree.recovered();
    let keys = all.keys().map(|key| key_cell(hive, &key));
    let values = all.values().map(|value| value_cell(hive, &value));
    keys.chain(values).collect::<Vec<_>>().into_iter()
}

fn key_cell(hive: &Hive, key: &RecoveredKey<'_>) -> RecoveredCell {
    let mut path = key.parent_path();
    path.names.push(key.name());
    let kind = CellKind::Key(KeyCell {
        mtime: key.mtime(),
        flags: key.flags().into(),
        ..KeyCell::default()
    });
    RecoveredCell {
        is_path_whole: path.is_whole,
        cell: cell(hive, path, kind),
        is_data_lost: false,
        offset: key.offset().file_offset(),
        place: key.place(),
        confidence: key.confidence(),
    }
}

fn value_cell(hive: &Hive, value: &RecoveredValue<'_>) -> RecoveredCell {
    let path = value.key_path();
    let found = value.data();
    let data = found.as_deref().unwrap_or_default();
    let kind = CellKind::Value(ValueCell {
        name: value.name(),
        value_type: value.value_type(),
        flags: value.flags(),
        size: data.len() as u64,
        data: (data.len() <= ValueCell::MOST_DATA).then(|| Arc::from(data)),
        sha1: Sha1::digest(data).into(),
        rendered_sha1: rendering::original_sha1(value.value_type(), data),
    });
    RecoveredCell {
        is_path_whole: path.is_whole,
        cell: cell(hive, path, kind),
        is_data_lost: found.is_none(),
        offset: value.offset().file_offset(),
        place: value.place(),
        confidence: value.confidence(),
    }
}

fn cell(hive: &Hive, path: RecoveredPath, kind: CellKind) -> Cell {
    Cell {
        partition: hive.partition,
        hive: hive.path.clone(),
        root: hive.tree.root().name(),
        key: path.names.into(),
        parent_mtime: diskprint_formats::Filetime::default(),
        kind,
        registry_path: None,
        artefact: None,
    }
}
