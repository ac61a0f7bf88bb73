//! Differences as JSON lines or CSV, one row each. `docs/formats.md` describes the fields.

use std::io::{self, Write};

use diskprint_formats::{CodePoint, Name};
use serde_json::value::RawValue;

use crate::row::{self, CELL, FILE, Field, INTERIM, SliceName};
use crate::{CellDelta, FileDelta, InterimChange, RecoveredCell};

#[cfg(test)]
mod tests;

/// The form of rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// One JSON object a line.
    Jsonl,
    /// Comma-separated values.
    Csv,
}

/// Writes rows in one [`Format`].
pub enum Writer<W: Write> {
    /// As JSON lines.
    Jsonl(W),
    /// As CSV.
    Csv {
        /// Where the records go.
        out: Box<csv::Writer<W>>,
        /// For each column, which of a file's fields it holds.
        file: Columns,
        /// For each column, which of a cell's fields it holds.
        cell: Columns,
        /// For each column, which of the fields about what happened between slices it holds.
        interim: Columns,
    },
}

type Columns = Vec<Option<usize>>;

impl<W: Write> Writer<W> {
    /// Begins to write; CSV gets its header.
    ///
    /// # Errors
    /// When `out` fails.
    pub fn new(format: Format, out: W) -> io::Result<Self> {
        Ok(match format {
            Format::Jsonl => Self::Jsonl(out),
            Format::Csv => {
                let mut out = csv::WriterBuilder::new().from_writer(out);
                out.write_record(csv_columns())?;
                let (file, cell) = (columns(&FILE), columns(&CELL));
                Self::Csv { out: Box::new(out), file, cell, interim: columns(&INTERIM) }
            }
        })
    }

    /// Writes the row of a file's difference.
    ///
    /// # Errors
    /// When what is below fails.
    pub fn file(&mut self, slice: &SliceName<'_>, delta: &FileDelta) -> io::Result<()> {
        let fields = row::file(slice, delta);
        match self {
            Self::Jsonl(out) => json_line(out, &FILE, &fields)?,
            Self::Csv { out, file, .. } => write_csv(out, file, &fields)?,
        }
        Ok(())
    }

    /// Writes the row of a key's or value's difference.
    ///
    /// # Errors
    /// When what is below fails.
    pub fn cell(&mut self, slice: &SliceName<'_>, delta: &CellDelta) -> io::Result<()> {
        let fields = row::cell(slice, delta);
        match self {
            Self::Jsonl(out) => json_line(out, &CELL, &fields)?,
            Self::Csv { out, cell, .. } => write_csv(out, cell, &fields)?,
        }
        Ok(())
    }

    /// Writes the row of a key or value that no list leads to.
    ///
    /// # Errors
    /// When what is below fails.
    pub fn recovered(&mut self, slice: &SliceName<'_>, found: &RecoveredCell) -> io::Result<()> {
        let fields = row::recovered(slice, found);
        match self {
            Self::Jsonl(out) => json_line(out, &CELL, &fields)?,
            Self::Csv { out, cell, .. } => write_csv(out, cell, &fields)?,
        }
        Ok(())
    }

    /// Writes the row of what happened to a file between two slices.
    ///
    /// # Errors
    /// When what is below fails.
    pub fn interim(&mut self, slice: &SliceName<'_>, change: &InterimChange) -> io::Result<()> {
        let fields = row::interim(slice, change);
        match self {
            Self::Jsonl(out) => json_line(out, &INTERIM, &fields)?,
            Self::Csv { out, interim, .. } => write_csv(out, interim, &fields)?,
        }
        Ok(())
    }

    /// Ends the writing: all is handed to what is below.
    ///
    /// # Errors
    /// When what is below fails.
    pub fn finish(self) -> io::Result<()> {
        match self {
            Self::Jsonl(mut out) => out.flush()?,
            Self::Csv { mut out, .. } => out.flush()?,
        }
        Ok(())
    }
}

