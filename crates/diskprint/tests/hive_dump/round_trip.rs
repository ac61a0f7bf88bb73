//! A hive can be made again from its dump.

use diskprint_formats::regf::{self, Hive, ValueType};
use diskprint_formats::{CodePoint, Name as StoredName};
use diskprint_testkit::regf::{Key, Name, Value, build};
use proptest::prelude::*;

use crate::dump;

/// The UTF-16 units that escaped text stands for.
fn units(text: &str) -> Vec<u16> {
    let mut parts = text.split("\\u{");
    let mut units: Vec<u16> = parts.next().unwrap().encode_utf16().collect();
    for part in parts {
        let (number, rest) = part.split_once('}').unwrap();
        let number = u32::from_str_radix(number, 16).unwrap();
        match char::from_u32(number) {
            Some(c) => units.extend_from_slice(c.encode_utf16(&mut [0; 2])),
            None => units.push(u16::try_from(number).unwrap()),
        }
        units.extend(rest.encode_utf16());
    }
    units
}

/// The names in a path: each `\` that does not begin an escape begins a name.
fn names(path: &str) -> Vec<Vec<u16>> {
    let starts = path.match_indices('\\').map(|(at, _)| at);
    let starts: Vec<usize> = starts.filter(|at| !path[*at..].starts_with("\\u{")).collect();
    let ends = starts.iter().skip(1).copied().chain([path.len()]);
    starts.iter().zip(ends).map(|(start, end)| units(&path[start + 1..end])).collect()
}

/// What stands before the next quotation mark, and what behind it.
fn quoted(text: &str) -> (Vec<u16>, &str) {
    let (inside, rest) = text.split_once('"').unwrap();
    (units(inside), rest)
}

/// Name, type and data of a value's line.
fn value(line: &str) -> (Vec<u16>, u32, Vec<u8>) {
    let (name, rest) = match line.strip_prefix("(Default)") {
        Some(rest) => (Vec::new(), rest),
        None => quoted(line.strip_prefix('"').unwrap()),
    };
    let rest = rest.strip_prefix(' ').unwrap();
    let (kind, rest) = rest.split_once(' ').unwrap();
    let named = (0..12).find(|n| ValueType::from_number(*n).unwrap().constant() == kind);
    let number = |hex: &str| u32::from_str_radix(hex.strip_prefix("0x").unwrap(), 16).unwrap();
    let kind = named.unwrap_or_else(|| number(kind));
    (name, kind, data(kind, rest))
}

fn data(kind: u32, text: &str) -> Vec<u8> {
    if text == "empty" {
        return Vec::new();
    }
    if let Some(hex) = text.strip_prefix("hex ") {
        let hex = hex.split(' ').next().unwrap().as_bytes();
        let byte =
            |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
        return hex.chunks(2).map(byte).collect();
    }
    let text = text.strip_prefix('=').unwrap();
    let hex = || u64::from_str_radix(text[3..].split(' ').next().unwrap(), 16).unwrap();
    let ended = |units: Vec<u16>| -> Vec<u8> {
        units.into_iter().chain([0]).flat_map(u16::to_le_bytes).collect()
    };
    match kind {
        4 => u32::try_from(hex()).unwrap().to_le_bytes().into(),
        5 => u32::try_from(hex()).unwrap().to_be_bytes().into(),
        11 => hex().to_le_bytes().into(),
        7 => {
            let (mut items, mut left) = (Vec::new(), text);
            while let Some(item) = left.strip_prefix(" \"") {
                let (item, rest) = quoted(item);
                items.extend(ended(item));
                left = rest;
            }
            assert_eq!(left, "");
            items.extend([0, 0]);
            items
        }
        1 | 2 | 6 => ended(units(text.strip_prefix(' ').unwrap())),
        _ => panic!("type {kind} as text"),
    }
}

