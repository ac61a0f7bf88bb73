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
use super::{Report, ReportSlice};
use crate::row::{self, CELL, FILE, Field, SliceName};
use crate::{Cell, CellDelta, FileDelta, FileEntry, FileKind, Hex, RecoveredCell, printable};

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
                self.common(step, action(delta.action()), behind.files.contains(&(step, index)));
                self.seen.push(noise.of_file(delta));
                self.file(delta);
                self.rows.push(values(&row::file(&name, delta)));
            }
        }
        for (index, delta) in slice.cells.iter().enumerate() {
            if self.rows.len() < *most_changes {
                self.common(step, action(delta.action()), behind.cells.contains(&(step, index)));
                self.seen.push(noise.of_cell(delta));
                self.cell_delta(delta);
                self.rows.push(values(&row::cell(&name, delta)));
            }
        }
        for found in &slice.recovered {
            if self.rows.len() < *most_changes {
                self.common(step, action("recovered"), false);
                self.seen.push(0);
                self.recovered(found);
                self.rows.push(values(&row::recovered(&name, found)));
            }
        }
    }

    fn common(&mut self, step: usize, action: usize, stays: bool) {
        self.step.push(step);
        self.action.push(action);
        self.stays.push(stays.into());
    }

    fn file(&mut self, delta: &FileDelta) {
        let file = delta.latest();
        self.kind.push(file_kind(file));
        self.partition.push(file.partition);
        self.path.push(printable(&file.full_path().to_text()));
        let changes = delta.changes().map(|changes| changes.names()).unwrap_or_default();
        self.changes.push(changes.join(", "));
        self.artefact.push(0);
        self.hash.push(file.digests.map(|it| Hex(&it.sha1).to_string()).unwrap_or_default());
        let has_size = file.stream.is_some() || file.kind == FileKind::Regular;
        self.size.push(has_size.then_some(file.size));
    }

    fn cell_delta(&mut self, delta: &CellDelta) {
        let cell = delta.latest();
        let changes = delta.changes().map(|changes| changes.names()).unwrap_or_default();
        self.cell(cell, &cell_path(cell), changes.join(", "));
    }

    fn recovered(&mut self, found: &RecoveredCell) {
        let (hive, path) = (found.cell.hive.to_text(), found.cellpath());
        // Where it is not known what it was below, it does not begin at the root.
        let path = format!("{hive}\\{}", path.to_text().trim_start_matches('\\'));
        self.cell(&found.cell, &path, format!("{} confidence", found.confidence.name()));
    }

    fn cell(&mut self, cell: &Cell, path: &str, changes: String) {
        let value = cell.value();
        self.kind.push(if value.is_some() { 5 } else { 4 });
        self.partition.push(cell.partition);
        self.path.push(printable(path));
        self.changes.push(changes);
        let kind = cell.artefact.as_ref().map_or("", |artefact| &artefact.kind);
        let known = self.artefacts.iter().position(|it| it == kind);
        self.artefact.push(known.unwrap_or_else(|| {
            self.artefacts.push(kind.to_owned());
            self.artefacts.len() - 1
        }));
        self.hash.push(value.map(|value| Hex(&value.sha1).to_string()).unwrap_or_default());
        self.size.push(value.map(|value| value.size));
    }
}

/// A cell's path as Windows shows it; where it shows none, that of its hive and the path in it.
pub(super) fn cell_path(cell: &Cell) -> String {
    let Some(path) = &cell.registry_path else {
        return format!("{}{}", cell.hive.to_text(), cell.cellpath().to_text());
    };
    match cell.value().map(|value| value.name.to_text()) {
        None => path.to_text().into_owned(),
        Some(name) if name.is_empty() => format!("{}\\(Default)", path.to_text()),
        Some(name) => format!("{}\\{name}", path.to_text()),
    }
}

/// The number by which the page's script knows an action.
fn action(name: &str) -> usize {
    ["new", "altered", "deleted"].iter().position(|it| *it == name).unwrap_or(3)
}

/// The number by which the page's script knows what a file is.
fn file_kind(file: &FileEntry) -> usize {
    match (&file.stream, file.kind) {
        (Some(_), _) => 3,
        (None, FileKind::Directory) => 1,
        (None, FileKind::Link) => 2,
        (None, _) => 0,
    }
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
