//! Every file that fiwalk lists on the small sequences is the same here, and the other way about.
//!
//! Each difference falls under a named rule; see "Files: fiwalk" in docs/differences.md.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use diskprint::{ByteRun, FileEntry, FileKind, FoundBy, Hex, Image, Known, RunKind, Snapshot};
use diskprint_formats::{Filetime, ReadAtExt};
use diskprint_testkit::need;
use quick_xml::Reader;
use quick_xml::events::Event;
use tempfile::TempDir;

/// A `fileobject`: its simple elements, digests and byte runs by name of element or attribute.
#[derive(Clone, Debug, Default)]
struct Theirs {
    fields: BTreeMap<String, String>,
    runs: Vec<BTreeMap<String, String>>,
}

impl Theirs {
    fn get(&self, field: &str) -> &str {
        self.fields.get(field).map_or("", String::as_str)
    }

    fn number(&self, field: &str) -> u64 {
        self.get(field).parse().unwrap_or_else(|_| panic!("{field} of {self:?}"))
    }

    fn is_alloc(&self) -> bool {
        self.get("alloc") == "1"
    }
}

/// What was compared, and how often each rule was needed.
#[derive(Default)]
struct Tally {
    counts: BTreeMap<&'static str, usize>,
    unexplained: Vec<String>,
}

impl Tally {
    fn count(&mut self, rule: &'static str) {
        *self.counts.entry(rule).or_default() += 1;
    }

    /// Counts a difference under its rule, or keeps it as unexplained.
    fn explain(&mut self, rule: Option<&'static str>, difference: impl FnOnce() -> String) {
        match rule {
            Some(rule) => self.count(rule),
            None => self.unexplained.push(difference()),
        }
    }
}

#[test]
fn files_read_as_fiwalk_reads_them() {
    let Some(program) = need::program("fiwalk") else { return };
    let Some(folder) = need::data("small/8504-1") else { return };
    let mut tally = Tally::default();
    let slices = tarballs(&folder);
    assert!(slices.len() >= 12, "{slices:?}");
    for slice in slices {
        compare_slice(&program, &slice, &mut tally);
    }
    println!("{:#?}", tally.counts);
    for difference in &tally.unexplained {
        println!("{difference}");
    }
    assert!(tally.unexplained.is_empty(), "{} unexplained", tally.unexplained.len());
    let counts: Vec<_> = tally.counts.into_iter().collect();
    assert_eq!(counts, EXPECTED, "docs/differences.md has these numbers");
}

/// How often each rule is needed in all slices.
const EXPECTED: [(&str, usize); 13] = [
    ("`.` and `..` (theirs)", 3847),
    ("an unset time is in 2076", 52),
    ("content of $Secure is that of its stream $SDS", 13),
    ("deleted files have no type", 147),
    ("empty files have no digest", 336),
    ("files compared", 3732),
    ("holes are told by cluster", 15),
    ("links are typed as what they stand for", 39),
    ("names that only an index has left", 1),
    ("resident runs are at the start of the partition", 2465),
    ("stale names in indexes of files that a record has (theirs)", 3),
    ("streams are not listed (ours)", 152),
    ("the folder $OrphanFiles (theirs)", 13),
];

fn tarballs(folder: &Path) -> Vec<PathBuf> {
    let paths = |folder: &Path| {
        let entries = fs::read_dir(folder).unwrap();
        entries.map(|entry| entry.unwrap().path()).collect::<Vec<_>>()
    };
    let mut found: Vec<PathBuf> = paths(folder).iter().flat_map(|inner| paths(inner)).collect();
    found.sort();
    found
}

