//! A loss of power between any two writes of a run loses nothing that looks done: the next run
//! completes, and its outputs and rows are those of a run that was not disturbed.

#![cfg(target_os = "linux")]

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::thread;
use std::time::Duration;
use std::{env, fs};

use diskprint_store::{Sqlite, Store};
use diskprint_testkit::kill_point::{KillPoints, Loss, lose};
use diskprint_testkit::ntfs::{File, Options, ROOT, Volume, kind};
use diskprint_testkit::regf::{self, Key, Value};
use tempfile::TempDir;

const SEQUENCE: &str = "8504-1-7895-1";
const SIGKILL: i32 = 9;

/// The file of a slice: some files that stay, some that differ, two hives, one of them damaged.
fn volume(state: u32) -> Vec<u8> {
    let mut volume = Volume::new(Options { clusters: 128, ..Options::default() });
    volume.add(&File::new(ROOT, "stays").data("", b"the same"));
    volume.add(&File::new(ROOT, "changes").data("", format!("state {state}").as_bytes()));
    volume.add(&File::new(ROOT, &format!("only in {state}")).data("", b"passing"));
    let config = ["Windows", "System32", "config"]
        .iter()
        .fold(ROOT, |parent, name| volume.add(&File::directory(parent, name)));
    let key = Key::new("Application").value(Value::dword("Runs", state));
    let key = key.with(Key::new(&*format!("Version {state}")).value(Value::string("Path", "C:")));
    let mut software = regf::build(&Key::new("ROOT").with(key)).bytes;
    let hive = volume.stored(kind::DATA, "", &software, 0);
    volume.add(&File::new(config, "SOFTWARE").with(hive));
    software.truncate(0x1000);
    let hive = volume.stored(kind::DATA, "", &software, 0);
    volume.add(&File::new(config, "SYSTEM").with(hive));
    volume.finish().bytes
}

/// All outputs and rows of a run, as digests and text.
type Outcome = (BTreeMap<PathBuf, String>, String);

/// A sequence, and what a run of it gives that is not disturbed.
struct Sequence {
    scratch: TempDir,
    kill_points: KillPoints,
    expected: Outcome,
}

impl Sequence {
    #[track_caller]
    fn new() -> Option<Self> {
        // In memory, where there is a place for that: nothing is to outlive the tests.
        let memory = Path::new("/dev/shm");
        let place = if memory.is_dir() { memory.to_owned() } else { env::temp_dir() };
        let scratch = tempfile::tempdir_in(place.canonicalize().unwrap()).unwrap();
        let kill_points = KillPoints::build(scratch.path())?;
        for state in 1..=3 {
            let name = format!("{SEQUENCE}-{state}0.raw");
            fs::write(scratch.path().join(name), volume(state)).unwrap();
        }
        // Of files that were changed just now no stamps are kept.
        thread::sleep(Duration::from_secs(3));
        let mut sequence = Self { scratch, kill_points, expected: Outcome::default() };
        sequence.count("undisturbed", &[]);
        sequence.expected = sequence.outcome("undisturbed");
        Some(sequence)
    }

    fn folder(&self, name: &str) -> PathBuf {
        self.scratch.path().join(name)
    }

    fn run(&self, results: &str, more: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_diskprint"));
        let last = self.folder(&format!("{SEQUENCE}-30.raw"));
        command.args(["run", "--threads", "1"]).args(more).arg(last).arg(self.folder(results));
        command.env_remove("DISKPRINT_DB").stdin(Stdio::null());
        command.stdout(Stdio::null()).stderr(Stdio::null());
        command
    }

    /// Runs it to the end; says how many writes that took.
    #[track_caller]
    fn count(&self, results: &str, more: &[&str]) -> u64 {
        let folder = self.folder(results);
        let (status, count) = self.kill_points.count(&mut self.run(results, more), &folder);
        // It says that a hive is damaged.
        assert_eq!(status.code(), Some(2), "{results}: {status}");
        count
    }

