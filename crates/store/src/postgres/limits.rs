use std::collections::BTreeMap;

use ::postgres::GenericClient;

use crate::Error;
use crate::column::Value;
use crate::error::doing;

/// How many characters each column of the schema takes, as the database says.
pub(super) struct Limits(BTreeMap<(String, String), usize>);

/// Values too long for their columns: the first, and how many more.
#[derive(Default)]
pub(super) struct TooLong {
    first: Option<Error>,
    others: usize,
}

impl Limits {
    pub(super) fn read(client: &mut impl GenericClient) -> Result<Self, Error> {
        let failed = doing("reading the lengths of columns");
        let rows = client
            .query(
                "SELECT table_name::text, column_name::text, character_maximum_length::int
                 FROM information_schema.columns
                 WHERE table_schema = 'diskprint' AND character_maximum_length IS NOT NULL",
                &[],
            )
            .map_err(&failed)?;
        let limits = rows.iter().map(|row| {
            let limit = usize::try_from(row.try_get::<_, i32>(2)?).unwrap_or(0);
            Ok(((row.try_get(0)?, row.try_get(1)?), limit))
        });
        limits.collect::<Result<_, _>>().map(Self).map_err(&failed)
    }

    /// The columns of `wanted` that are limited.
    pub(super) fn limited<'w>(&self, wanted: &[(&'w str, &'w str)]) -> Vec<(&'w str, &'w str)> {
        let is_limited = |at: &&(&str, &str)| self.get(at.0, at.1).is_some();
        wanted.iter().filter(is_limited).copied().collect()
    }

    fn get(&self, table: &str, column: &str) -> Option<usize> {
        self.0.get(&(table.to_owned(), column.to_owned())).copied()
    }

    /// The limits of some columns of a table, in their order.
    pub(super) fn of(&self, table: &str, columns: &[&str]) -> Vec<Option<usize>> {
        columns.iter().map(|column| self.get(table, column)).collect()
    }

    /// Checks one value, which `too_long` is told of by itself.
    pub(super) fn check(&self, table: &str, column: &str, text: &str, too_long: &mut TooLong) {
        if let Some(limit) = self.get(table, column) {
            too_long
                .check(text, limit, || (format!("{:?}", cut(text)), format!("{table}.{column}")));
        }
    }
}

impl TooLong {
    /// Checks the values of a row against the limits of its columns.
    pub(super) fn check_row(
        &mut self,
        row: &[Value],
        limits: &[Option<usize>],
        name: impl Fn(usize) -> (String, String),
    ) {
        for (index, (value, limit)) in row.iter().zip(limits).enumerate() {
            if let (Value::Text(text), Some(limit)) = (value, limit) {
                self.check(text, *limit, || name(index));
            }
        }
    }

    fn check(&mut self, text: &str, limit: usize, name: impl FnOnce() -> (String, String)) {
        // No text has more characters than bytes.
        let chars = if text.len() <= limit { 0 } else { text.chars().count() };
        if chars <= limit {
        } else if self.first.is_some() {
            self.others += 1;
        } else {
            let (item, column) = name();
            self.first = Some(Error::TooLong { item, column, chars, limit, others: 0 });
        }
    }

    pub(super) fn result(self) -> Result<(), Error> {
        match self.first {
            None => Ok(()),
            Some(Error::TooLong { item, column, chars, limit, .. }) => {
                Err(Error::TooLong { item, column, chars, limit, others: self.others })
            }
            Some(error) => Err(error),
        }
    }
}

/// The text, or its beginning where it is too long for a message.
pub(super) fn cut(text: &str) -> String {
    const ENOUGH: usize = 2000;
    match text.char_indices().nth(ENOUGH) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}…", &text[..end]),
    }
}
