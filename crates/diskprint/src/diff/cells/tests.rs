use std::collections::{BTreeMap, BTreeSet};

use diskprint_formats::regf;
use diskprint_testkit::regf::{Key, Value, build};
use proptest::prelude::*;

use super::*;
use crate::Digests;

fn hive(path: &str, root: &Key) -> Hive {
    let bytes = build(root).bytes;
    let digests = Digests::of(&bytes);
    let tree = Arc::new(regf::Hive::read(bytes).unwrap());
    Hive { partition: 1, path: path.into(), digests, tree, report: Arc::default() }
}

fn diff(before: &Key, after: &Key) -> Vec<String> {
    shown(&cells(&[hive("h", before)], &[hive("h", after)]))
}

/// One line a row: action, kind, path, changes.
fn shown(deltas: &[CellDelta]) -> Vec<String> {
    let line = |delta: &CellDelta| {
        let cell = delta.latest();
        let kind = if cell.value().is_some() { "value" } else { "key" };
        let changes =
            delta.changes().map_or(String::new(), |c| format!(" {}", c.names().join(",")));
        format!("{} {kind} {}{changes}", delta.action(), cell.cellpath())
    };
    deltas.iter().map(line).collect()
}

fn key(name: &str) -> Key {
    Key::new(name)
}

#[test]
fn a_key_and_a_value_of_one_name_do_not_meet() {
    let tree = |number| {
        let keys = key("R").with(key("n").with(key("x")));
        keys.value(Value::dword("n", number))
            .value(Value::dword("", 1))
            .value(Value::dword("Default", 2))
    };
    assert_eq!(diff(&tree(1), &tree(1)), [] as [&str; 0]);
    assert_eq!(diff(&tree(1), &tree(2)), [r"altered value \R\n data"]);
}

#[test]
fn names_agree_without_case_and_a_new_case_is_a_change() {
    let before = key("R").with(key("Soft")).value(Value::dword("One", 1));
    let after = key("R").with(key("SOFT")).value(Value::dword("ONE", 1));
    assert_eq!(diff(&before, &after), [r"altered value \R\ONE name", r"altered key \R\SOFT name"]);
}

#[test]
fn a_parents_time_alone_is_no_difference() {
    let tree = |mtime| key("R").with(key("a").at(mtime).with(key("b")).value(Value::dword("v", 1)));
    assert_eq!(diff(&tree(1), &tree(2)), [r"altered key \R\a mtime"]);
}

#[test]
fn siblings_of_one_name_meet_in_stored_order() {
    let tree = |numbers: &[u32]| {
        let twins = numbers.iter().map(|n| key("twin").value(Value::dword("n", *n)));
        twins.fold(key("R"), Key::with)
    };
    assert_eq!(diff(&tree(&[1, 2]), &tree(&[1, 3])), [r"altered value \R\twin\n data"]);
    assert_eq!(
        diff(&tree(&[1, 2]), &tree(&[1])),
        [r"deleted key \R\twin", r"deleted value \R\twin\n"]
    );
}

#[test]
fn types_and_classes_are_compared() {
    let before = key("R").value(Value::new("v", 1, b"1\0\0\0"));
    let after = Key { class: Some(vec![0x43]), ..key("R") }.value(Value::new("v", 4, b"1\0\0\0"));
    assert_eq!(diff(&before, &after), [r"altered key \R class", r"altered value \R\v type"]);
}

#[test]
fn a_hive_that_comes_or_goes_gives_all_its_cells() {
    let tree = key("R").with(key("a")).value(Value::dword("", 1));
    let user = [hive("Users/carol/NTUSER.DAT", &tree)];
    let rows = [r"new key \R", r"new value \R\Default", r"new key \R\a"];
    assert_eq!(shown(&cells(&[], &user)), rows);
    let rows = rows.map(|row| row.replace("new", "deleted"));
    assert_eq!(shown(&cells(&user, &[])), rows);
}

