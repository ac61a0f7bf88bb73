use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSql, ToSqlOutput, ValueRef};
use rusqlite::{Connection, params_from_iter};

use crate::Error;
use crate::column::{Bad, Value, plain};
use crate::error::doing;
use crate::table::{Owner, Table};

/// A name is TEXT, or a BLOB of WTF-8 where text cannot hold it.
impl ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Time(time) => return Ok(time.to_string().into()),
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

/// Adds `rows`, numbered in their order.
pub(crate) fn insert(
    connection: &Connection,
    owner: &[Owner],
    table: &Table,
    rows: impl Iterator<Item = Vec<Value>>,
) -> rusqlite::Result<()> {
    let owners: String = owner.iter().map(|(column, _)| format!("{column}, ")).collect();
    let sql = format!(
        "INSERT INTO {} ({owners}ordinal, {}) VALUES ({})",
        table.name,
        columns(table),
        vec!["?"; owner.len() + 1 + table.columns.len()].join(", "),
    );
    let mut statement = connection.prepare(&sql)?;
    for (ordinal, row) in (0i64..).zip(rows) {
        let ordinal = Value::from(ordinal);
        let key = owner.iter().map(|(_, value)| value).chain([&ordinal]);
        statement.execute(params_from_iter(key.chain(&row)))?;
    }
    Ok(())
}

/// Reads rows back, in their order.
pub(crate) fn select<T>(
    connection: &Connection,
    owner: &[Owner],
    table: &Table,
    read: impl Fn(Vec<Value>) -> Result<T, Bad>,
) -> Result<Vec<T>, Error> {
    let failed = doing("reading rows");
    let owners: String = owner.iter().map(|(column, _)| format!(" AND {column} = ?")).collect();
    let sql = format!(
        "SELECT {} FROM {} WHERE true{owners} ORDER BY ordinal",
        columns(table),
        table.name
    );
    let mut statement = connection.prepare(&sql).map_err(&failed)?;
    let owner = params_from_iter(owner.iter().map(|(_, value)| value));
    let mut rows = statement.query(owner).map_err(&failed)?;
    let mut all = Vec::new();
    while let Some(row) = rows.next().map_err(&failed)? {
        let values = (0..table.columns.len()).map(|index| row.get(index));
        let values = values.collect::<rusqlite::Result<_>>().map_err(&failed)?;
        all.push(read(values).map_err(doing("reading rows"))?);
    }
    Ok(all)
}

pub(crate) fn columns(table: &Table) -> String {
    let names: Vec<&str> = table.columns.iter().map(|column| column.name.as_str()).collect();
    names.join(", ")
}
