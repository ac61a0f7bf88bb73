//! `diskprint show`: the overview, the tree of places, the lives of files and keys.

mod support;

use std::collections::HashMap;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use assert_cmd::cargo::cargo_bin_cmd;
use diskprint_testkit::need;
use serde_json::Value;
use tempfile::TempDir;

const SEQUENCE: &str = "8504-1-7895-1";

/// A run over the sample, and its rows as exported.
struct Made {
    folder: TempDir,
    rows: Vec<Value>,
}

impl Made {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let sample = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../../examples/8504-1/7895-1/8504-1-7895-1-40.tar.gz");
        let rows = support::run_and_export(&sample, &folder.path().join("results"), SEQUENCE);
        Self { folder, rows }
    }

    fn database(&self) -> String {
        format!("sqlite:{}", self.folder.path().join("results/diskprint.db").display())
    }

    fn output(&self, options: &[&str]) -> Output {
        let db = self.database();
        support::diskprint(&[&["show", SEQUENCE, "--db", &db], options].concat())
    }

    #[track_caller]
    fn show(&self, options: &[&str]) -> String {
        let output = self.output(options);
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        support::text(&output.stdout)
    }

    #[track_caller]
    fn json(&self, options: &[&str]) -> Value {
        serde_json::from_str(&self.show(&[&["--json"], options].concat())).unwrap()
    }

    /// How many rows of a slice are of this type and action.
    fn count(&self, slice: i64, kind: &str, action: &str) -> usize {
        let rows = self.rows.iter().filter(|row| row["sliceid"] == slice);
        rows.filter(|row| row["type"] == kind && row["action"] == action).count()
    }
}

const ACTIONS: [&str; 3] = ["new", "altered", "deleted"];

#[test]
fn the_overview_has_the_numbers_of_the_export() {
    let made = Made::new();
    let overview = made.json(&[]);
    let text = made.show(&[]);
    let slices = overview["slices"].as_array().unwrap();
    assert_eq!(slices.iter().map(|it| &it["id"]).collect::<Vec<_>>(), ["10", "20", "30", "40"]);
    for slice in slices {
        let id = slice["id"].as_str().unwrap();
        let number = id.parse().unwrap();
        let count = |kind: &str| ACTIONS.map(|action| made.count(number, kind, action));
        let counts =
            |kind: &str| ACTIONS.map(|action| slice[kind][action].as_u64().unwrap() as usize);
        assert_eq!((counts("files"), counts("cells")), (count("file"), count("cell")), "{id}");
        let recovered = made.count(number, "recovered", "recovered");
        assert_eq!(slice["cells"]["recovered"], recovered, "{id}");
        let line = text.lines().find(|line| line.starts_with(&format!("{id} "))).unwrap();
        let numbers: Vec<usize> =
            line.split(' ').skip(1).filter_map(|it| it.parse().ok()).collect();
        assert_eq!(
            numbers[..],
            [&count("file")[..], &count("cell"), &[recovered, 0]].concat(),
            "{line}"
        );
    }
    assert!(made.count(20, "file", "new") > 0 && made.count(40, "cell", "deleted") > 0);
    let one_line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    for said in [
        "created 19 files (2.1 MB)",
        "registered 1 uninstaller",
        "Uninstall\\PackRat PackRat Archiver 2.1",
        "What stayed behind 21 files, 4 folders",
        "… and 39 more",
        "Everything could be read",
    ] {
        assert!(one_line.contains(said), "{said}: {text}");
    }
    assert_eq!(overview["behind"]["paths"].as_array().unwrap().len(), 49);
    assert_eq!(overview["behind"]["files"], 21);
    assert!(!made.show(&["--most", "0"]).contains("more"));
    assert!(text.lines().all(|line| !line.contains("created") || line.chars().count() <= 100));
}

