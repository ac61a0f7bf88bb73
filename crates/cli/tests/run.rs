//! The main job on the sequence in `examples/`, as a user runs it.

mod support;

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use support::{digests, outputs};

fn examples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../examples/8504-1/7895-1")
        .canonicalize()
        .unwrap()
}

fn last() -> PathBuf {
    examples().join("8504-1-7895-1-40.tar.gz")
}

fn run(end: &Path, results: &Path, more: &[&str]) -> String {
    let mut args = vec!["run".as_ref(), end.as_os_str(), results.as_os_str()];
    args.extend(more.iter().map(|arg| arg.as_ref() as &std::ffi::OsStr));
    support::expect(0, &args)
}

#[test]
fn the_same_input_gives_the_same_bytes_with_one_thread_and_with_two() {
    let scratch = tempfile::tempdir().unwrap();
    let before = digests(&examples());
    let made: Vec<_> = ["1", "2", "2"]
        .iter()
        .enumerate()
        .map(|(number, threads)| {
            let results = scratch.path().join(number.to_string());
            run(&last(), &results, &["--threads", threads]);
            let db = format!("sqlite:{}", results.join("diskprint.db").display());
            let rows = support::expect(0, &["export", "8504-1-7895-1", "--db", &db]);
            let csv =
                support::expect(0, &["export", "8504-1-7895-1", "--db", &db, "--format", "csv"]);
            (outputs(&results), rows, csv)
        })
        .collect();
    // Of each slice: disk, files, eight hives as RegXML and as text and what they were worth, deltas; manifests and logs. Of
    // the last one also the registry rows and the export.
    let count = 4 * (1 + 3 + 10 + 9 + 1 + 5 + 15) + 1 + 1 + 3;
    assert_eq!(made[0].0.len(), count, "{:#?}", made[0].0);
    assert!(made[0] == made[1] && made[1] == made[2]);
    assert_eq!(digests(&examples()), before, "the evidence changed");
}

#[test]
fn evidence_that_nobody_may_write_is_read() {
    let scratch = tempfile::tempdir().unwrap();
    let store = scratch.path().join("store");
    fs::create_dir(&store).unwrap();
    for slice in ["10", "20"] {
        let name = format!("8504-1-7895-1-{slice}.tar.gz");
        fs::copy(examples().join(&name), store.join(&name)).unwrap();
        let mut permissions = fs::metadata(store.join(&name)).unwrap().permissions();
        permissions.set_readonly(true);
        fs::set_permissions(store.join(&name), permissions).unwrap();
    }
    let times = |folder: &Path| -> Vec<_> {
        let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().metadata().unwrap());
        entries.map(|metadata| metadata.modified().unwrap()).collect()
    };
    let before = times(&store);
    run(&store.join("8504-1-7895-1-20.tar.gz"), &scratch.path().join("results"), &[]);
    assert_eq!(times(&store), before);
}

#[test]
fn a_run_again_changes_nothing() {
    let scratch = tempfile::tempdir().unwrap();
    let results = scratch.path().join("results with spaces");
    let first = run(&last(), &results, &[]);
    let before = outputs(&results);
    let database = fs::read(results.join("diskprint.db")).unwrap();
    let second = run(&last(), &results, &[]);
    assert!(outputs(&results) == before);
    assert!(fs::read(results.join("diskprint.db")).unwrap() == database);
    assert_eq!(
        second.replace("Nothing changed since the last run; these are its results.\n\n", ""),
        first
    );
    assert_eq!(first.lines().last(), Some("Done."));

    // An output that is gone comes back as it was.
    let lost = before.keys().find(|path| path.ends_with("fiout.dfxml")).unwrap();
    fs::remove_file(results.join(lost)).unwrap();
    run(&last(), &results, &[]);
    assert!(outputs(&results) == before);
}

