//! Every real hive that libhivex opens has the same keys and values here: names, order, times,
//! types and every byte of the data.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::process::Command;

use diskprint_formats::regf::{Hive, Key, Value};
use diskprint_formats::{CodePoint, Name};
use diskprint_testkit::{archive, need};
use sha1::{Digest, Sha1};

/// Prints what libhivex finds in a hive; it says in which form.
const WALK: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/libhivex/walk.py");

#[test]
fn real_hives_read_as_libhivex_reads_them() {
    let Some(python) = need::program("python3") else { return };
    // It comes with the library.
    let Some(_) = need::program("hivexml") else { return };
    let Some(mut hives) = archive::members("real-hives.tar.xz") else { return };
    let Some(golden) = archive::members("upstream-golden/hives.tar.xz") else { return };
    hives.extend(golden);
    let mut counts = BTreeMap::new();
    let mut count = |what| *counts.entry(what).or_insert(0usize) += 1;
    let mut refused = Vec::new();
    for (name, bytes) in hives {
        let Some(theirs) = walk(&python, &bytes) else {
            refused.push(name);
            continue;
        };
        count("hives");
        let ours = lines(&Hive::read(bytes).expect("a root key"));
        for (number, (ours, theirs)) in ours.iter().zip(&theirs).enumerate() {
            count(if theirs.starts_with('K') { "keys" } else { "values" });
            assert_eq!(ours, theirs, "{name}, line {}", number + 1);
        }
        assert_eq!(ours.len(), theirs.len(), "{name}");
    }
    println!("{counts:?}, refused by libhivex: {refused:?}");
    // One is damaged, the others are transaction logs.
    refused.retain(|name| !name.contains(".log"));
    assert_eq!(refused, ["corrupted_system_hive"]);
    assert!(counts["keys"] > 100_000 && counts["values"] > 250_000);
}

/// The cells that libhivex finds, one a line; `None` when it does not open the hive.
fn walk(python: &Path, bytes: &[u8]) -> Option<Vec<String>> {
    let mut file = tempfile::NamedTempFile::new().expect("a file");
    file.write_all(bytes).expect("room");
    let output = Command::new(python).arg(WALK).arg(file.path()).output().expect("python");
    let said = String::from_utf8(output.stderr).expect("text");
    assert!(output.status.success() || said.starts_with("libhivex does not open it"), "{said}");
    let lines = String::from_utf8(output.stdout).expect("text");
    output.status.success().then(|| lines.lines().map(str::to_owned).collect())
}

fn lines(hive: &Hive) -> Vec<String> {
    hive.keys().flat_map(|item| [key(item)].into_iter().chain(item.values().map(value))).collect()
}

fn key(key: Key<'_>) -> String {
    let (subkeys, values) = (key.children().count(), key.values().len());
    format!("K {} {} {subkeys} {values}", name(&key.name()), key.mtime().0)
}

fn value(value: Value<'_>) -> String {
    let data = value.data();
    let sha1 = hex(&Sha1::digest(&data));
    format!("V {} {} {} {sha1}", name(&value.name()), value.value_type(), data.len())
}

fn name(name: &Name) -> String {
    let text: String = name.code_points().map(character).collect();
    if text.is_empty() { "-".to_owned() } else { hex(text.as_bytes()) }
}

/// libhivex refuses names that are not UTF-16; no real hive has one.
fn character(point: CodePoint) -> char {
    match point {
        CodePoint::Char(c) => c,
        CodePoint::Surrogate(unit) => panic!("unpaired surrogate {unit:#x}"),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
