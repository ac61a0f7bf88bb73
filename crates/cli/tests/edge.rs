//! Odd and broken inputs: each ends as it must, with one clear error or with faults that name
//! what was not read, and none of them panics or hangs.

mod support;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use diskprint::{Hive, HiveState, Image, Known, Snapshot};
use diskprint_testkit::need;
use serde_json::Value;

#[test]
fn every_odd_input_ends_as_expected() {
    let (Some(expected), Some(data)) = (need::data("truth/edge/expected.json"), need::data("edge"))
    else {
        return;
    };
    let expected = support::json(&expected);
    let mut ended = BTreeMap::new();
    for (case, expected) in expected.as_object().unwrap() {
        let tarball = data.join(format!("{case}.tar.gz"));
        let expect = expected["expect"].as_str().unwrap();
        let how = if expect.starts_with("error") {
            fails(case, &tarball);
            "error"
        } else {
            reads(case, &tarball, expected);
            "read"
        };
        *ended.entry(how).or_insert(0) += 1;
    }
    println!("{ended:?}");
    assert_eq!(ended, BTreeMap::from([("error", 8), ("read", 10)]));
}

/// The tarball under a name that is a slice's.
fn as_slice(tarball: &Path, scratch: &Path) -> PathBuf {
    let slice = scratch.join("8504-1-7895-1-10.tar.gz");
    fs::copy(tarball, &slice).unwrap();
    slice
}

/// The run must fail with one error that names the file, leave no scratch and nothing outside it.
fn fails(case: &str, tarball: &Path) {
    let scratch = tempfile::tempdir().unwrap();
    let slice = as_slice(tarball, scratch.path());
    let results = scratch.path().join("results");
    let output = support::diskprint(&["run".as_ref(), slice.as_os_str(), results.as_os_str()]);
    let error = support::text(&output.stderr);
    println!("{case}: {}", error.trim_end().replace(&*scratch.path().to_string_lossy(), "…"));
    assert_eq!(output.status.code(), Some(1), "{case}");
    assert_eq!(
        error.lines().filter(|line| line.starts_with("diskprint: ")).count(),
        1,
        "{case}: {error}"
    );
    assert!(error.contains("8504-1-7895-1-10.tar.gz"), "{case}: {error}");
    assert_eq!(error.contains("../evil.txt"), case == "traversal", "{error}");
    let left = support::outputs(&results);
    let names: Vec<_> = left.keys().map(|path| path.file_name().unwrap()).collect();
    assert_eq!(names, ["disk.err.log", "disk.out.log", "disk.status.log"], "{case}");
    assert_eq!(fs::read_dir(scratch.path()).unwrap().count(), 2, "{case}: something lies outside");
}

/// The files must be those of the truth; file systems that are not read must be faults.
fn reads(case: &str, tarball: &Path, expected: &Value) {
    let scratch = tempfile::tempdir().unwrap();
    let opened = Image::open(tarball, scratch.path(), &|_| {}).unwrap();
    let snapshot = Snapshot::read(&opened.image, &Known::new());
    let faults: Vec<String> =
        opened.faults.iter().chain(&snapshot.faults).map(ToString::to_string).collect();
    let files = expected
        .get("files_current")
        .map(|current| BTreeMap::from([("partition 1 ntfs".to_owned(), current.clone())]));
    let files = files.unwrap_or_else(|| {
        let all = expected["files"].as_object().unwrap().iter();
        all.map(|(name, files)| (name.clone(), files.clone())).collect()
    });
    let mut compared = 0;
    for (index, (name, files)) in files.iter().enumerate() {
        let number = index as u32 + 1;
        let system = name.rsplit(' ').next().unwrap();
        compared += compare(case, &snapshot, (number, system), files);
    }
    if expected["expect"] == "no file system" {
        assert!(faults.iter().any(|fault| fault.contains("no partition")), "{case}: {faults:?}");
    }
    println!("{case}: {compared} files as expected, {} faults", faults.len());
    faults.iter().take(3).for_each(|fault| println!("    {fault}"));
}

