//! The truth about the three small sequences, of which every change is known: it was seen by walking
//! mounted volumes and from the registry's own text form, not by any reader of these formats.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::process::Command;

use diskprint::Image;
use diskprint_formats::ReadAtExt;
use diskprint_testkit::need;
use serde_json::Value;

pub const SEQUENCES: [&str; 3] = ["7895-1", "7901-1", "7950-2"];

/// What judging takes: the truth, the tarballs that it is about, and a witness where it is silent.
pub struct Judge {
    truth: PathBuf,
    data: PathBuf,
    fiwalk: PathBuf,
    pub files: Tally,
    pub cells: Tally,
}

/// What was counted in a comparison with the truth.
#[derive(Default)]
pub struct Tally {
    expected: usize,
    missing: Vec<String>,
    invented: Vec<String>,
    metafiles: usize,
    unjudged: usize,
}

impl Judge {
    /// Returns `None` after saying what is absent.
    #[track_caller]
    pub fn new() -> Option<Self> {
        let (truth, data) = (need::data("truth/small")?, need::data("small/8504-1")?);
        let fiwalk = need::program("fiwalk")?;
        Some(Self { truth, data, fiwalk, files: Tally::default(), cells: Tally::default() })
    }

    /// The tarball of a slice, which is called `40`, of one of [`SEQUENCES`].
    pub fn tarball(&self, sequence: &str, slice: &str) -> PathBuf {
        self.data.join(sequence).join(format!("8504-1-{sequence}-{slice}.tar.gz"))
    }

    /// All files and keys of a slice.
    pub fn state(&self, sequence: &str, slice: &str) -> Value {
        super::json(&self.truth.join(format!("8504-1-{sequence}-{slice}.state.json.gz")))
    }

    /// Compares the exported rows of one of [`SEQUENCES`] with the truth.
    pub fn judge(&mut self, sequence: &str, rows: &[Value]) {
        let scratch = tempfile::tempdir().unwrap();
        let known = super::json(&self.truth.join(format!("8504-1-{sequence}.json")));
        for step in known["transitions"].as_array().unwrap() {
            let (from, to) = (text(&step["from"]), text(&step["to"]));
            let of_step = |kind: &str| {
                let is_it = |row: &&Value| {
                    row["type"] == kind && row["sliceid"].as_i64() == to.parse().ok()
                };
                rows.iter().filter(is_it).cloned().collect::<Vec<_>>()
            };
            let records = |slice: &str| {
                fiwalk_records(&self.fiwalk, &self.tarball(sequence, slice), scratch.path())
            };
            let witness = Witness { before: records(&from), after: records(&to) };
            let (before, after) = (self.state(sequence, &from), self.state(sequence, &to));
            let where_ = format!("8504-1-{sequence} {from}→{to}");
            let files = &mut self.files;
            judge_files(&where_, &of_step("file"), step, &before, &after, &witness, files);
            judge_cells(&where_, &of_step("cell"), &step["registry"], &mut self.cells);
        }
    }

    /// Nothing was missing, nothing was invented.
    #[track_caller]
    pub fn verdict(&self) {
        for (kind, tally) in [("files", &self.files), ("cells", &self.cells)] {
            println!(
                "{kind}: {} expected, {} missing, {} invented; exempt: {} of metafiles, {} that the \
                 truth does not judge",
                tally.expected,
                tally.missing.len(),
                tally.invented.len(),
                tally.metafiles,
                tally.unjudged
            );
            assert!(tally.expected > 300, "{kind}: the truth itself was not read");
            assert_eq!((&tally.missing, &tally.invented), (&vec![], &vec![]));
        }
    }
}

/// A file row as the truth knows it: what happened, path, path before, stream, SHA-1 before and
/// after.
type FileRow = (String, String, Option<String>, Option<String>, Option<String>, Option<String>);

fn judge_files(
    where_: &str,
    rows: &[Value],
    step: &Value,
    before: &Value,
    after: &Value,
    witness: &Witness,
    tally: &mut Tally,
) {
    let expected = expected_files(&step["files"], &before["files"], &after["files"]);
    tally.expected += expected.len();
    let mut found = BTreeSet::new();
    for row in rows {
        let told = told(row);
        if expected.contains(&told) {
            assert!(found.insert(told.clone()), "{where_}: twice: {told:?}");
        } else if row["inode"].as_u64().unwrap() < 24 || told.1.starts_with("$Extend/") {
            tally.metafiles += 1;
        } else if told.0 == "changed" && witness.differs(row) {
            tally.unjudged += 1;
        } else {
            tally.invented.push(format!("{where_}: {told:?}"));
        }
    }
    tally.missing.extend(expected.difference(&found).map(|row| format!("{where_}: {row:?}")));
}

