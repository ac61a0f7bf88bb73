//! In place of the original workflow: its database as it left it, its file `differ.cfg`, its queue.

#![cfg(unix)]

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Instant;

use diskprint::{Hex, Image, Known, Snapshot};
use diskprint_formats::Filetime;
use diskprint_testkit::original::SHAPE;
use diskprint_testkit::postgres::{Server, server};
use serde_json::Value;
use support::original::{Ended, Original, SLICES};
use support::truth::{Judge, SEQUENCES, text};

#[test]
fn it_takes_the_place_of_the_original() {
    let (Some(server), Some(mut judge)) = (server(), Judge::new()) else { return };
    let original = Original::new(server, &|sequence, slice| judge.tarball(sequence, slice));
    let shape = server.sql(&original.database, SHAPE);
    let first = original.run("--all", &[]);
    first.expect(0, "\n3 done, 0 skipped, 0 failed\nDone.\n");
    assert!(!first.err.contains(" again: "), "the baseline is read once: {}", first.err);
    assert_eq!(server.sql(&original.database, SHAPE), shape);
    let mut exported = Vec::new();
    for sequence in SEQUENCES {
        let lines = original.export(sequence);
        let rows = support::rows(&lines);
        judge.judge(sequence, &rows);
        let (found, expected) =
            (regdelta(&original, sequence), expected_regdelta(&judge, sequence, &rows));
        let differ = found.iter().zip(&expected).find(|(found, expected)| found != expected);
        assert_eq!((differ, found.len()), (None, expected.len()), "{sequence}");
        exported.push(lines);
    }
    judge.verdict();
    let slicehashes =
        "SELECT count(*), count(DISTINCT slicehash), max(length(slicehash)) FROM slice";
    assert_eq!(original.sql(slicehashes), ["12|10|32"], "they are called what they were called");
    assert_eq!(original.counts()["storage"], "10");
    assert_eq!(original.queue().len(), 10, "nobody said --queue");
    holds_what_the_slice_holds(&original, &judge, "7950-2", "30");
    journals(&original, 1);

    // Again: nothing is read, nothing is written.
    let (counts, hives) = (original.counts(), hives(&original));
    let again = original.run("--all", &["--log-format", "json"]);
    again.expect(0, "\n0 done, 3 skipped, 0 failed\nDone.\n");
    let events = again.events();
    let ends: Vec<_> = events
        .iter()
        .filter_map(|(event, outcome)| (event == "sequence_ends").then_some(outcome))
        .collect();
    assert_eq!(ends, [&Some("skipped".to_owned()); 3], "{}", again.err);
    let nothing = |(event, _): &&(String, _)| ["slice_begins", "stage_ends"].contains(&&**event);
    assert_eq!(events.iter().filter(nothing).count(), 0, "{}", again.err);
    assert_eq!(original.counts(), counts);

    // Stored again: the same rows, and no slice is read for it.
    let again = original.run("--all", &["--re-export", "--log-format", "json"]);
    again.expect(0, "\n3 done, 0 skipped, 0 failed\nDone.\n");
    assert!(!again.err.contains("slice_begins"), "{}", again.err);
    journals(&original, 2);
    original
        .sql("DELETE FROM workjournal WHERE ctid NOT IN (SELECT ctid FROM workjournal LIMIT 3)");
    assert_eq!(original.counts(), counts);
    assert_eq!(self::hives(&original), hives);
    let now: Vec<String> = SEQUENCES.iter().map(|sequence| original.export(sequence)).collect();
    assert!(now == exported);
    assert_eq!(server.sql(&original.database, SHAPE), shape);
}

/// The ids of the hives that rows of the original's table name.
fn hives(original: &Original<'_>) -> Vec<String> {
    original.sql(
        "SELECT hiveid, hivepath, appetid, osetid, count(*) FROM hive JOIN regdelta
         USING (hiveid, appetid, osetid) GROUP BY 1, 2, 3, 4 ORDER BY 1",
    )
}

