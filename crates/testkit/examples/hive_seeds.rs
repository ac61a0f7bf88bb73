//! Makes the seeds of the fuzz targets that read hives, in a folder for each: hives of the test
//! kit, which hold every kind of record, and the small ones among the real hives of the test data.

use std::fs;
use std::path::{Path, PathBuf};

use diskprint_testkit::archive;
use diskprint_testkit::regf::log::{self, Entry};
use diskprint_testkit::regf::{Key, List, Name, Value, build_version};

/// Longer hives make a target slow and teach it nothing.
const MOST_LEN: usize = 300 << 10;
const BASE_BLOCK_LEN: usize = 4096;

fn main() {
    let folder = std::env::args_os().nth(1).map(PathBuf::from);
    let folder = folder.expect("the folder that is to hold the seeds, fuzz/corpus");
    let mut hives: Vec<(String, Vec<u8>)> = Vec::new();
    for list in [List::Li, List::Lf, List::Lh, List::Ri] {
        hives.push((format!("made-{list:?}"), build_version(&root(list), 5).bytes));
    }
    for minor in [3, 5] {
        // Of this length data are one cell in version 1.3, and two segments later.
        let big = Key::new("ROOT").value(Value::new("big", 3, &[0x31; 17_000]));
        hives.push((format!("made-big-{minor}"), build_version(&big, minor).bytes));
    }
    let real = archive::members("real-hives.tar.xz").unwrap_or_default();
    hives.extend(real.into_iter().filter(|(_, bytes)| bytes.len() <= MOST_LEN));
    for (name, bytes) in &hives {
        put(&folder.join("regf_base_block"), name, &bytes[..BASE_BLOCK_LEN]);
        put(&folder.join("regf_walk"), name, bytes);
        put(&folder.join("regf_cells"), name, &bytes[BASE_BLOCK_LEN..]);
    }
    for (name, bytes) in log_seeds() {
        put(&folder.join("regf_logs"), name, &bytes);
    }
    println!("{} hives", hives.len());
}

fn put(folder: &Path, name: &str, bytes: &[u8]) {
    fs::create_dir_all(folder).expect("a folder for the seeds");
    fs::write(folder.join(name), bytes).expect("room for the seeds");
}

/// A hive with two logs, in the form that the target says.
fn log_seeds() -> Vec<(&'static str, Vec<u8>)> {
    let states: Vec<Vec<u8>> = (0..3)
        .map(|n| build_version(&root(List::Lh).value(Value::dword("n", n)), 5).bytes)
        .collect();
    let entry = |n: usize| Entry::between(7 + n as u32, &states[n], &states[n + 1]);
    let dirty = log::with_numbers(&states[0], 8, 7);
    let torn = [vec![0; 512], states[0][512..].to_vec()].concat();
    let new = [log::new_log(&dirty, &[entry(0)]), log::new_log(&dirty, &[entry(1)])];
    let both = log::new_log(&dirty, &[entry(0), entry(1)]);
    let old = log::old_log(&states[0], &states[1], log::OLD, 8);
    vec![
        ("two-logs", log_seed(&dirty, &new[0], &new[1])),
        ("two-entries", log_seed(&dirty, &both, &[])),
        ("no-base-block", log_seed(&torn, &both, &[])),
        ("old", log_seed(&dirty, &old, &[])),
    ]
}

fn log_seed(hive: &[u8], log1: &[u8], log2: &[u8]) -> Vec<u8> {
    let lens = [hive.len() as u32, log1.len() as u32].map(u32::to_le_bytes).concat();
    [&[3, 0], lens.as_slice(), hive, log1, log2].concat()
}

fn root(list: List) -> Key {
    let wide = Name::from_units(vec![0x61, 0xD800, 0x416]);
    let value = |kind: u32, len| Value::new(&format!("v{kind}"), kind, &vec![0x31; len]);
    let values = (0..13).flat_map(|kind| [value(kind, 0), value(kind, 4), value(kind, 9)]);
    let mut root = Key::new("ROOT").with(Key::new("a").with(Key::new("b").value(value(1, 30))));
    root.list = list;
    root.class = Some(vec![0x43, 0x44]);
    root.values = values.collect();
    root.subkeys.extend((0..7).map(|n| Key::new(n.to_string().as_str())));
    root.with(Key::new(wide)).with(Key::new("twin")).with(Key::new("TWIN"))
}
