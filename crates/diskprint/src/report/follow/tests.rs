use diskprint_formats::regf::recovered::{Confidence, Place};

use super::testing::{altered, key, value};
use super::*;
use crate::FileChanges;

fn new(path: &str) -> FileDelta {
    Delta::New(FileEntry::plain(path))
}

fn gone(path: &str) -> FileDelta {
    Delta::Deleted(FileEntry::plain(path))
}

fn moved(before: &str, after: &str) -> FileDelta {
    let [before, after] = [before, after].map(FileEntry::plain);
    Delta::Altered { before, after, changes: FileChanges::default() }
}

fn of_files<const N: usize>(steps: [Vec<FileDelta>; N]) -> [ReportSlice; N] {
    steps.map(|files| ReportSlice { files, ..ReportSlice::default() })
}

/// `1+a 2a>b 3-b`: a life a word group, its steps by slice.
fn told(slices: &[ReportSlice], path: &str) -> Vec<String> {
    let step = |(at, delta): &(usize, &FileDelta)| match delta {
        Delta::New(file) => format!("{at}+{}", file.full_path()),
        Delta::Deleted(file) => format!("{at}-{}", file.full_path()),
        Delta::Altered { before, after, .. } => {
            format!("{at}{}>{}", before.full_path(), after.full_path())
        }
    };
    let lives = follow(slices, path).files;
    lives.iter().map(|life| life.steps.iter().map(step).collect::<Vec<_>>().join(" ")).collect()
}

#[test]
fn a_file_is_followed_under_its_earlier_and_later_names() {
    let slices = of_files([
        vec![],
        vec![new("a"), moved("other", "another")],
        vec![moved("a", "b")],
        vec![moved("b", "d/C")],
        vec![gone("d/C")],
    ]);
    for asked in ["a", "B", "D\\c", "C:\\d\\c", "/d/C/", "p1/a"] {
        assert_eq!(told(&slices, asked), ["1+a 2a>b 3b>d/C 4-d/C"], "{asked}");
    }
    for asked in ["d", "c", "p2/a", "x", ""] {
        assert!(told(&slices, asked).is_empty(), "{asked}");
    }
    assert!(!follow(&slices, "a").files[0].was_there());
    assert!(follow(&slices, "other").files[0].was_there());
}

#[test]
fn what_is_deleted_and_comes_again_is_one_life() {
    let slices = of_files([vec![], vec![new("a"), gone("a")], vec![gone("a")], vec![new("a")]]);
    assert_eq!(told(&slices, "a"), ["1-a 1+a 2-a 3+a"]);
}

#[test]
fn what_takes_the_place_of_another_has_a_life_of_its_own() {
    // In one step, whatever the order: a goes away, b takes its place, a new one comes for b.
    let slices =
        of_files([vec![], vec![new("b"), moved("b", "a"), moved("a", "z")], vec![gone("a")]]);
    assert_eq!(told(&slices, "b"), ["1b>a 2-a", "1+b"]);
    assert_eq!(told(&slices, "a"), ["1b>a 2-a", "1a>z"]);
    // a is deleted and b takes its place; what is created there later is neither.
    let slices =
        of_files([vec![], vec![gone("a"), moved("b", "a")], vec![moved("a", "c")], vec![new("a")]]);
    assert_eq!(told(&slices, "a"), ["1-a", "3+a", "1b>a 2a>c"]);
}

#[test]
fn streams_are_followed_with_their_file() {
    let stream = FileEntry { stream: Some("Zone.Identifier".into()), ..FileEntry::plain("a") };
    let slices = of_files([vec![], vec![Delta::New(stream), new("a"), new("ab")]]);
    assert_eq!(told(&slices, "A"), ["1+a", "1+a:Zone.Identifier"]);
    assert_eq!(told(&slices, "a:zone.identifier"), ["1+a:Zone.Identifier"]);
    // A stream has no row when its file is moved.
    let [first, step] = slices;
    let slices = [first, step, ReportSlice { files: vec![moved("a", "b")], ..Default::default() }];
    assert_eq!(told(&slices, "b"), ["1+a:Zone.Identifier", "1+a 2a>b"]);
}

fn cells(slices: &[ReportSlice], path: &str) -> Vec<String> {
    let lives = follow(slices, path).cells;
    let life = |life: &Life<'_, CellDelta>| {
        let steps = life.steps.iter().map(|(at, delta)| format!("{at}{}", delta.action()));
        format!("{} {}", cell_path(life.latest().unwrap()), steps.collect::<Vec<_>>().join(" "))
    };
    lives.iter().map(life).collect()
}

