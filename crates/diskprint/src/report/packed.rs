//! The changes as the page carries them: columns of what every change is shown, searched and sorted
//! by, and the fields of the changes in blocks that are unpacked when one of theirs is opened.

use std::io::{self, Write};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::write::DeflateEncoder;
use serde_json::{Value, json};

use super::doubt::{Doubt, Doubtful};
use super::life::Behind;
use super::line::{self, Line};
use super::{Report, ReportSlice};
use crate::printable;
use crate::row::{self, CELL, FILE, Field, SliceName};

/// Changes in a block: what is unpacked at once to show one of them.
const PER_BLOCK: usize = 256;
/// The fields before these say which sequence and slice a change is of, which the page knows.
const FIRST_FIELD: usize = 4;
/// The longest data of a value that the page carries, in bytes; longer data are cut, and say so.
const MOST_DATA: usize = 4096;
/// How many faults of a place the page carries to show them with a change.
const MOST_FAULTS: usize = 20;
/// The largest number that a script reads exactly.
// Source: ECMA-262, Number.MAX_SAFE_INTEGER
const MOST_EXACT: i128 = (1 << 53) - 1;

/// What the page carries, compressed and in text.
pub(super) struct Packed {
    pub index: String,
    /// SHA-1 of each change, most of what cannot be compressed.
    pub hashes: String,
    /// For each place in doubt, how many faults it has, and the first of them in words.
    pub doubt: String,
    pub blocks: Vec<String>,
    /// How many changes there are in it.
    pub changes: usize,
}

#[derive(Default)]
struct Columns {
    step: Vec<usize>,
    action: Vec<usize>,
    kind: Vec<usize>,
    partition: Vec<u32>,
    path: Vec<String>,
    changes: Vec<String>,
    artefact: Vec<usize>,
    hash: Vec<String>,
    size: Vec<Option<u64>>,
    stays: Vec<u8>,
    seen: Vec<u32>,
    doubt: Vec<usize>,
    /// The kinds of artefacts that occur; the first is none.
    artefacts: Vec<String>,
    rows: Vec<Value>,
}

/// Packs the first changes, as many as the report may show.
pub(super) fn pack(report: &Report, behind: &Behind, doubt: &Doubt) -> io::Result<Packed> {
    let mut columns = Columns { artefacts: vec![String::new()], ..Columns::default() };
    for (step, slice) in report.slices.iter().enumerate() {
        let first = columns.rows.len();
        columns.slice(step, slice, behind, report);
        let sets = doubt.rows.get(step).map(Vec::as_slice).unwrap_or_default();
        columns.doubt.extend(sets.iter().take(columns.rows.len() - first));
    }
    let slice =
        |slice: &ReportSlice| json!({ "id": slice.id, "type": printable(&slice.slicetype) });
    let mut partitions = columns.partition.clone();
    partitions.sort_unstable();
    partitions.dedup();
    let index = json!({
        "slices": report.slices.iter().map(slice).collect::<Vec<_>>(),
        "file_fields": FILE.get(FIRST_FIELD..),
        "cell_fields": CELL.get(FIRST_FIELD..),
        "per_block": PER_BLOCK,
        "partitions": partitions.len(),
        "artefacts": columns.artefacts,
        "step": columns.step,
        "action": columns.action,
        "kind": columns.kind,
        "partition": columns.partition,
        "path": columns.path,
        "changes": columns.changes,
        "artefact": columns.artefact,
        "size": columns.size,
        "stays": columns.stays,
        "seen": columns.seen,
        "others": report.noise.others,
        "doubt": columns.doubt,
        "doubts": doubt.sets,
    });
    let doubt = doubt.places.iter().map(|place| said(place, report)).collect::<Vec<_>>();
    let blocks = columns.rows.chunks(PER_BLOCK).map(|rows| compressed(&json!(rows)));
    let blocks = blocks.collect::<io::Result<_>>()?;
    Ok(Packed {
        index: compressed(&index)?,
        hashes: compressed(&json!(columns.hash))?,
        doubt: compressed(&json!(doubt))?,
        blocks,
        changes: columns.rows.len(),
    })
}

