//! What a browser makes of a report: Chromium, told by the scripts beside this file.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

use diskprint::printable;
use diskprint_formats::Name;
use diskprint_testkit::{hostile, need, ntfs};
use serde_json::Value;

use crate::{Made, support};

/// Whether what the scripts need is here; says what is not.
#[track_caller]
fn is_here() -> bool {
    // `need` is asked by the test itself, which is the one to be named.
    let python = need::program("python3");
    let (chromium, driver) = (need::program("chromium"), need::program("chromedriver"));
    python.is_some() && chromium.is_some() && driver.is_some()
}

/// Runs a script, which must end well, and returns what it printed.
#[track_caller]
fn run(script: &str, arguments: &[&OsStr]) -> String {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/browser").join(script);
    let mut command = Command::new("python3");
    let output = command.arg("-B").arg(script).args(arguments).output().unwrap();
    let said = support::text(&output.stdout);
    assert!(output.status.success(), "{said}{}", support::text(&output.stderr));
    said
}

#[test]
fn a_browser_shows_it() {
    if !is_here() {
        return;
    }
    let made = Made::new();
    let page = made.report("page.html", &[]);
    // A folder to look at what it looked like.
    let pictures = std::env::var_os("DISKPRINT_TEST_PICTURES");
    let arguments: Vec<&OsStr> =
        [page.as_os_str()].into_iter().chain(pictures.as_deref()).collect();
    run("report.py", &arguments);
}

#[test]
fn names_that_want_to_do_harm_are_shown_as_they_are() {
    if !is_here() {
        return;
    }
    let made = Made::hostile();
    let page = made.report("page.html", &[]);
    let shown = |name: &str| printable(&Name::from_utf16(ntfs::units(name)).to_text());
    let mut names: Vec<String> = hostile::NAMES.map(shown).to_vec();
    assert!(names.contains(&"half\\ud801pair".to_owned()), "{names:?}");
    names.push(hostile::long_name());
    let names = Value::from(names).to_string();
    run("hostile.py", &[page.as_os_str(), names.as_ref()]);
}

#[test]
fn people_can_use_it_who_see_hear_or_move_otherwise() {
    let Some(axe) = need::fetched("axe.min.js") else { return };
    if !is_here() {
        return;
    }
    let (made, hostile) = (Made::new(), Made::hostile());
    let pages = [made.report("sample.html", &[]), hostile.report("hostile.html", &[])];
    let arguments: Vec<&OsStr> =
        [&axe].into_iter().chain(&pages).map(|it| it.as_os_str()).collect();
    run("accessible.py", &arguments);
}

#[test]
fn on_paper_is_all_that_is_shown() {
    let Some(reader) = need::program("pdftotext") else { return };
    if !is_here() {
        return;
    }
    let made = Made::new();
    let page = made.report("page.html", &[]);
    let paper: PathBuf = page.with_extension("pdf");
    let said = run("paper.py", &[page.as_os_str(), paper.as_os_str()]);
    let said: Value = serde_json::from_str(&said).unwrap();
    let text = support::witness(Command::new(reader).arg("-raw").arg(&paper).arg("-"));
    // A path is broken where its column ends.
    let text: String = support::text(&text).split_whitespace().collect();
    let last: String = said["last"][1].as_str().unwrap().split_whitespace().collect();
    assert!(text.contains(&last), "{said}");
    assert!(text.contains("created19files") && !text.contains("notprinted"), "{said}");
    assert_eq!((&said["left"], &said["shown"]), (&0.into(), &488.into()));
}
