//! Makes the seeds of the fuzz targets that read hives, in a folder for each: hives of the test
//! kit, which hold every kind of record, and the small ones among the real hives of the test data.

use std::fs;
use std::path::{Path, PathBuf};

use diskprint_testkit::archive;
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
    println!("{} seeds for each target", hives.len());
}

fn put(folder: &Path, name: &str, bytes: &[u8]) {
    fs::create_dir_all(folder).expect("a folder for the seeds");
    fs::write(folder.join(name), bytes).expect("room for the seeds");
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