/// How many faults a place has, and the first of them in words.
fn said(place: &Doubtful, report: &Report) -> Value {
    let all = report.slices.get(place.slice).map(|slice| slice.faults.as_slice());
    let faults = place.faults.iter().filter_map(|fault| all?.get(*fault)).take(MOST_FAULTS);
    let words: Vec<String> = faults.map(|fault| cut(&printable(&fault.to_string()))).collect();
    json!([place.faults.len(), words])
}

fn compressed(value: &Value) -> io::Result<String> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
    serde_json::to_writer(&mut encoder, value)?;
    encoder.flush()?;
    Ok(STANDARD.encode(encoder.finish()?))
}

impl Columns {
    fn slice(&mut self, step: usize, slice: &ReportSlice, behind: &Behind, report: &Report) {
        let Report { most_changes, noise, .. } = report;
        let name = SliceName { osetid: None, appetid: None, sliceid: &slice.id };
        for (index, delta) in slice.files.iter().enumerate() {
            if self.rows.len() < *most_changes {
                self.common(step, behind.files.contains(&(step, index)), noise.of_file(delta));
                self.line(line::of_file(delta), delta.latest().partition);
                self.rows.push(values(&row::file(&name, delta)));
            }
        }
        for (index, delta) in slice.cells.iter().enumerate() {
            if self.rows.len() < *most_changes {
                self.common(step, behind.cells.contains(&(step, index)), noise.of_cell(delta));
                self.line(line::of_cell(delta), delta.latest().partition);
                self.rows.push(values(&row::cell(&name, delta)));
            }
        }
        for found in &slice.recovered {
            if self.rows.len() < *most_changes {
                self.common(step, false, 0);
                self.line(line::of_recovered(found), found.cell.partition);
                self.rows.push(values(&row::recovered(&name, found)));
            }
        }
    }

    fn common(&mut self, step: usize, stays: bool, seen: u32) {
        self.step.push(step);
        self.stays.push(stays.into());
        self.seen.push(seen);
    }

    fn line(&mut self, line: Line<'_>, partition: u32) {
        let Line { action, kind, path, changes, artefact, size, sha1 } = line;
        self.action.push(number(&ACTIONS, action));
        self.kind.push(number(&KINDS, kind));
        self.partition.push(partition);
        self.path.push(printable(&path));
        let confidence = if action == "recovered" { " confidence" } else { "" };
        self.changes.push(changes.join(", ") + confidence);
        let artefact = artefact.unwrap_or_default();
        let known = self.artefacts.iter().position(|it| it == artefact);
        self.artefact.push(known.unwrap_or_else(|| {
            self.artefacts.push(artefact.to_owned());
            self.artefacts.len() - 1
        }));
        self.hash.push(sha1.unwrap_or_default());
        self.size.push(size);
    }
}

/// What the page's script knows by number, in its order.
const ACTIONS: [&str; 4] = ["new", "altered", "deleted", "recovered"];
const KINDS: [&str; 6] = ["file", "folder", "link", "stream", "key", "value"];

fn number(names: &[&str], name: &str) -> usize {
    names.iter().position(|it| *it == name).unwrap_or(names.len() - 1)
}

fn values(fields: &[Field<'_>]) -> Value {
    Value::Array(fields.iter().skip(FIRST_FIELD).map(value).collect())
}

fn value(field: &Field<'_>) -> Value {
    match field {
        Field::Null => Value::Null,
        Field::Text(text) => Value::String(cut(&printable(text))),
        Field::Flag(flag) => json!(flag),
        Field::Number(number) if number.abs() <= MOST_EXACT => json!(*number as i64),
        Field::Number(number) => json!(number.to_string()),
        Field::Words(words) => json!(words),
        Field::Name(name) => json!(printable(&name.to_text())),
        Field::Names(names) => {
            names.iter().map(|name| printable(&name.to_text())).collect::<Vec<_>>().into()
        }
    }
}

/// Text of ours that is too long is data in hexadecimal digits.
fn cut(text: &str) -> String {
    match text.char_indices().nth(2 * MOST_DATA) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or(text)),
        None => text.to_owned(),
    }
}