#[test]
fn the_summary_counts_what_the_export_lists() {
    let scratch = tempfile::tempdir().unwrap();
    let json: Value = serde_json::from_str(&run(&last(), scratch.path(), &["--json"])).unwrap();
    assert_eq!((&json["sequence"], &json["outcome"]), (&"8504-1-7895-1".into(), &"clean".into()));
    let db = format!("sqlite:{}", scratch.path().join("diskprint.db").display());
    let rows = support::rows(&support::expect(0, &["export", "8504-1-7895-1", "--db", &db]));
    for step in json["steps"].as_array().unwrap() {
        let to: Option<i64> = step["to"].as_str().and_then(|to| to.parse().ok());
        let count = |kind: &str, is_it: &dyn Fn(&Value) -> bool| {
            let of_step = |row: &&Value| row["type"] == kind && row["sliceid"].as_i64() == to;
            rows.iter().filter(of_step).filter(|row| is_it(row)).count() as u64
        };
        let has =
            |row: &Value, flag: &str| row["changes"].as_array().unwrap().contains(&flag.into());
        for action in ["new", "deleted"] {
            assert_eq!(step["files"][action], count("file", &|row| row["action"] == action));
            assert_eq!(step["cells"][action], count("cell", &|row| row["action"] == action));
        }
        assert_eq!(step["files"]["renamed"], count("file", &|row| has(row, "renamed")));
        assert_eq!(step["files"]["modified"], count("file", &|row| has(row, "modified")));
        assert_eq!(step["cells"]["altered"], count("cell", &|row| row["action"] == "altered"));
    }
    assert_eq!(json["steps"][1]["files"]["new"], 24);
}

#[test]
fn names_that_are_no_slices_are_told_how_to_register_them_and_then_are() {
    let scratch = tempfile::tempdir().unwrap();
    let path = |name: &str| scratch.path().join(name).display().to_string();
    fs::copy(examples().join("8504-1-7895-1-10.tar.gz"), path("clean.tar.gz")).unwrap();
    fs::copy(examples().join("8504-1-7895-1-20.tar.gz"), path("installed.tar.gz")).unwrap();
    let (results, db) = (path("results"), format!("sqlite:{}", path("results/diskprint.db")));
    let error = support::expect(1, &["run", &path("installed.tar.gz"), &results]);
    assert!(error.contains("diskprint slice add 8504-1-7895-1-40"), "{error}");

    support::expect(0, &["slice", "add", "8504-1-7895-1-5", &path("clean.tar.gz"), "--db", &db]);
    let second = path("installed.tar.gz");
    // The order is that of predecessors, not of ids.
    support::expect(
        0,
        &[
            "slice",
            "add",
            "8504-1-7895-1-2",
            &second,
            "--predecessor",
            "5",
            "--slicetype",
            "Install",
            "--db",
            &db,
        ],
    );
    let table = support::expect(0, &["run", &second, &results]);
    assert!(table.contains("5 → 2"), "{table}");
    let error = support::expect(1, &["run", &path("clean.tar.gz"), &results]);
    assert!(error.contains("8504-1-7895-1-2 is"), "{error}");
}

#[test]
fn a_slice_before_the_end_and_two_files_for_one_slice_are_errors() {
    let scratch = tempfile::tempdir().unwrap();
    let results = scratch.path().join("results").display().to_string();
    let middle = examples().join("8504-1-7895-1-30.tar.gz").display().to_string();
    let error = support::expect(1, &["run", &middle, &results]);
    assert!(
        error.contains("8504-1-7895-1-30 is not the end of its sequence, 8504-1-7895-1-40 is"),
        "{error}"
    );

    let path = |name: &str| scratch.path().join(name).display().to_string();
    fs::copy(last(), path("8504-1-7895-1-40.tar.gz")).unwrap();
    fs::copy(last(), path("8504-1-7895-1-40.tgz")).unwrap();
    fs::copy(last(), path("8504-1-7895-1-50.tar.gz")).unwrap();
    let error = support::expect(1, &["run", &path("8504-1-7895-1-50.tar.gz"), &results]);
    assert!(error.contains("both slice 8504-1-7895-1-40"), "{error}");
    let error = support::expect(1, &["run", &path("8504-1-7895-1-60.tar.gz"), &results]);
    assert!(error.contains("no such file"), "{error}");
}

