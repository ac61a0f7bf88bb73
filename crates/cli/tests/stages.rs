//! Stages of work: what is done again and why, what is left of runs that did not end, and how a
//! run tells how it goes.

mod support;

use std::fs;
use std::path::{Path, PathBuf};

use assert_cmd::cargo::cargo_bin_cmd;
use serde_json::Value;
use support::outputs;

fn examples() -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/8504-1/7895-1");
    folder.canonicalize().unwrap()
}

/// A folder with copies of slices of the example under other names, and results beside it.
struct Tried {
    folder: tempfile::TempDir,
}

impl Tried {
    fn new(slices: &[(&str, &str)]) -> Self {
        let tried = Self { folder: tempfile::tempdir().unwrap() };
        fs::create_dir(tried.folder.path().join("store")).unwrap();
        for (from, to) in slices {
            tried.put(from, to);
        }
        tried
    }

    /// Puts a slice of the example in the place of another.
    fn put(&self, from: &str, to: &str) {
        let from = examples().join(format!("8504-1-7895-1-{from}.tar.gz"));
        fs::copy(from, self.tarball(to)).unwrap();
    }

    fn tarball(&self, name: &str) -> PathBuf {
        self.folder.path().join(format!("store/{name}.tar.gz"))
    }

    fn results(&self) -> PathBuf {
        self.folder.path().join("results")
    }

    /// The results of a slice.
    fn slice(&self, name: &str) -> PathBuf {
        diskprint::results::folder(&self.results(), &self.tarball(name))
    }

    fn database(&self) -> String {
        format!("sqlite:{}", self.results().join("diskprint.db").display())
    }

    /// `diskprint run END RESULTS MORE`, which must end with `code`: standard output and error.
    #[track_caller]
    fn run(&self, code: i32, ends: &[&str], more: &[&str]) -> (String, String) {
        let mut command = cargo_bin_cmd!("diskprint");
        command.arg("run").args(ends.iter().map(|end| self.tarball(end))).arg(self.results());
        // No settings of whoever runs the tests.
        command.args(more).env_remove("DISKPRINT_DB").current_dir(self.folder.path());
        let output = command.output().unwrap();
        let (out, err) = (support::text(&output.stdout), support::text(&output.stderr));
        assert_eq!(output.status.code(), Some(code), "{out}{err}");
        (out, err)
    }

    /// The events of a run, as their names with slice and stage.
    #[track_caller]
    fn events(&self, ends: &[&str], more: &[&str]) -> Vec<String> {
        let more = [&["--log-format", "json", "--quiet"], more].concat();
        let (out, err) = self.run(0, ends, &more);
        assert_eq!(out, "");
        let event = |line: &Value| {
            let text = |name: &str| line[name].as_str().unwrap_or_default().to_owned();
            assert!(text("time").ends_with('Z') && !text("level").is_empty(), "{line}");
            let slice = text("slice").rsplit('-').next().unwrap_or_default().to_owned();
            format!("{} {slice} {}", text("event"), text("stage")).trim().to_owned()
        };
        support::rows(&err).iter().map(event).collect()
    }

    /// The stages that a run did, as `20 files`; those of a slice, which are done at once, in the
    /// order of [`STAGES`].
    #[track_caller]
    fn done(&self, ends: &[&str], more: &[&str]) -> Vec<String> {
        let events = self.events(ends, more);
        let stages = events.iter().filter_map(|event| event.strip_prefix("stage_ends "));
        let mut stages: Vec<(&str, usize)> = stages
            .map(|stage| {
                let (slice, name) = stage.split_once(' ').unwrap();
                (slice, STAGES.iter().position(|it| *it == name).unwrap_or(STAGES.len()))
            })
            .collect();
        for of_slice in stages.chunk_by_mut(|a, b| a.0 == b.0) {
            of_slice.sort_unstable();
        }
        let name = |number| STAGES.get(number).unwrap_or(&"export");
        stages.iter().map(|(slice, number)| format!("{slice} {}", name(*number))).collect()
    }
}

/// The stages of a slice; those of a sequence end with `export`.
const STAGES: [&str; 5] = ["disk", "files", "registry", "dumps", "deltas"];
const SEQUENCE: [(&str, &str); 3] =
    [("10", "1-1-1-1-10"), ("20", "1-1-1-1-20"), ("30", "1-1-1-1-30")];
const END: &[&str] = &["1-1-1-1-30"];