    /// Kills a run before one of its writes, and the disk loses what it may lose. Says how many
    /// files lost something; `None` where the run ended before.
    fn kill(&self, results: &str, more: &[&str], point: u64, loss: Loss) -> Option<usize> {
        let (folder, synced) = (self.folder(results), self.folder(&format!("{results}.synced")));
        let mut run = self.run(results, more);
        self.kill_points.kill(&mut run, &folder, point, &synced);
        let status = run.status().unwrap();
        if status.signal() != Some(SIGKILL) {
            assert_eq!(status.code(), Some(2), "point {point}: {status}");
            return None;
        }
        Some(if folder.exists() { lose(&folder, &synced, loss).unwrap() } else { 0 })
    }

    fn database(&self, results: &str) -> PathBuf {
        self.folder(results).join("diskprint.db")
    }

    fn outcome(&self, results: &str) -> Outcome {
        let db = format!("sqlite:{}", self.database(results).display());
        let rows = support::expect(0, &["export", SEQUENCE, "--db", &db]);
        (support::outputs(&self.folder(results)), rows)
    }

    /// What is other than after a run that was not disturbed, and what is left of those that were.
    fn differences(&self, results: &str) -> Vec<String> {
        let (files, rows) = self.outcome(results);
        let all: BTreeSet<&PathBuf> = files.keys().chain(self.expected.0.keys()).collect();
        let differs = |path: &&PathBuf| files.get(*path) != self.expected.0.get(*path);
        let different = all.into_iter().filter(differs).map(|path| path.display().to_string());
        let mut told: Vec<String> = different.collect();
        if rows != self.expected.1 {
            told.push("other rows".to_owned());
        }
        let journal = self.journal(results);
        if journal.is_empty() || journal.iter().any(|status| status != "faults") {
            told.push(format!("work journal: {journal:?}"));
        }
        let is_left = |path: &PathBuf| {
            let path = path.to_string_lossy();
            [".part", ".scratch"].iter().any(|mark| path.contains(mark))
        };
        let left = support::digests(&self.folder(results)).into_keys().filter(is_left);
        told.extend(left.map(|path| format!("{} is left", path.display())));
        told
    }

    /// How runs ended, as the work journal has it.
    fn journal(&self, results: &str) -> Vec<String> {
        let entries = Sqlite::open(&self.database(results)).unwrap().journal_entries().unwrap();
        entries.into_iter().filter_map(|entry| entry.status).collect()
    }
}

/// What came of the kills, over all threads.
#[derive(Default)]
struct Tally {
    points: usize,
    killed: usize,
    files_lost: usize,
    /// What was wrong, and after which kills.
    wrong: BTreeMap<Vec<String>, Vec<String>>,
}

/// Does `one` for every one of `points` in two threads, each with its name for results.
fn each<P: Copy + Sync + std::fmt::Debug>(
    points: &[P],
    one: impl Fn(P, &str) -> (Option<usize>, Vec<String>) + Sync,
) -> Tally {
    let tally = Mutex::new(Tally { points: points.len(), ..Tally::default() });
    let next = Mutex::new(points.iter());
    let work = |results: &str| {
        loop {
            let Some(point) = next.lock().unwrap().next() else { return };
            let (lost, wrong) = one(*point, results);
            let mut tally = tally.lock().unwrap();
            tally.killed += usize::from(lost.is_some());
            tally.files_lost += lost.unwrap_or(0);
            if !wrong.is_empty() {
                tally.wrong.entry(wrong).or_default().push(format!("{point:?}"));
            }
        }
    };
    thread::scope(|scope| {
        for results in ["killed-a", "killed-b"] {
            let work = &work;
            scope.spawn(move || work(results));
        }
    });
    tally.into_inner().unwrap()
}

impl Tally {
    /// Prints the numbers; nothing may be wrong.
    #[track_caller]
    fn check(&self, what: &str, count: u64) {
        let Self { points, killed, files_lost, wrong } = self;
        assert!(count > 100, "{what}: only {count} writes were seen");
        println!(
            "{what}: {count} writes, {killed} of {points} kills, {files_lost} files lost some"
        );
        for (wrong, after) in wrong {
            println!("after {}: {wrong:#?}", after.join(", "));
        }
        assert!(wrong.is_empty(), "{what}");
        // How the run goes is written down by the clock, so that a count may be off by a few.
        assert!(killed * 20 >= points * 19, "{killed} of {points} runs were killed");
    }
}

