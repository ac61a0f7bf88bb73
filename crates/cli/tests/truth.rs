//! The three small sequences, of which every change is known: all of it must be reported and
//! nothing else.

mod support;

use std::collections::{BTreeMap, BTreeSet};

use diskprint::{FileKind, Image, Known, Snapshot};
use diskprint_testkit::need;
use serde_json::Value;
use support::truth::{Judge, SEQUENCES, text};

#[test]
fn every_change_is_reported_and_nothing_else() {
    let Some(mut judge) = Judge::new() else { return };
    for sequence in SEQUENCES {
        let scratch = tempfile::tempdir().unwrap();
        let (end, name) = (judge.tarball(sequence, "40"), format!("8504-1-{sequence}"));
        judge.judge(sequence, &support::run_and_export(&end, scratch.path(), &name));
    }
    judge.verdict();
}

#[test]
fn the_complete_states_are_the_truth() {
    let (Some(truth), Some(data)) = (need::data("truth/small"), need::data("small/8504-1")) else {
        return;
    };
    let mut counts = [0; 4];
    for sequence in SEQUENCES {
        for slice in ["10", "20", "30", "40"] {
            let name = format!("8504-1-{sequence}-{slice}");
            let state = support::json(&truth.join(format!("{name}.state.json.gz")));
            let scratch = tempfile::tempdir().unwrap();
            let tarball = data.join(sequence).join(format!("{name}.tar.gz"));
            let opened = Image::open(&tarball, scratch.path(), &|_| {}).unwrap();
            let snapshot = Snapshot::read(&opened.image, &Known::new());
            assert_eq!((&opened.faults, &snapshot.faults), (&vec![], &vec![]), "{name}");
            compare_files(&name, &snapshot, &state["files"], &mut counts);
            compare_registry(&name, &snapshot, &state["registry"], &mut counts);
        }
    }
    let [files, streams, keys, values] = counts;
    println!("equal: {files} files, {streams} streams, {keys} keys, {values} values");
    assert!(files > 3000 && streams > 20 && keys > 100_000 && values > 100_000);
}

fn compare_files(name: &str, snapshot: &Snapshot, truth: &Value, counts: &mut [usize; 4]) {
    let mut left: BTreeMap<String, Value> = truth
        .as_object()
        .unwrap()
        .iter()
        .map(|(path, file)| (path.clone(), file.clone()))
        .collect();
    let mut streams = BTreeSet::new();
    for (path, file) in &left {
        for (stream, content) in file["ads"].as_object().into_iter().flatten() {
            streams.insert((
                path.clone(),
                stream.clone(),
                content["size"].as_u64(),
                text(&content["sha1"]),
            ));
        }
    }
    for entry in snapshot.files.iter().filter(|entry| entry.is_live() && entry.inode >= 24) {
        let path = entry.path.to_text().into_owned();
        if path.starts_with("$Extend/") {
            continue;
        }
        let sha1 = entry.digests.map(|digests| diskprint::Hex(&digests.sha1).to_string());
        if let Some(stream) = &entry.stream {
            let row =
                (path, stream.to_text().into_owned(), Some(entry.size), sha1.unwrap_or_default());
            assert!(streams.remove(&row), "{name}: {row:?}");
            counts[1] += 1;
            continue;
        }
        let file = left.remove(&path).unwrap_or_else(|| panic!("{name}: invented {path}"));
        let kind = match entry.kind {
            FileKind::Regular => "f",
            FileKind::Directory => "d",
            FileKind::Link => "l",
            FileKind::Other => "?",
        };
        assert_eq!(text(&file["type"]), kind, "{name}: {path}");
        assert_eq!(file["ino"].as_u64(), Some(entry.inode), "{name}: {path}");
        // Windows adds the bit of a directory when it shows the attributes; it is not stored.
        let attributes = file["attr"].as_u64().map(|shown| shown & !0x10);
        assert_eq!(attributes, Some(entry.attributes.into()), "{name}: {path}");
        let nanos = |time: &str| i128::from(file[time].as_i64().unwrap());
        assert_eq!(nanos("mtime_ns"), entry.times.mtime.unix_nanos(), "{name}: {path}");
        assert_eq!(nanos("ctime_ns"), entry.times.ctime.unix_nanos(), "{name}: {path}");
        if kind == "f" {
            assert_eq!(file["size"].as_u64(), Some(entry.size), "{name}: {path}");
            assert_eq!(file["sha1"].as_str(), sha1.as_deref(), "{name}: {path}");
        }
        counts[0] += 1;
    }
    assert_eq!((left, streams), Default::default(), "{name}: missing");
}

/// Compares all keys and values; the truth of SAM and SECURITY lists only what was edited.
fn compare_registry(name: &str, snapshot: &Snapshot, truth: &Value, counts: &mut [usize; 4]) {
    for (path, keys) in truth.as_object().unwrap() {
        let hive = snapshot.hives.iter().find(|hive| hive.path.to_text() == *path);
        let hive = hive.unwrap_or_else(|| panic!("{name}: no hive {path}"));
        let mut left: BTreeMap<&String, &Value> = keys.as_object().unwrap().iter().collect();
        let partial = path.ends_with("/SAM") || path.ends_with("/SECURITY");
        for key in hive.tree.keys() {
            let key_path = key.path().to_text().into_owned();
            let Some(known) = left.remove(&key_path) else {
                assert!(partial, "{name}: invented {path} {key_path}");
                continue;
            };
            assert_eq!(known["mtime"].as_u64(), Some(key.mtime().0), "{name}: {path} {key_path}");
            let mut values: BTreeMap<String, Value> = key
                .values()
                .map(|value| {
                    let data = diskprint::Hex(&value.data()).to_string();
                    (
                        value.name().to_text().into_owned(),
                        serde_json::json!([value.value_type(), data]),
                    )
                })
                .collect();
            let known: BTreeMap<String, Value> = known["values"]
                .as_object()
                .unwrap()
                .iter()
                .map(|(k, v)| (k.clone(), v.clone()))
                .collect();
            if partial {
                values.retain(|name, _| known.contains_key(name));
            }
            counts[2] += 1;
            counts[3] += values.len();
            assert_eq!(values, known, "{name}: {path} {key_path}");
        }
        assert_eq!(left, BTreeMap::new(), "{name}: {path}: missing");
    }
}
