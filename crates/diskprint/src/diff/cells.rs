mod doubt;

use std::cmp::Ordering;
use std::collections::HashMap;
use std::sync::Arc;

use diskprint_formats::regf::{CellOffset, Key, Value};
use diskprint_formats::{Filetime, Name, SecurityDescriptor};
use sha1::{Digest, Sha1};

use crate::regxml::rendering;
use crate::{Cell, CellChanges, CellDelta, CellKind, Delta, Hive, KeyCell, ValueCell};
use doubt::{Damaged, Doubt, LeftOut};

/// Returns how the keys and values of `after` differ from those of `before`.
///
/// Hives are the same hive when partition and path agree, keys and values when their names agree
/// among siblings, all without regard to case; where several agree they are paired in stored
/// order. A key is altered when its own last-write time, class name, security descriptor, flags or
/// the case of its name differs, a value when its type, its data, its flags or the case of its
/// name does. A hive, key or value that is new or deleted gives a delta for itself and for all
/// below it. Paths as Windows shows them and artefacts are left out, see [`super::snapshots`].
///
/// Where a part of a key could not be read in one state, what only the other one has there is
/// neither new nor deleted and gives no delta.
///
/// Sorted by partition, hive path, key path, a key before its values before its subkeys, names
/// without regard to case first.
pub fn cells(before: &[Hive], after: &[Hive]) -> Vec<CellDelta> {
    compare(before, after).deltas
}

/// What [`cells`] returns, and what it left out.
pub(super) fn compare(before: &[Hive], after: &[Hive]) -> Comparison {
    let mut comparison = Comparison::default();
    for (before, after) in pair_hives(before, after) {
        hive(before, after, &mut comparison);
    }
    comparison
}

/// Differences of keys and values, and keys that could not be compared in full.
#[derive(Default)]
pub(super) struct Comparison {
    pub(super) deltas: Vec<CellDelta>,
    pub(super) doubts: Vec<Doubt>,
}

type Side<'a> = Option<(&'a Hive, Key<'a>)>;

fn pair_hives<'a>(
    before: &'a [Hive],
    after: &'a [Hive],
) -> impl Iterator<Item = (Option<&'a Hive>, Option<&'a Hive>)> {
    let named = |hives: &'a [Hive]| {
        hives.iter().map(|hive| ((hive.partition, hive.path.to_upper()), hive)).collect::<Vec<_>>()
    };
    let (mut before, mut after) = (named(before), named(after));
    let by_place = |a: &((u32, Name), &Hive), b: &((u32, Name), &Hive)| a.0.cmp(&b.0);
    before.sort_by(by_place);
    after.sort_by(by_place);
    merge(before, after, |a, b| a.0.cmp(&b.0))
        .into_iter()
        .map(|(before, after)| (before.map(|(_, hive)| hive), after.map(|(_, hive)| hive)))
}

fn hive(before: Option<&Hive>, after: Option<&Hive>, comparison: &mut Comparison) {
    if let (Some(before), Some(after)) = (before, after)
        && (Arc::ptr_eq(&before.tree, &after.tree) || before.tree.bytes() == after.tree.bytes())
    {
        return;
    }
    let damaged = (Damaged::of(before), Damaged::of(after));
    if let (Some(before), Some(after)) = (before, after)
        && let Some(doubt) = doubt::of_roots((before, &damaged.0), (after, &damaged.1))
    {
        return comparison.doubts.push(doubt);
    }
    let mut securities = Securities::default();
    let mut left = vec![(before.map(|h| (h, h.tree.root())), after.map(|h| (h, h.tree.root())))];
    while let Some((before, after)) = left.pop() {
        key(before, after, &mut securities, &mut comparison.deltas);
        // A key that is on one side alone is so with all below it.
        let mut left_out = match (before, after) {
            (Some((_, before)), Some((_, after))) => {
                LeftOut::new(damaged.0.has(&before), damaged.1.has(&after))
            }
            _ => LeftOut::default(),
        };
        values(before, after, &mut left_out, &mut comparison.deltas);
        let children = pair(subkeys(before), subkeys(after)).into_iter().rev();
        let children = children.filter(|(b, a)| left_out.keeps(b.is_some(), a.is_some()));
        left.extend(children.map(|(b, a)| (below(before, b), below(after, a))));
        comparison.doubts.extend(left_out.doubts(before, after));
    }
}