#[test]
fn a_slice_that_cannot_be_read_fails_the_run_and_stores_nothing() {
    let scratch = tempfile::tempdir().unwrap();
    let store = scratch.path().join("store");
    fs::create_dir(&store).unwrap();
    let path = |slice: &str| store.join(format!("8504-1-7895-1-{slice}.tar.gz"));
    fs::copy(examples().join("8504-1-7895-1-10.tar.gz"), path("10")).unwrap();
    let whole = fs::read(examples().join("8504-1-7895-1-20.tar.gz")).unwrap();
    fs::write(path("20"), &whole[..whole.len() / 2]).unwrap();
    let results = scratch.path().join("results");
    let args = ["run".as_ref(), path("20").as_os_str().to_owned().leak(), results.as_os_str()];
    let error = support::expect(1, &args);
    assert!(error.contains("slice 8504-1-7895-1-20: ") && error.contains("damaged"), "{error}");
    let db = format!("sqlite:{}", results.join("diskprint.db").display());
    let error = support::expect(1, &["export", "8504-1-7895-1", "--db", &db]);
    assert!(error.contains("8504-1"), "{error}");
    // Mended, the same command works.
    fs::write(path("20"), whole).unwrap();
    run(&path("20"), &results, &[]);
}

#[test]
fn two_images_are_compared_without_a_database() {
    let slice = |slice: &str| {
        examples().join(format!("8504-1-7895-1-{slice}.tar.gz")).display().to_string()
    };
    let text = support::expect(0, &["diff", &slice("20"), &slice("30")]);
    assert!(
        text.contains("/$REL0UMO.txt ← Users/alice/Documents/resident.txt  (renamed"),
        "{text}"
    );
    assert!(text.contains("+ key   p1 Users/alice/NTUSER.DAT "), "{text}");
    let rows = support::rows(&support::expect(
        0,
        &["diff", &slice("20"), &slice("30"), "--format", "jsonl"],
    ));
    let scratch = tempfile::tempdir().unwrap();
    let stored = support::run_and_export(&last(), scratch.path(), "8504-1-7895-1");
    let plain = |mut row: Value| {
        for field in ["osetid", "appetid", "sliceid"] {
            row[field] = Value::Null;
        }
        row
    };
    let stored: Vec<Value> =
        stored.into_iter().filter(|row| row["sliceid"] == 30).map(plain).collect();
    assert_eq!(rows.into_iter().map(plain).collect::<Vec<_>>(), stored);

    support::expect(1, &["diff", &slice("20"), &slice("30"), "--exit-code", "--quiet"]);
    support::expect(0, &["diff", &slice("20"), &slice("20"), "--exit-code", "--quiet"]);
}

#[test]
fn the_registry_rows_of_the_whole_sequence_lie_with_its_last_slice() {
    let scratch = tempfile::tempdir().unwrap();
    run(&last(), scratch.path(), &[]);
    let found = digests(scratch.path());
    let deltas = found.keys().find(|path| path.ends_with("registry_deltas.db")).unwrap();
    assert!(deltas.to_string_lossy().contains("8504-1-7895-1-40.tar.gz"), "{deltas:?}");
}

#[test]
fn two_runs_into_one_folder_do_not_meet_and_what_a_killed_one_left_is_removed() {
    let scratch = tempfile::tempdir().unwrap();
    let results = scratch.path();
    fs::create_dir(results.join(".scratch-killed")).unwrap();
    let holder = fs::File::create(results.join(".lock")).unwrap();
    holder.lock().unwrap();
    fs::write(results.join(".lock"), "4711\n").unwrap();
    let last = last();
    let args = ["run".as_ref(), last.as_os_str(), results.as_os_str()];
    let error = support::expect(1, &args);
    assert!(error.contains("another run (process 4711)"), "{error}");
    assert!(results.join(".scratch-killed").exists());
    drop(holder);
    support::expect(0, &args);
    assert!(!results.join(".scratch-killed").exists());
}

