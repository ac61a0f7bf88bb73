//! Every hive that `hivexml` opens reads the same here.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;
use std::process::Command;

use diskprint::{Known, regxml, survey};
use diskprint_formats::regf::Hive;
use diskprint_testkit::need;

use crate::archive;
use crate::parse::{Element, parse};

/// What was compared, and how often each rule was needed.
#[derive(Default)]
struct Tally {
    counts: BTreeMap<&'static str, usize>,
    unexplained: Vec<String>,
}

impl Tally {
    fn count(&mut self, what: &'static str) {
        *self.counts.entry(what).or_default() += 1;
    }
}

#[test]
fn hives_read_as_hivexml_reads_them() {
    let Some(program) = need::program("hivexml") else { return };
    let Some(mut hives) = archive::members("real-hives.tar.xz") else { return };
    let Some(golden) = archive::members("upstream-golden/hives.tar.xz") else { return };
    hives.extend(golden);
    let Some(slices) = hives_of_slices() else { return };
    hives.extend(slices);
    let mut tally = Tally::default();
    for (name, bytes) in hives {
        match run(&program, &bytes) {
            Some(xml) => compare_hives(&name, bytes, &xml, &mut tally),
            None => {
                tally.count("hives that hivexml does not open");
                println!("{name}: hivexml does not open it");
            }
        }
    }
    println!("{:#?}", tally.counts);
    assert_eq!(tally.unexplained, [] as [String; 0]);
    assert!(tally.counts["hives"] >= 80 && tally.counts["keys"] > 100_000);
}

/// The hives in the twelve slices of the small sequences, each content once.
fn hives_of_slices() -> Option<Vec<(String, Vec<u8>)>> {
    let folder = need::data("small/8504-1")?;
    let scratch = tempfile::tempdir().unwrap();
    let mut found = BTreeMap::new();
    for sequence in ["7895-1", "7901-1", "7950-2"] {
        for slice in ["10", "20", "30", "40"] {
            let name = format!("8504-1-{sequence}-{slice}");
            let tarball = folder.join(sequence).join(format!("{name}.tar.gz"));
            let read = survey::read(&tarball, scratch.path(), &Known::new(), &|_| {}).unwrap();
            assert_eq!(read.snapshot.hives.len(), 8, "{name}");
            for hive in read.snapshot.hives {
                let place = format!("{name}/{}", hive.path);
                found.entry(hive.digests.sha256).or_insert((place, hive.tree.bytes().to_vec()));
            }
        }
    }
    Some(found.into_values().collect())
}

fn run(program: &Path, hive: &[u8]) -> Option<String> {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(hive).unwrap();
    let output = Command::new(program).arg(file.path()).output().unwrap();
    output.status.success().then(|| String::from_utf8(output.stdout).unwrap())
}

fn compare_hives(name: &str, bytes: Vec<u8>, theirs: &str, tally: &mut Tally) {
    let mut ours = Vec::new();
    regxml::write(&Hive::read(bytes).unwrap(), &mut ours).unwrap();
    let (ours, theirs) = (parse(std::str::from_utf8(&ours).unwrap()), parse(theirs));
    let (ours, theirs) = (ours.unwrap(), theirs.unwrap());
    tally.count("hives");
    same_time(name, &ours, &theirs, tally);
    let mut left = vec![(name.to_owned(), &ours, &theirs)];
    while let Some((path, ours, theirs)) = left.pop() {
        let values = (ours.in_use("value").count(), theirs.all("value").count());
        let nodes = (ours.in_use("node").count(), theirs.all("node").count());
        if values.0 != values.1 || nodes.0 != nodes.1 {
            tally.unexplained.push(format!("{path}: {values:?} values, {nodes:?} keys"));
            continue;
        }
        for (ours, theirs) in ours.in_use("value").zip(theirs.all("value")) {
            tally.count("values");
            compare_values(&path, ours, theirs, tally);
        }
        for (ours, theirs) in ours.in_use("node").zip(theirs.all("node")) {
            tally.count("keys");
            let path = format!("{path}\\{}", theirs.get("name").unwrap_or_default());
            compare_keys(&path, ours, theirs, tally);
            left.push((path, ours, theirs));
        }
    }
}

fn compare_keys(path: &str, ours: &Element, theirs: &Element, tally: &mut Tally) {
    same_name("name", path, ours, theirs, tally);
    same_time(path, ours, theirs, tally);
    if ours.get("root") != theirs.get("root") || ours.runs() != theirs.runs() {
        tally.unexplained.push(format!("{path}: {:?} {:?}", ours.attributes, theirs.attributes));
    }
}

/// hivexml cuts times to seconds.
fn same_time(path: &str, ours: &Element, theirs: &Element, tally: &mut Tally) {
    let cut = |element: &Element| element.mtime().map(|time| time[..19].to_owned());
    match cut(ours) == cut(theirs) {
        true => tally.count("times, to the second"),
        false => {
            let times = (ours.mtime(), theirs.mtime());
            tally.unexplained.push(format!("{path}: time {times:?}"));
        }
    }
}

/// hivexml writes control characters as they are, which no XML parser may accept.
fn same_name(label: &str, path: &str, ours: &Element, theirs: &Element, tally: &mut Tally) {
    if ours.get(label) == theirs.get(label) {
        return;
    }
    let undone = ours.get(label).map(|name| {
        let controls = (0..0x20).map(|c| (format!("\\u{c:04x}"), char::from(c as u8)));
        let name =
            controls.fold(name.to_owned(), |n, (from, to)| n.replace(&from, &to.to_string()));
        name.replace("\\\\", "\\")
    });
    match ours.get(&format!("{label}_escaped")).is_some() && undone.as_deref() == theirs.get(label)
    {
        true => tally.count("rule: control_characters_in_name"),
        false => {
            tally.unexplained.push(format!("{path}: {label} {undone:?} {:?}", theirs.get(label)))
        }
    }
}

