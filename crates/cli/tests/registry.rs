//! Hives in the forms that people know, as a user asks for them.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use diskprint_testkit::regf::{Key, Value, build, log};

mod support;
use support::{diskprint, text};

/// Runs `diskprint registry` and returns its exit code, its output and what it said beside.
fn registry(args: &[&str]) -> (i32, String, String) {
    let output = diskprint(&[&["registry"], args].concat());
    let said = text(&output.stderr);
    let lines = said.lines().filter(|line| !line.starts_with(DIRTY));
    let said = lines.map(|line| format!("{line}\n")).collect();
    (output.status.code().unwrap_or(-1), text(&output.stdout), said)
}

/// Of all hives of the sample one is dirty, and its logs are empty; that is told each time.
const DIRTY: &str = "note: p1 Windows/System32/config/SECURITY: dirty (";

fn sample() -> String {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples");
    examples.join("8504-1/7895-1/8504-1-7895-1-20.tar.gz").display().to_string()
}

fn hive() -> Key {
    let value = Value::string("Path", "C:\\Example");
    Key::new("ROOT").with(Key::new("Software").value(value).value(Value::dword("path", 1)))
}

/// A folder with the hive file `NTUSER.DAT`, and the path of that.
fn file(bytes: &[u8]) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("NTUSER.DAT");
    std::fs::write(&path, bytes).expect("written");
    (folder, path)
}

const DUMP: &str = "\
ROOT [2013-05-07T08:51:01Z]

ROOT\\Software [2013-05-07T08:51:01Z]
Path (REG_SZ) = C:\\Example
path (REG_DWORD) = 0x00000001 (1)

";

#[test]
fn a_hive_file_is_dumped_in_each_form() {
    let (folder, path) = file(&build(&hive()).bytes);
    let path = path.display().to_string();
    assert_eq!(registry(&["dump", &path]), (0, DUMP.to_owned(), String::new()));
    let (code, out, _) = registry(&["dump", &path, "--format", "regxml"]);
    assert!(code == 0 && out.contains("<node name=\"Software\">"), "{out}");
    let reg = folder.path().join("deep/out.reg").display().to_string();
    let root = "HKEY_USERS\\S-1";
    let args = ["dump", &path, "--format", "reg", "--root", root, "-o", &reg];
    let (code, out, err) = registry(&args);
    assert_eq!((code, &*out), (0, ""));
    assert!(err.contains("1 keys and values, which Windows could not import"), "{err}");
    let units = std::fs::read(&reg).expect("a file");
    let units = units.chunks(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]]));
    let text = String::from_utf16(&units.collect::<Vec<_>>()).expect("text");
    assert!(text.contains("\r\n[HKEY_USERS\\S-1\\Software]\r\n\"Path\"=\"C:\\\\Example\"\r\n"));
}

#[test]
fn a_hive_file_is_counted() {
    let (_folder, path) = file(&build(&hive()).bytes);
    let path = path.display().to_string();
    let (code, out, err) = registry(&["stats", &path]);
    assert_eq!((code, &*err), (0, ""));
    assert!(out.starts_with(&format!("Filename: {path}\n")), "{out}");
    assert!(out.ends_with("Keys: 2\nValues: 2\nREG_DWORD: 1\nREG_SZ: 1\n"), "{out}");
    let (_, out, _) = registry(&["stats", &path, "--json"]);
    let counts: serde_json::Value = serde_json::from_str(&out).expect("JSON");
    assert_eq!(counts["types"], serde_json::json!({ "REG_DWORD": 1, "REG_SZ": 1 }));
    assert_eq!(counts["timestamp"], "2013-05-07T08:51:31.7826168Z");
}

#[test]
fn all_hives_of_an_image_are_told_apart() {
    let sample = sample();
    let (code, out, err) = registry(&["dump", &sample]);
    assert_eq!((code, &*err), (0, ""));
    let titles: Vec<&str> = out.lines().filter(|line| line.starts_with("==> ")).collect();
    assert_eq!(titles.len(), 8);
    assert_eq!(titles[7], "==> p1 Windows/System32/config/SYSTEM <==");
    let (code, out, _) = registry(&["stats", &sample, "--hive", "\\windows\\SYSTEM32/config/sam"]);
    assert!(code == 0 && out.starts_with("Filename: Windows/System32/config/SAM\n"), "{out}");
    let folder = tempfile::tempdir().expect("a folder");
    let output = folder.path().join("hives/").display().to_string();
    let sam = ["--hive", "Windows/System32/config/SAM", "--hive", "Users/alice/NTUSER.DAT"];
    let args = [&["dump", &sample, "--format", "reg", "-o", &output][..], &sam].concat();
    assert_eq!(registry(&args), (0, String::new(), String::new()));
    let names = std::fs::read_dir(&output).expect("a folder");
    let mut names: Vec<_> = names.map(|entry| entry.expect("a file").file_name()).collect();
    names.sort();
    assert_eq!(names, ["002-NTUSER.DAT.reg", "005-SAM.reg"]);
}

