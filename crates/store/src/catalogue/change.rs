use std::fmt;

use diskprint::SliceId;

use super::{Field, Kind, Table};

/// One change of the catalogue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The table.
    pub table: Table,
    /// What to do with a row of it.
    pub(super) what: What,
    /// Where somebody asked for it, `slices.csv:3`; said with each problem.
    pub place: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum What {
    /// Add the row of a key, or change columns of it. Columns that are not named stay as they are;
    /// in a new row they have their defaults.
    Put(Vec<(usize, Option<String>)>),
    /// Remove the row of a key.
    Remove { key: Vec<Field>, with_results: bool },
}

/// What a change did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Effect {
    /// The row is new.
    Added,
    /// The row was another.
    Changed,
    /// The row was there like this.
    Unchanged,
    /// The row is gone.
    Removed,
}

/// A reason against a change.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// Where the change was asked for, `slices.csv:3`.
    pub place: Option<String>,
    /// What is wrong.
    pub what: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            Some(place) => write!(f, "{place}: {}", self.what),
            None => f.write_str(&self.what),
        }
    }
}

impl Change {
    /// Adds a row or changes columns of it, whose indexes are those of [`Table::columns`]; text is
    /// read as what the column holds, `None` is NULL.
    pub fn put(table: Table, values: Vec<(usize, Option<String>)>) -> Self {
        Self { table, what: What::Put(values), place: None }
    }

    /// The same with columns by name. One that the table does not have is left out.
    pub fn put_named<'v>(
        table: Table,
        values: impl IntoIterator<Item = (&'v str, Option<String>)>,
    ) -> Self {
        let index = |(name, value)| Some((table.column(name)?, value));
        Self::put(table, values.into_iter().filter_map(index).collect())
    }

    /// Changes columns of a slice, or adds it.
    pub fn put_slice<'v>(
        id: &SliceId,
        values: impl IntoIterator<Item = (&'v str, Option<String>)>,
    ) -> Self {
        let key = [
            ("osetid", Some(id.osetid.clone())),
            ("appetid", Some(id.appetid.clone())),
            ("sliceid", Some(id.sliceid.to_string())),
        ];
        Self::put_named(Table::Slice, key.into_iter().chain(values))
    }

    /// Adds a tarball to table `storage`, or moves it.
    pub fn put_tarball(location: String, slicehash: String) -> Self {
        let values = [("location", Some(location)), ("slicehash", Some(slicehash))];
        Self::put_named(Table::Storage, values)
    }

    /// Removes a slice; one with stored results only `with_results`, which go, too.
    pub fn remove_slice(id: &SliceId, with_results: bool) -> Self {
        let key = vec![
            Field::Number(id.sliceid),
            Field::Text(id.osetid.clone()),
            Field::Text(id.appetid.clone()),
        ];
        Self { table: Table::Slice, what: What::Remove { key, with_results }, place: None }
    }

    /// Removes an operating system.
    pub fn remove_os(osetid: &str) -> Self {
        let what = What::Remove { key: vec![Field::Text(osetid.into())], with_results: false };
        Self { table: Table::Os, what, place: None }
    }

    /// Removes a virtual machine.
    pub fn remove_vm(vmid: i64) -> Self {
        let what = What::Remove { key: vec![Field::Number(vmid)], with_results: false };
        Self { table: Table::VirtualMachine, what, place: None }
    }

    /// The change, asked for at `place`.
    pub fn at(self, place: String) -> Self {
        Self { place: Some(place), ..self }
    }

    /// The row that it is about, for people.
    pub fn subject(&self) -> String {
        let key = match &self.what {
            What::Remove { key, .. } => key.clone(),
            What::Put(values) => key_of(self.table, |index| {
                let text = values.iter().rev().find(|(at, _)| *at == index)?.1.clone()?;
                Some(Field::Text(text))
            }),
        };
        subject(self.table, &key)
    }
}

/// The fields of the key of a row.
pub(super) fn key_of(table: Table, field: impl Fn(usize) -> Option<Field>) -> Vec<Field> {
    let columns = table.columns().iter().enumerate().filter(|(_, column)| column.is_key);
    columns.map(|(index, _)| field(index).unwrap_or(Field::Null)).collect()
}