fn below<'a>(parent: Side<'a>, child: Option<Key<'a>>) -> Side<'a> {
    parent.and_then(|(hive, _)| child.map(|child| (hive, child)))
}

fn subkeys<'a>(side: Side<'a>) -> Vec<(Name, Key<'a>)> {
    let keys = side.into_iter().flat_map(|(_, key)| key.children());
    keys.map(|key| (key.name(), key)).collect()
}

fn key(
    before: Side<'_>,
    after: Side<'_>,
    securities: &mut Securities,
    deltas: &mut Vec<CellDelta>,
) {
    match (before, after) {
        (Some((before_hive, before)), Some((after_hive, after))) => {
            let changes = key_changes(&before, &after, securities);
            if changes != CellChanges::default() {
                let (before, after) = (key_cell(before_hive, before), key_cell(after_hive, after));
                deltas.push(Delta::Altered { before, after, changes });
            }
        }
        (None, Some((hive, key))) => deltas.push(Delta::New(key_cell(hive, key))),
        (Some((hive, key)), None) => deltas.push(Delta::Deleted(key_cell(hive, key))),
        (None, None) => {}
    }
}

fn key_changes(before: &Key<'_>, after: &Key<'_>, securities: &mut Securities) -> CellChanges {
    CellChanges {
        mtime: before.mtime() != after.mtime(),
        class: before.class() != after.class(),
        name: before.stored_name() != after.stored_name() && before.name() != after.name(),
        security: securities.differ(before, after),
        flags: (KeyCell::flags_of(before) ^ KeyCell::flags_of(after)) & KeyCell::COMPARED_FLAGS
            != 0,
        ..CellChanges::default()
    }
}

/// Which pairs of key security items differ, by their offsets before and after: thousands of keys
/// share one.
#[derive(Default)]
struct Securities(HashMap<(CellOffset, CellOffset), bool>);

impl Securities {
    fn differ(&mut self, before: &Key<'_>, after: &Key<'_>) -> bool {
        let pair = (before.security_offset(), after.security_offset());
        *self.0.entry(pair).or_insert_with(|| before.security() != after.security())
    }
}

fn values(before: Side<'_>, after: Side<'_>, left_out: &mut LeftOut, deltas: &mut Vec<CellDelta>) {
    // Each side's path is made once, and only where a value differs.
    let (mut before_cell, mut after_cell) = (ValueCells::new(before), ValueCells::new(after));
    let pairs = changed_values(before, after).into_iter();
    for pair in pairs.filter(|(b, a)| left_out.keeps(b.is_some(), a.is_some())) {
        match pair {
            (Some(before), Some(after)) => {
                let changes = value_changes(&before, &after);
                if changes != CellChanges::default() {
                    let cells = before_cell.make(before).zip(after_cell.make(after));
                    deltas.extend(cells.map(|(b, a)| Delta::Altered {
                        before: b,
                        after: a,
                        changes,
                    }));
                }
            }
            (None, Some(value)) => deltas.extend(after_cell.make(value).map(Delta::New)),
            (Some(value), None) => deltas.extend(before_cell.make(value).map(Delta::Deleted)),
            (None, None) => {}
        }
    }
}

type Pairs<T> = Vec<(Option<T>, Option<T>)>;

/// Pairs the values of two keys. Where both have the same names in the same order, which is the
/// rule, only those that changed are returned.
fn changed_values<'a>(before: Side<'a>, after: Side<'a>) -> Pairs<Value<'a>> {
    let values = |side: Side<'a>| side.into_iter().flat_map(|(_, key)| key.values());
    let names = |side| values(side).map(|value| value.stored_name());
    let same_names = names(before).eq(names(after));
    let both = values(before).zip(values(after));
    let changed = both.filter(|(b, a)| value_changes(b, a) != CellChanges::default());
    let (before, after): (Vec<_>, Vec<_>) = match same_names {
        true => changed.unzip(),
        false => (values(before).collect(), values(after).collect()),
    };
    let named = |values: Vec<Value<'a>>| values.into_iter().map(|value| (value.name(), value));
    pair(named(before).collect(), named(after).collect())
}

fn value_changes(before: &Value<'_>, after: &Value<'_>) -> CellChanges {
    CellChanges {
        kind: before.value_type() != after.value_type(),
        data: before.data() != after.data(),
        flags: (before.flags() ^ after.flags()) & ValueCell::COMPARED_FLAGS != 0,
        name: before.stored_name() != after.stored_name() && before.name() != after.name(),
        ..CellChanges::default()
    }
}

