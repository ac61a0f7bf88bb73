//! The dump and the counts are those of Parse::Win32Registry, byte for byte, once what ours say
//! beyond them is forgotten; how often there is anything to forget is said here.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use diskprint::registry_text::{Statistics, text};
use diskprint_formats::regf::Hive;
use diskprint_testkit::need;
use diskprint_testkit::regf::{Key, Name, Value, build};
use proptest::prelude::*;

use crate::any_hive::any_hive;
use crate::{archive, sample, utf16};

/// Where Debian keeps the programs of Parse::Win32Registry.
const EXAMPLES: &str = "/usr/share/doc/libparse-win32registry-perl/examples";

/// How often each rule was used.
type Rules = BTreeMap<&'static str, usize>;

/// What a program prints of the hive `name` in `folder`; `None` when it fails.
fn perl(script: &Path, options: &[&str], folder: &Path, name: &str) -> Option<Vec<u8>> {
    let mut command = Command::new("perl");
    let command = command.arg(script).args(options).arg(name).current_dir(folder);
    let output = command.stderr(Stdio::null()).output().expect("perl runs");
    output.status.success().then_some(output.stdout)
}

/// The text as Parse::Win32Registry has it.
fn forget(ours: &str, rules: &mut Rules) -> String {
    const INVALID: &str = " = (invalid data)";
    let mut without_bytes = String::new();
    for line in ours.split_inclusive('\n') {
        match line.split_once(INVALID) {
            Some((before, bytes)) if bytes != "\n" => {
                *rules.entry("invalid data").or_default() += 1;
                without_bytes += &format!("{before}{INVALID}\n");
            }
            _ => without_bytes += line,
        }
    }
    unescape(&without_bytes, rules)
}

fn unescape(ours: &str, rules: &mut Rules) -> String {
    let mut used = |rule: &'static str| *rules.entry(rule).or_default() += 1;
    let mut theirs = String::new();
    let mut left = ours;
    while let Some(c) = left.chars().next() {
        if let Some((kind, number, rest)) = escape(left) {
            left = rest;
            match char::from_u32(number) {
                _ if kind == 'x' => used("odd byte"),
                Some(c) => {
                    used(if c == '{' { "brace" } else { "control" });
                    theirs.push(c);
                }
                None => {
                    used("surrogate");
                    theirs.push('\u{FFFD}');
                }
            }
            continue;
        }
        left = &left[c.len_utf8()..];
        match u32::from(c) {
            0x1_0000.. => {
                used("pair");
                theirs.push_str("\u{FFFD}\u{FFFD}");
            }
            0xFFFE | 0xFFFF | 0xFDD0..=0xFDEF => {
                used("no character");
                theirs.push('\u{FFFD}');
            }
            _ => theirs.push(c),
        }
    }
    theirs
}

/// The escape that text begins with, and what follows.
fn escape(text: &str) -> Option<(char, u32, &str)> {
    let text = text.strip_prefix('\\')?;
    let kind = text.chars().next().filter(|kind| "ux".contains(*kind))?;
    let (number, rest) = text[1..].strip_prefix('{')?.split_once('}')?;
    Some((kind, u32::from_str_radix(number, 16).ok()?, rest))
}

/// Compares texts of the hive `name`, and says where they begin to differ.
#[track_caller]
fn assert_same(name: &str, ours: &str, theirs: &str) {
    let mut lines = ours.lines().zip(theirs.lines()).enumerate();
    assert_eq!(lines.find(|(_, (ours, theirs))| ours != theirs), None, "{name}");
    assert!(ours == theirs, "{name}: {} and {} bytes", ours.len(), theirs.len());
}

struct Programs {
    regdump: PathBuf,
    regstats: PathBuf,
}

fn programs() -> Option<Programs> {
    let script = |name: &str| need::program(&format!("{EXAMPLES}/{name}"));
    let (_, regdump, regstats) =
        (need::program("perl")?, script("regdump.pl")?, script("regstats.pl")?);
    Some(Programs { regdump, regstats })
}

