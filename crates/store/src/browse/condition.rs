use crate::Error;
use crate::column::Value;
use crate::table::Table;

/// A part of a WHERE clause, with the values of its `?`.
#[derive(Clone, Debug)]
pub(crate) struct Condition {
    pub(crate) sql: String,
    pub(crate) values: Vec<Value>,
}

impl Condition {
    pub(crate) fn new(sql: &str, values: impl IntoIterator<Item = Value>) -> Self {
        Self { sql: sql.to_owned(), values: values.into_iter().collect() }
    }

    /// Nothing is so.
    pub(super) fn never() -> Self {
        Self::new("1 = 0", [])
    }

    pub(super) fn and(mut self, sql: &str, values: impl IntoIterator<Item = Value>) -> Self {
        self.sql = format!("{} AND {sql}", self.sql);
        self.values.extend(values);
        self
    }

    pub(super) fn and_all(self, others: impl IntoIterator<Item = Self>) -> Self {
        others.into_iter().fold(self, |all, Self { sql, values }| all.and(&sql, values))
    }

    /// One of these at least.
    pub(super) fn any(all: impl IntoIterator<Item = Self>) -> Self {
        let (mut parts, mut values) = (Vec::new(), Vec::new());
        for one in all {
            parts.push(one.sql);
            values.extend(one.values);
        }
        Self { sql: format!("({})", parts.join(" OR ")), values }
    }
}

/// What two databases say differently.
pub(crate) trait Dialect {
    /// Runs a query whose values are `?`.
    fn query(&self, sql: &str, values: &[Value]) -> Result<Vec<Vec<Value>>, Error>;

    /// The columns that a table's values are kept in.
    fn columns(table: &Table) -> String;

    /// The values of a table, from what is in [`Dialect::columns`].
    fn values(table: &Table, row: Vec<Value>) -> Vec<Value>;

    /// Whether a column of names is `value`, letters A to Z in any case, so that an index finds it.
    fn same(column: &str, value: Value) -> Condition;

    /// Whether `text` is in a column of text or names, letters A to Z in any case.
    fn contains(column: &str, text: &str) -> Condition;
}
