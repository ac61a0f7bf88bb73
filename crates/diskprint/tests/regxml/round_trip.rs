//! A hive can be made again from its RegXML.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use diskprint::regxml;
use diskprint_formats::regf::{self, Hive};
use diskprint_testkit::regf::{Key, List, Name, Value, build};
use proptest::prelude::*;

use crate::parse::{Element, parse};

fn written(hive: &Hive) -> String {
    let mut xml = Vec::new();
    regxml::write(hive, &mut xml).unwrap();
    let xml = String::from_utf8(xml).unwrap();
    let forbidden =
        |c: char| matches!(c, '\0'..='\u{8}' | '\u{B}'..='\u{1F}' | '\u{FFFE}'..='\u{FFFF}');
    assert!(!xml.contains(forbidden), "a character that XML 1.0 forbids");
    xml
}

/// A name from an attribute, its escapes undone, as UTF-16.
fn name(element: &Element, label: &str) -> Vec<u16> {
    let text = element.get(label).unwrap_or_default();
    if element.get(&format!("{label}_escaped")) != Some("1") {
        return text.encode_utf16().collect();
    }
    let mut units = Vec::new();
    let mut parts = text.split('\\');
    units.extend(parts.next().unwrap().encode_utf16());
    while let Some(part) = parts.next() {
        match part.strip_prefix('u') {
            Some(rest) => {
                units.push(u16::from_str_radix(&rest[..4], 16).unwrap());
                units.extend(rest[4..].encode_utf16());
            }
            None => {
                assert_eq!(part, "", "a backslash is doubled");
                units.push(0x5C);
                units.extend(parts.next().unwrap().encode_utf16());
            }
        }
    }
    units
}

fn data(value: &Element, kind: u32) -> Vec<u8> {
    let ended = |text: &str| text.encode_utf16().chain([0]).flat_map(u16::to_le_bytes).collect();
    let decode = |text: &str| STANDARD.decode(text).unwrap();
    if let Some(raw) = value.get("raw") {
        return decode(raw);
    }
    let shown = value.get("value").unwrap_or_default();
    match kind {
        _ if value.get("encoding") == Some("base64") => decode(shown),
        1 | 2 | 6 => ended(shown),
        4 => shown.parse::<i32>().unwrap().to_le_bytes().to_vec(),
        5 => shown.parse::<i32>().unwrap().to_be_bytes().to_vec(),
        11 => shown.parse::<i64>().unwrap().to_le_bytes().to_vec(),
        7 => value.all("string").flat_map(|item| ended(&item.text) as Vec<u8>).collect(),
        _ => panic!("type {kind} as text"),
    }
}

fn kind(value: &Element) -> u32 {
    if let Some(number) = value.get("type_number") {
        return number.parse().unwrap();
    }
    let name = value.get("type").unwrap();
    let name = name.strip_prefix("bad-").unwrap_or(name);
    (0..12).find(|number| regf::type_name(*number) == name).unwrap()
}

fn units(name: &diskprint_formats::Name) -> Vec<u16> {
    use diskprint_formats::CodePoint;
    let mut units = Vec::new();
    for point in name.code_points() {
        match point {
            CodePoint::Char(c) => units.extend_from_slice(c.encode_utf16(&mut [0; 2])),
            CodePoint::Surrogate(unit) => units.push(unit),
        }
    }
    units
}

fn same(node: &Element, key: &regf::Key<'_>) {
    assert_eq!(name(node, "name"), units(&key.name()));
    assert_eq!(node.get("class").map(|_| name(node, "class")), key.class().map(|c| units(&c)));
    let mtime = Some(key.mtime()).filter(|time| !time.is_unset()).map(|time| time.to_string());
    assert_eq!(node.mtime(), mtime.as_deref());
    assert_eq!(node.all("value").count(), key.values().len());
    for (element, value) in node.all("value").zip(key.values()) {
        assert_eq!(name(element, "key"), units(&value.name()));
        assert_eq!(element.get("default").is_some(), value.name().is_empty());
        assert_eq!(kind(element), value.value_type(), "{element:?}");
        assert_eq!(data(element, value.value_type()), &*value.data(), "{element:?}");
    }
    assert_eq!(node.all("node").count(), key.children().count());
    node.all("node").zip(key.children()).for_each(|(node, key)| same(node, &key));
}

