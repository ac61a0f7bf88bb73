//! Hives of any names, values and times.

use std::ops::Range;

use diskprint_testkit::regf::{Key, Name, Value};
use proptest::prelude::*;

fn any_units(len: Range<usize>) -> impl Strategy<Value = Vec<u16>> {
    let odd = "\0\u{1}\t\n\r\u{1F}\u{7F}\u{202E}\"\\]u{}4\\u{x;@=,";
    let odd: Vec<u16> = odd.encode_utf16().chain([0xD800, 0xDC00, 0xFFFF]).collect();
    let odd = prop::sample::select(odd);
    prop::collection::vec(prop_oneof![4 => odd, 1 => 0x20..0x7Fu16, 1 => any::<u16>()], len)
}

/// A name; one of a single byte a character has none of those that are read in two ways.
fn any_name(len: Range<usize>) -> impl Strategy<Value = Name> {
    any_units(len).prop_map(|units| {
        let name = Name::from_units(units);
        if name.units.iter().any(|unit| (0x80..0xA0).contains(unit)) { name.wide() } else { name }
    })
}

fn any_value() -> impl Strategy<Value = Value> {
    let bytes = |units: &[u16]| units.iter().flat_map(|unit| unit.to_le_bytes()).collect();
    let wide = any_units(0..8).prop_map(move |units| bytes(&units));
    let ended = any_units(0..8).prop_map(move |units| bytes(&[&units[..], &[0]].concat()));
    let list = any_units(0..8).prop_map(move |units| bytes(&[&units[..], &[0, 0]].concat()));
    let raw = prop::collection::vec(any::<u8>(), 0..10);
    let long = prop::collection::vec(any::<u8>(), 0..200);
    let kind = prop_oneof![6 => 0..13u32, 1 => any::<u32>()];
    let data = prop_oneof![4 => wide, 4 => ended, 4 => list, 4 => raw, 1 => long];
    (any_name(0..6), kind, data).prop_map(|(name, kind, data)| Value { name, kind, data })
}

/// A time that Parse::Win32Registry can show, in tenths of a second.
fn any_time() -> impl Strategy<Value = u64> {
    prop_oneof![1 => Just(0u64), 9 => (116_444_736_000..137_919_572_470u64).prop_map(|t| t * 1_000_000)]
}

/// The root key of any hive.
pub fn any_hive() -> impl Strategy<Value = Key> {
    let class = prop::option::of(any_units(1..6));
    let key = (any_name(0..5), any_time(), class, prop::collection::vec(any_value(), 0..6));
    prop::collection::vec((key, 0..3u8), 1..12).prop_map(|keys| {
        let mut root = Key::new("R");
        for ((name, mtime, class, values), depth) in keys {
            let mut at = &mut root;
            for _ in 0..depth {
                at = match at.subkeys.is_empty() {
                    true => at,
                    false => at.subkeys.last_mut().expect("not empty"),
                };
            }
            at.subkeys.push(Key { class, values, ..Key::new(name).at(mtime) });
        }
        root
    })
}