/// The original's rows of a sequence, as text, sorted.
fn regdelta(original: &Original<'_>, sequence: &str) -> Vec<String> {
    let mut rows = original.sql(&format!(
        "SELECT sliceid, actiontype, hivepath, cellpath,
             coalesce(parentmtimebefore, '-'), coalesce(parentmtimeafter, '-'),
             coalesce(mtimebefore, '-'), coalesce(mtimeafter, '-'),
             coalesce(valuesha1before, '-'), coalesce(valuesha1after, '-'), iskeybefore, iskeyafter,
             slicetype
         FROM regdelta JOIN hive USING (hiveid) JOIN cell ON actionid = cellaction
         WHERE regdelta.appetid = '{sequence}' AND hive.appetid = '{sequence}'",
    ));
    rows.sort();
    rows
}

/// The original's rows for the exported ones. It wants the parent's time also where the cell is
/// missing, which the truth knows.
fn expected_regdelta(judge: &Judge, sequence: &str, rows: &[Value]) -> Vec<String> {
    let states = SLICES.map(|slice| judge.state(sequence, slice));
    let row = |row: &Value| {
        let (action, hive) = (text(&row["action"]), text(&row["hive"]));
        let field = |name: &str| row[name].as_str().unwrap_or("-").to_owned();
        let time = |name: &str| row[name].as_str().map_or("-".to_owned(), seconds);
        let slice = text(&row["sliceid"]);
        let later = SLICES.iter().position(|it| **it == slice).unwrap();
        let mut key: Vec<String> = row["key"].as_array().unwrap().iter().map(text).collect();
        let is_root = row["kind"] == "key" && key.pop().is_none();
        // Of SAM and SECURITY the truth has what was edited alone.
        let parent = |index: usize, exported: &str| {
            if is_root {
                return "-".to_owned();
            }
            let known = states[index]["registry"][&hive][key.join("\\")]["mtime"].as_u64();
            known.map_or_else(|| time(exported), |time| seconds(&Filetime(time).to_string()))
        };
        let is_key = |missing: &str| row["kind"] == "key" && action != missing;
        let (before, after) = (is_key("new"), is_key("deleted"));
        [
            slice,
            match &*action {
                "new" => "created",
                "deleted" => "removed",
                _ => "property updated",
            }
            .to_owned(),
            hive.clone(),
            field("cellpath"),
            parent(later - 1, "parent_mtime_before"),
            parent(later, "parent_mtime_after"),
            time("mtime_before"),
            time("mtime_after"),
            field("rendered_sha1_before"),
            field("rendered_sha1_after"),
            before.to_string()[..1].to_owned(),
            after.to_string()[..1].to_owned(),
            "Default".to_owned(),
        ]
        .join("|")
    };
    let mut all: Vec<String> = rows.iter().filter(|row| row["type"] == "cell").map(row).collect();
    all.sort();
    assert!(all.len() > 50, "{}", all.len());
    all
}

/// A time as the original has it, in whole seconds.
fn seconds(time: &str) -> String {
    format!("{}Z", &time[.."2013-05-07T09:00:45".len()])
}