fn compare_slice(program: &Path, slice: &Path, tally: &mut Tally) {
    let scratch = TempDir::new().unwrap();
    let image = Image::open(slice, scratch.path(), &|_| ()).unwrap().image;
    let raw = scratch.path().join("disk.raw");
    write_raw(&image, &raw);
    let xml = scratch.path().join("fiwalk.xml");
    let status =
        Command::new(program).args(["-G0", "-X"]).arg(&xml).arg(&raw).output().unwrap().status;
    assert!(status.success());
    let theirs = parse(&fs::read_to_string(xml).unwrap());
    let snapshot = Snapshot::read(&image, &Known::new());
    assert_eq!(snapshot.faults, []);

    let name = slice.file_name().unwrap().to_str().unwrap();
    let mut ours: BTreeMap<(String, u64), Vec<&FileEntry>> = BTreeMap::new();
    for entry in &snapshot.files {
        match entry.stream {
            Some(_) => tally.count("streams are not listed (ours)"),
            None => {
                let key = (entry.path.to_text().into_owned(), entry.inode);
                ours.entry(key).or_default().push(entry);
            }
        }
    }
    for file in theirs {
        let key = (file.get("filename").to_owned(), file.number("inode"));
        match ours.get_mut(&key).and_then(Vec::pop) {
            Some(entry) => compare(name, entry, &file, &snapshot, tally),
            None => {
                // Of a name that only an index has left, it shows the directory's record.
                let left = ours.get_mut(&(key.0, 0)).and_then(Vec::pop);
                let is_left = left.and_then(|entry| entry.deleted);
                let rule = match is_left.is_some_and(|it| it.found_by == FoundBy::DirectoryEntry) {
                    true => Some("names that only an index has left"),
                    false => not_ours(&file),
                };
                tally.explain(rule, || format!("{name}: only theirs: {file:?}"));
            }
        }
    }
    for entry in ours.values().flatten() {
        tally.unexplained.push(format!("{name}: only ours: {entry:?}"));
    }
}

fn write_raw(image: &Image, path: &Path) {
    let [disk] = image.disks() else { panic!("one disk") };
    let mut file = File::create(path).unwrap();
    for offset in (0..disk.reader.len()).step_by(1 << 20) {
        file.write_all(&disk.reader.read_vec_at(offset, 1 << 20).unwrap()).unwrap();
    }
}

fn parse(xml: &str) -> Vec<Theirs> {
    let mut reader = Reader::from_str(xml);
    reader.config_mut().expand_empty_elements = true;
    let (mut files, mut text, mut field) = (Vec::<Theirs>::new(), String::new(), String::new());
    loop {
        match reader.read_event().unwrap() {
            Event::Start(start) => {
                text.clear();
                let attributes = start.attributes().map(|attribute| {
                    let attribute = attribute.unwrap();
                    let value = attribute.value.to_string();
                    (attribute.key.as_ref().to_owned(), value)
                });
                let attributes: BTreeMap<String, String> = attributes.collect();
                field = start.name().as_ref().to_owned();
                match (field.as_str(), files.last_mut()) {
                    ("fileobject", _) => files.push(Theirs::default()),
                    ("byte_run", Some(file)) => file.runs.push(attributes),
                    ("hashdigest", _) => field.clone_from(&attributes["type"]),
                    // The inode of the directory is not the file's.
                    ("parent_object", Some(file)) => drop(file.fields.remove("inode")),
                    _ => {}
                }
            }
            Event::Text(part) => text.push_str(&part),
            Event::GeneralRef(name) => {
                let name: &str = &name;
                text.push_str(&quick_xml::escape::unescape(&format!("&{name};")).unwrap());
            }
            Event::End(_) => {
                if let (Some(file), false) = (files.last_mut(), field.is_empty()) {
                    file.fields.insert(std::mem::take(&mut field), std::mem::take(&mut text));
                }
            }
            Event::Eof => return files,
            _ => {}
        }
    }
}

/// Why an entry of theirs is none of ours.
fn not_ours(file: &Theirs) -> Option<&'static str> {
    let name = file.get("filename");
    let last = name.rsplit('/').next().unwrap_or(name);
    if matches!(last, "." | "..") {
        return Some("`.` and `..` (theirs)");
    }
    if name == "$OrphanFiles" && file.get("name_type") == "V" {
        return Some("the folder $OrphanFiles (theirs)");
    }
    // A name left behind in an index block, of a file that is there, or deleted, under it.
    let stale = !file.is_alloc() && !file.fields.contains_key("seq");
    stale.then_some("stale names in indexes of files that a record has (theirs)")
}