#[test]
fn only_what_has_a_reason_is_done_again() {
    let tried = Tried::new(&SEQUENCE);
    let of = |slice: &str, stages: &[&str]| -> Vec<String> {
        stages.iter().map(|stage| format!("{slice} {stage}")).collect()
    };
    let first = [of("10", &STAGES), of("20", &STAGES), of("30", &STAGES), of("30", &["export"])];
    let first = first.concat();
    assert_eq!(tried.done(END, &[]), first);
    let before = outputs(&tried.results());
    assert_eq!(tried.done(END, &[]), [] as [&str; 0]);

    // An output that is gone: its stage alone.
    fs::remove_file(tried.slice("1-1-1-1-20").join("dumps/statistics.txt")).unwrap();
    let (_, err) = tried.run(0, END, &["--dry-run"]);
    assert_eq!(err, "");
    let (plan, _) = tried.run(0, END, &["--dry-run"]);
    let why = "20.tar.gz: dumps: its output dumps/statistics.txt is gone\n";
    assert!(plan.contains(why) && plan.contains("10.tar.gz: nothing to do"), "{plan}");
    assert_eq!(tried.done(END, &[]), ["20 dumps"]);
    assert!(outputs(&tried.results()) == before);

    // What differs is gone: the slice before is read for it, and nothing of it written.
    fs::remove_file(tried.slice("1-1-1-1-20").join("deltas/deltas.db")).unwrap();
    let events = tried.events(END, &[]);
    let read: Vec<_> = events.iter().filter(|event| event.starts_with("slice_begins")).collect();
    assert_eq!(read, ["slice_begins 10", "slice_begins 20"]);
    assert!(outputs(&tried.results()) == before);

    // Another version.
    let manifest = tried.slice("1-1-1-1-10").join("files/manifest.json");
    let old = fs::read_to_string(&manifest).unwrap().replace(env!("CARGO_PKG_VERSION"), "0.0.9");
    fs::write(&manifest, old).unwrap();
    let (_, err) = tried.run(0, END, &[]);
    let why = format!(
        "slice 1-1-1-1-10 again: files: done by version 0.0.9, this is {}\n",
        env!("CARGO_PKG_VERSION")
    );
    assert!(err.contains(&why), "{err}");
    assert!(outputs(&tried.results()) == before);

    // Another tarball, in the middle: it and what is compared with it.
    tried.put("40", "1-1-1-1-20");
    let (out, err) = tried.run(2, END, &[]);
    assert!(err.contains("slice 1-1-1-1-20 again: disk, files, registry, dumps"), "{err}");
    assert!(err.contains("its slicehash was "), "{err}");
    let told =
        format!("slice 20: {} is not the file that was", tried.tarball("1-1-1-1-20").display());
    assert!(err.contains(&format!("warning: {told}")) && out.contains(&told), "{out}{err}");
    assert!(out.ends_with("Done.\n"), "{out}");
    // That stays with the results until they are stored again.
    let (out, _) = tried.run(2, END, &[]);
    assert!(out.contains("Nothing changed") && out.contains(&told), "{out}");
    assert!(outputs(&tried.results()) != before);
    // And back: the same bytes as at first, when nothing is told any more.
    tried.put("20", "1-1-1-1-20");
    tried.run(2, END, &["--quiet"]);
    tried.run(0, END, &["--re-export", "--quiet"]);
    assert!(outputs(&tried.results()) == before);
}

#[test]
fn a_tarball_that_is_gone_fails_its_sequence_until_it_is_back() {
    let tried = Tried::new(&SEQUENCE);
    tried.run(0, END, &["--quiet"]);
    let before = outputs(&tried.results());
    let away = tried.folder.path().join("away");
    fs::rename(tried.tarball("1-1-1-1-20"), &away).unwrap();
    let (results, db) = (tried.results().display().to_string(), tried.database());
    let failed = support::expect(1, &["run", "--all", &results, "--db", &db]);
    let lost = tried.tarball("1-1-1-1-20").display().to_string();
    assert!(failed.contains(&lost) && failed.contains("No such file"), "{failed}");
    let journal = "SELECT count(*) FROM workjournal WHERE workstatus LIKE 'failed: %'";
    assert_eq!(rusqlite_rows(&db, journal), ["1"]);
    // Somewhere else, and table storage is told; and back.
    let (from, to) = (tried.tarball("1-1-1-1-20"), tried.tarball("elsewhere"));
    fs::rename(&away, &to).unwrap();
    let told = |from: &Path, to: &Path| {
        let (from, to) = (from.display(), to.display());
        let sql = format!("UPDATE storage SET location = '{to}' WHERE location = '{from}'");
        rusqlite_rows(&db, &sql);
    };
    told(&from, &to);
    support::expect(0, &["run", "--all", &results, "--db", &db]);
    fs::rename(&to, &from).unwrap();
    told(&to, &from);
    support::expect(0, &["run", "--all", &results, "--db", &db]);
    let after = outputs(&tried.results());
    assert!(before.iter().all(|(path, digest)| after.get(path) == Some(digest)));
}