#[test]
fn hives_meet_by_partition_and_path_without_case() {
    let tree = |number| key("R").value(Value::dword("v", number));
    let on = |partition, path, number| Hive { partition, ..hive(path, &tree(number)) };
    let before = [on(1, "b", 1), on(2, "a", 2), on(1, "A", 3), on(1, "a", 4)];
    let after = [on(1, "a", 3), on(1, "B", 1), on(1, "a", 5), on(2, "a", 7)];
    let deltas = cells(&before, &after);
    let numbers: Vec<_> = deltas
        .iter()
        .map(|delta| {
            let number = |cell: Option<&Cell>| cell?.value()?.data.as_deref().map(|data| data[0]);
            (delta.latest().partition, number(delta.before()), number(delta.after()))
        })
        .collect();
    assert_eq!(numbers, [(1, Some(4), Some(5)), (2, Some(2), Some(7))]);
}

type Model = BTreeMap<(String, bool), String>;

/// Every cell by path and kind, with all that makes it differ.
fn model(key: &Key, path: &str, cells: &mut Model) {
    let text = |units: &[u16]| String::from_utf16(units).unwrap();
    let path = format!("{path}\\{}", text(&key.name.units));
    cells.insert((path.clone(), true), format!("{} {:?}", key.mtime, key.class));
    for value in &key.values {
        let name = text(&value.name.units);
        let name = if name.is_empty() { "Default".to_owned() } else { name };
        cells
            .insert((format!("{path}\\{name}"), false), format!("{} {:?}", value.kind, value.data));
    }
    key.subkeys.iter().for_each(|subkey| model(subkey, &path, cells));
}

/// Trees whose siblings have different names, out of few, so that two trees share many.
fn any_tree() -> impl Strategy<Value = Key> {
    let names = |most| prop::sample::subsequence(vec!["", "a", "b", "c", "d"], 0..=most);
    let own = move || {
        let data = prop::sample::select(vec![vec![], vec![1], vec![1, 2, 3, 4, 5]]);
        let values = names(4).prop_flat_map(move |names| {
            let data = prop::collection::vec((1..3u32, data.clone()), names.len());
            (Just(names), data).prop_map(|(names, data)| {
                let values = names.iter().zip(data);
                values.map(|(name, (kind, data))| Value::new(name, kind, &data)).collect::<Vec<_>>()
            })
        });
        (1..3u64, values).prop_map(|(mtime, values)| Key { values, ..key("R").at(mtime) })
    };
    let tree = own().prop_recursive(3, 20, 4, move |below| {
        (own(), names(4), prop::collection::vec(below, 4), any::<bool>()).prop_map(
            |(mut parent, names, below, reversed)| {
                for (name, child) in names.iter().filter(|name| !name.is_empty()).zip(below) {
                    parent.subkeys.push(Key { name: (*name).into(), ..child });
                }
                if reversed {
                    parent.subkeys.reverse();
                }
                parent
            },
        )
    });
    tree.prop_map(|root| Key { name: "R".into(), ..root })
}

proptest! {
    #[test]
    fn a_hive_does_not_differ_from_itself(tree in any_tree()) {
        // Another time in the base block, so that the files differ.
        let mut bytes = build(&tree).bytes;
        bytes[12] ^= 1;
        let again = regf::Hive::read(bytes.clone()).unwrap();
        let again = Hive { digests: Digests::of(&bytes), tree: Arc::new(again), ..hive("h", &tree) };
        prop_assert_eq!(cells(&[hive("h", &tree)], &[again]), []);
    }

    #[test]
    fn all_that_differs_is_told_and_nothing_else(before in any_tree(), after in any_tree()) {
        let (mut old, mut new) = (Model::new(), Model::new());
        model(&before, "", &mut old);
        model(&after, "", &mut new);
        let places: BTreeSet<_> = old.keys().chain(new.keys()).collect();
        let expected: BTreeSet<_> = places
            .into_iter()
            .filter(|place| old.get(place) != new.get(place))
            .map(|place| (place.clone(), old.contains_key(place), new.contains_key(place)))
            .collect();
        let deltas = cells(&[hive("h", &before)], &[hive("h", &after)]);
        let found = deltas.iter().map(|delta| {
            let cell = delta.latest();
            let place = (cell.cellpath().to_string(), cell.value().is_none());
            (place, delta.before().is_some(), delta.after().is_some())
        });
        prop_assert_eq!(found.clone().count(), expected.len());
        prop_assert_eq!(found.collect::<BTreeSet<_>>(), expected);
        let order = |delta: &CellDelta| {
            let cell = delta.latest();
            (cell.key.to_vec(), cell.value().map(|value| value.name.clone()))
        };
        prop_assert!(deltas.iter().map(order).is_sorted());
    }
}
