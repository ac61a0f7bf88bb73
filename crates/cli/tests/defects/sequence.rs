//! Sequences made for a test, and what a run tells of them.

use std::fs;
use std::path::PathBuf;

use diskprint_testkit::ntfs::{File, Options, Volume, kind};
use diskprint_testkit::regf::{self, Key};
use rusqlite::Connection;
use serde_json::Value;
use tempfile::TempDir;

use crate::support;

/// The path of the hive where it does not matter.
pub const HIVE: &str = "Windows/System32/config/SOFTWARE";

/// A disk of one volume without a partition table.
pub fn disk(fill: impl FnOnce(&mut Volume)) -> Vec<u8> {
    let mut volume = Volume::new(Options { cluster: 512, clusters: 4096, ..Options::default() });
    fill(&mut volume);
    volume.finish().bytes
}

/// Puts a file with these bytes at `path`.
pub fn put(volume: &mut Volume, path: &str, bytes: &[u8]) {
    let data = volume.stored(kind::DATA, "", bytes, 0);
    let file = volume.file(path);
    volume.add(&file.with(data));
}

/// Puts a deleted file at `path`, whose bytes are all still there.
pub fn put_deleted(volume: &mut Volume, path: &str, bytes: &[u8]) {
    let data = volume.freed(bytes);
    let file: File = volume.file(path);
    volume.add(&file.with(data).deleted());
}

/// The bytes of a hive with this root key.
pub fn hive(root: Key) -> Vec<u8> {
    regf::build(&root).bytes
}

/// A disk with one hive.
pub fn disk_of(root: Key) -> Vec<u8> {
    disk(|volume| put(volume, HIVE, &hive(root)))
}

/// The name of a sequence.
pub const NAME: &str = "8504-1-7895-1";

/// Slices of one sequence in a folder, and results beside it.
pub struct Sequence {
    folder: TempDir,
    slices: Vec<PathBuf>,
}

impl Sequence {
    /// The slices 10, 20 and so on, each a raw disk.
    pub fn of(disks: &[Vec<u8>]) -> Self {
        let names = (1..).map(|number| format!("{NAME}-{number}0.raw"));
        Self::named(&names.zip(disks).map(|(name, disk)| (name, &disk[..])).collect::<Vec<_>>())
    }

    /// Files of these names, of which the last is the last slice.
    pub fn named(files: &[(impl AsRef<str>, &[u8])]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("store")).unwrap();
        let mut slices = Vec::new();
        for (name, bytes) in files {
            slices.push(folder.path().join("store").join(name.as_ref()));
            fs::write(slices.last().unwrap(), bytes).unwrap();
        }
        Self { folder, slices }
    }

    /// The file of the slice with that position.
    pub fn slice(&self, index: usize) -> String {
        self.slices[index].display().to_string()
    }

    /// A path beside the slices.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The folder of the outputs of the slice with that position.
    pub fn outputs(&self, index: usize) -> PathBuf {
        diskprint::results::folder(&self.path("results"), &self.slices[index])
    }

    pub fn database(&self) -> String {
        format!("sqlite:{}", self.path("results/diskprint.db").display())
    }

    /// The rows of the database that a query gives, each with its columns in `|`.
    pub fn sql(&self, query: &str) -> Vec<String> {
        let database = Connection::open(self.path("results/diskprint.db")).unwrap();
        let mut statement = database.prepare(query).unwrap();
        let columns = statement.column_count();
        let row = |row: &rusqlite::Row<'_>| {
            let columns = (0..columns).map(|column| match row.get_ref_unwrap(column) {
                rusqlite::types::ValueRef::Null => "-".to_owned(),
                rusqlite::types::ValueRef::Integer(number) => number.to_string(),
                other => other.as_str().unwrap().to_owned(),
            });
            Ok(columns.collect::<Vec<_>>().join("|"))
        };
        statement.query_map([], row).unwrap().map(Result::unwrap).collect()
    }

    /// `diskprint run LAST RESULTS MORE`, which must end with `code`; returns what it printed.
    #[track_caller]
    pub fn run(&self, code: i32, more: &[&str]) -> String {
        let (last, results) = (self.slice(self.slices.len() - 1), self.path("results"));
        support::expect(code, &[&["run", &last, &results.display().to_string()], more].concat())
    }

    /// All rows as exported.
    #[track_caller]
    pub fn rows(&self) -> Vec<Value> {
        support::rows(&support::expect(0, &["export", NAME, "--db", &self.database()]))
    }

    /// The rows of keys and values, of each these fields.
    #[track_caller]
    pub fn cells(&self, fields: &str) -> Vec<String> {
        let rows = self.rows();
        rows.iter().filter(|row| row["type"] == "cell").map(|row| line(row, fields)).collect()
    }
}

/// Fields of a row, separated by spaces; items of lists by commas.
pub fn line(row: &Value, fields: &str) -> String {
    let text = |value: &Value| match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(","),
        other => other.to_string(),
    };
    let fields = fields.split(' ').map(|field| text(&row[field]));
    fields.collect::<Vec<_>>().join(" ").trim_end().to_owned()
}

/// What is asked of most rows.
pub const SHORT: &str = "action kind cellpath changes";

/// A sequence of two slices with one hive each, which is run; its rows, briefly.
#[track_caller]
pub fn changes(before: Key, after: Key) -> Vec<String> {
    let sequence = Sequence::of(&[disk_of(before), disk_of(after)]);
    sequence.run(0, &["--quiet"]);
    sequence.cells(SHORT)
}
