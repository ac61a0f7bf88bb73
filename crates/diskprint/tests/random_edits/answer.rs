//! What a comparison must say, known from the hives as they were written and not from a reader.

use std::collections::{BTreeMap, BTreeSet};

use diskprint::{Cell, CellDelta, CellKind};
use diskprint_formats::{CodePoint, Name};
use diskprint_testkit::regf::{Key, Value};
use sha1::{Digest, Sha1};

use crate::tree::folded;

type Units = Vec<u16>;

/// A key or value with what a row says about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct State {
    /// Name of the root key.
    pub root: Units,
    /// Names of the keys from below the root.
    pub path: Vec<Units>,
    pub parent_mtime: u64,
    pub content: Content,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Content {
    Key { mtime: u64, class: Option<Units>, security: [u8; 20], flags: u64 },
    Value { name: Units, kind: u32, flags: u16, len: u64, sha1: [u8; 20] },
}

impl State {
    fn name(&self) -> &Units {
        match &self.content {
            Content::Key { .. } => self.path.last().unwrap_or(&self.root),
            Content::Value { name, .. } => name,
        }
    }
}

/// One difference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    pub before: Option<State>,
    pub after: Option<State>,
    pub changes: Vec<&'static str>,
}

/// A name in upper case, and how many siblings before it have the same one.
type Step = (Vec<u32>, usize);

/// What makes a cell the same cell in another state; sorted as rows are to come.
type Identity = (Vec<Step>, Option<Step>);

pub type Cells = BTreeMap<Identity, State>;

/// All cells of a hive.
pub fn cells(root: &Key) -> Cells {
    let mut cells = Cells::new();
    let above = State {
        root: root.name.units.clone(),
        path: Vec::new(),
        parent_mtime: 0,
        content: key_content(root),
    };
    gather(root, &[], above, &mut cells);
    cells
}

/// Adds `key`, of which `state` tells, and all below it.
fn gather(key: &Key, steps: &[Step], state: State, cells: &mut Cells) {
    let below = State { parent_mtime: key.mtime, ..state.clone() };
    cells.insert((steps.to_vec(), None), state);
    let mut twins = BTreeMap::new();
    for value in &key.values {
        let step = next(&mut twins, &value.name.units);
        let state = State { content: value_content(value), ..below.clone() };
        cells.insert((steps.to_vec(), Some(step)), state);
    }
    let mut twins = BTreeMap::new();
    for subkey in &key.subkeys {
        let steps = [steps, &[next(&mut twins, &subkey.name.units)]].concat();
        let path = [below.path.as_slice(), std::slice::from_ref(&subkey.name.units)].concat();
        let state = State { path, content: key_content(subkey), ..below.clone() };
        gather(subkey, &steps, state, cells);
    }
}

fn next(twins: &mut BTreeMap<Vec<u32>, usize>, name: &[u16]) -> Step {
    let name = folded(name);
    let count = twins.entry(name.clone()).or_default();
    *count += 1;
    (name, *count)
}

fn key_content(key: &Key) -> Content {
    let security = Sha1::digest(&key.security).into();
    Content::Key { mtime: key.mtime, class: key.class.clone(), security, flags: key.flags.into() }
}

fn value_content(value: &Value) -> Content {
    let len = value.data.len() as u64;
    let sha1 = Sha1::digest(&value.data).into();
    Content::Value { name: value.name.units.clone(), kind: value.kind, flags: 0, len, sha1 }
}

/// All rows, in the order in which they are to come.
pub fn rows(before: &Key, after: &Key) -> Vec<Row> {
    let (before, after) = (cells(before), cells(after));
    let all: BTreeSet<&Identity> = before.keys().chain(after.keys()).collect();
    let row = |identity| row(before.get(identity), after.get(identity));
    all.into_iter().filter_map(row).collect()
}

fn row(before: Option<&State>, after: Option<&State>) -> Option<Row> {
    let changes = match (before, after) {
        (Some(before), Some(after)) => changes(before, after),
        _ => Vec::new(),
    };
    let differ = before.is_none() || after.is_none() || !changes.is_empty();
    differ.then(|| Row { before: before.cloned(), after: after.cloned(), changes })
}