#[test]
fn the_tree_counts_what_is_in_and_below_each_place() {
    let made = Made::new();
    let tree = made.json(&["--tree"]);
    let places: HashMap<String, &Value> = tree["places"]
        .as_array()
        .unwrap()
        .iter()
        .map(|place| {
            let names: Vec<&str> =
                place["place"].as_array().unwrap().iter().map(|it| it.as_str().unwrap()).collect();
            (names.join("|"), place)
        })
        .collect();
    for action in ACTIONS {
        let files = made.rows.iter().filter(|row| row["type"] == "file" && row["action"] == action);
        let below = |path: &str| {
            let is_below = |row: &&Value| {
                let own = row["path"].as_str().unwrap();
                own == path || own.strip_prefix(path).is_some_and(|it| it.starts_with('/'))
            };
            files.clone().filter(is_below).count()
        };
        assert_eq!(places["Files"][action], files.clone().count(), "{action}");
        assert_eq!(places["Files|Program Files|PackRat"][action], below("Program Files/PackRat"));
        assert_eq!(places["Files|Users|alice"][action], below("Users/alice"), "{action}");
    }
    let recovered = made.rows.iter().filter(|row| row["type"] == "recovered").count();
    assert_eq!(places["Registry"]["recovered"], recovered);

    let text = made.show(&["--tree", "--depth", "1"]);
    assert!(text.contains("\n├─ Users ") && !text.contains("Downloads"), "{text}");
    assert!(text.contains("ProgramData/Microsoft/Windows/Start Menu/Programs"), "{text}");
    let text = made.show(&["--tree", "--below", "hklm/software", "--slice", "20"]);
    assert!(text.contains("Registry › HKLM\\SOFTWARE") && !text.contains("Files"), "{text}");
    let one = made.json(&["--tree", "--below", "hklm/software", "--slice", "20", "--depth", "0"]);
    let in_slice = made.rows.iter().filter(|row| {
        row["sliceid"] == 20
            && row["type"] == "cell"
            && row["action"] == "new"
            && row["registry_path"]
                .as_str()
                .is_some_and(|path| path.starts_with("HKLM\\SOFTWARE\\"))
    });
    assert_eq!(one["places"].as_array().unwrap().len(), 1);
    assert_eq!(one["places"][0]["new"], in_slice.count());
    assert!(made.show(&["--tree", "--most", "2"]).contains("more; --most 0 prints all"));

    let output = made.output(&["--tree", "--slice", "25"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(support::text(&output.stderr).contains("it has 10, 20, 30, 40"));
    let output = made.output(&["--tree", "--below", "nowhere/PackRat.exe"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(support::text(&output.stderr).contains("  Program Files/PackRat/PackRat.exe"));
}

#[test]
fn a_file_is_followed_from_either_of_its_names() {
    let made = Made::new();
    let renamed = made
        .rows
        .iter()
        .find(|row| row["path_before"] == "Users/alice/Downloads/packrat21-x64.exe");
    let after = renamed.unwrap()["path"].as_str().unwrap();
    let text = made.show(&["--follow", "C:\\users\\ALICE\\downloads\\packrat21-x64.exe"]);
    assert_eq!(text, made.show(&["--follow", after]));
    let created = text.find("created as Users/alice/Downloads/packrat21-x64.exe").unwrap();
    let moved = text.find("altered: renamed").unwrap();
    assert!(created < moved && text.contains(after), "{text}");
    assert!(text.contains("10 Default  not there") && text.contains("30 Default  not changed"));
    assert!(text.contains("packrat21-x64.exe:Zone.Identifier"), "{text}");
    let followed = made.json(&["--follow", after]);
    let steps = followed["lives"][0]["steps"].as_array().unwrap();
    assert_eq!(steps.last(), renamed, "the rows of the export");
    assert_eq!(followed["lives"][0]["was_there"], false);
}

#[test]
fn a_key_is_followed_with_its_values() {
    let made = Made::new();
    let key =
        "HKEY_LOCAL_MACHINE\\software\\microsoft\\windows\\currentversion\\uninstall\\packrat";
    let text = made.show(&["--follow", key]);
    assert!(text.contains(
        "value HKLM\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Uninstall\\PackRat\\DisplayName"
    ));
    assert!(
        text.contains("PackRat Archiver 2.1") && text.contains("40 Default  deleted"),
        "{text}"
    );
    assert!(text.contains("Deleted, and still found"), "{text}");
    let of_key = |row: &&Value| {
        row["registry_path"].as_str().is_some_and(|path| path.ends_with("Uninstall\\PackRat"))
    };
    let rows = made.rows.iter().filter(of_key).count();
    let followed = made.json(&["--follow", key]);
    let steps = |life: &Value| life["steps"].as_array().unwrap().len();
    let lives = followed["lives"].as_array().unwrap();
    let found = followed["recovered"].as_array().unwrap().len();
    assert_eq!(lives.iter().map(steps).sum::<usize>() + found, rows);
    // As it is in its hive.
    let row = made.rows.iter().find(|row| of_key(row) && row["kind"] == "key").unwrap();
    assert_eq!(text, made.show(&["--follow", row["cellpath"].as_str().unwrap()]));
}

#[test]
fn where_nothing_changed_the_nearest_paths_are_told() {
    let made = Made::new();
    let output = made.output(&["--follow", "Program Files\\Elsewhere\\packrat.exe"]);
    let said = support::text(&output.stderr);
    assert_eq!((output.status.code(), output.stdout.len()), (Some(1), 0));
    assert!(said.contains("nothing changed at Program Files\\Elsewhere\\packrat.exe"), "{said}");
    assert!(said.contains("\n  Program Files/PackRat/PackRat.exe"), "{said}");
    let output = made.output(&["--follow", "elsewhere\\Nordlicht", "--json"]);
    assert_eq!(output.status.code(), Some(1));
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(!told["nearest"].as_array().unwrap().is_empty());
    let output = made.output(&["--follow", "HKLM\\SYSTEM"]);
    assert!(support::text(&output.stderr).contains("changes are below it"));
}

#[test]
fn colours_are_for_terminals_and_those_who_ask() {
    let made = Made::new();
    let follow = ["--follow", "Program Files/PackRat/PackRat.exe"];
    for form in [&[][..], &["--tree"], &follow] {
        assert!(!made.show(form).contains('\u{1b}'), "{form:?}");
        let always = made.show(&[form, &["--color", "always"]].concat());
        assert!(always.contains("\u{1b}[32m") && always.contains("\u{1b}[0m"), "{form:?}");
        // Colours alone differ, but for the bars.
        if !form.is_empty() {
            assert_eq!(console::strip_ansi_codes(&always), made.show(form));
        }
    }
    // Who asks for them has them, whatever the environment says.
    let mut command = cargo_bin_cmd!("diskprint");
    command.args(["show", SEQUENCE, "--db", &made.database(), "--color", "always"]);
    let output = command.env("NO_COLOR", "1").output().unwrap();
    assert!(support::text(&output.stdout).contains('\u{1b}'));
}

#[cfg(unix)]
#[test]
fn a_terminal_gets_colours_unless_it_wants_none() {
    let Some(script) = need::program("script") else { return };
    let made = Made::new();
    let program = env!("CARGO_BIN_EXE_diskprint");
    let on_terminal = |options: &str, no_color: Option<&str>| {
        let command = format!("{program} show {SEQUENCE} --db '{}' {options}", made.database());
        let mut terminal = Command::new(&script);
        terminal.args(["-qec", &command, "/dev/null"]).env("TERM", "xterm").env_remove("NO_COLOR");
        let output = terminal.envs(no_color.map(|it| ("NO_COLOR", it))).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        support::text(&output.stdout)
    };
    assert!(on_terminal("", None).contains("\u{1b}[32m"));
    assert!(!on_terminal("", Some("1")).contains('\u{1b}'));
    assert!(!on_terminal("--color never", None).contains('\u{1b}'));
}

#[test]
fn what_could_not_be_read_is_told_and_no_name_moves_the_cursor() {
    let made = Made::new();
    let database = rusqlite::Connection::open(made.folder.path().join("results/diskprint.db"));
    let database = database.unwrap();
    let sql = "update diskprint_file_delta set path_after = char(27) || '[2J' || char(8238) || 'b'
        where path_after = 'Program Files/PackRat/PackRat.exe' and action = 'new'";
    assert_eq!(database.execute(sql, []).unwrap(), 1);
    for number in 0..5 {
        let sql =
            "insert into diskprint_fault values ('8504-1', '7895-1', 30, ?1, ?2, '[]', ?3, '')";
        let what = format!("record {number} is \u{1b}[31m damaged");
        database.execute(sql, (number, "p1 › hive SAM", what)).unwrap();
    }
    let shown = "\\u{1b}[2J\\u{202e}b";
    let asked = ["--follow", shown];
    for form in [&["--most", "0"][..], &["--tree"], &asked] {
        let text = made.show(form);
        assert!(!text.contains(['\u{1b}', '\u{202e}']), "{text}");
        assert!(text.contains(shown) || form[0] == "--most", "{text}");
    }
    let text = made.show(&[]);
    let line = text.lines().find(|line| line.starts_with("30 ")).unwrap();
    assert!(line.contains(" 5  "), "{line}");
    assert!(text.contains("5 faults") && text.contains("… and 2 more; --json lists"), "{text}");
    assert_eq!(made.json(&[])["slices"][2]["faults"].as_array().unwrap().len(), 5);
    assert!(made.show(&asked).contains("Not all could be read (5 faults)"));
    for form in [&["--follow", "nowhere"][..], &["--tree", "--below", "nowhere"]] {
        let nothing = made.output(form);
        assert!(support::text(&nothing.stderr).contains("as far as it could be read (5 faults)"));
    }
}

#[test]
fn who_has_read_enough_may_close_the_pipe() {
    let made = Made::new();
    let mut command = Command::new(env!("CARGO_BIN_EXE_diskprint"));
    command.args(["show", SEQUENCE, "--db", &made.database(), "--tree", "--json"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let ended = child.wait_with_output().unwrap();
    assert_eq!((ended.status.code(), support::text(&ended.stderr)), (Some(0), String::new()));
}

#[test]
fn what_cannot_be_shown_is_told() {
    let made = Made::new();
    let said = support::expect(1, &["show", "1-1-1-1", "--db", &made.database()]);
    assert!(said.contains("1-1-1-1"), "{said}");
    for options in [&["--depth", "2"][..], &["--tree", "--follow", "x"]] {
        assert_eq!(made.output(options).status.code(), Some(1), "{options:?}");
    }
}
