//! How single values of ours are kept in a column.

use diskprint::Hex;
use diskprint_formats::{Filetime, Name};
use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, Value, ValueRef};

use crate::names;

/// A name: TEXT, or a BLOB of WTF-8 where it is not text or holds U+0000, at which tools stop.
pub(crate) fn name(name: &Name) -> Value {
    match name.to_str().filter(|text| !text.contains('\0')) {
        Some(text) => Value::Text(text.to_owned()),
        None => Value::Blob(name.as_bytes().to_vec()),
    }
}

/// A name for people, always TEXT: unpaired surrogates and U+0000 read `\uXXXX`.
pub(crate) fn shown(name: &Name) -> String {
    name.to_text().replace('\0', "\\u0000")
}

/// An unsigned number, bit for bit.
pub(crate) fn unsigned(number: u64) -> Value {
    Value::Integer(number.cast_signed())
}

/// A time, in 100 ns steps since 1601; 0 where it is unset.
pub(crate) fn time(time: Filetime) -> Value {
    unsigned(time.0)
}

/// A digest, as lower-case hexadecimal digits.
pub(crate) fn digest(digest: Option<&[u8]>) -> Value {
    digest.map_or(Value::Null, |digest| Value::Text(Hex(digest).to_string()))
}

/// Reads the columns of a row one after another.
pub(crate) struct Columns<'a> {
    row: &'a rusqlite::Row<'a>,
    next: usize,
}

impl<'a> Columns<'a> {
    pub(crate) fn from(row: &'a rusqlite::Row<'a>, first: usize) -> Self {
        Self { row, next: first }
    }

    pub(crate) fn next<T: FromSql>(&mut self) -> rusqlite::Result<T> {
        self.next += 1;
        self.row.get(self.next - 1)
    }

    pub(crate) fn name(&mut self) -> rusqlite::Result<Name> {
        self.next::<StoredName>().map(|name| name.0)
    }

    pub(crate) fn optional_name(&mut self) -> rusqlite::Result<Option<Name>> {
        Ok(self.next::<Option<StoredName>>()?.map(|name| name.0))
    }

    pub(crate) fn names(&mut self) -> rusqlite::Result<Vec<Name>> {
        self.next::<StoredNames>().map(|names| names.0)
    }

    pub(crate) fn unsigned(&mut self) -> rusqlite::Result<u64> {
        self.next::<i64>().map(i64::cast_unsigned)
    }

    pub(crate) fn time(&mut self) -> rusqlite::Result<Filetime> {
        self.unsigned().map(Filetime)
    }

    pub(crate) fn digest<const N: usize>(&mut self) -> rusqlite::Result<Option<[u8; N]>> {
        Ok(self.next::<Option<StoredDigest<N>>>()?.map(|digest| digest.0))
    }
}

struct StoredName(Name);

impl FromSql for StoredName {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        match value {
            ValueRef::Text(bytes) | ValueRef::Blob(bytes) => {
                Ok(Self(Name::from_wtf8(bytes.to_vec())))
            }
            _ => Err(FromSqlError::InvalidType),
        }
    }
}

struct StoredNames(Vec<Name>);

impl FromSql for StoredNames {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        names::decode(value.as_str()?).map(Self).ok_or_else(|| bad("not a list of names"))
    }
}

struct StoredDigest<const N: usize>([u8; N]);

impl<const N: usize> FromSql for StoredDigest<N> {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let digits = value.as_str()?.as_bytes();
        let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
        let bytes: Option<Vec<u8>> = digits.chunks(2).map(byte).collect();
        let digest = bytes.and_then(|bytes| bytes.try_into().ok());
        digest.map(Self).ok_or_else(|| bad("not a digest of that length"))
    }
}

/// A value that none of our programs wrote.
pub(crate) fn bad(what: &str) -> FromSqlError {
    FromSqlError::Other(what.into())
}