#[test]
fn slices_that_go_round_are_not_passed_over() {
    let scratch = tempfile::tempdir().unwrap();
    let results = scratch.path().join("results");
    run(&last(), &results, &["--quiet"]);
    let file = results.join("diskprint.db");
    let db = format!("sqlite:{}", file.display());
    let all = support::expect(0, &["export", "8504-1-7895-1", "--db", &db]);
    assert_eq!(support::expect(0, &["export", "8504-1-7895-1-40", "--db", &db]), all);
    let error = support::expect(1, &["export", "8504-1-7895-1-20", "--db", &db]);
    assert!(error.contains("8504-1-7895-1-20 is not the end"), "{error}");

    let sql = "UPDATE slice SET slicepredecessorid = 40 WHERE sliceid = 10";
    rusqlite::Connection::open(&file).unwrap().execute(sql, []).unwrap();
    let shown = results.display().to_string();
    let round = "slicepredecessorid leads from slice 8504-1-7895-1-40 back to it";
    for args in [
        &["run", "--all", &shown][..],
        &["run", "--all", &shown, "--dry-run"],
        &["run", last().to_str().unwrap(), &shown],
        &["sequence", "show", "8504-1-7895-1", "--db", &db],
        &["check", &shown],
    ] {
        let told = support::expect(1, args);
        assert!(told.contains(round), "{args:?} {told}");
    }
    let list = support::expect(0, &["sequence", "list", "--db", &db]);
    assert!(list.contains(round), "{list}");
}

#[test]
fn several_sequences_end_with_a_table_and_the_worst_code() {
    let scratch = tempfile::tempdir().unwrap();
    let store = scratch.path().join("store");
    fs::create_dir(&store).unwrap();
    let path = |name: &str| store.join(name).display().to_string();
    for (from, to) in [("10", "1-1-1-1-10"), ("20", "1-1-1-1-20"), ("10", "1-1-2-1-10")] {
        fs::copy(
            examples().join(format!("8504-1-7895-1-{from}.tar.gz")),
            path(&format!("{to}.tar.gz")),
        )
        .unwrap();
    }
    fs::write(path("1-1-3-1-10.tar.gz"), "no archive").unwrap();
    let (first, second, broken) =
        (path("1-1-1-1-20.tar.gz"), path("1-1-2-1-10.tar.gz"), path("1-1-3-1-10.tar.gz"));
    let results = scratch.path().join("results").display().to_string();

    let error = support::expect(1, &["run", "--all", &results]);
    assert!(error.contains("knows no sequence"), "{error}");
    let plan = support::expect(0, &["run", &first, &second, &results, "--dry-run"]);
    assert!(plan.contains("would be done\n") && plan.contains("20.tar.gz: not done yet"), "{plan}");

    let table = support::expect(1, &["run", &first, &broken, &second, &results]);
    assert!(table.contains("2 done, 0 skipped, 1 failed") && !table.contains("Done."), "{table}");
    assert!(table.contains("1-1-3-1-10.tar.gz: neither a tarball"), "{table}");

    // The one that failed was never registered.
    let table = support::expect(0, &["run", "--all", &results]);
    assert!(table.contains("0 done, 2 skipped, 0 failed\nDone."), "{table}");
    let plan = support::expect(0, &["run", "--all", &results, "--dry-run"]);
    assert_eq!(plan.matches("would be skipped").count(), 2, "{plan}");

    let db = format!("sqlite:{}", scratch.path().join("results/diskprint.db").display());
    let before = support::expect(0, &["export", "1-1-1-1", "--db", &db]);
    let table = support::expect(0, &["run", "--all", "--re-export", &results]);
    assert!(table.contains("2 done, 0 skipped"), "{table}");
    assert_eq!(support::expect(0, &["export", "1-1-1-1", "--db", &db]), before);

    // A tarball that was replaced is noticed.
    fs::copy(examples().join("8504-1-7895-1-30.tar.gz"), path("1-1-1-1-20.tar.gz")).unwrap();
    let table = support::expect(2, &["run", "--all", &results]);
    assert!(table.contains("1-1-1-1  done, with faults"), "{table}");
    assert!(table.contains("1 done, 1 skipped"), "{table}");
    assert_ne!(support::expect(0, &["export", "1-1-1-1", "--db", &db]), before);
}

#[test]
fn wrong_arguments_end_with_1_as_2_means_faults() {
    for args in [&["run"][..], &["run", "x"], &["nonsense"], &["diff", "a", "--format", "xml"], &[]]
    {
        support::expect(1, args);
    }
    support::expect(0, &["--help"]);
    support::expect(0, &["--version"]);
}
