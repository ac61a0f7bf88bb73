//! Hives that the test kit writes are read back as they were written, and damaged ones end.

use diskprint_formats::regf::recovered::RecoveredValue;
use diskprint_formats::regf::{Error, Fault, Hive, Structure, is_hive};
use diskprint_formats::{Filetime, Name};
use diskprint_testkit::regf::{Built, Key, List, Name as Stored, Value, build, build_version};
use proptest::prelude::*;

fn read(built: &Built) -> Hive {
    Hive::read(built.bytes.clone()).expect("a root key")
}

fn errors(hive: &Hive) -> Vec<&Error> {
    hive.faults().iter().map(|fault| &fault.error).collect()
}

fn name(stored: &Stored) -> Name {
    Name::from_utf16(stored.units.iter().copied())
}

/// Compares all of a written key with what was read.
fn same(written: &Key, read: &diskprint_formats::regf::Key<'_>) {
    assert_eq!(read.name(), name(&written.name));
    assert_eq!(read.mtime(), Filetime(written.mtime));
    assert_eq!(read.class(), written.class.as_ref().map(|c| Name::from_utf16(c.iter().copied())));
    assert_eq!(read.security().unwrap().bytes(), written.security);
    assert_eq!(read.flags() & !0x2C, written.flags);
    assert_eq!(read.values().len(), written.values.len());
    for (written, read) in written.values.iter().zip(read.values()) {
        assert_eq!(read.name(), name(&written.name));
        assert_eq!(read.value_type(), written.kind);
        assert_eq!(read.data(), written.data);
        assert_eq!(read.len(), written.data.len() as u64);
    }
    assert_eq!(read.children().count(), written.subkeys.len());
    for (written, child) in written.subkeys.iter().zip(read.children()) {
        assert_eq!(child.parent().map(|parent| parent.id()), Some(read.id()));
        same(written, &child);
    }
}

fn sample() -> Key {
    let leaf = |name: &str| Key::new(name).value(Value::dword("n", 1));
    Key::new("ROOT")
        .value(Value::string("", "unnamed"))
        .with(Key::new("a").with(leaf("x")).with(leaf("y")))
        .with(Key::new("b").value(Value::new("big", 3, &[7; 40_000])))
}

/// Visits everything, as a consumer would.
fn visit(hive: &Hive) -> usize {
    let keys = hive.keys().map(|key| {
        let values: usize = key.values().map(|v| v.data().len() + v.name().as_bytes().len()).sum();
        let class = key.class().map_or(0, |class| class.as_bytes().len());
        values + class + key.path().as_bytes().len() + key.children().count()
    });
    let recovered = hive.recovered();
    let found =
        recovered.keys().map(|key| key.name().as_bytes().len() + key.parent_path().names.len());
    let data = |value: &RecoveredValue<'_>| value.data().map_or(0, |data| data.len());
    let values = recovered.values().map(|value| data(&value) + value.key_path().names.len());
    keys.sum::<usize>() + found.sum::<usize>() + values.sum::<usize>()
}

fn any_name() -> impl Strategy<Value = Stored> {
    let latin = prop::collection::vec(0..256u16, 0..12).prop_map(Stored::from_units);
    let wide =
        prop::collection::vec(any::<u16>(), 0..12).prop_map(|u| Stored::from_units(u).wide());
    prop_oneof![latin, wide]
}

fn any_value() -> impl Strategy<Value = Value> {
    let data = prop_oneof![
        9 => prop::collection::vec(any::<u8>(), 0..20),
        1 => (any::<u8>(), 16_300..50_000usize).prop_map(|(byte, len)| vec![byte; len]),
    ];
    (any_name(), any::<u32>(), data).prop_map(|(name, kind, data)| Value { name, kind, data })
}

