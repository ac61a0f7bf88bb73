use diskprint::SliceId;
use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSql, ToSqlOutput, ValueRef};
use rusqlite::{Connection, params_from_iter};

use crate::column::{Value, plain};
use crate::table::Table;

/// A name is TEXT, or a BLOB of WTF-8 where text cannot hold it.
impl ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Null => ValueRef::Null,
            Self::Flag(flag) => ValueRef::Integer((*flag).into()),
            Self::Integer(number) => ValueRef::Integer(*number),
            Self::Text(text) => ValueRef::Text(text.as_bytes()),
            Self::Name(name) => match plain(name) {
                Some(text) => ValueRef::Text(text.as_bytes()),
                None => ValueRef::Blob(name.as_bytes()),
            },
            Self::Blob(bytes) => ValueRef::Blob(bytes),
        }))
    }
}

impl FromSql for Value {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        match value {
            ValueRef::Null => Ok(Self::Null),
            ValueRef::Integer(number) => Ok(Self::Integer(number)),
            ValueRef::Text(_) => value.as_str().map(Self::from),
            ValueRef::Blob(bytes) => Ok(Self::Blob(bytes.to_vec())),
            ValueRef::Real(_) => Err(FromSqlError::InvalidType),
        }
    }
}

/// Adds `rows` of a slice, numbered in their order.
pub(super) fn insert(
    connection: &Connection,
    slice: &SliceId,
    table: &Table,
    rows: impl Iterator<Item = Vec<Value>>,
) -> rusqlite::Result<()> {
    let sql = format!(
        "INSERT INTO {} (osetid, appetid, sliceid, ordinal, {}) VALUES ({})",
        table.name,
        columns(table),
        vec!["?"; 4 + table.columns.len()].join(", "),
    );
    let mut statement = connection.prepare(&sql)?;
    for (ordinal, row) in (0i64..).zip(rows) {
        let SliceId { osetid, appetid, sliceid } = slice;
        let key = [osetid.as_str().into(), appetid.as_str().into(), (*sliceid).into()];
        statement.execute(params_from_iter(key.into_iter().chain([ordinal.into()]).chain(row)))?;
    }
    Ok(())
}

/// Reads the rows of a slice back, in their order.
pub(super) fn select(
    connection: &Connection,
    slice: &SliceId,
    table: &Table,
) -> rusqlite::Result<Vec<Vec<Value>>> {
    let sql = format!(
        "SELECT {} FROM {} WHERE osetid = ? AND appetid = ? AND sliceid = ? ORDER BY ordinal",
        columns(table),
        table.name,
    );
    let read = |row: &rusqlite::Row<'_>| -> rusqlite::Result<Vec<Value>> {
        (0..table.columns.len()).map(|index| row.get(index)).collect()
    };
    let mut statement = connection.prepare(&sql)?;
    statement.query_map((&slice.osetid, &slice.appetid, slice.sliceid), read)?.collect()
}

fn columns(table: &Table) -> String {
    let names: Vec<&str> = table.columns.iter().map(|column| column.name.as_str()).collect();
    names.join(", ")
}
