//! What is wrong with a catalogue: rows that refer to nothing, and slices in no order.

use std::collections::{BTreeMap, BTreeSet};

use super::apply::{Key, State};
use super::change::subject;
use super::{Field, Table};

/// Something that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Wrong {
    /// The rows that it is wrong with.
    pub(super) rows: Vec<(Table, Key)>,
    /// What it is.
    pub(super) what: String,
    /// The row that is referred to and not there.
    pub(super) missing: Option<(Table, Key)>,
}

/// Columns that name a row of another table: table, column, other table.
const REFERENCES: [(Table, &str, Table); 6] = [
    (Table::Os, "vmid", Table::VirtualMachine),
    (Table::VmSetting, "vmid", Table::VirtualMachine),
    (Table::VmSetting, "osetid", Table::Os),
    (Table::Slice, "slicetype", Table::SliceType),
    (Table::Slice, "slicestate", Table::SliceState),
    (Table::Slice, "slicehash", Table::Storage),
];

/// Everything that is wrong, sorted.
pub(super) fn wrong(state: &State) -> BTreeSet<Wrong> {
    let mut all = BTreeSet::new();
    for (table, column, other) in REFERENCES {
        references(state, table, column, other, &mut all);
    }
    slices(state, &mut all);
    all
}

fn references(state: &State, table: Table, column: &str, other: Table, all: &mut BTreeSet<Wrong>) {
    let Some(index) = table.column(column) else { return };
    for (key, row) in state.rows_of(table) {
        let Some(field) = row.get(index).filter(|field| **field != Field::Null) else { continue };
        let missing = (other, vec![field.clone()]);
        if state.has(&missing) {
            continue;
        }
        let known = match other {
            Table::SliceType | Table::SliceState => format!("; known are {}", state.names(other)),
            _ => String::new(),
        };
        let field = match field {
            Field::Text(text) => format!("{text:?}"),
            other => other.to_string(),
        };
        let (what, table_name) = (subject(table, key), other.name());
        all.insert(Wrong {
            rows: vec![(table, key.clone())],
            what: format!("{what}: {column} {field} is not in table {table_name}{known}"),
            missing: Some(missing),
        });
    }
}

fn slices(state: &State, all: &mut BTreeSet<Wrong>) {
    let predecessor = Table::Slice.column("slicepredecessorid");
    let predecessor = |row: &[Field]| row.get(predecessor?)?.number();
    let mut links: BTreeMap<&Key, Vec<Option<i64>>> = BTreeMap::new();
    for (key, row) in state.rows_of(Table::Slice) {
        links.entry(key).or_default().push(predecessor(row));
    }
    let mut next: BTreeMap<Key, Option<Key>> = BTreeMap::new();
    for (key, predecessors) in links {
        let one = |what, missing| Wrong { rows: vec![(Table::Slice, key.clone())], what, missing };
        let name = subject(Table::Slice, key);
        let &[predecessor] = predecessors.as_slice() else {
            let text = |id: &Option<i64>| id.map_or("NULL".into(), |id| id.to_string());
            let list: Vec<String> = predecessors.iter().map(text).collect();
            let (count, list) = (list.len(), list.join(", "));
            let what =
                format!("{name} has {count} rows in table slice, with slicepredecessorid {list}");
            all.insert(one(what, None));
            continue;
        };
        let before = predecessor.map(|id| before(key, id));
        if let (Some(id), Some(before)) = (predecessor, &before)
            && !state.has(&(Table::Slice, before.clone()))
        {
            let what = format!("{name} has slicepredecessorid {id}, which is not in table slice");
            all.insert(one(what, Some((Table::Slice, before.clone()))));
        }
        next.insert(key.clone(), before);
    }
    loops(&next, all);
}

/// The key of the slice `sliceid` in the sequence of the slice `key`.
fn before(key: &Key, sliceid: i64) -> Key {
    std::iter::once(Field::Number(sliceid)).chain(key.iter().skip(1).cloned()).collect()
}

/// How many slices of a ring are named.
const ENOUGH: usize = 20;

/// Finds each ring of predecessors once.
fn loops(next: &BTreeMap<Key, Option<Key>>, all: &mut BTreeSet<Wrong>) {
    let mut seen: BTreeSet<&Key> = BTreeSet::new();
    for start in next.keys() {
        let (mut path, mut at) = (Vec::new(), Some(start));
        while let Some(key) = at.filter(|key| seen.insert(key)) {
            path.push(key);
            at = next.get(key).and_then(Option::as_ref);
        }
        let Some(first) = at.and_then(|at| path.iter().position(|key| *key == at)) else {
            continue;
        };
        let mut ring = path.split_off(first);
        let lowest = ring.iter().min().copied();
        let at = ring.iter().position(|key| Some(*key) == lowest).unwrap_or(0);
        ring.rotate_left(at);
        let name = ring.first().map_or(String::new(), |key| subject(Table::Slice, key));
        let ids = ring.iter().filter_map(|key| key.first()).map(Field::to_string);
        let mut ids: Vec<String> = ids.take(ENOUGH).collect();
        if ring.len() > ENOUGH {
            ids.push(format!("… ({} slices)", ring.len()));
        }
        let ids = ids.join(", ");
        all.insert(Wrong {
            rows: ring.into_iter().map(|key| (Table::Slice, key.clone())).collect(),
            what: format!("slicepredecessorid leads from {name} back to it, through {ids}"),
            missing: None,
        });
    }
}
