//! A run that is killed leaves nothing half done that looks done: the next one completes, and its
//! outputs are those of a run that was not disturbed.

mod support;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

const SEQUENCE: &str = "8504-1-7895-1";

fn last() -> PathBuf {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/8504-1/7895-1");
    examples.canonicalize().unwrap().join("8504-1-7895-1-40.tar.gz")
}

fn command(results: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_diskprint"));
    command.arg("run").arg(last()).arg(results).env_remove("DISKPRINT_DB");
    command.stdout(Stdio::null()).stderr(Stdio::null());
    command
}

/// All outputs and rows of a run, as digests and text.
fn outcome(results: &Path) -> (BTreeMap<PathBuf, String>, String) {
    let files = support::outputs(results);
    let db = format!("sqlite:{}", results.join("diskprint.db").display());
    let rows = support::expect(0, &["export", SEQUENCE, "--db", &db]);
    (files, rows)
}

/// How many times a run is killed.
const KILLS: u32 = 100;

#[test]
fn a_run_that_is_killed_at_any_moment_is_completed_by_the_next() {
    let scratch = tempfile::tempdir().unwrap();
    let undisturbed = scratch.path().join("undisturbed");
    let started = Instant::now();
    assert!(command(&undisturbed).status().unwrap().success());
    let length = started.elapsed();
    let expected = outcome(&undisturbed);

    let results = scratch.path().join("killed");
    let mut interrupted = 0;
    for kill in 0..KILLS {
        // The moments are spread over the length of a run, in an order that jumps about.
        let moment = length * (kill * 37 % KILLS) / KILLS * 3 / 4;
        let mut run = command(&results).spawn().unwrap();
        thread::sleep(moment);
        run.kill().unwrap();
        let by_signal = !run.wait().unwrap().success();
        interrupted += u32::from(by_signal);
        if !by_signal || kill % 10 == 9 {
            // What is there now is completed, compared, and taken away for the next round.
            assert!(command(&results).status().unwrap().success(), "after {kill} kills");
            let (files, rows) = outcome(&results);
            let differs = |path: &&PathBuf| files.get(*path) != expected.0.get(*path);
            let all = files.keys().chain(expected.0.keys());
            let different: Vec<&PathBuf> = all.filter(differs).collect();
            assert!(different.is_empty(), "after {kill} kills: {different:?}");
            assert!(rows == expected.1, "after {kill} kills: other rows");
            fs::remove_dir_all(&results).unwrap();
        }
    }
    println!("{interrupted} of {KILLS} runs were killed before their end");
    // On a busy machine the first run may have been the slowest; then most end before the kill.
    assert!(interrupted >= KILLS / 10, "{interrupted}");
}

#[test]
fn the_same_moment_in_every_step_leaves_a_run_that_can_be_completed() {
    // Kills after a growing time without ever clearing: each run meets what all before it left.
    let scratch = tempfile::tempdir().unwrap();
    let results = scratch.path().join("results");
    let step = Duration::from_millis(4);
    for kill in 0..40 {
        let mut run = command(&results).spawn().unwrap();
        thread::sleep(step * kill);
        run.kill().unwrap();
        run.wait().unwrap();
    }
    assert!(command(&results).status().unwrap().success());
    let left: Vec<String> = fs::read_dir(&results)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .filter(|name| name.starts_with(".scratch") || name.starts_with(".part"))
        .collect();
    assert_eq!(left, [] as [String; 0]);
}

#[test]
fn a_run_that_is_told_to_stop_says_how_to_go_on() {
    let scratch = tempfile::tempdir().unwrap();
    let results = scratch.path().join("results");
    for signal in ["-INT", "-TERM"] {
        let mut run = command(&results).stderr(Stdio::piped()).spawn().unwrap();
        // The signals are waited for before the scratch folder is made.
        let is_scratch =
            |entry: fs::DirEntry| entry.file_name().to_string_lossy().starts_with(".scratch");
        while !fs::read_dir(&results)
            .is_ok_and(|mut all| all.any(|entry| is_scratch(entry.unwrap())))
        {
            assert!(run.try_wait().unwrap().is_none(), "it ended by itself");
            thread::yield_now();
        }
        let pid = run.id().to_string();
        assert!(Command::new("kill").args([signal, &pid]).status().unwrap().success());
        let output = run.wait_with_output().unwrap();
        let error = support::text(&output.stderr);
        assert_eq!(output.status.code(), Some(130), "{error}");
        assert!(error.contains("the same command goes on"), "{error}");
        fs::remove_dir_all(&results).unwrap();
    }
    assert!(command(&results).status().unwrap().success());
}
