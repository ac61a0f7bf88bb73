//! Keys and values that no list leads to are found, with the path that they had, and nothing
//! else is.

use diskprint_formats::regf::recovered::{Confidence, Place, Recovered, RecoveredPath};
use diskprint_formats::regf::{Error, Hive};
use diskprint_testkit::regf::{Built, Key, List, Value, build};

const EARLY: u64 = 0x01CE_4B00_0000_0000;
const LATE: u64 = 0x01CE_4C00_0000_0000;

fn read(built: &Built) -> Hive {
    Hive::read(built.bytes.clone()).expect("a key")
}

fn shown(path: &RecoveredPath) -> String {
    let names: Vec<_> = path.names.iter().map(|name| name.to_text()).collect();
    format!("{}\\{}", if path.is_whole { "" } else { "?" }, names.join("\\"))
}

/// A line for each key and value: path, place, confidence, and of values the type and data.
fn lines(found: &Recovered<'_>) -> Vec<String> {
    let keys = found.keys().map(|key| {
        let (path, name) = (shown(&key.parent_path()), key.name());
        let (place, sure) = (key.place().name(), key.confidence().name());
        format!("{path} : {} ({place}, {sure})", name.to_text())
    });
    let values = found.values().map(|value| {
        let (path, name) = (shown(&value.key_path()), value.name());
        let (place, sure) = (value.place().name(), value.confidence().name());
        let data = value.data().map_or("lost".to_owned(), |data| format!("{data:?}"));
        format!("{path} = {} {} {data} ({place}, {sure})", name.to_text(), value.value_type())
    });
    keys.chain(values).collect()
}

/// `a` with three subkeys, `b` with three values.
fn sample() -> Key {
    let leaf = |name: &str| {
        Key::new(name).at(EARLY).value(Value::dword("n", 7)).value(Value::new(
            "bytes",
            3,
            &[1, 2, 3, 4, 5],
        ))
    };
    Key::new("ROOT").with(Key::new("a").with(leaf("x")).with(leaf("y")).with(leaf("z"))).with(
        Key::new("b")
            .value(Value::dword("first", 1))
            .value(Value::dword("second", 2))
            .value(Value::dword("third", 3)),
    )
}

#[test]
fn nothing_is_found_where_nothing_was_deleted() {
    assert_eq!(lines(&read(&build(&sample())).recovered()), Vec::<String>::new());
}

#[test]
fn a_deleted_key_is_found_with_its_values() {
    let mut built = build(&sample());
    built.delete_key(&[0, 1], List::Lf, LATE);
    let hive = read(&built);
    assert_eq!(hive.faults(), []);
    assert!(hive.key("a\\y").is_none());
    assert_eq!(
        lines(&hive.recovered()),
        [
            "\\a : y (free, high)",
            "\\a\\y = n 4 [7, 0, 0, 0] (free, high)",
            "\\a\\y = bytes 3 [1, 2, 3, 4, 5] (free, high)",
        ]
    );
}

#[test]
fn a_deleted_tree_is_found_with_its_paths() {
    let mut built = build(&sample());
    for index in [0, 1, 2] {
        built.delete_key(&[0, index], List::Lf, LATE);
    }
    built.delete_key(&[0], List::Lf, LATE);
    let hive = read(&built);
    let found = hive.recovered();
    let keys: Vec<_> = lines(&found).into_iter().filter(|line| line.contains(" : ")).collect();
    let at = |key: &str| format!("{key} (free, high)");
    assert_eq!(keys, [at("\\ : a"), at("\\a : x"), at("\\a : y"), at("\\a : z")]);
    assert_eq!(found.values().count(), 6);
}

/// The last value of a list stays in the cell of the list, behind what is in use.
#[test]
fn a_deleted_value_is_found_below_its_key() {
    let mut built = build(&sample());
    built.delete_value(&[1], 2, LATE);
    assert_eq!(lines(&read(&built).recovered()), ["\\b = third 4 [3, 0, 0, 0] (free, medium)"]);
    built.delete_value(&[1], 0, LATE);
    assert_eq!(
        lines(&read(&built).recovered()),
        ["?\\ = first 4 [1, 0, 0, 0] (free, low)", "\\b = third 4 [3, 0, 0, 0] (free, medium)"],
        "where its list was used again, nothing says where the value was"
    );
}

