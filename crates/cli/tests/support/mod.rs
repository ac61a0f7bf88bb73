//! What the tests of the command line share.
#![allow(dead_code, reason = "each test binary uses a part")]

pub mod http;
#[cfg(unix)]
pub mod original;
pub mod truth;

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use assert_cmd::cargo::cargo_bin_cmd;
use diskprint::{Digests, Hex};
use serde_json::Value;

/// Runs diskprint and returns how it ended.
pub fn diskprint<S: AsRef<std::ffi::OsStr>>(args: &[S]) -> Output {
    cargo_bin_cmd!("diskprint")
        .args(args)
        .env_remove("DISKPRINT_DB")
        .output()
        .expect("diskprint runs")
}

/// Runs diskprint, which must end with `code`; returns what it printed.
#[track_caller]
pub fn expect<S: AsRef<std::ffi::OsStr>>(code: i32, args: &[S]) -> String {
    let output = diskprint(args);
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    assert_eq!(output.status.code(), Some(code), "{out}{err}");
    out + &err
}

/// Runs a sequence into `results` and returns its rows as exported.
#[track_caller]
pub fn run_and_export(end: &Path, results: &Path, name: &str) -> Vec<Value> {
    expect(0, &["run".as_ref(), end.as_os_str(), results.as_os_str()]);
    let db = format!("sqlite:{}", results.join("diskprint.db").display());
    rows(&expect(0, &["export", name, "--db", &db, "--format", "jsonl"]))
}

/// The SHA-256 of every file below `folder`, by its path there.
pub fn digests(folder: &Path) -> BTreeMap<PathBuf, String> {
    let (mut found, mut left) = (BTreeMap::new(), vec![folder.to_owned()]);
    while let Some(at) = left.pop() {
        for entry in fs::read_dir(&at).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                left.push(path);
            } else {
                let digest = Digests::of(&fs::read(&path).unwrap()).sha256;
                let name = path.strip_prefix(folder).unwrap().to_owned();
                found.insert(name, Hex(&digest).to_string());
            }
        }
    }
    found
}

/// The SHA-256 of every output of runs into `results`, which are the same for the same input. What
/// says who ran when is left out: the lock, the state of the run, the database, the file system's
/// marks of tarballs.
pub fn outputs(results: &Path) -> BTreeMap<PathBuf, String> {
    let mut files = digests(results);
    files.retain(|path, _| {
        let name = path.file_name().unwrap().to_string_lossy();
        !name.starts_with('.') && !name.starts_with("diskprint.db")
    });
    files
}

/// Parses JSON lines.
pub fn rows(lines: &str) -> Vec<Value> {
    lines.lines().map(|line| serde_json::from_str(line).expect(line)).collect()
}

pub fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Reads a JSON file, inflated when its name ends in `.gz`.
pub fn json(path: &Path) -> Value {
    let file = File::open(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut bytes = Vec::new();
    if path.extension().is_some_and(|ending| ending == "gz") {
        flate2::read::GzDecoder::new(file).read_to_end(&mut bytes).expect("gzip");
    } else {
        (&file).read_to_end(&mut bytes).expect("readable");
    }
    serde_json::from_slice(&bytes).expect("JSON")
}

/// Runs a witness program, which must end well; returns what it printed.
#[track_caller]
pub fn witness(command: &mut Command) -> Vec<u8> {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(output.status.success(), "{command:?}: {}", text(&output.stderr));
    output.stdout
}
