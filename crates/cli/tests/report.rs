//! `diskprint report`: the page, and what a browser makes of it.

mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use diskprint_testkit::need;
use tempfile::TempDir;

/// A run over the sample, and its report.
struct Made {
    folder: TempDir,
}

impl Made {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let sample = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../../examples/8504-1/7895-1/8504-1-7895-1-40.tar.gz");
        let results = folder.path().join("results");
        support::expect(0, &["run".as_ref(), sample.as_os_str(), results.as_os_str()]);
        Self { folder }
    }

    fn database(&self) -> String {
        format!("sqlite:{}", self.folder.path().join("results/diskprint.db").display())
    }

    fn report(&self, name: &str, options: &[&str]) -> PathBuf {
        let page = self.folder.path().join(name);
        let (db, output) = (self.database(), page.display().to_string());
        let args = ["report", "8504-1-7895-1", "--db", &db, "--output", &output];
        support::expect(0, &[&args, options].concat());
        page
    }
}

#[test]
fn the_page_is_the_same_each_time_and_says_in_words_what_happened() {
    let made = Made::new();
    let page = fs::read_to_string(made.report("one.html", &[])).unwrap();
    assert!(page == fs::read_to_string(made.report("other.html", &[])).unwrap());
    let verdict = page.split("class=\"verdict\"").nth(1).unwrap().split("</div>").next().unwrap();
    for said in [
        "created 19 files (2.1 MB)",
        "changed 28 files, 6 folders",
        "registered 1 uninstaller, 1 COM class",
        "still 21 files",
    ] {
        assert!(verdict.contains(said), "{said}: {verdict}");
    }
    assert!(page.contains("default-src 'none'") && page.len() < 1 << 20);
    // Nothing is asked for: no address is in an attribute.
    for attribute in [" src=", " href=\"h", "@import", "url("] {
        assert!(!page.contains(attribute), "{attribute}");
    }
}

#[test]
fn a_page_that_may_not_carry_all_says_so() {
    let made = Made::new();
    let page = fs::read_to_string(made.report("few.html", &["--most-changes", "10"])).unwrap();
    assert!(page.contains("10 of 488 changes are in this page"));
}

#[test]
fn what_other_sequences_of_the_database_change_is_noise() {
    let made = Made::new();
    let read = |page: PathBuf| fs::read(page).unwrap();
    let alone = read(made.report("alone.html", &["--alone"]));
    assert!(alone == read(made.report("no other.html", &[])), "there is no other sequence");
    // The same slices as another application's.
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/8504-1/7895-1");
    for slice in [10, 20, 30, 40] {
        let copy = made.folder.path().join(format!("8504-1-7899-1-{slice}.tar.gz"));
        fs::copy(sample.join(format!("8504-1-7895-1-{slice}.tar.gz")), copy).unwrap();
    }
    let end = made.folder.path().join("8504-1-7899-1-40.tar.gz");
    let results = made.folder.path().join("results");
    support::expect(0, &["run".as_ref(), end.as_os_str(), results.as_os_str()]);
    assert!(alone == read(made.report("alone.html", &["--alone"])));
    assert!(alone != read(made.report("beside another.html", &[])));
}

#[test]
fn what_cannot_be_reported_is_told() {
    let made = Made::new();
    let said = support::expect(1, &["report", "1-1-1-1", "--db", &made.database()]);
    assert!(said.contains("1-1-1-1"), "{said}");
    let nowhere = made.folder.path().join("absent/page.html").display().to_string();
    let output = ["report", "8504-1-7895-1", "--db", &made.database(), "-o", &nowhere];
    support::expect(0, &output);
    fs::write(made.folder.path().join("file"), "").unwrap();
    let below = made.folder.path().join("file/page.html").display().to_string();
    let output = ["report", "8504-1-7895-1", "--db", &made.database(), "-o", &below];
    let said = support::expect(1, &output);
    assert!(said.contains("page.html"), "{said}");
}

#[test]
fn a_browser_shows_it() {
    let programs = ["python3", "chromium", "chromedriver"].map(need::program);
    if programs.iter().any(Option::is_none) {
        return;
    }
    let made = Made::new();
    let page = made.report("page.html", &[]);
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/browser/report.py");
    let mut command = Command::new("python3");
    command.arg("-B").arg(script).arg(page);
    // A folder to look at what it looked like.
    command.args(std::env::var_os("DISKPRINT_TEST_PICTURES"));
    let output = command.output().unwrap();
    let said = support::text(&output.stdout) + &support::text(&output.stderr);
    assert!(output.status.success(), "{said}");
}