#[test]
fn a_longer_sequence_is_compared_only_at_its_end() {
    let tried = Tried::new(&SEQUENCE[..2]);
    tried.run(0, &["1-1-1-1-20"], &["--quiet"]);
    tried.put("30", "1-1-1-1-30");
    let events = tried.events(END, &[]);
    let mut read: Vec<_> =
        events.iter().filter(|event| event.starts_with("slice_begins")).collect();
    // Both are unpacked at once, and who says so first is chance.
    read.sort();
    assert_eq!(read, ["slice_begins 20", "slice_begins 30"]);
    let rows =
        support::rows(&support::expect(0, &["export", "1-1-1-1", "--db", &tried.database()]));
    assert!(
        rows.iter().any(|row| row["sliceid"] == 20) && rows.iter().any(|row| row["sliceid"] == 30)
    );
}

#[test]
fn storing_again_reads_no_slice() {
    let tried = Tried::new(&SEQUENCE);
    tried.run(0, END, &["--quiet"]);
    let export = || support::expect(0, &["export", "1-1-1-1", "--db", &tried.database()]);
    let before = (outputs(&tried.results()), export());
    let events = tried.events(END, &["--re-export"]);
    let count = |wanted: &str| events.iter().filter(|event| event.starts_with(wanted)).count();
    assert_eq!((count("slice_begins"), count("stage_ends")), (0, 1), "{events:?}");
    assert!((outputs(&tried.results()), export()) == before);

    // Not even its file need be there.
    let away = tried.folder.path().join("away");
    fs::rename(tried.tarball("1-1-1-1-10"), &away).unwrap();
    tried.run(0, END, &["--re-export", "--quiet"]);
    fs::rename(&away, tried.tarball("1-1-1-1-10")).unwrap();
    assert!((outputs(&tried.results()), export()) == before);

    // Rows that somebody removed come back.
    rusqlite_rows(&tried.database(), "DELETE FROM regdelta WHERE sliceid = 30");
    let (_, err) = tried.run(0, END, &["--quiet"]);
    assert_eq!(err, "");
    let count = "SELECT count(*) FROM regdelta JOIN diskprint_run ON 1 GROUP BY cells
                 HAVING count(*) = cells";
    assert_eq!(rusqlite_rows(&tried.database(), count).len(), 1);

    // Another database gets everything, too.
    let other = format!("sqlite:{}", tried.folder.path().join("other.db").display());
    assert_eq!(tried.done(END, &["--db", &other]), ["30 export"]);
    assert!(support::expect(0, &["export", "1-1-1-1", "--db", &other]) == before.1);
}

#[test]
fn a_baseline_that_sequences_share_is_read_once() {
    let same = [("10", "1-1-1-1-10"), ("10", "1-1-2-1-10"), ("10", "1-1-3-1-10")];
    let tried = Tried::new(&[&same[..], &[("20", "1-1-1-1-20"), ("20", "1-1-2-1-20")]].concat());
    for jobs in ["1", "2"] {
        let ends = ["1-1-1-1-20", "1-1-2-1-20", "1-1-3-1-10"];
        let events = tried.events(&ends, &["-j", jobs]);
        let reads = |slice: &str| {
            let event = format!("slice_begins {slice}");
            events.iter().filter(|it| **it == event).count()
        };
        assert_eq!((reads("10"), reads("20")), (1, 2), "{events:?}");
        // What it holds is the same, wherever its copies lie.
        let files = |name: &str| {
            let text = fs::read_to_string(tried.slice(name).join("files/fiout.dfxml")).unwrap();
            text.replace(&tried.tarball(name).display().to_string(), "")
        };
        assert!(files("1-1-1-1-10") == files("1-1-3-1-10"));
        fs::remove_dir_all(tried.results()).unwrap();
    }
}

