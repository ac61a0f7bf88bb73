//! No bytes make a decoder panic, hang or write at length.

use diskprint::artefact::{Entry, HiveKind, MOST_DETAIL, artefact, table};
use diskprint_formats::Name;
use proptest::prelude::*;

/// A path that an entry's pattern admits, with names of the test's own where any will do.
fn path(entry: &Entry, any: &str) -> Vec<Name> {
    let (_, above) = entry.root.hives()[0];
    let steps = above.split('\\').chain(entry.pattern().split('\\'));
    let steps = steps.filter(|step| !step.is_empty() && !step.starts_with('('));
    let names = steps.flat_map(|step| match step {
        "**" => vec![any, "Count"],
        "*" => vec![any],
        ".*" => vec![".txt"],
        "{guid}" => vec!["{83da6326-97a6-4088-9453-a1923f573b29}"],
        "<packed guid>" => vec!["FAD3074EAC3675A49B3E7D4837810B63"],
        "<sid>" => vec!["S-1-5-18"],
        "<hex>" => vec!["000001F4"],
        "ControlSet###" => vec!["ControlSet001"],
        step => vec![step],
    });
    names.map(Name::from).collect()
}

#[test]
fn every_entry_is_found_under_its_own_pattern() {
    for entry in table() {
        let key = path(entry, "any");
        let (kind, _) = entry.root.hives()[0];
        let value = match entry.values {
            diskprint::artefact::Values::All => None,
            diskprint::artefact::Values::Named(names) => Some(Name::from(names[0])),
        };
        let found = artefact(kind, &key, value.as_ref().map(|name| (name, 1, &[][..])));
        let found = found.unwrap_or_else(|| panic!("{entry:?} is not found as {key:?}"));
        assert_eq!((&*found.kind, &*found.what), (entry.kind, entry.what), "{key:?}");
    }
}

fn data() -> impl Strategy<Value = Vec<u8>> {
    let marks: [&[u8]; 8] = [
        b"DMIO:ID:",
        &[0xEF, 0xBE, 0xAD, 0xDE],
        &[52, 0, 0, 0],
        b"10ts",
        &[3, 0, 0, 0],
        &[20, 0, 0x1F, 0x50],
        &[0x19, 0, 0x2F, b'C', b':', b'\\', 0],
        &[0x40, 0, 0x31, 0],
    ];
    let mark = prop::sample::select(marks.to_vec());
    let part = prop_oneof![
        mark.prop_map(<[u8]>::to_vec),
        prop::collection::vec(any::<u8>(), 0..80),
        Just(vec![0; 48]),
        Just(vec![0xFF; 8]),
    ];
    prop::collection::vec(part, 0..6).prop_map(|parts| parts.concat())
}

proptest! {
    #[test]
    fn any_data_at_any_place(
        index in any::<prop::sample::Index>(),
        any in "[a-zA-Z0-9{}\\-]{0,12}",
        name in prop_oneof![".{0,20}", Just("F".to_owned()), Just("V".to_owned()), Just("MRUListEx".to_owned()), Just("AppCompatCache".to_owned()), Just("DynamicInfo".to_owned()), "[0-9]"],
        value_type in prop_oneof![0..12u32, any::<u32>()],
        data in data(),
    ) {
        let entries: Vec<_> = table().collect();
        let entry = index.get(&entries);
        let key = path(entry, &any);
        for (kind, _) in entry.root.hives() {
            let found = artefact(*kind, &key, Some((&Name::from(&*name), value_type, &data)));
            let detail = found.and_then(|found| found.detail).unwrap_or_default();
            prop_assert!(detail.chars().count() <= MOST_DETAIL + 1);
        }
    }

    #[test]
    fn any_names_at_all(
        key in prop::collection::vec(prop::collection::vec(any::<u16>(), 0..12), 0..8),
        units in prop::collection::vec(any::<u16>(), 0..40),
    ) {
        let key: Vec<_> = key.into_iter().map(Name::from_utf16).collect();
        let name = Name::from_utf16(units);
        for kind in [HiveKind::Software, HiveKind::UsrClass, HiveKind::NtUser, HiveKind::Bcd] {
            artefact(kind, &key, Some((&name, 3, &[0; 16])));
        }
    }
}

#[test]
fn long_and_deep_paths_are_cut() {
    let long = Name::from(&*"x".repeat(30_000));
    let mut key = path(table().find(|entry| entry.what == "CLSID").unwrap(), "any");
    key.extend(std::iter::repeat_n(long.clone(), 512));
    let data = vec![b'A'; 60_000];
    let found = artefact(HiveKind::Software, &key, Some((&long, 1, &data))).unwrap();
    assert_eq!(found.detail.unwrap().chars().count(), MOST_DETAIL + 1);
}