#[test]
fn a_parent_that_did_not_change_since_may_be_another_key() {
    let mut built = build(&sample());
    built.delete_key(&[0, 1], List::Lf, EARLY - 1);
    assert_eq!(lines(&read(&built).recovered())[0], "\\a : y (free, medium)");
}

#[test]
fn data_in_use_again_are_lost() {
    let mut built = build(&sample());
    let data = built.follow(built.values[&(vec![0, 1], 1)] + 4 + 8);
    built.delete_key(&[0, 1], List::Lf, LATE);
    // The freed cell becomes that of another value's data.
    built.patch(data, &(-16i32).to_le_bytes());
    let other = built.values[&(vec![0, 2], 1)];
    built.patch(other + 4 + 8, &((data - 4096) as u32).to_le_bytes());
    let lines = lines(&read(&built).recovered());
    assert!(lines.contains(&"\\a\\y = bytes 3 lost (free, low)".to_owned()), "{lines:?}");
}

#[test]
fn what_damage_cuts_off_is_found() {
    let mut built = build(&sample());
    let list = built.follow(built.keys[&vec![0]] + 4 + 28);
    built.patch(list + 4, b"xx");
    let hive = read(&built);
    assert_eq!(hive.key_count(), 3);
    let found = hive.recovered();
    let keys: Vec<_> = lines(&found).into_iter().filter(|line| line.contains(" : ")).collect();
    let at = |key: &str| format!("\\a : {key} (unreferenced, high)");
    assert_eq!(keys, [at("x"), at("y"), at("z")]);
    assert!(found.values().all(|value| value.confidence() == Confidence::High));
    assert_eq!(found.values().count(), 6);
}

#[test]
fn a_key_that_is_its_own_ancestor_has_no_path() {
    let mut built = build(&sample());
    let (x, y) = (built.keys[&vec![0, 0]], built.keys[&vec![0, 1]]);
    built.delete_key(&[0, 1], List::Lf, LATE);
    built.delete_key(&[0, 0], List::Lf, LATE);
    built.patch(x + 4 + 16, &((y - 4096) as u32).to_le_bytes());
    built.patch(y + 4 + 16, &((x - 4096) as u32).to_le_bytes());
    let lines = lines(&read(&built).recovered());
    assert_eq!(lines[..2], ["?\\ : x (free, medium)", "?\\ : y (free, medium)"]);
}

#[test]
fn what_only_looks_like_a_record_is_none() {
    let mut noise = vec![0; 400];
    for at in (0..400).step_by(8) {
        noise[at + 4..at + 6].copy_from_slice(if at % 16 == 0 { b"nk" } else { b"vk" });
        noise[at] = at as u8;
        noise[at + 6] = 0xEE;
        noise[at + 7] = 0xEE;
    }
    let mut built = build(&sample().with(Key::new("c").value(Value::new("noise", 3, &noise))));
    let value = built.values[&(vec![2], 0)];
    let data = built.follow(value + 4 + 8);
    built.free(data);
    built.patch(value + 4 + 4, &0x8000_0000u32.to_le_bytes());
    assert_eq!(lines(&read(&built).recovered()), Vec::<String>::new());
}

#[test]
fn a_hive_without_its_base_block_is_read() {
    let mut built = build(&sample());
    built.bytes[..4096].fill(0);
    let hive = read(&built);
    assert!(matches!(hive.faults()[0].error, Error::Signature { .. }));
    assert_eq!((hive.key_count(), hive.value_count()), (6, 9));
    assert_eq!(hive.recovered().keys().count(), 0);
}

#[test]
fn a_hive_without_its_root_keeps_what_is_left() {
    let mut built = build(&sample());
    let root = built.keys[&vec![]];
    built.patch(root + 4, b"xx");
    let hive = read(&built);
    assert!(hive.faults().iter().any(|fault| matches!(fault.error, Error::RootLost { .. })));
    assert_eq!(hive.root().name().to_text(), "a");
    let found = hive.recovered();
    assert_eq!(lines(&found)[0], "?\\ : b (unreferenced, medium)");
    assert_eq!(found.keys().next().unwrap().place(), Place::Unreferenced);
    assert_eq!(hive.value_count() + found.values().count(), 9);
}
