use csv::{ReaderBuilder, StringRecord};
use diskprint_store::Table;

use super::{Row, Rows};

/// Reads rows of one table, which the header tells.
pub fn read(bytes: &[u8], name: &str, table: Option<Table>) -> Rows {
    let mut rows = Rows::default();
    let bytes = bytes.strip_prefix("\u{FEFF}".as_bytes()).unwrap_or(bytes);
    let mut reader = ReaderBuilder::new().from_reader(bytes);
    let header = match reader.headers() {
        Ok(header) => header.clone(),
        Err(error) => {
            rows.refuse(&format!("{name}:1"), error.to_string());
            return rows;
        }
    };
    let Some((table, columns)) = header_of(&header, table, name, &mut rows) else { return rows };
    for record in reader.records() {
        match record {
            Ok(record) => {
                let line = record.position().map_or(0, csv::Position::line);
                rows.rows.push(row(table, &columns, &record, format!("{name}:{line}")));
            }
            Err(error) => {
                let line = error.position().map_or(0, csv::Position::line);
                rows.refuse(&format!("{name}:{line}"), wrong(&error));
            }
        }
    }
    rows
}

fn wrong(error: &csv::Error) -> String {
    match error.kind() {
        csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
            format!("has {len} fields, the header has {expected_len}")
        }
        csv::ErrorKind::Utf8 { .. } => "is not UTF-8".into(),
        _ => error.to_string(),
    }
}

/// What a field is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Column(usize),
    /// Where a slice's tarball is.
    Location,
}

fn row(table: Table, columns: &[Place], record: &StringRecord, place: String) -> Row {
    let (mut values, mut location) = (Vec::new(), None);
    for (field, column) in record.iter().zip(columns) {
        let text = (!field.is_empty()).then(|| field.to_owned());
        match column {
            Place::Location => location = text,
            // What is empty is as if it were not named where that is something else than NULL.
            Place::Column(index) if text.is_some() || !has_default(table, *index) => {
                values.push((*index, text));
            }
            Place::Column(_) => {}
        }
    }
    Row { table, values, location, place }
}

fn has_default(table: Table, index: usize) -> bool {
    let named = ["slicetype", "slicestate", "creationdate", "slicehash"];
    let is_named = named.iter().any(|name| table.column(name) == Some(index));
    table == Table::Slice && is_named
}

/// The table that a header names, and its columns.
fn header_of(
    header: &StringRecord,
    table: Option<Table>,
    name: &str,
    rows: &mut Rows,
) -> Option<(Table, Vec<Place>)> {
    let names: Vec<&str> = header.iter().map(str::trim).collect();
    let checked = table.map_or_else(|| told(&names), Ok).and_then(|table| {
        let wrong = wrong_with(table, &names);
        if wrong.is_empty() { Ok(table) } else { Err(wrong) }
    });
    match checked {
        Ok(table) => Some((table, names.iter().filter_map(|name| column(table, name)).collect())),
        Err(wrong) => {
            wrong.into_iter().for_each(|what| rows.refuse(&format!("{name}:1"), what));
            None
        }
    }
}

/// The table that has these columns, the smallest where one has the columns of another, too.
/// Where none has, it is the one that has most of them.
fn told(names: &[&str]) -> Result<Table, Vec<String>> {
    let width = |table: &Table| table.columns().len();
    let mut fitting = Table::ALL.to_vec();
    fitting.retain(|table| wrong_with(*table, names).is_empty());
    let least = fitting.iter().map(width).min();
    fitting.retain(|table| Some(width(table)) == least);
    let known = |table: &Table| names.iter().filter(|name| column(*table, name).is_some()).count();
    match fitting[..] {
        [table] => Ok(table),
        [] => Ok(Table::ALL.into_iter().max_by_key(known).unwrap_or(Table::Slice)),
        _ => {
            let names = fitting.iter().map(|table| table.name()).collect::<Vec<_>>();
            Err(vec![format!("the header fits {}; --table says which", names.join(" and "))])
        }
    }
}

fn column(table: Table, name: &str) -> Option<Place> {
    let is_location = ["location", "tarball"].iter().any(|it| name.eq_ignore_ascii_case(it));
    match table {
        Table::Slice if is_location => Some(Place::Location),
        _ => table.column(name).map(Place::Column),
    }
}

/// Why a header is none of a table.
fn wrong_with(table: Table, names: &[&str]) -> Vec<String> {
    let mut wrong = Vec::new();
    for (index, name) in names.iter().enumerate() {
        let found = column(table, name);
        if found.is_none() {
            wrong.push(format!("column {name:?} is not in table {}", table.name()));
        } else if names.iter().take(index).any(|other| column(table, other) == found) {
            wrong.push(format!("column {name:?} is there twice"));
        }
    }
    for (index, key) in table.columns().iter().enumerate() {
        // The hash of a tarball is made where its location is named.
        let is_made = (table, key.name) == (Table::Storage, "slicehash");
        let is_named = names.iter().any(|name| column(table, name) == Some(Place::Column(index)));
        if key.is_key && !is_named && !(is_made && names.len() == 1) {
            wrong.push(format!("column {} of table {} is missing", key.name, table.name()));
        }
    }
    wrong
}