fn stored(name: &StoredName) -> Vec<u16> {
    let mut units = Vec::new();
    for point in name.code_points() {
        match point {
            CodePoint::Char(c) => units.extend_from_slice(c.encode_utf16(&mut [0; 2])),
            CodePoint::Surrogate(unit) => units.push(unit),
        }
    }
    units
}

fn way(key: &regf::Key<'_>) -> Vec<Vec<u16>> {
    let up = std::iter::successors(Some(*key), regf::Key::parent);
    let mut names: Vec<_> = up.map(|key| stored(&key.name())).collect();
    names.reverse();
    names
}

fn check(root: &Key) {
    let bytes = build(root).bytes;
    let text = dump(bytes.clone());
    let hive = Hive::read(bytes).unwrap();
    let is_control = |c: char| c.is_control() && c != '\n';
    assert!(!text.contains(is_control), "{text:?}");
    let mut lines = text.split_terminator('\n');
    for key in hive.keys() {
        let (time, path) = lines.next().unwrap()[1..].split_once("] ").unwrap();
        let mtime = match key.mtime() {
            time if time.is_unset() => "not set".to_owned(),
            time => time.to_string(),
        };
        assert_eq!((time, names(path)), (mtime.as_str(), way(&key)), "{path}");
        if let Some(class) = key.class() {
            let line = lines.next().unwrap().strip_prefix("  class \"").unwrap();
            assert_eq!(quoted(line), (stored(&class), ""), "{line}");
        }
        for stored_value in key.values() {
            let line = lines.next().unwrap().strip_prefix("  ").unwrap();
            let expected = (
                stored(&stored_value.name()),
                stored_value.value_type(),
                stored_value.data().into_owned(),
            );
            assert_eq!(value(line), expected, "{line}");
        }
    }
    assert_eq!(lines.next(), None);
}

fn any_units() -> impl Strategy<Value = Vec<u16>> {
    let odd = "\0\u{1}\t\n\r\u{1F}\u{7F}\u{85}\u{202E}\"\\u{}4\\u{";
    let odd: Vec<u16> = odd.encode_utf16().chain([0xD800, 0xDC00, 0xFFFF]).collect();
    let odd = prop::sample::select(odd);
    prop::collection::vec(prop_oneof![4 => odd, 1 => 0x20..0x7Fu16, 1 => any::<u16>()], 0..8)
}

fn any_value() -> impl Strategy<Value = Value> {
    let bytes = |units: &[u16]| units.iter().flat_map(|unit| unit.to_le_bytes()).collect();
    let wide = any_units().prop_map(move |units| bytes(&units));
    let ended = any_units().prop_map(move |units| bytes(&[&units[..], &[0]].concat()));
    let list = any_units().prop_map(move |units| bytes(&[&units[..], &[0, 0]].concat()));
    let raw = prop::collection::vec(any::<u8>(), 0..10);
    let kind = prop_oneof![6 => 0..13u32, 1 => any::<u32>()];
    (any_units(), kind, prop_oneof![wide, ended, list, raw]).prop_map(|(name, kind, data)| Value {
        name: Name::from_units(name),
        kind,
        data,
    })
}

proptest! {
    #[test]
    fn any_hive_comes_back_from_its_dump(
        names in prop::collection::vec((any_units(), any::<u64>(), prop::option::of(any_units())), 1..6),
        values in prop::collection::vec(any_value(), 0..12),
    ) {
        let mut root = Key::new("R");
        root.values = values;
        for (name, mtime, class) in names {
            let class = class.filter(|class| !class.is_empty());
            let inner = std::mem::replace(&mut root, Key::new("R"));
            root.subkeys.push(Key { class, ..Key::new(Name::from_units(name)) }.at(mtime).with(inner));
            root.subkeys.push(Key::new("u{41}"));
        }
        check(&root);
    }
}

#[test]
fn data_of_any_length_come_back() {
    for len in [1, 255, 256, 257, 40_000] {
        check(&Key::new("R").value(Value::new("big", 3, &vec![0xA5; len])));
    }
}