/// Of the writes of a first run, one in so many.
const EVERY: usize = 4;

/// How many pairs of kills.
const PAIRS: u64 = 50;

const LOSSES: [Loss; 4] = [Loss::Nothing, Loss::All, Loss::Content, Loss::Names];

/// A loss for each kill point, such that the kinds of writes that follow each other in threes and
/// fours meet all of them.
fn loss(point: u64) -> Loss {
    LOSSES[((point + point / 3 + point / 4) % 4) as usize]
}

/// Kills first runs at `points`, completes them, compares.
fn first_runs(sequence: &Sequence, points: &[(u64, Loss)]) -> Tally {
    each(points, |(point, loss), results| {
        let lost = sequence.kill(results, &[], point, loss);
        sequence.count(results, &[]);
        let wrong = sequence.differences(results);
        fs::remove_dir_all(sequence.folder(results)).unwrap();
        (lost, wrong)
    })
}

/// Set to try every write with every loss, which takes minutes.
const ALL: &str = "DISKPRINT_TEST_ALL_KILL_POINTS";

#[test]
fn a_first_run_can_lose_power_at_any_write() {
    let Some(sequence) = Sequence::new() else { return };
    let count = sequence.count("counted", &[]);
    let points: Vec<_> = match std::env::var_os(ALL) {
        Some(_) => (1..=count).flat_map(|point| LOSSES.map(|loss| (point, loss))).collect(),
        None => (1..=count).step_by(EVERY).map(|point| (point, loss(point))).collect(),
    };
    first_runs(&sequence, &points).check("first runs", count);
}

#[test]
fn what_a_run_stored_is_on_the_disk_when_it_ends() {
    let Some(sequence) = Sequence::new() else { return };
    for loss in LOSSES {
        // It is not killed: there is no such write.
        assert_eq!(sequence.kill("ended", &[], 0, loss), None);
        let (folder, synced) = (sequence.folder("ended"), sequence.folder("ended.synced"));
        let lost = lose(&folder, &synced, loss).unwrap();
        println!("{loss:?}: {lost} files lost some");
        let (_, rows) = sequence.outcome("ended");
        assert!(rows == sequence.expected.1, "{loss:?}");
        assert_eq!(sequence.journal("ended"), ["faults"], "{loss:?}");
        assert_eq!(sequence.differences("ended"), [] as [&str; 0], "{loss:?}");
        fs::remove_dir_all(folder).unwrap();
    }
}

#[test]
fn storing_again_can_lose_power_at_any_write() {
    let Some(sequence) = Sequence::new() else { return };
    let again = ["--re-export"];
    for results in ["counted", "killed-a", "killed-b"] {
        sequence.count(results, &[]);
    }
    let count = sequence.count("counted", &again);
    let points: Vec<_> = (1..=count).collect();
    let tally = each(&points, |point, results| {
        let lost = sequence.kill(results, &again, point, loss(point));
        sequence.count(results, &[]);
        (lost, sequence.differences(results))
    });
    tally.check("runs that store again", count);
}

#[test]
fn the_run_after_a_loss_of_power_can_lose_it_too() {
    let Some(sequence) = Sequence::new() else { return };
    let count = sequence.count("counted", &[]);
    // The second kill is where the second run gets to, and jumps about.
    let pair = |nth: u64| {
        let first = nth * count / PAIRS + 1;
        (first, nth * 37 % PAIRS * (count - first) / PAIRS + 1)
    };
    let pairs: Vec<_> = (0..PAIRS).map(pair).collect();
    let tally = each(&pairs, |(first, second), results| {
        sequence.kill(results, &[], first, loss(first));
        let lost = sequence.kill(results, &[], second, loss(second));
        sequence.count(results, &[]);
        let wrong = sequence.differences(results);
        fs::remove_dir_all(sequence.folder(results)).unwrap();
        (lost, wrong)
    });
    tally.check("second runs", count);
}