fn compare_values(path: &str, ours: &Element, theirs: &Element, tally: &mut Tally) {
    same_name("key", path, ours, theirs, tally);
    let name = theirs.get("key").unwrap_or_default();
    if number_of_too_few_bytes(ours, theirs) {
        tally.count("rule: number_of_too_few_bytes");
        return;
    }
    if ours.get("type") != theirs.get("type") || ours.get("default") != theirs.get("default") {
        let types = (ours.get("type"), theirs.get("type"));
        tally.unexplained.push(format!("{path}\\{name}: type {types:?}"));
    }
    if let Some(rule) = data_rule(ours, theirs) {
        tally.count(rule);
    } else {
        tally
            .unexplained
            .push(format!("{path}\\{name}: {:?} {:?}", ours.attributes, theirs.attributes));
    }
    if let Some(rule) = runs_rule(ours, theirs) {
        tally.count(rule);
    } else {
        tally.unexplained.push(format!("{path}\\{name}: {:?} {:?}", ours.runs(), theirs.runs()));
    }
}

/// hivexml gives -1 for a number of which bytes are missing; here they are raw, and `bad-`.
fn number_of_too_few_bytes(ours: &Element, theirs: &Element) -> bool {
    let theirs_type = theirs.get("type").unwrap_or_default();
    let most = if theirs_type == "int64" { "AAAAAAAAAA==" } else { "AAAA" };
    theirs_type.starts_with("int")
        && ours.get("type").and_then(|ours| ours.strip_prefix("bad-")) == Some(theirs_type)
        && theirs.get("value") == Some("-1")
        && ours.get("encoding") == Some("base64")
        && ours.get("value").unwrap_or_default().len() <= most.len()
        && ours.runs() == theirs.runs()
}

fn data_rule(ours: &Element, theirs: &Element) -> Option<&'static str> {
    let strings = |e: &Element| e.all("string").map(|item| item.text.clone()).collect::<Vec<_>>();
    let plain = |e: &Element| e.get("value").unwrap_or_default().replace(['\r', '\n'], "");
    if ours.get("encoding") == theirs.get("encoding") && strings(ours) == strings(theirs) {
        let base64 = ours.get("encoding").is_some();
        return match base64 {
            true if plain(ours) == plain(theirs) => Some("raw data equal"),
            false if ours.get("value") == theirs.get("value") => Some("renderings equal"),
            _ => None,
        };
    }
    control_characters_in_text(ours, theirs).then_some("rule: control_characters_in_text")
}

/// Text that XML cannot hold is raw here; hivexml writes it and is ill-formed.
fn control_characters_in_text(ours: &Element, theirs: &Element) -> bool {
    use base64::Engine;
    let forbidden = |text: &str| text.chars().any(|c| c < ' ' && !"\t\n\r".contains(c));
    let raw = ours.get("value").unwrap_or_default();
    let raw = base64::engine::general_purpose::STANDARD.decode(raw).unwrap_or_default();
    let (units, _) = raw.as_chunks::<2>();
    let text: String = char::decode_utf16(units.iter().map(|unit| u16::from_le_bytes(*unit)))
        .map_while(Result::ok)
        .take_while(|c| *c != '\0')
        .collect();
    ours.get("encoding") == Some("base64")
        && theirs.get("encoding").is_none()
        && theirs.get("value") == Some(&text)
        && forbidden(&text)
}

fn runs_rule(ours: &Element, theirs: &Element) -> Option<&'static str> {
    let (ours_runs, theirs_runs) = (ours.runs(), theirs.runs());
    let empty = theirs.get("encoding").is_some() && theirs.get("value").is_none();
    match theirs_runs.is_empty() {
        _ if ours_runs == theirs_runs => Some("byte runs equal"),
        true if empty && ours_runs.len() == 1 => Some("rule: no_runs_of_empty_values"),
        _ if run_of_big_data(&ours_runs, &theirs_runs) => Some("rule: run_of_big_data"),
        _ if run_of_name(theirs, &ours_runs, &theirs_runs) => Some("rule: run_of_name"),
        _ => None,
    }
}

/// hivexml takes big data for one cell, where the list of their segments is.
fn run_of_big_data(ours: &[(u64, u64)], theirs: &[(u64, u64)]) -> bool {
    let (Some((own, segments)), [their_own, data]) = (ours.split_first(), theirs) else {
        return false;
    };
    let len: u64 = segments.iter().map(|(_, len)| len - 4).sum();
    own == their_own && len > 16344 && data.1 == len + 4 && segments[0].0 != data.0
}

/// hivexml takes the length of a value's name in UTF-8 for its length in the hive.
fn run_of_name(theirs: &Element, ours_runs: &[(u64, u64)], theirs_runs: &[(u64, u64)]) -> bool {
    let name = theirs.get("key").unwrap_or_default();
    let (ours, theirs) = (ours_runs[0], theirs_runs[0]);
    let stored = [name.encode_utf16().count() * 2, name.chars().count()].map(|len| len as u64 + 24);
    !name.is_ascii()
        && ours.0 == theirs.0
        && theirs.1 == 24 + name.len() as u64
        && stored.contains(&ours.1)
        && ours_runs[1..] == theirs_runs[1..]
}