#[test]
fn sequences_that_have_slices_in_common_are_run_side_by_side() {
    // 10 → 20 → 30 and 10 → 20 → 40.
    let tried = Tried::new(&[SEQUENCE.as_slice(), &[("40", "1-1-1-1-40")]].concat());
    tried.run(0, &["1-1-1-1-40"], &["--quiet"]);
    let db = tried.database();
    support::expect(0, &["slice", "edit", "1-1-1-1-40", "--predecessor", "20", "--db", &db]);
    let (results, more) = (tried.results().display().to_string(), ["--db", &db, "-j", "2"]);
    let table =
        support::expect(0, &[&["run", "--all", "--re-export", &results], &more[..]].concat());
    assert!(table.contains("1-1-1-1-30  done") && table.contains("1-1-1-1-40  done"), "{table}");
    let verified = support::expect(0, &["status", &results, "--verify"]);
    assert!(verified.contains("All outputs are what their manifests say."), "{verified}");
}

#[test]
fn remains_of_runs_that_did_not_end_are_removed_listed_or_left() {
    let tried = Tried::new(&SEQUENCE);
    tried.run(0, END, &["--quiet"]);
    let before = outputs(&tried.results());
    let leave = || {
        let slice = tried.slice("1-1-1-1-20");
        fs::remove_file(slice.join("registry/manifest.json")).unwrap();
        fs::write(slice.join("registry.status.log"), "Started.\n").unwrap();
        fs::write(slice.join("registry/.part-killed"), "half").unwrap();
        fs::create_dir_all(tried.results().join(".scratch-killed")).unwrap();
        slice.join("registry")
    };
    let folder = leave();
    let (out, _) = tried.run(0, END, &["--cleanup", "list"]);
    let listed: Vec<&str> = out.lines().collect();
    let scratch = tried.results().join(".scratch-killed");
    assert_eq!(listed, [scratch.display().to_string(), folder.display().to_string()]);
    assert!(folder.join(".part-killed").exists() && scratch.exists());

    tried.run(0, END, &["--cleanup", "ignore", "--quiet"]);
    assert!(scratch.exists());
    assert!(outputs(&tried.results()) == before);

    for what in ["erase", "check"] {
        leave();
        let (_, err) = tried.run(0, END, &["--cleanup", what]);
        assert!(err.contains("removed what 1 stage left that did not end"), "{err}");
        assert!(!scratch.exists());
        assert!(outputs(&tried.results()) == before, "{what}");
    }
}

#[test]
fn another_terminal_sees_how_a_run_goes_and_went() {
    let tried = Tried::new(&[SEQUENCE.as_slice(), &[("10", "1-1-2-1-10")]].concat());
    let results = tried.results().display().to_string();
    fs::write(tried.tarball("1-1-3-1-10"), "no archive").unwrap();
    fs::create_dir_all(&results).unwrap();
    let nothing = support::expect(1, &["status", &results]);
    assert!(nothing.contains("no run ever wrote there"), "{nothing}");
    tried.run(1, &["1-1-1-1-30", "1-1-2-1-10", "1-1-3-1-10"], &["--quiet"]);
    let text = support::expect(1, &["status", &results]);
    assert!(text.contains("1-1-1-1-30.tar.gz  done\n"), "{text}");
    assert!(text.contains("1-1-3-1-10.tar.gz  failed: slice 1-1-3-1-10: "), "{text}");
    assert!(text.contains("2 done, 0 skipped, 1 failed, 0 running, 0 waiting\n"), "{text}");

    // While somebody has the lock, a run goes on.
    let json = || -> Value {
        let output = support::diskprint(&["status", &results, "--json"]);
        serde_json::from_slice(&output.stdout).unwrap()
    };
    assert_eq!((&json()["state"], &json()["process"]), (&"ended".into(), &Value::Null));
    let lock = fs::File::options().write(true).open(tried.results().join(".lock")).unwrap();
    lock.lock().unwrap();
    assert_eq!(json()["state"], "running");
    assert!(json()["process"].as_str().is_some_and(|process| process.parse::<u32>().is_ok()));
    drop(lock);
    // A run that was killed never said that it ended.
    let path = tried.results().join(".status.json");
    let mut status: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    status["ended"] = Value::Null;
    fs::write(&path, status.to_string()).unwrap();
    assert_eq!(json()["state"], "stopped");

    let output = tried.slice("1-1-1-1-20").join("files/fiout.dfxml");
    let len = fs::metadata(&output).unwrap().len();
    fs::write(&output, vec![b' '; len as usize]).unwrap();
    let text = support::expect(1, &["status", &results, "--verify"]);
    assert!(text.contains("files/fiout.dfxml: it is not what was made"), "{text}");
    fs::remove_dir_all(tried.slice("1-1-1-1-20").join("dumps")).unwrap();
    let text = support::expect(1, &["status", &results, "--verify"]);
    assert!(text.contains("1-1-1-1-20.tar.gz/dumps/manifest.json: it is gone"), "{text}");
}