fn json_line(mut out: impl Write, names: &[&str], fields: &[Field<'_>]) -> io::Result<()> {
    write_json(&mut out, names, fields)?;
    out.write_all(b"\n")
}

/// The fields of a row as one JSON object.
///
/// # Errors
/// Never, as it is written to memory.
pub fn json_row(names: &[&str], fields: &[Field<'_>]) -> io::Result<Box<RawValue>> {
    let mut row = Vec::new();
    write_json(&mut row, names, fields)?;
    Ok(serde_json::from_slice(&row)?)
}

fn write_json(mut out: impl Write, names: &[&str], fields: &[Field<'_>]) -> io::Result<()> {
    for (index, (name, field)) in names.iter().zip(fields).enumerate() {
        write!(out, "{}\"{name}\":", if index == 0 { "{" } else { "," })?;
        json_value(&mut out, field)?;
    }
    out.write_all(b"}")
}

fn json_value(mut out: impl Write, field: &Field<'_>) -> io::Result<()> {
    match field {
        Field::Null => out.write_all(b"null"),
        Field::Text(text) => Ok(serde_json::to_writer(out, text)?),
        Field::Flag(flag) => write!(out, "{flag}"),
        Field::Number(number) => write!(out, "{number}"),
        Field::Words(words) => Ok(serde_json::to_writer(out, words)?),
        Field::Name(name) => json_name(out, name),
        Field::Names(names) => {
            for (index, name) in names.iter().enumerate() {
                out.write_all(if index == 0 { b"[" } else { b"," })?;
                json_name(&mut out, name)?;
            }
            out.write_all(if names.is_empty() { b"[]" } else { b"]" })
        }
    }
}

/// Writes a name as a JSON string; an unpaired surrogate is the escape `\udXXX`.
fn json_name(mut out: impl Write, name: &Name) -> io::Result<()> {
    if let Some(text) = name.to_str() {
        return Ok(serde_json::to_writer(out, text)?);
    }
    out.write_all(b"\"")?;
    for point in name.code_points() {
        match point {
            CodePoint::Char(c) => {
                let quoted = serde_json::to_string(c.encode_utf8(&mut [0; 4]))?;
                out.write_all(&quoted.as_bytes()[1..quoted.len() - 1])?;
            }
            CodePoint::Surrogate(unit) => write!(out, "\\u{unit:04x}")?,
        }
    }
    out.write_all(b"\"")
}

/// The columns of a file's row, then those that only a cell's has, then those of neither.
fn csv_columns() -> impl Iterator<Item = &'static str> {
    let cell = CELL.into_iter().filter(|name| !FILE.contains(name));
    let is_new = |name: &&str| !FILE.contains(name) && !CELL.contains(name);
    FILE.into_iter().chain(cell).chain(INTERIM.into_iter().filter(is_new))
}

fn columns(names: &[&str]) -> Columns {
    csv_columns().map(|column| names.iter().position(|name| *name == column)).collect()
}

fn write_csv<W: Write>(
    out: &mut csv::Writer<W>,
    columns: &Columns,
    fields: &[Field<'_>],
) -> csv::Result<()> {
    let text = |index: &Option<usize>| index.map(|index| csv_text(&fields[index]));
    out.write_record(columns.iter().map(|index| text(index).unwrap_or_default()))
}

fn csv_text(field: &Field<'_>) -> String {
    match field {
        Field::Null => String::new(),
        Field::Text(text) => text.to_string(),
        Field::Flag(flag) => flag.to_string(),
        Field::Number(number) => number.to_string(),
        Field::Words(words) => words.join("|"),
        Field::Name(name) => csv_name(name, false),
        // Each name follows a backslash, so that the root key differs from a key without a name.
        Field::Names(names) => {
            names.iter().map(|name| format!("\\{}", csv_name(name, true))).collect()
        }
    }
}

/// The name with `%` and what a CSV cell had better not hold as `%XX`, an unpaired surrogate as
/// `%uXXXX`; in a `part` of a key's path the backslash too.
fn csv_name(name: &Name, part: bool) -> String {
    let mut text = String::with_capacity(name.as_bytes().len());
    for point in name.code_points() {
        match point {
            CodePoint::Surrogate(unit) => text.push_str(&format!("%u{unit:04X}")),
            CodePoint::Char(c) if c == '%' || c < ' ' || c == '\x7f' || (part && c == '\\') => {
                text.push_str(&format!("%{:02X}", u32::from(c)));
            }
            CodePoint::Char(c) => text.push(c),
        }
    }
    text
}
