//! What came and went between two slices, in everything that tells of results.

mod support;

use std::fs;
use std::path::Path;

use diskprint_testkit::ntfs::{File, Options, ROOT, Reference, UsnJournal, Volume};
use support::expect;

/// A volume with a folder `temp`, these files in it, and a journal.
fn write_volume(path: &Path, files: &[(u64, &str)], journal: &UsnJournal) {
    let mut volume = Volume::new(Options { clusters: 1024, ..Options::default() });
    volume.put(TEMP.record, &File::directory(ROOT, "temp"));
    for (record, name) in files {
        volume.put(*record, &File::new(TEMP, name).data("", name.as_bytes()));
    }
    volume.usn_journal(journal);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, volume.finish().bytes).unwrap();
}

const TEMP: Reference = Reference { record: 30, sequence: 1 };
const NAMES: [&str; 2] = ["8504-1-7895-1-10.raw", "8504-1-7895-1-20.raw"];

/// Writes two slices, between which `setup.tmp` came and went and `a.tmp` became `a.exe`.
fn write_slices(folder: &Path) {
    let file = |record| Reference { record, sequence: 1 };
    let mut journal = UsnJournal::new(7, 0);
    write_volume(&folder.join(NAMES[0]), &[], &journal);
    journal.created(file(60), (TEMP, "setup.tmp"));
    journal.created(file(40), (TEMP, "a.tmp"));
    journal.renamed(file(40), (TEMP, "a.tmp"), (TEMP, "a<b>.exe"));
    journal.deleted(file(60), (TEMP, "setup.tmp"));
    write_volume(&folder.join(NAMES[1]), &[(40, "a<b>.exe")], &journal);
}

const TOLD: [&str; 4] = [
    "2020-01-01T00:00:00Z created temp/setup.tmp",
    "2020-01-01T00:00:09Z deleted temp/setup.tmp",
    "2020-01-01T00:00:03Z created temp/a.tmp",
    "2020-01-01T00:00:07Z renamed temp/a.tmp to temp/a<b>.exe",
];

#[test]
fn what_came_and_went_is_told_everywhere_and_apart() {
    let folder = tempfile::tempdir().unwrap();
    let slices = folder.path().join("8504-1/7895-1");
    write_slices(&slices);
    let [before, after] = NAMES.map(|name| slices.join(name).display().to_string());
    let results = folder.path().join("results").display().to_string();
    let db = format!("sqlite:{results}/diskprint.db");
    let sentence = "2 files came and went, or had other names, in between";

    let printed = expect(0, &["run", &after, &results]);
    assert!(printed.contains(&format!("10 → 20: {sentence}")), "{printed}");
    let printed = expect(0, &["diff", &before, &after]);
    for told in TOLD {
        assert!(printed.contains(&format!("* file  p1 {told}  (inode ")), "{printed}");
    }
    assert!(printed.contains(sentence), "{printed}");

    let jsonl = expect(0, &["export", "8504-1-7895-1", "--db", &db, "--format", "jsonl"]);
    let diffed = expect(0, &["diff", &before, &after, "--format", "jsonl"]);
    for rows in [jsonl, diffed] {
        let rows = support::rows(&rows);
        let interim: Vec<String> = rows
            .iter()
            .filter(|row| row["type"] == "interim")
            .map(|row| {
                let [action, path, before] =
                    ["action", "path", "path_before"].map(|name| row[name].as_str().unwrap_or("-"));
                assert_eq!((&row["journal"], &row["partition"]), (&"$UsnJrnl".into(), &1.into()));
                format!("{action} {path} {before}")
            })
            .collect();
        let expected = [
            "created temp/setup.tmp -",
            "deleted temp/setup.tmp -",
            "created temp/a.tmp -",
            "renamed temp/a<b>.exe temp/a.tmp",
        ];
        assert_eq!(interim, expected);
        let of_slices = rows.iter().filter(|row| row["type"] == "file");
        assert!(of_slices.clone().any(|row| row["path"] == "temp/a<b>.exe"));
        assert!(of_slices.clone().all(|row| row["path"] != "temp/setup.tmp"));
    }
    let csv = expect(0, &["export", "8504-1-7895-1", "--db", &db, "--format", "csv"]);
    assert_eq!(
        csv.lines().filter(|line| line.starts_with("interim,8504-1,7895-1,20,1,")).count(),
        4
    );

    let show = |more: &[&str]| expect(0, &[&["show", "8504-1-7895-1", "--db", &db], more].concat());
    let printed = show(&[]);
    assert!(printed.contains("Between the slices\n  Before slice 20 2 files came"), "{printed}");
    assert!(TOLD.iter().all(|told| printed.contains(told)), "{printed}");
    let printed = show(&["--follow", "C:\\temp\\SETUP.TMP"]);
    assert!(printed.contains("$UsnJrnl from 0)"), "{printed}");
    assert!(TOLD[..2].iter().all(|told| printed.contains(told)), "{printed}");
    let json: serde_json::Value =
        serde_json::from_str(&show(&["--follow", "temp/a.tmp", "--json"])).unwrap();
    assert_eq!(json["interim"].as_array().unwrap().len(), 2);

    let page = folder.path().join("report.html").display().to_string();
    expect(0, &["report", "8504-1-7895-1", "--db", &db, "--output", &page]);
    let page = fs::read_to_string(page).unwrap();
    assert!(page.contains("2 files between slices 10 and 20"));
    assert!(page.contains("renamed temp/a.tmp to temp/a&lt;b&gt;.exe"));
}