/// A hive whose last write is in its transaction log alone; behind it a torn entry.
#[test]
fn a_hive_file_is_read_with_the_logs_beside_it() {
    let later = hive().with(Key::new("New").value(Value::dword("n", 2)));
    let (before, after) = (build(&hive()).bytes, build(&later).bytes);
    let before = log::with_numbers(&before, 8, 7);
    let mut bytes = log::new_log(&before, &[log::Entry::between(7, &before, &after)]);
    let mut torn = log::Entry::between(8, &after, &before).bytes();
    torn[45] ^= 1;
    bytes.extend(torn);
    let (folder, path) = file(&before);
    std::fs::write(folder.path().join("ntuser.dat.LOG1"), bytes).expect("written");
    let log = folder.path().join("ntuser.dat.LOG1").display().to_string();
    let path = path.display().to_string();

    let (code, out, err) = registry(&["dump", &path]);
    assert!(out.contains("\nROOT\\New [") && out.starts_with("ROOT ["), "{out}");
    assert!(err.starts_with(&format!("note: {path}: dirty (")), "{err}");
    assert!(err.contains("LOG1: entry 7 applied"), "{err}");
    assert_eq!((code, err.lines().filter(|line| line.starts_with("fault: ")).count()), (2, 1));
    let (code, out, _) = registry(&["dump", &path, "--hive-state", "stored"]);
    assert_eq!((code, &*out), (0, DUMP));
    let (code, out, err) = registry(&["dump", &log]);
    assert_eq!((code, &*out), (1, ""));
    assert!(err.contains("name the hive that it belongs to"), "{err}");
    let names = std::fs::read_dir(folder.path()).expect("a folder").count();
    assert_eq!((names, std::fs::read(&path).expect("a file")), (2, before), "left as it was");
}

#[test]
fn paths_are_shown_as_windows_shows_them() {
    let (code, out, _) = registry(&["dump", &sample(), "--paths", "windows"]);
    assert_eq!(code, 0);
    let has = |start: &str| out.lines().any(|line| line.starts_with(start));
    for start in [
        r"HKLM\SYSTEM\CurrentControlSet\Services",
        r"HKU\S-1-5-21-0-0-0-1000\Software [",
        r"HKU\S-1-5-21-0-0-0-1000_Classes\",
        r"HKLM\SAM\SAM [",
    ] {
        assert!(has(start), "{start}");
    }
    assert!(!has(r"HKLM\SYSTEM\ControlSet001") && !has(r"HKLM\Amcache"));
    let (folder, _) = file(b"");
    let system = folder.path().join("SYSTEM").display().to_string();
    let select = Key::new("Select").value(Value::dword("Current", 2));
    let sets = [Key::new("ControlSet001"), Key::new("ControlSet002"), select];
    let root = sets.into_iter().fold(Key::new("ROOT"), Key::with);
    std::fs::write(&system, build(&root).bytes).expect("written");
    let (_, out, _) = registry(&["dump", &system, "--paths", "windows"]);
    let keys: Vec<_> = out.lines().filter_map(|line| line.split_once(" [")).collect();
    let keys: Vec<_> = keys.iter().map(|(key, _)| key.trim_start_matches(r"HKLM\SYSTEM")).collect();
    assert_eq!(keys, ["", r"\ControlSet001", r"\CurrentControlSet", r"\Select"]);
}

#[test]
fn a_wrong_request_is_one_line_that_says_what_is_right() {
    let (folder, path) = file(&build(&hive()).bytes);
    let (path, folder) = (path.display().to_string(), folder.path().display().to_string());
    let (sample, junk) = (sample(), format!("{folder}/junk"));
    std::fs::write(&junk, b"regf, and no more").expect("written");
    for (args, answer) in [
        (&["dump", &sample, "--format", "reg"][..], "name a folder with -o, or one hive"),
        (&["dump", &sample, "--hive", "x"], "no hive \"x\" could be read; there are \"Users/"),
        (&["dump", &path, "--hive", "x"], "is a hive itself"),
        (&["dump", &path, "--root", "HKEY_USERS"], "--root is for --format reg"),
        (&["dump", &path, "--format", "reg", "--paths", "windows"], "--paths is for --format text"),
        (&["dump", &path, "--format", "reg", "--root", "HKLM"], "must begin with one of HKEY_"),
        (&["dump", &path, "-o", &path], "is evidence"),
        (&["stats", &junk], "junk: file is 17 bytes long"),
        (&["stats", &format!("{folder}/none")], "none"),
    ] {
        let (code, out, err) = registry(args);
        assert_eq!((code, &*out), (1, ""), "{args:?} {err}");
        assert!(err.contains(answer) && err.lines().count() == 1, "{args:?}: {err}");
    }
    assert_eq!(registry(&["dump", &path]).1, DUMP, "as it was");
}

#[test]
fn a_damaged_hive_is_dumped_as_far_as_it_goes_and_the_damage_is_told() {
    let mut built = build(&hive());
    built.patch(built.values[&(vec![0], 0)] + 12, &0x7FFF_FFF8u32.to_le_bytes());
    let (_folder, path) = file(&built.bytes);
    let path = path.display().to_string();
    let (code, out, err) = registry(&["dump", &path]);
    assert_eq!(code, 2);
    assert!(out.contains("\nPath (REG_SZ) = (invalid data)\n"), "{out}");
    let last = out.lines().last().expect("a line").strip_prefix("! ROOT\\Software: ");
    let fault = last.expect("a fault");
    assert_eq!(err, format!("fault: {path}: ROOT\\Software: {fault}\n"));
    assert_eq!(registry(&["stats", &path]).0, 2);
}

#[test]
fn a_reader_that_has_seen_enough_is_no_error() {
    let program = assert_cmd::cargo::cargo_bin("diskprint");
    let mut child = Command::new(program)
        .args(["registry", "dump", &sample()])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("runs");
    drop(child.stdout.take());
    let output = child.wait_with_output().expect("ends");
    let said = text(&output.stderr);
    assert_eq!((output.status.code(), said.lines().count()), (Some(0), 1), "{said}");
    assert!(said.starts_with(DIRTY), "{said}");
}