#[test]
fn settings_count_less_than_what_is_typed() {
    let tried = Tried::new(&SEQUENCE);
    let settings = tried.folder.path().join("diskprint.toml");
    fs::write(&settings, "db = 'sqlite:mine.db'\nlog_format = 'json'\njobs = 2\n").unwrap();
    let (_, err) = tried.run(0, END, &["--quiet"]);
    assert!(err.starts_with("{\"time\":\"2") && err.contains("\"event\":\"run_begins\""), "{err}");
    assert!(tried.folder.path().join("mine.db").is_file());
    assert!(!tried.results().join("diskprint.db").exists());
    let (_, err) =
        tried.run(0, END, &["--quiet", "--log-format", "text", "--db", &tried.database()]);
    assert_eq!(err, "");
    assert!(tried.results().join("diskprint.db").is_file());

    // Settings may be elsewhere; wrong ones are named.
    let other = tried.folder.path().join("other.toml");
    fs::write(&other, "db = 'sqlite:third.db'\n").unwrap();
    tried.run(0, END, &["--quiet", "--config", &other.display().to_string()]);
    assert!(tried.folder.path().join("third.db").is_file());
    fs::write(&settings, "job = 2\n").unwrap();
    let (_, err) = tried.run(1, END, &[]);
    assert!(err.contains("diskprint.toml") && err.contains("job"), "{err}");
}

#[test]
fn logs_beside_the_stages_say_how_each_ended() {
    let tried = Tried::new(&SEQUENCE[..1]);
    fs::write(tried.tarball("1-1-1-1-20"), "no archive").unwrap();
    tried.run(1, &["1-1-1-1-20"], &[]);
    let log = |slice: &str, name: &str| {
        fs::read_to_string(tried.slice(slice).join(format!("{name}.log"))).unwrap()
    };
    assert_eq!(log("1-1-1-1-10", "files.status"), "Started.\n0\n");
    assert!(log("1-1-1-1-10", "files.out").ends_with(" in use\n"));
    assert_eq!(log("1-1-1-1-10", "files.err"), "");
    assert_eq!(log("1-1-1-1-20", "disk.status"), "Started.\n1\n");
    assert!(log("1-1-1-1-20", "disk.err").contains("neither a tarball"));
    let db = tried.database();
    let journal =
        rusqlite_rows(&db, "SELECT sliceid, workstatus, script, outputdir FROM workjournal");
    assert_eq!(journal.len(), 1, "{journal:?}");
    assert!(journal[0].starts_with("20|failed: slice 1-1-1-1-20: "), "{journal:?}");
}

#[test]
fn a_log_for_machines_has_nothing_else_when_a_run_fails() {
    let tried = Tried::new(&[("10", "1-1-1-1-10")]);
    fs::write(tried.tarball("1-1-1-1-20"), "no archive").unwrap();
    let (out, err) = tried.run(1, &["1-1-1-1-20"], &["--log-format", "json"]);
    assert_eq!(out, "");
    let events = support::rows(&err);
    let last = events.last().unwrap();
    assert_eq!((&last["event"], &last["level"]), (&"error".into(), &"error".into()));
    assert!(last["message"].as_str().unwrap().contains("neither a tarball"), "{err}");
}

/// The rows of a query, a line each.
fn rusqlite_rows(database: &str, sql: &str) -> Vec<String> {
    let connection = rusqlite::Connection::open(database.strip_prefix("sqlite:").unwrap()).unwrap();
    let mut statement = connection.prepare(sql).unwrap();
    let width = statement.column_count();
    let text = |row: &rusqlite::Row<'_>, index: usize| match row.get_ref_unwrap(index) {
        rusqlite::types::ValueRef::Integer(number) => number.to_string(),
        value => value.as_str().unwrap_or_default().to_owned(),
    };
    let line = |row: &rusqlite::Row<'_>| {
        Ok((0..width).map(|index| text(row, index)).collect::<Vec<_>>().join("|"))
    };
    statement.query_map([], line).unwrap().map(Result::unwrap).collect()
}