fn check(root: &Key) {
    let hive = Hive::read(build(root).bytes).unwrap();
    let xml = written(&hive);
    let document = parse(&xml).unwrap_or_else(|error| panic!("{error}: {xml}"));
    same(document.all("node").next().unwrap(), &hive.root());
}

fn any_units() -> impl Strategy<Value = Vec<u16>> {
    let odd = prop::sample::select(vec![
        0, 1, 9, 10, 13, 0x1F, 0x22, 0x26, 0x3C, 0x5C, 0x75, 0xD800, 0xDC00, 0xFFFE, 0xFFFF,
    ]);
    prop::collection::vec(prop_oneof![3 => odd, 2 => 0x20..0x7Fu16, 1 => any::<u16>()], 0..8)
}

fn any_value() -> impl Strategy<Value = Value> {
    let wide = any_units().prop_map(|units| units.iter().flat_map(|u| u.to_le_bytes()).collect());
    let bytes = prop::collection::vec(any::<u8>(), 0..10);
    let kind = prop_oneof![6 => 0..13u32, 1 => any::<u32>()];
    (any_units(), kind, prop_oneof![wide, bytes]).prop_map(|(name, kind, data)| Value {
        name: Name::from_units(name),
        kind,
        data,
    })
}

proptest! {
    #[test]
    fn any_hive_comes_back_from_its_regxml(
        names in prop::collection::vec((any_units(), any::<u64>(), prop::option::of(any_units())), 1..6),
        values in prop::collection::vec(any_value(), 0..12),
    ) {
        let mut root = Key::new("R");
        root.values = values;
        for (name, mtime, class) in names {
            let class = class.filter(|class| !class.is_empty());
            let inner = std::mem::replace(&mut root, Key::new("R"));
            root.subkeys.push(Key { class, ..Key::new(Name::from_units(name)) }.at(mtime).with(inner));
            root.subkeys.push(Key::new("beside"));
        }
        check(&root);
    }
}

#[test]
fn recovered_cells_are_apart_and_say_where_they_were() {
    let leaf = Key::new("y").value(Value::dword("n", 7)).value(Value::string("", "x"));
    let root = Key::new("ROOT").with(Key::new("a").with(Key::new("x")).with(leaf));
    let mut built = build(&root);
    built.delete_key(&[0, 1], List::Lf, 0x01CE_4C00_0000_0000);
    let document = parse(&written(&Hive::read(built.bytes).unwrap())).unwrap();
    assert_eq!(document.in_use("node").count(), 1);
    let shown = |element: &Element| {
        let name = element.get("name").or(element.get("key")).unwrap_or("default");
        let get = |attribute| element.get(attribute).unwrap();
        let value = element.get("value").unwrap_or_default();
        let origin = [get("path"), get("path_whole"), get("place"), get("confidence")].join(" ");
        format!("{} {name} {value} of {origin}", element.tag)
    };
    let apart = document.inner.iter().filter(|element| element.get("alloc") == Some("0"));
    assert_eq!(
        apart.map(shown).collect::<Vec<_>>(),
        [
            r"node y  of \a 1 free high",
            r"value n 7 of \a\y 1 free high",
            r"value default x of \a\y 1 free high"
        ]
    );
}

#[test]
fn big_data_are_written_with_all_their_runs() {
    let root = Key::new("R").value(Value::new("big", 3, &[5; 40_000]));
    check(&root);
    let hive = Hive::read(build(&root).bytes).unwrap();
    let document = parse(&written(&hive)).unwrap();
    let runs = document.all("node").next().unwrap().all("value").next().unwrap().runs();
    let lens: Vec<_> = runs.iter().map(|(_, len)| *len).collect();
    assert_eq!(lens, [27, 16348, 16348, 7316]);
}
