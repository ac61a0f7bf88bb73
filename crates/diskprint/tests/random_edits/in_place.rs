//! Edits in place on copies of real hives: bytes are overwritten where records say that their
//! fields are, and exactly these cells must be told.

use std::collections::{BTreeMap, BTreeSet};

use diskprint_formats::regf::{self, Key, KeyId, Value};
use diskprint_testkit::archive;
use diskprint_testkit::random::{Random, Repeat, seed};
use sha1::{Digest, Sha1};

use crate::answer::{Content, Row, STORAGE_FLAGS, State, VALUE_COMP_NAME, told, units};
use crate::{diff, hive, tree};

/// How many cells of a hive are edited between two states.
const EDITS: usize = 250;
/// Hives below this length in bytes are edited several times.
const SMALL: usize = 3 << 20;

/// A key, or a value by its position in its key.
type Place = (KeyId, Option<usize>);

/// What became of a cell.
#[derive(Debug)]
enum Change {
    Mtime(u64),
    Name(Vec<u16>),
    Kind(u32),
    Data(Vec<u8>),
    /// The bits of the flags that were turned.
    Flags(u16),
}

impl Change {
    fn name(&self) -> &'static str {
        match self {
            Self::Mtime(_) => "mtime",
            Self::Name(_) => "name",
            Self::Kind(_) => "type",
            Self::Data(_) => "data",
            Self::Flags(_) => "flags",
        }
    }
}

type Changes = BTreeMap<Place, Change>;

#[test]
fn edits_in_place_of_real_hives_are_told_and_no_other() {
    let Some(hives) = archive::members("real-hives.tar.xz") else { return };
    let mut counts = BTreeMap::new();
    for (name, bytes) in hives {
        let Ok(tree) = regf::Hive::read(bytes) else { continue };
        if !tree.faults().is_empty() {
            println!("{name}: left out for its faults");
            continue;
        }
        for round in 0..if tree.bytes().len() < SMALL { 4 } else { 1 } {
            let seed = seed(0x2013).wrapping_add(round);
            let _repeat = Repeat(seed);
            edited(&name, &tree, &mut Random::new(seed), &mut counts);
        }
    }
    println!("{counts:#?}");
    assert!(counts.values().all(|count| *count >= 300), "{counts:?}");
    assert_eq!(counts.len(), 8);
}

fn edited(
    name: &str,
    tree: &regf::Hive,
    random: &mut Random,
    counts: &mut BTreeMap<&'static str, usize>,
) {
    let mut bytes = tree.bytes().to_vec();
    let mut changes = Changes::new();
    let places = places(tree);
    for _ in 0..EDITS {
        let place = *random.pick(&places);
        if changes.contains_key(&place) {
            continue;
        }
        let key = tree.key_by_id(place.0).expect("a key");
        let change = match place.1.and_then(|index| key.values().nth(index)) {
            Some(value) => edit_value(&mut bytes, value, random),
            None => edit_key(&mut bytes, key, random),
        };
        if let Some((kind, change)) = change {
            *counts.entry(kind).or_default() += 1;
            changes.insert(place, change);
        }
    }
    let rows = told(&diff(&hive(tree.bytes().to_vec()), &hive(bytes)));
    let expected: Vec<Row> = changes.iter().map(|edit| row(tree, edit, &changes)).collect();
    let missed = expected.iter().find(|row| !rows.contains(row));
    assert!(missed.is_none(), "{name}: missed {missed:#?}");
    let invented = rows.iter().find(|row| !expected.contains(row));
    assert!(invented.is_none() && rows.len() == expected.len(), "{name}: invented {invented:#?}");
}

/// All keys and values of which no byte belongs to another one, too.
fn places(tree: &regf::Hive) -> Vec<Place> {
    let mut starts = BTreeMap::new();
    for value in tree.keys().flat_map(|key| key.values()) {
        let data = value.data_spans().into_iter().filter(|span| span.len > 0);
        for span in data.chain([value.span()]) {
            *starts.entry(span.offset).or_insert(0) += 1;
        }
    }
    let shared: BTreeSet<u64> =
        starts.into_iter().filter(|(_, count)| *count > 1).map(|(start, _)| start).collect();
    let is_own = |value: &Value<'_>| {
        let mut spans = value.data_spans().into_iter().chain([value.span()]);
        !spans.any(|span| shared.contains(&span.offset))
    };
    let places = tree.keys().flat_map(|key| {
        let values: Vec<_> = key.values().enumerate().filter(|(_, value)| is_own(value)).collect();
        let values = values.into_iter().map(move |(index, _)| (key.id(), Some(index)));
        [(key.id(), None)].into_iter().chain(values)
    });
    places.collect()
}