/// Pairs the items of two lists by name without regard to case, sorted by name; items of one name
/// in the order of the lists.
fn pair<T>(before: Vec<(Name, T)>, after: Vec<(Name, T)>) -> Pairs<T> {
    let (before, after) = (sorted(before), sorted(after));
    let pairs = merge(before, after, |a, b| order(&a.0, &b.0)).into_iter();
    pairs.map(|(before, after)| (before.map(|(_, b)| b), after.map(|(_, a)| a))).collect()
}

/// Sorts by name without regard to case; most lists are stored that way.
fn sorted<T>(mut items: Vec<(Name, T)>) -> Vec<(Name, T)> {
    let in_order = items.is_sorted_by(|a, b| order(&a.0, &b.0).is_le());
    if !in_order {
        items.sort_by_cached_key(|(name, _)| name.to_upper());
    }
    items
}

/// Orders names as [`Name::to_upper`] does, without making new ones for plain names.
fn order(a: &Name, b: &Name) -> Ordering {
    if !a.as_bytes().is_ascii() || !b.as_bytes().is_ascii() {
        return a.to_upper().cmp(&b.to_upper());
    }
    let letters = a.as_bytes().iter().map(u8::to_ascii_uppercase);
    letters.cmp(b.as_bytes().iter().map(u8::to_ascii_uppercase))
}

/// Walks two lists sorted by `order` together; equal items meet one by one.
fn merge<T>(
    before: Vec<T>,
    after: Vec<T>,
    order: impl Fn(&T, &T) -> Ordering,
) -> Vec<(Option<T>, Option<T>)> {
    let mut pairs = Vec::with_capacity(before.len().max(after.len()));
    let (mut before, mut after) = (before.into_iter().peekable(), after.into_iter().peekable());
    loop {
        let next = match (before.peek(), after.peek()) {
            (None, None) => return pairs,
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some(before), Some(after)) => order(before, after),
        };
        pairs.push((
            if next.is_le() { before.next() } else { None },
            if next.is_ge() { after.next() } else { None },
        ));
    }
}

/// Names of the keys from below the root to `key`.
fn path(key: Key<'_>) -> Arc<[Name]> {
    let upwards = std::iter::successors(Some(key), Key::parent);
    let mut names: Vec<Name> = upwards.map(|key| key.name()).collect();
    names.pop();
    names.reverse();
    names.into()
}

fn key_cell(hive: &Hive, key: Key<'_>) -> Cell {
    let security = key.security();
    let owner = security.as_ref().and_then(SecurityDescriptor::owner);
    Cell {
        partition: hive.partition,
        hive: hive.path.clone(),
        root: hive.tree.root().name(),
        key: path(key),
        parent_mtime: key.parent().map_or(Filetime::default(), |parent| parent.mtime()),
        kind: CellKind::Key(KeyCell {
            mtime: key.mtime(),
            class: key.class(),
            owner: owner.map(|owner| owner.to_string().into()),
            security_sha1: security.map(|security| Sha1::digest(security.bytes()).into()),
            flags: KeyCell::flags_of(&key),
        }),
        registry_path: None,
        artefact: None,
    }
}

/// Makes the cells of one key's values, which share its path.
struct ValueCells<'a> {
    side: Side<'a>,
    path: Option<Arc<[Name]>>,
}

impl<'a> ValueCells<'a> {
    fn new(side: Side<'a>) -> Self {
        Self { side, path: None }
    }

    /// `None` only where there is no key on this side.
    fn make(&mut self, value: Value<'_>) -> Option<Cell> {
        let (hive, key) = self.side?;
        let path = self.path.get_or_insert_with(|| path(key));
        Some(Cell {
            partition: hive.partition,
            hive: hive.path.clone(),
            root: hive.tree.root().name(),
            key: path.clone(),
            parent_mtime: key.mtime(),
            kind: CellKind::Value(value_cell(value)),
            registry_path: None,
            artefact: None,
        })
    }
}

fn value_cell(value: Value<'_>) -> ValueCell {
    let data = value.data();
    ValueCell {
        name: value.name(),
        value_type: value.value_type(),
        flags: value.flags(),
        size: data.len() as u64,
        data: (data.len() <= ValueCell::MOST_DATA).then(|| Arc::from(&*data)),
        sha1: Sha1::digest(&data).into(),
        rendered_sha1: rendering::original_sha1(value.value_type(), &data),
    }
}

#[cfg(test)]
mod tests;