/// A row by its key, for people.
pub(super) fn subject(table: Table, key: &[Field]) -> String {
    match (table, key) {
        (Table::Slice, [sliceid, osetid, appetid]) => format!("slice {osetid}-{appetid}-{sliceid}"),
        (Table::Storage, [slicehash]) => format!("tarball {slicehash}"),
        (Table::VirtualMachine, [vmid]) => format!("vm {vmid}"),
        (table, [key]) => format!("{} {key}", table.name()),
        (table, _) => table.name().to_owned(),
    }
}

/// Reads a field; the error says what is wrong with it.
pub(super) fn parse(kind: Kind, is_key: bool, text: Option<&str>) -> Result<Field, &'static str> {
    let Some(text) = text else {
        return if is_key { Err("is empty") } else { Ok(Field::Null) };
    };
    if text.contains('\0') {
        return Err("has a character U+0000");
    }
    if is_key && text.trim().is_empty() {
        return Err("is empty");
    }
    if is_key && text.trim() != text {
        return Err("begins or ends with a space");
    }
    match kind {
        Kind::Number => text.trim().parse().map(Field::Number).map_err(|_| "is no number"),
        Kind::Text => Ok(Field::Text(text.to_owned())),
        Kind::Date if is_date(text) => Ok(Field::Text(text.to_owned())),
        Kind::Date => Err("is no day; the form is 2013-05-07"),
        Kind::Time => {
            moment(text).map(Field::Text).ok_or("is no moment; the form is 2013-05-07T09:00:45")
        }
    }
}

/// A moment as it is kept, without a zone and with `T`; `None` where it is none. A zone other than
/// UTC is not understood: the column could not keep it.
pub(super) fn moment(text: &str) -> Option<String> {
    let text = text.strip_suffix('Z').or(text.strip_suffix("+00")).unwrap_or(text);
    let (date, time) = match text.split_once(['T', ' ']) {
        Some((date, time)) => (date, time),
        None => (text, "00:00:00"),
    };
    let (seconds, fraction) = time.split_once('.').unwrap_or((time, "0"));
    let is_fraction = (1..=9).contains(&fraction.len()) && number(fraction).is_some();
    // PostgreSQL keeps six digits and shows no zeros behind the last of them.
    let kept = fraction.get(..6).unwrap_or(fraction).trim_end_matches('0');
    let point = if kept.is_empty() { "" } else { "." };
    let parts: Vec<u32> = seconds.split(':').map(number).collect::<Option<_>>()?;
    let is_time = matches!(parts[..], [0..24, 0..60, 0..60]);
    let shape = seconds.len() == "09:00:45".len();
    (is_date(date) && is_time && shape && is_fraction)
        .then(|| format!("{date}T{seconds}{point}{kept}"))
}

fn is_date(text: &str) -> bool {
    let parts: Option<Vec<u32>> = text.split('-').map(number).collect();
    let Some([year, month, day]) = parts.as_deref() else { return false };
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        4 | 6 | 9 | 11 => 30,
        2 if is_leap => 29,
        2 => 28,
        1..=12 => 31,
        _ => 0,
    };
    text.len() == "2013-05-07".len() && *year > 0 && (1..=days).contains(day)
}

/// A number of digits alone.
fn number(text: &str) -> Option<u32> {
    let is_digits = text.bytes().all(|byte| byte.is_ascii_digit());
    if is_digits { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_kept_in_one_form() {
        for (text, kept) in [
            ("2013-05-07T09:00:45Z", Some("2013-05-07T09:00:45")),
            ("2013-05-07 09:00:45.1230", Some("2013-05-07T09:00:45.123")),
            ("2013-05-07 09:00:45.123456789Z", Some("2013-05-07T09:00:45.123456")),
            ("2013-05-07 09:00:45+00", Some("2013-05-07T09:00:45")),
            ("2012-02-29", Some("2012-02-29T00:00:00")),
            ("2013-02-29", None),
            ("2013-05-07 09:00:45-04", None),
            ("2013-05-07 24:00:00", None),
            ("2013-05-07 09:00", None),
            ("2013-5-7", None),
            ("yesterday", None),
            ("", None),
        ] {
            assert_eq!(moment(text).as_deref(), kept, "{text}");
        }
    }
}