fn any_key() -> impl Strategy<Value = Key> {
    let own = || {
        let values = prop::collection::vec(any_value(), 0..4);
        let class = prop::option::of(prop::collection::vec(any::<u16>(), 1..6));
        let list = prop_oneof![Just(List::Li), Just(List::Lf), Just(List::Lh), Just(List::Ri)];
        let security = prop::collection::vec(any::<u8>(), 0..40);
        let flags = any::<u16>().prop_map(|flags| flags & !0x2C);
        (any_name(), any::<u64>(), class, values, list, security, flags).prop_map(
            |(name, mtime, class, values, list, security, flags)| Key {
                mtime,
                class,
                values,
                list,
                security,
                flags,
                ..Key::new(name)
            },
        )
    };
    own().prop_recursive(4, 24, 7, move |below| {
        (own(), prop::collection::vec(below, 0..7))
            .prop_map(|(key, subkeys)| Key { subkeys, ..key })
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_is_written_is_read_back(root in any_key(), minor in 3..7u32) {
        let hive = read(&build_version(&root, minor));
        prop_assert_eq!(errors(&hive), Vec::<&Error>::new());
        prop_assert!(hive.base_block().checksum_valid && !hive.base_block().is_dirty());
        same(&root, &hive.root());
    }

    #[test]
    fn a_damaged_hive_ends(
        root in any_key(),
        flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..24),
        cut in any::<prop::sample::Index>(),
    ) {
        let mut bytes = build(&root).bytes;
        for (at, byte) in flips {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        if let Ok(hive) = Hive::read(bytes.clone()) {
            visit(&hive);
        }
        bytes.truncate(cut.index(bytes.len()));
        if let Ok(hive) = Hive::read(bytes) {
            visit(&hive);
        }
    }
}

#[test]
fn the_sample_is_a_hive() {
    let built = build(&sample());
    assert!(is_hive(&built.bytes[..512]));
    let hive = read(&built);
    assert_eq!(hive.base_block().file_name, Name::from("test.dat"));
    assert_eq!((hive.key_count(), hive.value_count()), (5, 4));
    let paths: Vec<_> = hive.keys().map(|key| key.path().to_string()).collect();
    assert_eq!(paths, ["", "a", "a\\x", "a\\y", "b"]);
    assert_eq!(hive.key("A\\Y").unwrap().value("N").unwrap().data(), [1, 0, 0, 0].as_slice());
    assert!(hive.key("a\\z").is_none());
    assert_eq!(hive.key("b").unwrap().value("big").unwrap().data_spans().len(), 3);
}

#[test]
fn what_is_no_hive_is_refused() {
    assert!(matches!(Hive::read(vec![]), Err(Error::TooShort { len: 0, .. })));
    assert!(matches!(Hive::read(vec![0; 9000]), Err(Error::Signature { .. })));
    let mut empty = b"regf".to_vec();
    empty.resize(9000, 0);
    assert!(matches!(Hive::read(empty), Err(Error::NoRoot { .. })));
}

#[test]
fn a_wrong_root_offset_is_got_over() {
    let mut built = build(&sample());
    built.patch(36, &0x1230u32.to_le_bytes());
    let hive = read(&built);
    assert!(matches!(errors(&hive)[..], [Error::RootMoved { .. }]));
    assert!(!hive.base_block().checksum_valid && hive.base_block().is_dirty());
    same(&sample(), &hive.root());
}

#[test]
fn a_key_below_itself_is_read_once() {
    let mut built = build(&sample());
    let list = built.follow(built.keys[&vec![0]] + 4 + 28);
    let root = (built.keys[&vec![]] - 4096) as u32;
    built.patch(list + 4 + 4, &root.to_le_bytes());
    let hive = read(&built);
    let [fault] = hive.faults() else { panic!("{:?}", hive.faults()) };
    assert!(matches!(fault.error, Error::KeyTwice { .. }));
    assert_eq!(hive.key_by_id(fault.key.unwrap()).unwrap().path(), Name::from("a"));
    assert_eq!(hive.key_count(), 4);
}

#[test]
fn a_free_cell_in_use_is_read_with_a_fault() {
    let mut built = build(&sample());
    let node = built.keys[&vec![1]];
    let size = i32::from_le_bytes(built.bytes[node..node + 4].try_into().unwrap());
    built.patch(node, &(-size).to_le_bytes());
    let hive = read(&built);
    let free = Structure::KeyNode;
    assert!(matches!(errors(&hive)[..], [Error::CellFree { structure, .. }] if *structure == free));
    same(&sample(), &hive.root());
}

#[test]
fn each_kind_of_damage_is_named_and_the_rest_is_read() {
    let sound = build(&sample());
    let key = |place: &[usize], at: usize| sound.keys[place] + 4 + at;
    let value = |place: &[usize], at: usize| sound.values[&(place.to_vec(), 0)] + 4 + at;
    let big = sound.follow(value(&[1], 8));
    let security = sound.follow(key(&[], 44));
    let cases: [(&str, usize, &[u8], usize, usize); 12] = [
        ("key security at 0x20 begins with", security + 4, b"nk", 5, 4),
        ("is said to have 4294967295 bytes", security + 4 + 16, &[0xFF; 4], 5, 4),
        ("names 0x0 as parent", key(&[0], 16), &[0; 4], 5, 4),
        ("key node at 0x", key(&[0], 0), b"xx", 2, 2),
        ("9 in its subkeys list, which holds 2", key(&[0], 20), &[9], 5, 4),
        ("subkeys list should be at", key(&[0], 28), &[1], 3, 2),
        ("3 in its key values list, which holds", key(&[0, 0], 36), &[3], 5, 4),
        ("key value at 0x", value(&[0, 0], 0), b"xx", 5, 3),
        ("9 bytes of data in 4 bytes", value(&[0, 0], 4), &[9], 5, 4),
        ("big data should be at", big + 4 + 4, &[1], 5, 4),
        ("40000 bytes are stated, 16344 are there", big + 4 + 2, &[1], 5, 4),
        ("says that it is at 0x1", 4096 + 4, &[1], 5, 4),
    ];
    for (text, offset, patch, keys, values) in cases {
        let mut built = sound.clone();
        built.patch(offset, patch);
        let hive = read(&built);
        let found: Vec<_> = errors(&hive).iter().map(ToString::to_string).collect();
        assert!(found.iter().any(|found| found.contains(text)), "{text:?} is not in {found:?}");
        assert_eq!((hive.key_count(), hive.value_count()), (keys, values), "{text}: {found:?}");
    }
}

#[test]
fn deep_keys_end_with_a_fault() {
    let mut chain = Key::new("k");
    for _ in 0..1200 {
        chain = Key::new("k").with(chain);
    }
    let hive = read(&build(&chain));
    assert_eq!(hive.key_count(), 1025);
    assert!(matches!(errors(&hive)[..], [Error::Depth { depth: 1025, .. }]));
}

/// A list that is shorter than its key says has lost something, one that is longer has not.
#[test]
fn a_short_list_is_a_loss() {
    for (count, lost) in [(3, true), (1, false)] {
        let mut built = build(&sample());
        built.patch(built.keys[&vec![0]] + 4 + 20, &[count]);
        let hive = read(&built);
        let [Error::Count { .. }] = errors(&hive)[..] else { panic!("{:?}", errors(&hive)) };
        assert_eq!(!errors(&hive)[0].skipped().is_empty(), lost, "{count}");
    }
}

/// A thousand faults of one key that lies deep: whoever tells of them tells its path with each.
#[test]
fn faults_do_not_multiply_a_long_path() {
    let name = "n".repeat(255);
    let mut chain = Key::new(name.as_str());
    chain.values = (0..2000).map(|n| Value::new(&n.to_string(), 3, &[0; 64])).collect();
    for _ in 0..150 {
        chain = Key::new(name.as_str()).with(chain);
    }
    // Paths may be as long as a hive of this length can have them.
    let mut built = build(&chain.value(Value::new("large", 3, &[0; 6 << 20])));
    let place = vec![0; 150];
    for index in 0..2000 {
        let value = built.values[&(place.clone(), index)];
        built.patch(value + 4 + 8, &0x7FFF_FFF8u32.to_le_bytes());
    }
    let hive = read(&built);
    let path = |fault: &Fault| hive.key_by_id(fault.key.unwrap()).unwrap().path().as_bytes().len();
    let told: usize = hive.faults().iter().map(path).sum();
    assert!(told > 3 << 20 && told <= 4 << 20, "{told}");
    assert_eq!(hive.faults().len() as u64 + hive.more_faults(), 2000);
}

/// Two thousand keys that share one list of five hundred values: a million values.
#[test]
fn shared_cells_do_not_multiply() {
    let mut root = Key::new("r");
    root.values = (0..500).map(|n| Value::dword(&n.to_string(), n)).collect();
    root.values[0].data = vec![1; 60_000];
    root.subkeys = (0..2000).map(|n| Key::new(n.to_string().as_str())).collect();
    let mut built = build_version(&root, 3);
    let list = built.bytes[built.keys[&vec![]] + 4 + 36..][..8].to_vec();
    for index in 0..2000 {
        let node = built.keys[&vec![index]];
        built.patch(node + 4 + 36, &list);
    }
    let hive = read(&built);
    assert!(errors(&hive).iter().any(|error| matches!(error, Error::Overuse { .. })));
    assert!(visit(&hive) < 20 * built.bytes.len());
    assert!(hive.faults().len() <= 1000 && hive.more_faults() > 0);
}
