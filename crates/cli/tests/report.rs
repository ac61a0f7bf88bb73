//! `diskprint report`: the page, and what a browser makes of it.

mod browser;
mod support;

use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use diskprint_testkit::hostile;
use flate2::read::DeflateDecoder;
use serde_json::Value;
use tempfile::TempDir;

/// A run over a sequence, and its report.
struct Made {
    folder: TempDir,
    sequence: &'static str,
}

impl Made {
    /// Of the sample.
    fn new() -> Self {
        let sample = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../../examples/8504-1/7895-1/8504-1-7895-1-40.tar.gz");
        let folder = tempfile::tempdir().unwrap();
        let results = folder.path().join("results");
        support::expect(0, &["run".as_ref(), sample.as_os_str(), results.as_os_str()]);
        Self { folder, sequence: "8504-1-7895-1" }
    }

    /// Of disks whose names want to do harm, and that cannot be read in full.
    fn hostile() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let end = hostile::write(folder.path()).unwrap();
        let results = folder.path().join("results");
        support::expect(2, &["run".as_ref(), end.as_os_str(), results.as_os_str()]);
        Self { folder, sequence: hostile::SEQUENCE }
    }

    fn database(&self) -> String {
        format!("sqlite:{}", self.folder.path().join("results/diskprint.db").display())
    }

    fn report(&self, name: &str, options: &[&str]) -> PathBuf {
        let page = self.folder.path().join(name);
        let (db, output) = (self.database(), page.display().to_string());
        let args = ["report", self.sequence, "--db", &db, "--output", &output];
        support::expect(0, &[&args, options].concat());
        page
    }

    /// The rows of the sequence as exported.
    fn rows(&self) -> Vec<Value> {
        let args = ["export", self.sequence, "--db", &self.database(), "--format", "jsonl"];
        // Unpaired surrogates stand there as JSON permits, which serde_json does not read.
        support::rows(&support::expect(0, &args).replace("\\ud801", "?"))
    }
}

/// What the page packs under that id.
fn unpacked(page: &str, id: &str) -> Value {
    let start = format!("<script type=\"application/octet-stream\" id=\"{id}\">");
    let packed = page.split(&start).nth(1).unwrap().split("</script>").next().unwrap();
    let mut text = String::new();
    let packed = STANDARD.decode(packed).unwrap();
    DeflateDecoder::new(&packed[..]).read_to_string(&mut text).unwrap();
    serde_json::from_str(&text).unwrap()
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

/// How many rows there are of each slice, type (`file`, `cell`, `recovered`) and action.
type Counts = BTreeMap<(String, String, String), usize>;

#[test]
fn its_numbers_are_those_of_the_export() {
    for made in [Made::new(), Made::hostile()] {
        let page = fs::read_to_string(made.report("page.html", &[])).unwrap();
        let rows = made.rows();
        let exported = count(rows.iter().map(|row| {
            let slice = row["sliceid"].to_string();
            let action = row["action"].as_str().unwrap_or("recovered");
            (slice, row["type"].as_str().unwrap().to_owned(), action.to_owned())
        }));
        assert_eq!(of_index(&unpacked(&page, "index")), exported);
        let by_type = |of: &Counts| {
            let typed = of.iter().map(|((slice, kind, _), count)| ((slice, kind), count));
            typed.fold(BTreeMap::new(), |mut sums, ((slice, kind), count)| {
                *sums.entry((slice.clone(), kind.clone())).or_default() += count;
                sums
            })
        };
        assert_eq!(of_table(&page), by_type(&exported));
        assert_eq!(of_verdict(&page), of_kinds(&rows));
    }
}

fn count<K: Ord>(keys: impl Iterator<Item = K>) -> BTreeMap<K, usize> {
    keys.fold(BTreeMap::new(), |mut counts, key| {
        *counts.entry(key).or_default() += 1;
        counts
    })
}

/// What the page counts itself, by its columns.
fn of_index(index: &Value) -> Counts {
    let column = |name: &str| index[name].as_array().unwrap().clone();
    let number = |value: &Value| usize::try_from(value.as_u64().unwrap()).unwrap();
    let columns = column("step").into_iter().zip(column("action")).zip(column("kind"));
    count(columns.map(|((step, action), kind)| {
        let slice = index["slices"][number(&step)]["id"].as_str().unwrap().to_owned();
        let action = ["new", "altered", "deleted", "recovered"][number(&action)];
        let kind = match (action, number(&kind)) {
            ("recovered", _) => "recovered",
            (_, 0..4) => "file",
            _ => "cell",
        };
        (slice, kind.to_owned(), action.to_owned())
    }))
}

/// What the table of slices says, where it is not nothing.
fn of_table(page: &str) -> BTreeMap<(String, String), usize> {
    let table = page.split("class=\"facts slices\"").nth(1).unwrap();
    let table = table.split("</table>").next().unwrap();
    let cell = |row: &str, label: &str| {
        let start = format!("data-label=\"{label}\">");
        row.split(&start).nth(1).unwrap().split('<').next().unwrap().replace(',', "")
    };
    let mut counts = BTreeMap::new();
    for row in table.split("<tr>").skip(1).filter(|row| row.contains("data-label")) {
        for (label, kind) in
            [("files", "file"), ("keys, values", "cell"), ("recovered", "recovered")]
        {
            counts.insert((cell(row, "slice"), kind.to_owned()), cell(row, label).parse().unwrap());
        }
    }
    counts.retain(|_, count| *count > 0);
    counts
}

/// What the rows of the export add up to: `created 19 file`, over all steps.
fn of_kinds(rows: &[Value]) -> BTreeMap<(String, String), usize> {
    count(rows.iter().filter(|row| row["type"] != "recovered").map(|row| {
        let action = match row["action"].as_str().unwrap() {
            "new" => "created",
            "altered" => "changed",
            "deleted" => "removed",
            action => panic!("{action}"),
        };
        let kind = match (row["type"].as_str().unwrap(), &row["stream"], &row["file_type"]) {
            ("cell", ..) => row["kind"].as_str().unwrap(),
            (_, Value::String(_), _) => "stream",
            (_, _, Value::String(kind)) if kind == "d" => "folder",
            _ => "file",
        };
        (action.to_owned(), kind.to_owned())
    }))
}

/// What the sentences of the steps say.
fn of_verdict(page: &str) -> BTreeMap<(String, String), usize> {
    let verdict = page.split("class=\"verdict\">").nth(1).unwrap().split("</div>").next().unwrap();
    let mut counts = BTreeMap::new();
    for sentence in verdict.split("<p>").filter(|sentence| sentence.contains("slice")) {
        for part in sentence.trim_end().trim_end_matches("</p>").trim_end_matches('.').split("; ") {
            let words: Vec<&str> = part.split(' ').collect();
            let verbs = ["created", "changed", "removed", "registered"];
            let at = words.iter().position(|word| verbs.contains(word)).unwrap();
            if words[at] == "registered" {
                continue;
            }
            for pair in words[at + 1..].windows(2) {
                let kind = pair[1].trim_end_matches([',', '.']).trim_end_matches('s');
                if let Ok(count) = pair[0].replace(',', "").parse::<usize>() {
                    *counts.entry((words[at].to_owned(), kind.to_owned())).or_default() += count;
                }
            }
        }
    }
    counts
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
