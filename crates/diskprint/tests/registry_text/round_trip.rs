//! Every key, value, type and byte comes back from a `.reg` file.

use std::collections::{HashMap, HashSet};

use diskprint::registry_text::reg;
use diskprint_formats::regf::{Hive, Key};
use diskprint_formats::{CodePoint, Name};
use diskprint_testkit::regf::build;
use proptest::prelude::*;

use crate::any_hive::any_hive;
use crate::archive;
use crate::reg_reader::{self, Item};

fn units(name: &Name) -> Vec<u16> {
    let mut units = Vec::new();
    for point in name.code_points() {
        match point {
            CodePoint::Char(c) => units.extend_from_slice(c.encode_utf16(&mut [0; 2])),
            CodePoint::Surrogate(unit) => units.push(unit),
        }
    }
    units
}

const ROOT: &str = "HKEY_USERS\\x";

fn path(key: &Key<'_>) -> Vec<u16> {
    let mut names: Vec<_> = std::iter::successors(Some(*key), Key::parent).collect();
    names.pop();
    let below = names.iter().rev().flat_map(|key| [vec![0x5C], units(&key.name())]);
    ROOT.encode_utf16().chain(below.flatten()).collect()
}

/// Whether a key is one of those that the format cannot hold, by its own name. `names` has the
/// names of the siblings before it.
fn is_lost(name: &Name, names: &mut HashSet<Name>) -> bool {
    let is_double = !names.insert(name.to_upper());
    let is_odd = name.to_str().is_none_or(|text| text.contains(['\0', '\r', '\n', '\\']));
    is_double || is_odd || name.is_empty()
}

/// The items of a hive in order, and whether each can be held.
fn items(hive: &Hive) -> Vec<(bool, Item)> {
    let (mut items, mut names) = (Vec::new(), HashMap::new());
    let mut lost = HashSet::new();
    for key in hive.keys() {
        let is_held = key.parent().is_none_or(|parent| {
            let is_lost = is_lost(&key.name(), names.entry(parent.id()).or_default());
            !is_lost && !lost.contains(&parent.id())
        });
        if !is_held {
            lost.insert(key.id());
        }
        items.push((is_held, Item::Key(path(&key))));
        let mut seen = HashSet::new();
        for value in key.values() {
            let name = value.name();
            let is_text = name.to_str().is_some_and(|name| !name.contains(['\0', '\r', '\n']));
            let is_held = seen.insert(name.to_upper()) && is_text && is_held;
            let item = Item::Value(units(&name), value.value_type(), value.data().into_owned());
            items.push((is_held, item));
        }
    }
    items
}

fn check(name: &str, hive: &Hive) -> u64 {
    let mut out = Vec::new();
    let root = reg::Root::new(ROOT).expect("a root");
    let left_out = reg::write(hive, &root, &mut out).expect("written");
    let (read, expected) = (reg_reader::read(&out), items(hive));
    let differs = read.iter().zip(&expected).find(|(read, expected)| read != expected);
    assert_eq!(differs, None, "{name}");
    assert_eq!(read.len(), expected.len(), "{name}");
    assert_eq!(left_out, expected.iter().filter(|(is_held, _)| !is_held).count() as u64, "{name}");
    left_out
}

proptest! {
    #[test]
    fn any_hive_comes_back_from_its_reg_file(root in any_hive()) {
        check("a hive", &Hive::read(build(&root).bytes).expect("a hive"));
    }
}

#[test]
fn real_hives_come_back_from_their_reg_files() {
    let Some(hives) = archive::members("real-hives.tar.xz") else { return };
    let mut left_out = Vec::new();
    for (name, bytes) in hives {
        let Ok(hive) = Hive::read(bytes) else { continue };
        let count = check(&name, &hive);
        if count > 0 {
            left_out.push((name, count));
        }
    }
    assert_eq!(left_out, []);
}