fn compare(
    case: &str,
    snapshot: &Snapshot,
    (partition, system): (u32, &str),
    truth: &Value,
) -> usize {
    // Where a file system has no records, the mount that the truth is of made numbers up.
    let has_records = !system.contains("fat");

    let mut live = BTreeMap::new();
    for entry in
        snapshot.files.iter().filter(|entry| entry.partition == partition && entry.is_live())
    {
        if (entry.inode >= 24 || system != "ntfs") && entry.stream.is_none() {
            live.insert(entry.path.to_text().into_owned(), entry);
        }
    }
    let truth = truth.as_object().unwrap();
    for (path, file) in truth {
        let entry = live.get(path).unwrap_or_else(|| panic!("{case}: missing {path}"));
        if has_records {
            assert_eq!(file["ino"].as_u64(), Some(entry.inode), "{case}: {path}");
        }
        // Times are kept in steps of 100 ns, as Windows has them.
        let mtime = file["mtime_ns"].as_i64().map(|nanos| i128::from(nanos / 100 * 100));
        assert_eq!(mtime, Some(entry.times.mtime.unix_nanos()), "{case}: {path}");
        if file["type"] == "f" {
            let sha1 = entry.digests.map(|digests| diskprint::Hex(&digests.sha1).to_string());
            assert_eq!(file["size"].as_u64(), Some(entry.size), "{case}: {path}");
            assert_eq!(file["sha1"].as_str(), sha1.as_deref(), "{case}: {path}");
        }
    }
    let invented: Vec<&String> = live
        .keys()
        .filter(|path| !truth.contains_key(*path) && !path.starts_with("$Extend/"))
        .collect();
    assert_eq!(invented, Vec::<&String>::new(), "{case}: invented");
    truth.len()
}

#[test]
fn damaged_hives_are_told_one_by_one_and_the_files_still_compared() {
    let Some(tarball) = need::data("edge/hive-corrupt.tar.gz") else { return };
    let scratch = tempfile::tempdir().unwrap();
    let opened = Image::open(&tarball, scratch.path(), &|_| {}).unwrap();
    let snapshot = Snapshot::read(&opened.image, &Known::new());
    let mut faults: BTreeMap<String, usize> = BTreeMap::new();
    for fault in &snapshot.faults {
        *faults.entry(fault.place.steps()[1].to_string()).or_default() += 1;
    }
    println!("{faults:#?}");
    // Of the nine, one has only two keys of one name, one lacks the mark of a root that can be
    // read all the same, and one is cut behind its last bin: in these nothing is lost.
    assert_eq!(faults.len(), 6, "{faults:?}");
    assert_eq!((snapshot.hives.len(), snapshot.unread.hives.len()), (6, 3));
}

#[test]
fn a_dirty_hive_has_the_keys_that_only_its_logs_hold() {
    let Some(tarball) = need::data("edge/hive-dirty.tar.gz") else { return };
    let scratch = tempfile::tempdir().unwrap();
    let opened = Image::open(&tarball, scratch.path(), &|_| {}).unwrap();
    let read = |state| Snapshot::read(&opened.image, &Known::in_state(state));
    let (recovered, stored) = (read(HiveState::Recovered), read(HiveState::Stored));
    assert_eq!((&recovered.faults, &stored.faults), (&vec![], &vec![]));
    let counts = |snapshot: &Snapshot| {
        let count = |hive: &Hive| {
            let name = hive.path.to_text().rsplit('/').next().unwrap().to_owned();
            (name, hive.tree.key_count(), hive.tree.value_count(), hive.report.grade.name())
        };
        snapshot.hives.iter().map(count).collect::<Vec<_>>()
    };
    let hive = |name: &str, keys, values, grade| (name.to_owned(), keys, values, grade);
    let dirty = |snapshot: &Snapshot| {
        counts(snapshot).into_iter().filter(|it| it.3 != "intact").collect::<Vec<_>>()
    };
    assert_eq!(
        dirty(&recovered),
        [hive("UsrClass.dat", 6238, 12531, "repaired"), hive("NTUSER.DAT", 3105, 4695, "repaired")]
    );
    assert_eq!(
        dirty(&stored),
        [hive("UsrClass.dat", 6205, 12369, "partial"), hive("NTUSER.DAT", 2590, 4119, "partial")]
    );
    // The stored state comes back from the recovered one.
    for (new, old) in recovered.hives.iter().zip(&stored.hives) {
        let again = new.report.stored(&new.tree).map(|tree| tree.unwrap().bytes().to_vec());
        assert_eq!(again, new.report.is_recovered().then(|| old.tree.bytes().to_vec()));
    }
}
