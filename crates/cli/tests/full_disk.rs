//! Results on a file system that fills up: each run ends with one error that says so, nothing that
//! is not whole looks done, and a run with more room makes what it would have made at once.

#![cfg(target_os = "linux")]

mod support;

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use diskprint::Image;
use diskprint_formats::ReadAtExt;
use diskprint_testkit::small_disk::{SmallDisk, may_mount};

const SEQUENCE: &str = "8504-1-7895-1";

fn example(slice: u32) -> PathBuf {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/8504-1/7895-1");
    examples.canonicalize().unwrap().join(format!("{SEQUENCE}-{slice}.tar.gz"))
}

/// The disks of the first slices as they are, which no scratch folder is needed for: so the outputs
/// are what fills the file system. Returns the last of them.
fn bare_disks(folder: &Path) -> PathBuf {
    let bare = |slice| folder.join(format!("{SEQUENCE}-{slice}.raw"));
    for slice in [10, 20, 30] {
        let scratch = tempfile::tempdir().unwrap();
        let opened = Image::open(&example(slice), scratch.path(), &|_| {}).unwrap();
        let disk = &opened.image.disks()[0].reader;
        let mut file = File::create(bare(slice)).unwrap();
        const STEP: usize = 1 << 16;
        for offset in (0..disk.len()).step_by(STEP) {
            let chunk = disk.read_vec_at(offset, STEP.min((disk.len() - offset) as usize)).unwrap();
            if chunk.iter().any(|byte| *byte != 0) {
                file.seek(SeekFrom::Start(offset)).unwrap();
                file.write_all(&chunk).unwrap();
            }
        }
        file.set_len(disk.len()).unwrap();
    }
    bare(30)
}

/// A run, and the files that it makes when nothing disturbs it.
struct Run {
    end: PathBuf,
    results: PathBuf,
    db: String,
    outputs: BTreeMap<PathBuf, String>,
    rows: String,
}

impl Run {
    fn new(end: &Path, results: &Path, db: &Path) -> Self {
        let undisturbed = tempfile::tempdir().unwrap();
        let at = undisturbed.path();
        support::expect(0, &["run".as_ref(), end.as_os_str(), at.as_os_str()]);
        let (outputs, rows) = (support::outputs(at), export(&sqlite(&at.join("diskprint.db"))));
        let (end, results, db) = (end.to_owned(), results.to_owned(), sqlite(db));
        Self { end, results, db, outputs, rows }
    }

    /// Runs; says whether there was room enough. `full` is where there may be none.
    fn has_room(&self, full: &Path) -> bool {
        let (end, results) = (self.end.display().to_string(), self.results.display().to_string());
        let output = support::diskprint(&["run", &end, &results, "--db", &self.db, "--quiet"]);
        let error = support::text(&output.stderr);
        if output.status.code() == Some(0) {
            return true;
        }
        assert_eq!(output.status.code(), Some(1), "{error}");
        // That the journal cannot be written, either, is a warning.
        let is_error = |line: &&str| !line.starts_with("diskprint: warning: ");
        let errors: Vec<_> = error.lines().filter(is_error).collect();
        let [error] = errors[..] else { panic!("{error}") };
        let says = ["No space left on device", "database or disk is full"];
        assert!(says.iter().any(|says| error.contains(says)), "{error}");
        assert!(error.contains(&*full.to_string_lossy()), "{error}");
        self.looks_undone();
        false
    }

    /// What is there is whole, and nothing says that it is all.
    fn looks_undone(&self) {
        let outputs = support::outputs(&self.results);
        for (path, digest) in &outputs {
            let name = path.to_string_lossy();
            assert!(!name.ends_with(".partial"), "{name} is left");
            if !name.ends_with(".log") {
                assert_eq!(self.outputs.get(path), Some(digest), "{name}");
            }
            if let Some(stage) = name.strip_suffix(".status.log") {
                let says_done = fs::read_to_string(self.results.join(path)).unwrap().contains('0');
                let manifest = PathBuf::from(format!("{stage}/manifest.json"));
                assert!(!says_done || outputs.contains_key(&manifest), "{name}");
            }
        }
        let export = support::diskprint(&["export", SEQUENCE, "--db", &self.db]);
        assert!(export.stdout.is_empty(), "rows are stored");
    }

    fn is_as_if_undisturbed(&self) {
        assert_eq!(support::outputs(&self.results), self.outputs);
        assert!(export(&self.db) == self.rows);
    }
}

fn sqlite(path: &Path) -> String {
    format!("sqlite:{}", path.display())
}

fn export(db: &str) -> String {
    support::expect(0, &["export", SEQUENCE, "--db", db])
}

#[test]
fn outputs_that_find_no_room_are_made_when_there_is_some() {
    if !may_mount("outputs_that_find_no_room_are_made_when_there_is_some") {
        return;
    }
    let scratch = tempfile::tempdir().unwrap();
    let full = scratch.path().join("full");
    fs::create_dir(&full).unwrap();
    let end = bare_disks(scratch.path());
    let run = Run::new(&end, &full.join("results"), &full.join("results/diskprint.db"));
    // Each run finds what all before it left, and a little more room.
    let mut kib = 4;
    let disk = SmallDisk::mount(&full, kib);
    let mut failed = 0;
    while !run.has_room(&full) {
        failed += 1;
        kib += 811;
        disk.grow(kib);
    }
    println!("{failed} runs failed; the last had {kib} KiB");
    run.is_as_if_undisturbed();
    assert!(failed >= 10, "{failed}");
}

#[test]
fn tarballs_that_find_no_room_to_be_unpacked_are_when_there_is_some() {
    if !may_mount("tarballs_that_find_no_room_to_be_unpacked_are_when_there_is_some") {
        return;
    }
    let scratch = tempfile::tempdir().unwrap();
    let full = scratch.path().join("full");
    fs::create_dir(&full).unwrap();
    let run = Run::new(&example(40), &full.join("results"), &full.join("results/diskprint.db"));
    // Each time anew, and once more with room.
    let failing = [100, 1_000, 10_000, 20_000, 30_000, 40_000].into_iter().filter(|kib| {
        let disk = SmallDisk::mount(&full, *kib);
        let failed = !run.has_room(&full);
        disk.grow(100_000);
        assert!(run.has_room(&full));
        run.is_as_if_undisturbed();
        failed
    });
    assert_eq!(failing.count(), 6);
}

#[test]
fn a_database_that_finds_no_room_has_nothing_or_all() {
    if !may_mount("a_database_that_finds_no_room_has_nothing_or_all") {
        return;
    }
    let scratch = tempfile::tempdir().unwrap();
    let full = scratch.path().join("full");
    fs::create_dir(&full).unwrap();
    let db = full.join("diskprint.db");
    let run = Run::new(&example(40), &scratch.path().join("results"), &db);
    let mut kib = 4;
    let disk = SmallDisk::mount(&full, kib);
    while !run.has_room(&full) {
        kib += 60;
        disk.grow(kib);
    }
    assert!(kib > 700, "{kib}");
    run.is_as_if_undisturbed();

    // Stored again without room for it: what is there stays.
    let (end, results) = (run.end.display().to_string(), run.results.display().to_string());
    let again = ["run", &end, &results, "--db", &run.db, "--re-export"];
    disk.grow(fs::metadata(&db).unwrap().len().div_ceil(1024) as u32 + 8);
    let error = support::expect(1, &again);
    assert!(error.contains("database or disk is full"), "{error}");
    assert!(export(&run.db) == run.rows);
    disk.grow(10_000);
    support::expect(0, &again);
    run.is_as_if_undisturbed();
}