/// The tables that the original left empty have of a slice what the truth has.
fn holds_what_the_slice_holds(original: &Original<'_>, judge: &Judge, sequence: &str, slice: &str) {
    let of_slice = format!(
        "slicehash = (SELECT slicehash FROM slice WHERE appetid = '{sequence}' AND sliceid = {slice})"
    );
    let state = judge.state(sequence, slice);
    let mut expected = BTreeSet::new();
    for (path, file) in state["files"].as_object().unwrap() {
        if file["type"] == "f" {
            expected.insert(format!("{path}|{}|{}", file["size"], text(&file["sha1"])));
        }
        for (stream, content) in file["ads"].as_object().into_iter().flatten() {
            let (size, sha1) = (&content["size"], text(&content["sha1"]));
            expected.insert(format!("{path}:{stream}|{size}|{sha1}"));
        }
    }
    let sql = format!("SELECT path, bytes, keyhash FROM filemetadata WHERE {of_slice}");
    let mut found: BTreeSet<String> = original.sql(&sql).into_iter().collect();
    // The mounted volume does not show the file system's own files.
    found.retain(|row| !row.starts_with('$') || row.starts_with("$Recycle.Bin"));
    assert!(expected.len() > 100, "{}", expected.len());
    assert_eq!(found, expected);

    let sql = format!(
        "SELECT path, filename, extension, trunc(extract(epoch FROM mtime) * 1000000),
             trunc(extract(epoch FROM ctime) * 1000000)
         FROM filemetadata WHERE {of_slice}"
    );
    let mut compared = 0;
    for row in original.sql(&sql) {
        let [path, filename, extension, mtime, ctime] = row.split('|').collect::<Vec<_>>()[..]
        else {
            panic!("{row}")
        };
        let Some(file) = state["files"].get(path) else { continue };
        assert_eq!(filename, path.rsplit('/').next().unwrap());
        assert!(extension.is_empty() || path.ends_with(&format!(".{extension}")), "{row}");
        let micros = |time: &str| (file[time].as_i64().unwrap() / 1000).to_string();
        assert_eq!([mtime, ctime], [micros("mtime_ns"), micros("ctime_ns")], "{row}");
        compared += 1;
    }
    assert!(compared > 100, "{compared}");

    let sql = format!("SELECT regfilepath, regfilehash FROM registry WHERE {of_slice}");
    let found: BTreeSet<String> = original.sql(&sql).into_iter().collect();
    let hive = |path: &String| format!("{path}|{}", text(&state["files"][path]["sha1"]));
    let expected: BTreeSet<String> =
        state["registry"].as_object().unwrap().keys().map(hive).collect();
    assert!(found.is_superset(&expected), "{found:?} {expected:?}");

    // One row for each content there is, with its digests.
    let scratch = tempfile::tempdir().unwrap();
    let opened = Image::open(&judge.tarball(sequence, slice), scratch.path(), &|_| {}).unwrap();
    let snapshot = Snapshot::read(&opened.image, &Known::new());
    let digests = snapshot.files.iter().filter_map(|file| file.digests);
    let md5s: BTreeMap<String, String> = digests
        .map(|digests| (Hex(&digests.sha1).to_string(), Hex(&digests.md5).to_string()))
        .collect();
    let sql = format!(
        "SELECT DISTINCT keyhash, md5.hashval FROM md5 JOIN filemetadata USING (keyhash) WHERE {of_slice}"
    );
    for row in original.sql(&sql) {
        let (sha1, md5) = row.split_once('|').unwrap();
        assert_eq!(md5s[sha1], md5);
    }
    let counts = "SELECT (SELECT count(DISTINCT keyhash) FROM filemetadata),
                      (SELECT count(*) FROM md5), (SELECT count(DISTINCT keyhash) FROM md5),
                      (SELECT count(*) FROM sha1 WHERE hashval = keyhash)";
    let counts = original.sql(counts).concat();
    let mut counts: Vec<&str> = counts.split('|').collect();
    counts.dedup();
    assert_eq!(counts.len(), 1, "{counts:?}");
}

/// Each run of a sequence is in the journal.
fn journals(original: &Original<'_>, runs: usize) {
    let journal = original.sql(
        "SELECT sliceid, workstatus, regexp_replace(outputdir, '.*/', ''), statustime IS NULL,
             script LIKE 'diskprint % run', workerid <> '' FROM workjournal ORDER BY outputdir",
    );
    let entry = |sequence| format!("40|clean|8504-1-{sequence}-40.tar.gz|f|t|t");
    let expected: Vec<String> =
        SEQUENCES.iter().flat_map(|sequence| vec![entry(sequence); runs]).collect();
    assert_eq!(journal, expected);
}

/// Copies of the tarballs, for tests that damage them.
struct Copies {
    folder: tempfile::TempDir,
}