/// What a row tells, in the terms of the truth.
fn told(row: &Value) -> FileRow {
    let flags: Vec<&str> =
        row["changes"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    let content = |side: &str| row[format!("sha1_{side}")].as_str().map(str::to_owned);
    let what = match row["action"].as_str().unwrap() {
        "altered" if flags.contains(&"renamed") => "renamed",
        "altered" if flags.contains(&"modified") => "modified",
        "altered" => "changed",
        action => action,
    };
    // Whether the content of a renamed file or of one with other metadata is the same shows in
    // its digests.
    let modified = content("before") != content("after");
    assert_eq!(
        flags.contains(&"modified"),
        modified && what != "new" && what != "deleted",
        "{row}"
    );
    let optional = |name: &str| row[name].as_str().map(str::to_owned);
    (
        what.to_owned(),
        text(&row["path"]),
        optional("path_before"),
        optional("stream"),
        content("before"),
        content("after"),
    )
}

fn expected_files(files: &Value, before: &Value, after: &Value) -> BTreeSet<FileRow> {
    let mut rows = BTreeSet::new();
    let sha1 = |state: &Value, path: &str| state[path]["sha1"].as_str().map(str::to_owned);
    let mut add = |what: &str, path: &str, old: Option<&str>| {
        let was = (what != "new").then(|| sha1(before, old.unwrap_or(path))).flatten();
        let is = (what != "deleted").then(|| sha1(after, path)).flatten();
        rows.insert((what.into(), path.into(), old.map(str::to_owned), None, was, is));
    };
    let each = |kind: &str| files[kind].as_array().unwrap().clone();
    each("created").iter().for_each(|file| add("new", &text(&file["path"]), None));
    each("deleted").iter().for_each(|file| add("deleted", &text(&file["path"]), None));
    each("modified").iter().for_each(|file| add("modified", &text(&file["path"]), None));
    each("metadata_only").iter().for_each(|file| add("changed", &text(&file["path"]), None));
    each("renamed")
        .iter()
        .for_each(|file| add("renamed", &text(&file["to"]), Some(&text(&file["from"]))));

    let renamed: HashMap<String, String> =
        each("renamed").iter().map(|file| (text(&file["to"]), text(&file["from"]))).collect();
    rows.extend(expected_streams(before, after, &renamed));
    rows
}

/// The streams that came, went or changed, from the whole states: a stream moves with its file.
fn expected_streams(
    before: &Value,
    after: &Value,
    renamed: &HashMap<String, String>,
) -> Vec<FileRow> {
    let streams = |state: &Value| -> BTreeMap<(String, String), String> {
        let mut found = BTreeMap::new();
        for (path, file) in state.as_object().unwrap() {
            for (stream, content) in file["ads"].as_object().into_iter().flatten() {
                found.insert((path.clone(), stream.clone()), text(&content["sha1"]));
            }
        }
        found
    };
    let (mut was, is) = (streams(before), streams(after));
    let mut rows = Vec::new();
    for ((path, stream), sha1) in is {
        let old = renamed.get(&path);
        match was.remove(&(old.unwrap_or(&path).clone(), stream.clone())) {
            None => rows.push(("new".into(), path, None, Some(stream), None, Some(sha1))),
            Some(same) if same == sha1 => {}
            Some(other) => {
                let what = if old.is_some() { "renamed" } else { "modified" };
                rows.push((what.into(), path, old.cloned(), Some(stream), Some(other), Some(sha1)));
            }
        }
    }
    rows.extend(was.into_iter().map(|((path, stream), sha1)| {
        ("deleted".into(), path, None, Some(stream), Some(sha1), None)
    }));
    rows
}

/// A cell row as the truth knows it: what happened, hive, key, value; a value's type and data
/// before and after.
type CellRow =
    (String, String, String, Option<String>, Option<(u64, String)>, Option<(u64, String)>);

fn judge_cells(where_: &str, rows: &[Value], truth: &Value, tally: &mut Tally) {
    let expected = expected_cells(truth);
    tally.expected += expected.len();
    let mut found = BTreeSet::new();
    for row in rows {
        let told = told_cell(row);
        if !expected.contains(&told) {
            tally.invented.push(format!("{where_}: {told:?}"));
        } else {
            assert!(found.insert(told.clone()), "{where_}: twice: {told:?}");
        }
    }
    tally.missing.extend(expected.difference(&found).map(|row| format!("{where_}: {row:?}")));
}

fn told_cell(row: &Value) -> CellRow {
    let key: Vec<String> = row["key"].as_array().unwrap().iter().map(text).collect();
    let side = |side: &str| {
        let kind = row[format!("value_type_{side}")].as_u64()?;
        Some((kind, text(&row[format!("data_{side}")])))
    };
    let what = format!("{} {}", text(&row["action"]), text(&row["kind"]));
    let value = row["value"].as_str().map(str::to_owned);
    (what, text(&row["hive"]), key.join("\\"), value, side("before"), side("after"))
}

fn expected_cells(truth: &Value) -> BTreeSet<CellRow> {
    let mut rows = BTreeSet::new();
    for (hive, changes) in truth.as_object().unwrap() {
        let each = |kind: &str| changes[kind].as_array().unwrap().clone();
        let keys = [
            ("new key", "keys_created"),
            ("deleted key", "keys_deleted"),
            ("altered key", "keys_mtime_changed"),
        ];
        for (what, kind) in keys {
            for key in each(kind) {
                rows.insert((what.into(), hive.clone(), text(&key), None, None, None));
            }
        }
        let data = |value: &Value| Some((value[0].as_u64().unwrap(), text(&value[1])));
        let alone = |value: &Value| Some((value["type"].as_u64().unwrap(), text(&value["data"])));
        let mut add = |what: &str, value: &Value, before, after| {
            let name = Some(text(&value["name"]));
            rows.insert((what.into(), hive.clone(), text(&value["key"]), name, before, after));
        };
        each("values_created").iter().for_each(|value| add("new value", value, None, alone(value)));
        each("values_deleted")
            .iter()
            .for_each(|value| add("deleted value", value, alone(value), None));
        each("values_changed").iter().for_each(|value| {
            add("altered value", value, data(&value["before"]), data(&value["after"]))
        });
    }
    rows
}

/// What fiwalk says of each path: access time, metadata-change time, link count.
type Records = HashMap<String, [String; 3]>;

struct Witness {
    before: Records,
    after: Records,
}

impl Witness {
    /// Whether the row rests on access time, metadata-change time or link count alone, and fiwalk
    /// saw these differ, too.
    fn differs(&self, row: &Value) -> bool {
        let differs = |name: &str| row[format!("{name}_before")] != row[format!("{name}_after")];
        let judged = ["mtime", "crtime", "attributes", "size", "sha1"];
        // "inode" and "seq" are those after; the ones before stand beside them.
        let moved = row["inode"] != row["inode_before"] || row["seq"] != row["seq_before"];
        let path = text(&row["path"]);
        let seen = self.before.get(&path).zip(self.after.get(&path));
        !moved && !judged.iter().any(|name| differs(name)) && seen.is_some_and(|(a, b)| a != b)
    }
}

fn fiwalk_records(fiwalk: &Path, tarball: &Path, scratch: &Path) -> Records {
    let raw = scratch.join("disk.raw");
    let opened = Image::open(tarball, scratch, &|_| {}).unwrap();
    let disk = &opened.image.disks()[0].reader;
    std::fs::write(&raw, disk.read_vec_at(0, disk.len() as usize).unwrap()).unwrap();
    let xml = super::witness(Command::new(fiwalk).args(["-x", "-G0"]).arg(&raw));
    let mut records = Records::new();
    for object in elements(&xml, "fileobject") {
        let field = |name: &str| object.get(name).cloned().unwrap_or_default();
        if field("alloc") == "1" {
            records.insert(field("filename"), [field("atime"), field("ctime"), field("nlink")]);
        }
    }
    records
}

/// The children with text of every element `name`, by their names.
fn elements(xml: &[u8], name: &str) -> Vec<HashMap<String, String>> {
    use quick_xml::events::Event;
    let xml = std::str::from_utf8(xml).expect("UTF-8");
    let mut reader = quick_xml::Reader::from_str(xml);
    let (mut all, mut child) = (Vec::new(), String::new());
    let mut open: Option<HashMap<String, String>> = None;
    loop {
        match reader.read_event().unwrap() {
            Event::Start(start) if start.name().as_ref() == name => open = Some(HashMap::new()),
            Event::End(end) if end.name().as_ref() == name => all.extend(open.take()),
            Event::Start(start) => child = start.name().as_ref().to_owned(),
            Event::End(_) => child.clear(),
            Event::Text(value) => {
                if let Some(open) = open.as_mut().filter(|_| !child.is_empty()) {
                    open.entry(child.clone()).or_default().push_str(value.as_ref());
                }
            }
            Event::GeneralRef(reference) => {
                if let Some(open) = &mut open {
                    let c = match reference.as_ref() {
                        "amp" => "&",
                        "lt" => "<",
                        "gt" => ">",
                        "quot" => "\"",
                        "apos" => "'",
                        other => panic!("entity {other}"),
                    };
                    open.entry(child.clone()).or_default().push_str(c);
                }
            }
            Event::Eof => return all,
            _ => {}
        }
    }
}

#[track_caller]
pub fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        other => panic!("neither text nor number: {other}"),
    }
}