impl Programs {
    /// Compares both outputs for a hive; false when the programs do not open it.
    fn compare(&self, name: &str, bytes: &[u8], rules: &mut Rules) -> bool {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join(name), bytes).expect("written");
        let run = |script, options: &[&str]| {
            perl(script, options, folder.path(), name).map(|it| String::from_utf8(it).expect(name))
        };
        let Some(dump) = run(&self.regdump, &["-r", "-v"]) else { return false };
        let hive = Hive::read(bytes.to_vec()).expect(name);
        let mut ours = Vec::new();
        text::write(&hive, &mut ours).expect("written");
        let ours = String::from_utf8(ours).expect(name);
        let (ours, faults) = match ours.find("\n\n! ") {
            Some(at) => ours.split_at(at + 2),
            None => (&*ours, ""),
        };
        assert_eq!(faults.lines().count(), hive.faults().len(), "{name}");
        assert_same(name, &forget(ours, rules), &dump);
        let mut ours = Vec::new();
        let statistics = Statistics { faults: 0, ..Statistics::of(&hive) };
        statistics.write(&name.into(), &mut ours).expect("written");
        let ours = forget(&String::from_utf8(ours).expect(name), rules);
        assert_same(name, &ours, &run(&self.regstats, &["-t"]).expect(name));
        true
    }
}

#[test]
fn real_hives_read_as_parse_win32registry_prints_them() {
    let Some(programs) = programs() else { return };
    let Some(hives) = archive::members("real-hives.tar.xz") else { return };
    let (mut rules, mut count) = (Rules::new(), 0);
    for (name, bytes) in hives {
        count += usize::from(programs.compare(&name, &bytes, &mut rules));
    }
    assert_eq!(count, 21);
    let expected = [
        ("control", 963),
        ("invalid data", 3),
        ("no character", 12),
        ("odd byte", 9),
        ("pair", 3),
        ("surrogate", 7),
    ];
    assert_eq!(rules, Rules::from(expected));
}

#[test]
fn any_hive_reads_as_parse_win32registry_prints_it() {
    let Some(programs) = programs() else { return };
    let hive = |bytes: &[u8]| assert!(programs.compare("hive", bytes, &mut Rules::new()));
    hive(&build(&sample()).bytes);
    let config = ProptestConfig { cases: 40, max_shrink_iters: 40, ..ProptestConfig::default() };
    proptest!(config, |(root in any_hive())| hive(&build(&root).bytes));
}

/// A case that the text of `regdump.pl` has wrong: the rule, our line and theirs.
type Case = (&'static str, &'static str, &'static str);

#[test]
fn each_rule_is_a_fault_of_parse_win32registry() {
    const UNIX_EPOCH: u64 = 116_444_736_000_000_000;
    const SECOND: u64 = 10_000_000;
    let late = Key::new("late").at(UNIX_EPOCH + (1 << 31) * SECOND);
    let early = Key::new("early").at(1);
    let up = Key::new("up").at(130_123_908_459_999_999);
    let latin = Name::from_units(vec![0x80]);
    let latin = Value { name: latin, ..Value::dword("", 1) };
    let tail: Vec<u8> = utf16(&"x".repeat(8172)).into_iter().chain([0x79, 0]).collect();
    let values = Key::new("values").value(latin).value(Value::new("tail", 1, &tail));
    let root = Key::new("R").with(late).with(early).with(up).with(values);
    let bytes = build(&root).bytes;
    let tail = format!("tail (REG_SZ) = {}y", "x".repeat(8172));
    let cases: [Case; 5] = [
        ("times after 2038", "R\\late [2038-01-19T03:14:08Z]", "R\\late [(undefined)]"),
        ("times before 1970", "R\\early [1601-01-01T00:00:00Z]", "R\\early [(undefined)]"),
        ("seconds are cut", "R\\up [2013-05-07T09:00:45Z]", "R\\up [2013-05-07T09:00:46Z]"),
        ("names of one byte a character", "\\u{80} (REG_DWORD)", "\u{20AC} (REG_DWORD)"),
        ("big data with a short tail", &*tail.leak(), "tail (REG_SZ) = (invalid data)"),
    ];
    let hive = Hive::read(bytes.clone()).expect("a hive");
    assert_eq!(hive.faults(), []);
    let mut ours = Vec::new();
    text::write(&hive, &mut ours).expect("written");
    let ours = String::from_utf8(ours).expect("text");
    let has = |text: &str, start: &str| text.lines().any(|line| line.starts_with(start));
    for (rule, line, _) in cases {
        assert!(has(&ours, line), "{rule}");
    }
    let Some(programs) = programs() else { return };
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("hive"), &bytes).expect("written");
    let theirs = perl(&programs.regdump, &["-r", "-v"], folder.path(), "hive").expect("a dump");
    let theirs = String::from_utf8(theirs).expect("text");
    for (rule, ours, line) in cases {
        assert!(has(&theirs, line) && !has(&theirs, ours), "{rule}");
    }
}
