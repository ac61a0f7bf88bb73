//! How single values of ours are kept in a column.

use diskprint::Hex;
use diskprint_formats::{Filetime, Name};

use crate::names;

/// A value of one column, before a database has its say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Value {
    Null,
    Flag(bool),
    Integer(i64),
    Text(String),
    /// A name, which text cannot always hold; each database says how it keeps those.
    Name(Name),
    Blob(Vec<u8>),
    /// A time that is set, for a column of times of the original's.
    Time(Filetime),
}

impl From<bool> for Value {
    fn from(flag: bool) -> Self {
        Self::Flag(flag)
    }
}

impl From<u16> for Value {
    fn from(number: u16) -> Self {
        Self::Integer(number.into())
    }
}

impl From<u32> for Value {
    fn from(number: u32) -> Self {
        Self::Integer(number.into())
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Integer(number)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<&Name> for Value {
    fn from(name: &Name) -> Self {
        Self::Name(name.clone())
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, T::into)
    }
}

/// The name where it is text without U+0000, at which tools stop and which PostgreSQL refuses.
pub(crate) fn plain(name: &Name) -> Option<&str> {
    name.to_str().filter(|text| !text.contains('\0'))
}

/// A name for people, always text: unpaired surrogates and U+0000 read `\uXXXX`.
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

/// A time for a column of times; NULL where it is unset.
pub(crate) fn date(time: Filetime) -> Value {
    if time.is_unset() { Value::Null } else { Value::Time(time) }
}

/// A digest, as lower-case hexadecimal digits.
pub(crate) fn digest(digest: Option<&[u8]>) -> Value {
    digest.map(|digest| Hex(digest).to_string()).into()
}

/// Reads hexadecimal digits; `None` when they are no digest of `N` bytes.
pub(crate) fn parse_digest<const N: usize>(digits: &str) -> Option<[u8; N]> {
    Hex::decode(digits)
}

/// A value that none of our programs wrote.
#[derive(Debug, thiserror::Error)]
#[error("not of our making: {0}")]
pub(crate) struct Bad(pub(crate) &'static str);

/// What can be read from a column.
pub(crate) trait FromValue: Sized {
    fn from_value(value: Value) -> Result<Self, Bad>;
}

impl FromValue for i64 {
    fn from_value(value: Value) -> Result<Self, Bad> {
        match value {
            Value::Integer(number) => Ok(number),
            _ => Err(Bad("not a number")),
        }
    }
}

impl FromValue for u32 {
    fn from_value(value: Value) -> Result<Self, Bad> {
        i64::from_value(value)?.try_into().map_err(|_| Bad("not a number of 32 bits"))
    }
}

impl FromValue for u16 {
    fn from_value(value: Value) -> Result<Self, Bad> {
        i64::from_value(value)?.try_into().map_err(|_| Bad("not a number of 16 bits"))
    }
}

impl FromValue for bool {
    fn from_value(value: Value) -> Result<Self, Bad> {
        match value {
            Value::Flag(flag) => Ok(flag),
            // SQLite has no other.
            Value::Integer(flag) => Ok(flag != 0),
            _ => Err(Bad("not a flag")),
        }
    }
}

impl FromValue for String {
    fn from_value(value: Value) -> Result<Self, Bad> {
        match value {
            Value::Text(text) => Ok(text),
            _ => Err(Bad("not text")),
        }
    }
}

impl FromValue for Vec<u8> {
    fn from_value(value: Value) -> Result<Self, Bad> {
        match value {
            Value::Blob(bytes) => Ok(bytes),
            _ => Err(Bad("not bytes")),
        }
    }
}

impl FromValue for Name {
    fn from_value(value: Value) -> Result<Self, Bad> {
        match value {
            Value::Text(text) => Ok(Self::from(&*text)),
            Value::Blob(bytes) => Ok(Self::from_wtf8(bytes)),
            Value::Name(name) => Ok(name),
            _ => Err(Bad("not a name")),
        }
    }
}

impl<T: FromValue> FromValue for Option<T> {
    fn from_value(value: Value) -> Result<Self, Bad> {
        match value {
            Value::Null => Ok(None),
            value => T::from_value(value).map(Some),
        }
    }
}

/// Reads the columns of a row one after another.
pub(crate) struct Columns(std::vec::IntoIter<Value>);

impl From<Vec<Value>> for Columns {
    fn from(row: Vec<Value>) -> Self {
        Self(row.into_iter())
    }
}

impl Columns {
    pub(crate) fn next<T: FromValue>(&mut self) -> Result<T, Bad> {
        T::from_value(self.0.next().ok_or(Bad("too few columns"))?)
    }

    /// Takes the next `count` columns, or as many as are left.
    pub(crate) fn split(&mut self, count: usize) -> Self {
        Self::from(self.0.by_ref().take(count).collect::<Vec<_>>())
    }

    pub(crate) fn names(&mut self) -> Result<Vec<Name>, Bad> {
        names::decode(&self.next::<String>()?).ok_or(Bad("not a list of names"))
    }

    pub(crate) fn unsigned(&mut self) -> Result<u64, Bad> {
        self.next::<i64>().map(i64::cast_unsigned)
    }

    pub(crate) fn time(&mut self) -> Result<Filetime, Bad> {
        self.unsigned().map(Filetime)
    }

    pub(crate) fn digest<const N: usize>(&mut self) -> Result<Option<[u8; N]>, Bad> {
        let Some(digits) = self.next::<Option<String>>()? else { return Ok(None) };
        parse_digest(&digits).map(Some).ok_or(Bad("not a digest of that length"))
    }
}