#[test]
fn a_key_is_followed_with_the_values_in_it_and_a_value_alone() {
    let one = ReportSlice {
        cells: vec![
            Delta::New(value("App", "", 1, b"a\0")),
            Delta::New(value("App\\Deeper", "v", 1, b"")),
            Delta::New(key("App")),
            Delta::New(key("App\\x/y")),
            Delta::New(value("App", "V/w", 4, &[1, 0, 0, 0])),
        ],
        ..ReportSlice::default()
    };
    let other = ReportSlice {
        cells: vec![
            altered(value("App", "V/w", 4, &[1, 0, 0, 0]), value("APP", "v/W", 4, &[2, 0, 0, 0])),
            Delta::Deleted(key("app")),
        ],
        ..ReportSlice::default()
    };
    let slices = [ReportSlice::default(), one, other];
    let app = [
        "HKLM\\SOFTWARE\\app 1new 2deleted",
        "HKLM\\SOFTWARE\\APP\\v/W 1new 2altered",
        "HKLM\\SOFTWARE\\App\\(Default) 1new",
    ];
    for asked in [
        "HKLM\\SOFTWARE\\App",
        "hklm/software/app",
        "Computer\\HKEY_LOCAL_MACHINE\\Software\\APP\\",
        "\\ROOT\\App",
        "app",
        "Windows/System32/config/SOFTWARE\\ROOT\\App",
    ] {
        assert_eq!(cells(&slices, asked), app, "{asked}");
    }
    assert_eq!(cells(&slices, "HKLM\\SOFTWARE\\App\\v/w"), app[1..2]);
    assert_eq!(cells(&slices, "\\ROOT\\App\\Default"), app[2..]);
    assert_eq!(cells(&slices, "HKLM\\SOFTWARE\\App\\X/Y"), ["HKLM\\SOFTWARE\\App\\x/y 1new"]);
    assert!(cells(&slices, "HKLM\\SOFTWARE").is_empty());
}

#[test]
fn users_and_classes_have_their_other_names() {
    let at = |path: &str| Cell { registry_path: Some(path.into()), ..key("k") };
    for (path, asked) in [
        ("HKU\\S-1-5-21-1\\k", "HKCU\\K"),
        ("HKU\\S-1-5-21-1_Classes\\k", "HKEY_CLASSES_ROOT\\k"),
        ("HKU\\S-1-5-21-1_Classes\\k", "HKCU\\Software\\Classes\\k"),
        ("HKLM\\SOFTWARE\\Classes\\k", "HKCR\\k"),
        ("HKU\\S-1-5-21-1\\k", "HKEY_USERS\\s-1-5-21-1\\k"),
    ] {
        assert!(is_cell(&at(path), &canonical(asked)), "{asked}");
    }
    assert!(!is_cell(&at("HKU\\S-1-5-21-1_Classes\\k"), "HKCU/K"));
}

#[test]
fn recovered_ones_are_found_where_their_path_is_whole() {
    let found = |is_path_whole| RecoveredCell {
        cell: value("App", "v", 1, b""),
        is_path_whole,
        is_data_lost: false,
        offset: 0,
        place: Place::Free,
        confidence: Confidence::High,
    };
    let recovered = vec![found(true), found(false)];
    let slices = [ReportSlice { recovered, ..ReportSlice::default() }];
    let followed = follow(&slices, "HKLM\\SOFTWARE\\App");
    assert_eq!(followed.recovered.len(), 1);
    assert!(!followed.is_empty() && follow(&slices, "HKLM\\SOFTWARE").is_empty());
}

#[test]
fn the_nearest_paths_end_with_what_was_asked_or_have_it_in_them() {
    let slices =
        of_files([vec![new("deep/er/app.exe"), new("app.exe.config"), new("app.exe"), new("b")]]);
    assert_eq!(nearest(&slices, "APP.exe", 9), ["app.exe", "deep/er/app.exe", "app.exe.config"]);
    assert_eq!(nearest(&slices, "not/here/app.exe", 1), ["app.exe"]);
    assert!(nearest(&slices, "none", 9).is_empty() && nearest(&slices, "", 9).is_empty());
}

#[test]
fn text_that_cannot_be_typed_is_asked_for_as_it_is_shown() {
    let slices = of_files([vec![new("a\u{202e}b")]]);
    assert_eq!(told(&slices, "a\\u{202e}b").len(), 1);
}