/// Names of what changed, in the order that rows have.
fn changes(before: &State, after: &State) -> Vec<&'static str> {
    let renamed = ("name", before.name() != after.name());
    let flags = match (&before.content, &after.content) {
        (
            Content::Key { mtime, class, security, flags },
            Content::Key {
                mtime: mtime_after,
                class: class_after,
                security: security_after,
                flags: flags_after,
            },
        ) => vec![
            ("mtime", mtime != mtime_after),
            renamed,
            ("class", class != class_after),
            ("security", security != security_after),
            ("flags", flags != flags_after),
        ],
        (
            Content::Value { kind, len, sha1, .. },
            Content::Value { kind: kind_after, len: len_after, sha1: sha1_after, .. },
        ) => {
            let data = ("data", (len, sha1) != (len_after, sha1_after));
            vec![data, ("type", kind != kind_after), renamed]
        }
        _ => unreachable!("a key and a value are never the same cell"),
    };
    flags.into_iter().filter(|(_, differs)| *differs).map(|(name, _)| name).collect()
}

/// The rows of a comparison in the same form.
pub fn told(deltas: &[CellDelta]) -> Vec<Row> {
    let row = |delta: &CellDelta| Row {
        before: delta.before().map(state),
        after: delta.after().map(state),
        changes: delta.changes().map_or_else(Vec::new, |changes| changes.names()),
    };
    deltas.iter().map(row).collect()
}

/// Root of the hive, not to be deleted, name of one byte a character: what the kit sets by itself.
// Source: regf spec, "Key node", "Flags".
pub const STORAGE_FLAGS: u64 = 0x2C;
/// The name has one byte a character.
// Source: regf spec, "Key value", "Flags".
pub const VALUE_COMP_NAME: u16 = 1;

fn state(cell: &Cell) -> State {
    State {
        root: units(&cell.root),
        path: cell.key.iter().map(units).collect(),
        parent_mtime: cell.parent_mtime.0,
        content: match &cell.kind {
            CellKind::Key(key) => Content::Key {
                mtime: key.mtime.0,
                class: key.class.as_ref().map(units),
                security: key.security_sha1.unwrap_or_default(),
                flags: key.flags & !STORAGE_FLAGS,
            },
            CellKind::Value(value) => Content::Value {
                name: units(&value.name),
                kind: value.value_type,
                flags: value.flags & !VALUE_COMP_NAME,
                len: value.size,
                sha1: value.sha1,
            },
        },
    }
}

/// The UTF-16 units of a name.
pub fn units(name: &Name) -> Units {
    let units = |point| match point {
        CodePoint::Char(c) => c.encode_utf16(&mut [0; 2]).to_vec(),
        CodePoint::Surrogate(unit) => vec![unit],
    };
    name.code_points().flat_map(units).collect()
}

/// How often each cell is in a hive, by its path in upper case and its content with its name.
type Bag = BTreeMap<(Vec<Vec<u32>>, Units, Content), i64>;

/// Puts `rows` into effect on the cells of `before`; right rows make those of `after`.
pub fn apply(before: &Key, rows: &[Row]) -> Bag {
    let mut bag = bag(cells(before).values());
    for row in rows {
        count(&mut bag, row.before.iter(), -1);
        count(&mut bag, row.after.iter(), 1);
    }
    bag.retain(|_, count| *count != 0);
    bag
}

/// How often each of `states` is there.
pub fn bag<'a>(states: impl Iterator<Item = &'a State>) -> Bag {
    let mut bag = Bag::new();
    count(&mut bag, states, 1);
    bag
}

fn count<'a>(bag: &mut Bag, states: impl Iterator<Item = &'a State>, by: i64) {
    for state in states {
        let path = state.path.iter().map(|name| folded(name)).collect();
        let place = (path, state.name().clone(), state.content.clone());
        *bag.entry(place).or_default() += by;
    }
}
