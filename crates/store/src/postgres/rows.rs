use std::error::Error;

use ::postgres::Transaction;
use ::postgres::binary_copy::BinaryCopyInWriter;
use ::postgres::types::{FromSql, IsNull, ToSql, Type, to_sql_checked};
use ::postgres::{Error as PostgresError, GenericClient};
use bytes::BytesMut;
use diskprint::SliceId;
use diskprint_formats::Filetime;

use crate::column::{Value, plain, shown};
use crate::table::{Owner, Table};

pub(super) type AnyError = Box<dyn Error + Send + Sync>;

/// A value goes into any column that can hold it: the original's database may have numbers and
/// text of other types than ours. A name is as people read it; see [`columns`].
impl ToSql for Value {
    fn to_sql(&self, ty: &Type, out: &mut BytesMut) -> Result<IsNull, AnyError> {
        match self {
            Self::Null => Ok(IsNull::Yes),
            Self::Flag(flag) => flag.to_sql_checked(ty, out),
            Self::Integer(number) => match *ty {
                Type::INT2 => i16::try_from(*number)?.to_sql(ty, out),
                Type::INT4 => i32::try_from(*number)?.to_sql(ty, out),
                _ => number.to_sql_checked(ty, out),
            },
            Self::Text(text) => text.to_sql_checked(ty, out),
            Self::Name(name) => shown(name).to_sql_checked(ty, out),
            Self::Blob(bytes) => bytes.to_sql_checked(ty, out),
            Self::Time(time) => match *ty {
                Type::TIMESTAMP | Type::TIMESTAMPTZ => microseconds(*time).to_sql(&Type::INT8, out),
                _ => time.to_string().to_sql_checked(ty, out),
            },
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

/// Microseconds since 2000-01-01, cut: how PostgreSQL has times. It has all that a FILETIME can
/// be, the years 1601 to 60056.
// Source: PostgreSQL documentation, "Date/Time Types"; src/include/datatype/timestamp.h.
fn microseconds(time: Filetime) -> i64 {
    const SECONDS_TO_2000: i64 = 12_591_158_400;
    (time.0 / 10).cast_signed() - SECONDS_TO_2000 * 1_000_000
}

impl<'a> FromSql<'a> for Value {
    fn from_sql(ty: &Type, raw: &'a [u8]) -> Result<Self, AnyError> {
        Ok(match *ty {
            Type::BOOL => Self::Flag(bool::from_sql(ty, raw)?),
            Type::INT8 => Self::Integer(i64::from_sql(ty, raw)?),
            Type::BYTEA => Self::Blob(raw.to_vec()),
            _ => Self::Text(String::from_sql(ty, raw)?),
        })
    }

    fn from_sql_null(_: &Type) -> Result<Self, AnyError> {
        Ok(Self::Null)
    }

    fn accepts(ty: &Type) -> bool {
        [Type::BOOL, Type::INT8, Type::BYTEA, Type::TEXT].contains(ty)
    }
}

/// Rows that are being copied into the end of a table.
pub(super) struct CopyIn<'t>(BinaryCopyInWriter<'t>);

impl<'t> CopyIn<'t> {
    pub(super) fn begin(
        transaction: &'t mut Transaction<'_>,
        table: &str,
        columns: &str,
    ) -> Result<Self, PostgresError> {
        let statement = transaction.prepare(&format!("SELECT {columns} FROM {table}"))?;
        let types: Vec<Type> =
            statement.columns().iter().map(|column| column.type_().clone()).collect();
        let sql = format!("COPY {table} ({columns}) FROM STDIN (FORMAT binary)");
        Ok(Self(BinaryCopyInWriter::new(transaction.copy_in(&sql)?, &types)))
    }

    pub(super) fn write(&mut self, row: &[Value]) -> Result<(), PostgresError> {
        let row: Vec<&(dyn ToSql + Sync)> = row.iter().map(|value| value as _).collect();
        self.0.write(&row)
    }

    pub(super) fn finish(self) -> Result<(), PostgresError> {
        self.0.finish().map(|_| ())
    }
}

/// Copies `rows` into the end of a table.
pub(super) fn copy<R: AsRef<[Value]>>(
    transaction: &mut Transaction<'_>,
    table: &str,
    columns: &str,
    mut rows: impl Iterator<Item = R>,
) -> Result<(), PostgresError> {
    let mut copy = CopyIn::begin(transaction, table, columns)?;
    rows.try_for_each(|row| copy.write(row.as_ref()))?;
    copy.finish()
}

/// Adds `rows`, numbered in their order.
pub(super) fn insert(
    transaction: &mut Transaction<'_>,
    owner: &[Owner],
    table: &Table,
    rows: impl Iterator<Item = Vec<Value>>,
) -> Result<(), PostgresError> {
    let rows = (0i64..).zip(rows).map(|(ordinal, row)| {
        let key = owner.iter().map(|(_, value)| value.clone());
        let bytes: Vec<Value> = names(table).map(|index| wtf8(&row[index])).collect();
        key.chain([ordinal.into()]).chain(row).chain(bytes).collect::<Vec<_>>()
    });
    let owners: String = owner.iter().map(|(column, _)| format!("{column}, ")).collect();
    copy(transaction, table.name, &format!("{owners}ordinal, {}", columns(table)), rows)
}

/// Reads the rows of a slice back, in their order.
pub(super) fn select(
    client: &mut impl GenericClient,
    slice: &SliceId,
    table: &Table,
) -> Result<Vec<Vec<Value>>, PostgresError> {
    let sql = format!(
        "SELECT {} FROM {} WHERE osetid = $1 AND appetid = $2 AND sliceid = $3 ORDER BY ordinal",
        columns(table),
        table.name,
    );
    let rows = client.query(&sql, &[&slice.osetid, &slice.appetid, &slice.sliceid])?;
    rows.iter()
        .map(|row| {
            let values = (0..row.len()).map(|index| row.try_get(index));
            Ok(with_names(table, values.collect::<Result<_, _>>()?))
        })
        .collect()
}

/// The values of a table, from what is in [`columns`].
pub(super) fn with_names(table: &Table, mut values: Vec<Value>) -> Vec<Value> {
    let bytes = values.split_off(values.len().min(table.columns.len()));
    for (index, bytes) in names(table).zip(bytes) {
        if let (Some(value), false) = (values.get_mut(index), bytes == Value::Null) {
            *value = bytes;
        }
    }
    values
}

/// The table's columns, then for each that holds names one with the bytes of those that text
/// cannot hold.
pub(super) fn columns(table: &Table) -> String {
    let mut all: Vec<String> = table.columns.iter().map(|column| column.name.clone()).collect();
    all.extend(names(table).map(|index| format!("{}_wtf8", table.columns[index].name)));
    all.join(", ")
}

fn names(table: &Table) -> impl Iterator<Item = usize> {
    let columns = table.columns.iter().enumerate();
    columns.filter(|(_, column)| column.is_name).map(|(index, _)| index)
}

/// The bytes of a name that text cannot hold, NULL for any other value.
pub(super) fn wtf8(value: &Value) -> Value {
    match value {
        Value::Name(name) if plain(name).is_none() => Value::Blob(name.as_bytes().to_vec()),
        _ => Value::Null,
    }
}