fn compare(slice: &str, ours: &FileEntry, theirs: &Theirs, snapshot: &Snapshot, tally: &mut Tally) {
    tally.count("files compared");
    let content = match ours.inode {
        SECURE => {
            tally.count("content of $Secure is that of its stream $SDS");
            let is_sds = |entry: &&FileEntry| {
                entry.inode == SECURE
                    && entry.stream.as_ref().is_some_and(|name| name.to_text() == "$SDS")
            };
            snapshot.files.iter().find(is_sds).unwrap()
        }
        _ => ours,
    };
    let mut check = |field: &str, own: &str, other: &str, rule: Option<&'static str>| {
        if own != other {
            let path = ours.path.to_text();
            tally.explain(rule, || {
                format!("{slice}: {path} (inode {}): {field} {own:?}, theirs {other:?}", ours.inode)
            });
        }
    };
    check("alloc", &ours.is_live().to_string(), &theirs.is_alloc().to_string(), None);
    check("filesize", &ours.size.to_string(), theirs.get("filesize"), None);
    check("seq", &ours.seq.to_string(), theirs.get("seq"), None);
    check("name_type", ours.kind.letter(), theirs.get("name_type"), name_type(ours, theirs));
    let times = [
        ("mtime", ours.times.mtime),
        ("ctime", ours.times.ctime),
        ("atime", ours.times.atime),
        ("crtime", ours.times.crtime),
    ];
    for (field, time) in times {
        let own = if time.is_unset() { String::new() } else { time.seconds_text() };
        check(field, &own, theirs.get(field), zero_time(time, theirs.get(field)));
    }
    let md5 = content.digests.map(|digests| Hex(&digests.md5).to_string()).unwrap_or_default();
    let sha1 = content.digests.map(|digests| Hex(&digests.sha1).to_string()).unwrap_or_default();
    check("md5", &md5, theirs.get("md5"), digest(ours, theirs.get("md5")));
    check("sha1", &sha1, theirs.get("sha1"), digest(ours, theirs.get("sha1")));
    compare_runs(content, theirs, &mut check);
}

fn name_type(ours: &FileEntry, theirs: &Theirs) -> Option<&'static str> {
    match (ours.kind, theirs.get("name_type")) {
        (FileKind::Link, "d" | "r") => Some("links are typed as what they stand for"),
        (_, "-") if !ours.is_live() => Some("deleted files have no type"),
        _ => None,
    }
}

fn zero_time(time: Filetime, theirs: &str) -> Option<&'static str> {
    let wrapped = time.is_unset() && theirs.starts_with("2076-11-29T");
    wrapped.then_some("an unset time is in 2076")
}

fn digest(ours: &FileEntry, theirs: &str) -> Option<&'static str> {
    (ours.size == 0 && theirs.is_empty()).then_some("empty files have no digest")
}

/// Record of $Secure, which has no unnamed $DATA.
const SECURE: u64 = 9;

type Run = (u64, Option<u64>, Option<u64>, u64);

fn compare_runs(
    ours: &FileEntry,
    theirs: &Theirs,
    check: &mut impl FnMut(&str, &str, &str, Option<&'static str>),
) {
    let own = runs(ours);
    let number = |run: &BTreeMap<String, String>, name| run.get(name)?.parse().ok();
    let other = theirs.runs.iter().map(|run| {
        let len = number(run, "len").or_else(|| number(run, "uncompressed_len"));
        let start = number(run, "file_offset").unwrap();
        (start, number(run, "fs_offset"), number(run, "img_offset"), len.unwrap_or(0))
    });
    let other: Vec<Run> = other.collect();
    let rule = runs_rule(ours, &other, theirs);
    check("byte_runs", &format!("{own:?}"), &format!("{other:?}"), rule);
}

fn runs(file: &FileEntry) -> Vec<Run> {
    let img_offset = |run: &ByteRun| file.runs.img_offset(run);
    file.runs
        .iter()
        .map(|run| (run.file_offset, run.fs_offset, img_offset(&run), run.len))
        .collect()
}

fn runs_rule(ours: &FileEntry, other: &[Run], theirs: &Theirs) -> Option<&'static str> {
    let is_resident =
        |run: &BTreeMap<String, String>| run.get("type").is_some_and(|kind| kind == "resident");
    let in_record = ours.runs.iter().next().is_some_and(|run| run.kind == RunKind::Resident);
    if in_record && theirs.runs.iter().all(is_resident) {
        return Some("resident runs are at the start of the partition");
    }
    (joined_holes(&runs(ours)) == joined_holes(other)).then_some("holes are told by cluster")
}

/// The runs with holes that follow one another made one.
fn joined_holes(runs: &[Run]) -> Vec<Run> {
    let mut joined: Vec<Run> = Vec::new();
    for run in runs {
        match joined.last_mut() {
            Some(last) if last.1.is_none() && run.1.is_none() && last.0 + last.3 == run.0 => {
                last.3 += run.3;
            }
            _ => joined.push(*run),
        }
    }
    joined
}
