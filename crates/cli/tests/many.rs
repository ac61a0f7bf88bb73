//! A thousand sequences in one run.

mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;
use std::time::Instant;

use assert_cmd::cargo::cargo_bin_cmd;
use diskprint_testkit::sequences::{self, Shape};
use diskprint_testkit::vmdk;
use serde_json::Value;
use tempfile::TempDir;

/// As small as they may be and still have something in each step.
const SHAPE: Shape = Shape { slices: 3, share: 10, files: 5, len: 600, keys: 4 };
const ALL: u64 = 1000;
const SOME: u64 = 100;

#[test]
fn a_thousand_sequences_are_done_in_the_memory_of_a_hundred() {
    let scratch = scratch();
    let store = scratch.path().join("store");
    fs::create_dir(&store).unwrap();
    let write = |number| sequences::write(&store, number, SHAPE).unwrap();
    let ends: Vec<PathBuf> = (0..ALL).map(write).collect();
    let paths = |count: u64| ends.iter().take(count as usize).map(|end| end.display().to_string());

    let (some, all) = (scratch.path().join("some"), scratch.path().join("all"));
    let of_some = run(&some, &ends[..SOME as usize]);
    assert_eq!(table(&of_some), expected(paths(SOME), "done", "100 done, 0 skipped, 0 failed"));
    let of_all = run(&all, &ends);
    assert_eq!(table(&of_all), expected(paths(ALL), "done", "1000 done, 0 skipped, 0 failed"));
    // A hundred fill what is bounded: the database's cache, the buffers of two jobs. What may grow
    // is a few lines of text for each sequence.
    let peak = |output| events(output, "run_ends")[0]["peak_memory"].as_u64().expect("Linux");
    let (few, many) = (peak(&of_some), peak(&of_all));
    assert!(many < few + few / 4, "{few} bytes for {SOME} sequences, {many} for {ALL}");
    // A first slice is read once for all that start from it.
    assert_eq!(events(&of_all, "slice_begins").len() as u64, 2 * ALL + ALL / SHAPE.share);
    let mut own: Vec<Value> = [0, 1, ALL / 2, ALL - 1].map(|number| check(&all, number)).into();
    own.dedup();
    assert_eq!(own.len(), 4);

    // Now because the database knows them. Nothing is to do, so nothing is read.
    let (made, began) = (support::outputs(&all), Instant::now());
    let again = run(&all, &[]);
    let took = began.elapsed();
    let names = (0..ALL).map(sequences::name);
    let state = "skipped: nothing changed since its last run";
    assert_eq!(table(&again), expected(names, state, "0 done, 1000 skipped, 0 failed"));
    assert_eq!(events(&again, "slice_begins"), [] as [Value; 0]);
    assert!(support::outputs(&all) == made);
    assert!(took.as_secs() < ALL / 10, "{took:?}: more than a second for ten sequences");
}

#[test]
fn copies_of_a_disk_are_called_by_their_own_names() {
    let text = vmdk::descriptor("monolithicSparse", 1, None, &["RW 2048 SPARSE \"disk.vmdk\""]);
    for (ending, disk) in [("raw", vec![0; 1 << 20]), ("vmdk", vmdk::sparse(&text, &[None; 16]))] {
        let scratch = scratch();
        let path = |number| scratch.path().join(format!("{}-10.{ending}", sequences::name(number)));
        let ends: Vec<PathBuf> = (0..4).map(path).collect();
        ends.iter().for_each(|end| fs::write(end, &disk).unwrap());
        let results = scratch.path().join("results");
        let mut args = vec!["run".as_ref(), "-j".as_ref(), "2".as_ref()];
        args.extend(ends.iter().map(|end| end.as_os_str()));
        args.push(results.as_os_str());
        // There is no file system on it.
        support::expect(2, &args);
        for end in &ends {
            let folder = results.join(end.strip_prefix("/").unwrap());
            let told = support::json(&folder.join("disk/disk.json"));
            let name = end.file_name().unwrap().to_string_lossy();
            assert_eq!(told["disks"][0]["files"][0], *name, "{told}");
        }
    }
}

/// A folder that is gone when it is dropped; in memory where there is such a place, so that the
/// disk is not what is waited for.
fn scratch() -> TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap()
}

/// Runs the sequences that end so, or all that the database knows when there are none.
#[track_caller]
fn run(results: &Path, ends: &[PathBuf]) -> Output {
    let mut command = cargo_bin_cmd!("diskprint");
    command.env_remove("DISKPRINT_DB").args(["run", "-j", "2", "--log-format", "json"]);
    let command = if ends.is_empty() { command.arg("--all") } else { command.args(ends) };
    let output = command.arg(results).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", support::text(&output.stderr));
    output
}

/// The lines of the table, sorted: the database knows sequences in another order than we do.
fn table(output: &Output) -> Vec<String> {
    let mut lines: Vec<String> = support::text(&output.stdout).lines().map(str::to_owned).collect();
    lines.sort();
    lines
}

fn expected(names: impl Iterator<Item = String>, state: &str, sum: &str) -> Vec<String> {
    let of_sequences = names.map(|name| format!("{name}  {state}"));
    let mut lines: Vec<String> =
        of_sequences.chain(["", sum, "Done."].map(str::to_owned)).collect();
    lines.sort();
    lines
}

/// The log lines of that event.
fn events(output: &Output, event: &str) -> Vec<Value> {
    let mut lines = support::rows(&support::text(&output.stderr));
    lines.retain(|line| line["event"] == event);
    lines
}

/// Whether the database has the changes of that sequence; returns the digest of a file of its own.
fn check(results: &Path, number: u64) -> Value {
    let db = format!("sqlite:{}", results.join("diskprint.db").display());
    let name = sequences::name(number);
    let rows = support::rows(&support::expect(0, &["export", &name, "--db", &db]));
    let path = |row: &Value| row["path"].as_str().or(row["cellpath"].as_str()).unwrap().to_owned();
    let told = rows.iter().filter(|row| !path(row).starts_with('$')).map(|row| {
        let what = match row["action"].as_str() {
            Some("altered") => &row["changes"][0],
            _ => &row["action"],
        };
        format!("{} {} {}", row["sliceid"], what.as_str().unwrap(), path(row))
    });
    assert_eq!(told.collect::<Vec<_>>(), CHANGES, "{name}");
    let is_own = |row: &&Value| row["path"] == "Program/6-0.dll";
    rows.iter().find(is_own).unwrap()["sha1_after"].clone()
}

const CHANGES: [&str; 15] = [
    "20 modified Program/1-0.dll",
    "20 renamed Program/2-1.dll",
    "20 new Program/5-0.dll",
    "20 modified SYSTEM",
    r"20 new \ROOT\key 4",
    r"20 new \ROOT\key 4\number",
    r"20 new \ROOT\key 4\text",
    "30 modified Program/1-0.dll",
    "30 renamed Program/2-2.dll",
    "30 deleted Program/3-0.dll",
    "30 new Program/6-0.dll",
    "30 modified SYSTEM",
    r"30 new \ROOT\key 5",
    r"30 new \ROOT\key 5\number",
    r"30 new \ROOT\key 5\text",
];