type Edit = (&'static str, Change);

// Source of the offsets: regf spec, "Key node" and "Key value"; 4 bytes of cell size go before.
fn edit_key(bytes: &mut [u8], key: Key<'_>, random: &mut Random) -> Option<Edit> {
    let record = key.span().offset as usize + 4;
    if random.once_in(6) {
        let bit = *random.pick(tree::FLAGS);
        return Some(("flags of a key", turn_flags(bytes, record + 2, bit)));
    }
    if random.once_in(2) {
        let at = record + 4 + random.below(8);
        bytes[at] ^= 1 << random.below(8);
        let mtime = bytes[record + 4..record + 12].try_into().expect("eight bytes");
        return Some(("time of a key", Change::Mtime(u64::from_le_bytes(mtime))));
    }
    let name = other_case(bytes, record + 76, units(&key.name()), key.flags() & 0x20 != 0, random)?;
    Some(("name of a key", Change::Name(name)))
}

fn edit_value(bytes: &mut [u8], value: Value<'_>, random: &mut Random) -> Option<Edit> {
    let record = value.span().offset as usize + 4;
    match random.below(7) {
        0 => {
            let bit = 1 << (1 + random.below(15));
            Some(("flags of a value", turn_flags(bytes, record + 16, bit)))
        }
        1..3 => {
            let at = record + 12 + random.below(4);
            bytes[at] ^= 1 << random.below(8);
            let kind = bytes[record + 12..record + 16].try_into().expect("four bytes");
            Some(("type", Change::Kind(u32::from_le_bytes(kind))))
        }
        3..5 => {
            let compressed = value.flags() & 1 != 0;
            let name = other_case(bytes, record + 20, units(&value.name()), compressed, random)?;
            Some(("name of a value", Change::Name(name)))
        }
        _ => edit_data(bytes, value, random),
    }
}

fn turn_flags(bytes: &mut [u8], at: usize, bit: u16) -> Change {
    let [low, high] = bit.to_le_bytes();
    bytes[at] ^= low;
    bytes[at + 1] ^= high;
    Change::Flags(bit)
}

/// Flips a bit of the data; where they are divided, in any segment.
fn edit_data(bytes: &mut [u8], value: Value<'_>, random: &mut Random) -> Option<Edit> {
    let mut spans = value.data_spans();
    spans.retain(|span| span.len > 0);
    let index = random.below(spans.len().max(1));
    let span = spans.get(index)?;
    let at = random.below(span.len as usize);
    let before: u64 = spans[..index].iter().map(|span| span.len).sum();
    let bit = 1 << random.below(8);
    bytes[span.offset as usize + at] ^= bit;
    let mut data = value.data().into_owned();
    data[before as usize + at] ^= bit;
    let kind = if value.is_resident() { "data in the record" } else { "data in cells" };
    Some((kind, Change::Data(data)))
}

/// Gives one ASCII letter of the name at `start` the other case and returns the new name.
fn other_case(
    bytes: &mut [u8],
    start: usize,
    mut name: Vec<u16>,
    compressed: bool,
    random: &mut Random,
) -> Option<Vec<u16>> {
    let is_letter = |unit: u16| u8::try_from(unit).is_ok_and(|byte| byte.is_ascii_alphabetic());
    let letters: Vec<usize> = (0..name.len()).filter(|at| is_letter(name[*at])).collect();
    let at = *letters.get(random.below(letters.len().max(1)))?;
    let unit_len = if compressed { 1 } else { 2 };
    bytes[start + at * unit_len] ^= 0x20;
    name[at] ^= 0x20;
    Some(name)
}

/// The row that the edit of one cell must give.
fn row(tree: &regf::Hive, (place, change): (&Place, &Change), changes: &Changes) -> Row {
    Row {
        before: Some(state(tree, *place, &Changes::new())),
        after: Some(state(tree, *place, changes)),
        changes: vec![change.name()],
    }
}

/// What a row says of a cell after `changes`.
fn state(tree: &regf::Hive, place: Place, changes: &Changes) -> State {
    let key = tree.key_by_id(place.0).expect("a key");
    let mut names: Vec<_> =
        std::iter::successors(Some(key), Key::parent).map(|key| key_name(&key, changes)).collect();
    let root = names.pop().expect("a root");
    names.reverse();
    let (parent_mtime, content) = match place.1.and_then(|index| key.values().nth(index)) {
        Some(value) => (mtime(&key, changes), value_content(value, changes.get(&place))),
        None => {
            let class = key.class().as_ref().map(units);
            let parent = key.parent().map_or(0, |parent| mtime(&parent, changes));
            let security = key.security().map(|security| Sha1::digest(security.bytes()).into());
            let content = Content::Key {
                mtime: mtime(&key, changes),
                class,
                security: security.unwrap_or_default(),
                flags: flags(&key, changes),
            };
            (parent, content)
        }
    };
    State { root, path: names, parent_mtime, content }
}

fn key_name(key: &Key<'_>, changes: &Changes) -> Vec<u16> {
    match changes.get(&(key.id(), None)) {
        Some(Change::Name(name)) => name.clone(),
        _ => units(&key.name()),
    }
}

fn mtime(key: &Key<'_>, changes: &Changes) -> u64 {
    match changes.get(&(key.id(), None)) {
        Some(Change::Mtime(mtime)) => *mtime,
        _ => key.mtime().0,
    }
}

/// The flags, with those above them that no edit changes.
fn flags(key: &Key<'_>, changes: &Changes) -> u64 {
    let turned = match changes.get(&(key.id(), None)) {
        Some(Change::Flags(bit)) => *bit,
        _ => 0,
    };
    let extra = key.extra_bits();
    let bytes = [extra.control, extra.debug, extra.layer, extra.access_bits];
    let extra = bytes.into_iter().rev().fold(0, |bits, byte| bits << 8 | u64::from(byte));
    (extra << 16 | u64::from(key.flags() ^ turned)) & !STORAGE_FLAGS
}

fn value_content(value: Value<'_>, change: Option<&Change>) -> Content {
    let (mut name, mut kind, mut data) =
        (units(&value.name()), value.value_type(), value.data().into_owned());
    let mut flags = value.flags() & !VALUE_COMP_NAME;
    match change {
        Some(Change::Name(new)) => name.clone_from(new),
        Some(Change::Kind(new)) => kind = *new,
        Some(Change::Data(new)) => data.clone_from(new),
        Some(Change::Flags(bit)) => flags ^= bit,
        _ => {}
    }
    Content::Value { name, kind, flags, len: data.len() as u64, sha1: Sha1::digest(&data).into() }
}