impl Copies {
    fn new(judge: &Judge) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let copies = Self { folder };
        for (sequence, slice) in SEQUENCES.iter().flat_map(|it| SLICES.map(|slice| (it, slice))) {
            fs::copy(judge.tarball(sequence, slice), copies.tarball(sequence, slice)).unwrap();
        }
        copies
    }

    fn tarball(&self, sequence: &str, slice: &str) -> PathBuf {
        self.folder.path().join(format!("8504-1-{sequence}-{slice}.tar.gz"))
    }
}

/// The slices after the baseline of a sequence, as the queue names them.
fn tarballs(sequence: &str) -> Vec<String> {
    SLICES[1..].iter().map(|slice| format!("8504-1-{sequence}-{slice}.tar.gz")).collect()
}

#[test]
fn the_queue_is_worked_off() {
    let (Some(server), Some(judge)) = (server(), Judge::new()) else { return };
    let copies = Copies::new(&judge);
    let original = Original::new(server, &|sequence, slice| copies.tarball(sequence, slice));
    original.sql("INSERT INTO storage VALUES ('/store/stray.tar.gz', 'nobody')");
    assert_eq!(original.queue().len(), 11, "the trigger put them there");

    // One sequence cannot be read to its end; the results of another are refused.
    let truncated = copies.tarball("7950-2", "30");
    let whole = fs::read(&truncated).unwrap();
    fs::write(&truncated, &whole[..whole.len() / 2]).unwrap();
    original.sql("ALTER TABLE regdelta ADD CONSTRAINT refused CHECK (appetid <> '7901-1')");
    let ended = original.run("--queue", &[]);
    ended.expect(1, "\n1 done, 0 skipped, 2 failed\n");
    let stray = "/store/stray.tar.gz waits in the queue, and no slice has its slicehash";
    assert_eq!(ended.err.matches(stray).count(), 1, "{}", ended.err);
    assert!(ended.err.contains("8504-1-7950-2-30.tar.gz"), "{}", ended.err);
    assert!(ended.err.contains("violates check constraint"), "{}", ended.err);
    let stray = ["stray.tar.gz".to_owned()];
    assert_eq!(original.queue(), [&tarballs("7901-1")[..], &tarballs("7950-2"), &stray].concat());
    let rows = "SELECT count(*) FROM diskprint_file_delta WHERE appetid <> '7895-1'";
    assert_eq!(original.sql(rows), ["0"]);

    // What was refused is stored without a look at the slices.
    original.sql("ALTER TABLE regdelta DROP CONSTRAINT refused");
    let ended = original.run("--queue", &["--log-format", "json"]);
    ended.expect(1, "\n1 done, 0 skipped, 1 failed\n");
    let warnings = ended.events().into_iter().filter(|(event, _)| event == "warning").count();
    assert_eq!(warnings, 1, "{}", ended.err);
    assert!(!ended.err.contains("8504-1-7901-1-20\""), "{}", ended.err);
    assert_eq!(original.queue(), [&tarballs("7950-2")[..], &stray].concat());

    fs::write(&truncated, &whole).unwrap();
    original.run("--queue", &[]).expect(0, "\n1 done, 0 skipped, 0 failed\n");
    assert_eq!(original.queue(), stray);
    original.run("--queue", &[]).expect(0, "0 done, 0 skipped, 0 failed\n");

    // Somebody asks for a slice that is done: there is nothing to do, and it waits no longer.
    original
        .sql("INSERT INTO processqueue SELECT * FROM storage WHERE location LIKE '%7901-1-20%'");
    original.run("--queue", &[]).expect(0, "\n0 done, 1 skipped, 0 failed\n");
    assert_eq!(original.queue(), stray);
}

