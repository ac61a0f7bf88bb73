//! `replay.py`, a program of its own, recovers the same bytes.

use std::fs;
use std::path::Path;
use std::process::Command;

use diskprint_formats::regf::log::{LogFile, recover};
use diskprint_testkit::need;

use super::{cases, real};

type Files<'a> = (&'a str, &'a [u8], &'a [(LogFile, Vec<u8>)]);

/// Has `replay.py` recover these hives, and compares what comes of it with what we recover.
#[track_caller]
fn compare(test: &str, all: &[Files<'_>]) {
    let Some(python) = need::program("python3") else { return };
    let top = Path::new(env!("CARGO_TARGET_TMPDIR")).join("regf_log").join(test);
    let _ = fs::remove_dir_all(&top);
    let folders: Vec<_> = (0..all.len()).map(|index| top.join(index.to_string())).collect();
    for (folder, (_, primary, logs)) in folders.iter().zip(all) {
        fs::create_dir_all(folder).unwrap();
        fs::write(folder.join("primary"), primary).unwrap();
        for (file, log) in *logs {
            fs::write(folder.join(file.to_string()), log).unwrap();
        }
    }
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/regf_log/replay.py");
    let output = Command::new(python).arg(script).args(&folders).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(text.lines().count(), all.len());
    for ((line, folder), (name, primary, logs)) in text.lines().zip(&folders).zip(all) {
        let logs: Vec<_> = logs.iter().map(|(file, log)| (*file, &**log)).collect();
        let ours = recover(primary, &logs).bytes;
        let theirs = fs::read(folder.join("recovered")).ok();
        println!("{line} {name}");
        assert!(ours == theirs, "{name}: we recover {:?} bytes", ours.map(|bytes| bytes.len()));
        assert_eq!(line == "nothing", theirs.is_none(), "{name}");
    }
    fs::remove_dir_all(top).unwrap();
}

#[test]
fn cases_of_the_test_kit() {
    let cases = cases::all();
    let all: Vec<Files> = cases.iter().map(|c| (c.name, &*c.primary, &*c.logs)).collect();
    compare("witness_cases", &all);
}

#[test]
fn real_hives() {
    let Some(mut hives) = real::real_hives("witness_real_hives") else { return };
    let Some(dirty) = real::dirty_hives("witness_dirty_hives") else { return };
    hives.extend(dirty);
    let all: Vec<Files> = hives.iter().map(|f| (&*f.name, &*f.primary, &*f.logs)).collect();
    compare("witness_real", &all);
}