#[test]
fn a_run_ends_with_what_it_found() {
    let (Some(server), Some(judge)) = (server(), Judge::new()) else { return };
    let copies = Copies::new(&judge);
    let original = Original::new(server, &|sequence, slice| copies.tarball(sequence, slice));
    let run = |tarball: &Path| original.run(&tarball.display().to_string(), &[]);
    let unknown = copies.folder.path().join("unknown.tar.gz");
    let ended = run(&unknown);
    assert!(ended.code == Some(1) && ended.err.contains("no such file"), "{}", ended.err);
    fs::copy(copies.tarball("7950-2", "10"), &unknown).unwrap();
    let ended = run(&unknown);
    assert!(
        ended.code == Some(1) && ended.err.contains("does not say which slice"),
        "{}",
        ended.err
    );
    let ended = run(&copies.tarball("7950-2", "30"));
    let says = "slice 8504-1-7950-2-30 is not the end of its sequence, 8504-1-7950-2-40 is";
    assert!(ended.code == Some(1) && ended.err.contains(says), "{}", ended.err);
    assert_eq!(original.counts()["diskprint_run"], "0");

    // A slice in which something cannot be read.
    let Some(faulty) = diskprint_testkit::need::data("edge/hive-corrupt.tar.gz") else { return };
    fs::copy(faulty, copies.tarball("7950-2", "40")).unwrap();
    run(&copies.tarball("7950-2", "40")).expect(2, "");
    original.run("--all", &[]).expect(2, "\n2 done, 1 skipped, 0 failed\nDone.\n");
    let status = "SELECT workstatus FROM workjournal ORDER BY 1";
    assert_eq!(original.sql(status), ["clean", "clean", "faults"]);
    fs::write(copies.tarball("7895-1", "40"), "").unwrap();
    original.run("--all", &[]).expect(1, "\n0 done, 2 skipped, 1 failed\n");
}

/// How many times the server is killed.
const KILLS: u32 = 10;

#[test]
fn a_server_that_is_killed_costs_no_row() {
    let (Some(server), Some(judge)) = (Server::start_own(), Judge::new()) else { return };
    let tarball = |sequence: &str, slice: &str| judge.tarball(sequence, slice);
    let length = |original: &Original<'_>, more: &[&str]| {
        let started = Instant::now();
        original.run("--all", more).expect(0, "\n3 done, 0 skipped, 0 failed\n");
        started.elapsed()
    };
    let stored = Original::new(&server, &tarball);
    let lengths = [length(&stored, &[]), length(&stored, &["--re-export"])];
    let expected = outcome(&stored);

    let (mut disturbed, mut survived) = (0, 0);
    for kill in 0..KILLS {
        // First runs and runs that store again in turn, each killed a little later than the last.
        let fresh = (kill % 2 == 0).then(|| Original::new(&server, &tarball));
        let (original, more) = match &fresh {
            Some(fresh) => (fresh, &[][..]),
            None => (&stored, &["--re-export"][..]),
        };
        let moment = lengths[kill as usize % 2] * (kill / 2 * 2 + 1) / KILLS;
        let run = original.command(more).spawn().unwrap();
        thread::sleep(moment);
        server.kill();
        server.restart();
        let ended = Ended::of(&run.wait_with_output().unwrap());
        disturbed += u32::from(ended.err.contains("database"));
        survived += u32::from(ended.code == Some(0));
        println!("kill {kill} after {moment:?}: {:?} {}", ended.code, ended.err.trim_end());
        if ended.code != Some(0) {
            assert_eq!(ended.code, Some(1), "{}", ended.err);
            let next = Ended::of(&original.command(&[]).output().unwrap());
            assert_eq!(next.code, Some(0), "{}", next.err);
        }
        assert_eq!(outcome(original), expected, "after kill {kill}");
    }
    println!("{disturbed} of {KILLS} runs noticed, {survived} went on to their end");
    assert!(disturbed >= KILLS / 3 && survived >= KILLS / 3, "{disturbed}, {survived}");
}

/// All rows of all sequences as exported, and how many the original's tables have.
fn outcome(original: &Original<'_>) -> (Vec<String>, BTreeMap<String, String>) {
    let mut counts = original.counts();
    // Each run adds to it, however it ends.
    counts.remove("workjournal");
    (SEQUENCES.iter().map(|sequence| original.export(sequence)).collect(), counts)
}
