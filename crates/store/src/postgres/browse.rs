use std::fmt::Write as _;

use ::postgres::types::ToSql;

use super::{Postgres, rows};
use crate::Error;
use crate::browse::{Condition, Dialect};
use crate::column::Value;
use crate::table::Table;

impl Dialect for Postgres {
    fn query(&self, sql: &str, values: &[Value]) -> Result<Vec<Vec<Value>>, Error> {
        let sql = numbered(sql);
        let values: Vec<&(dyn ToSql + Sync)> = values.iter().map(|value| value as _).collect();
        self.query("reading results", &sql, &values, |row| {
            (0..row.len()).map(|index| row.try_get(index)).collect()
        })
    }

    fn columns(table: &Table) -> String {
        rows::columns(table)
    }

    fn values(table: &Table, row: Vec<Value>) -> Vec<Value> {
        rows::with_names(table, row)
    }

    /// The index has digests, of which two may be alike.
    fn same(column: &str, value: Value) -> Condition {
        let (column, wanted) = (folded(column), folded("CAST(? AS TEXT)"));
        let sql = format!("md5({column}) = md5({wanted}) AND {column} = {wanted}");
        Condition::new(&sql, [value.clone(), value])
    }

    fn contains(column: &str, text: &str) -> Condition {
        let sql = format!("strpos({}, CAST(? AS TEXT)) > 0", folded(column));
        Condition::new(&sql, [text.to_ascii_lowercase().into()])
    }
}

/// In lower case, as far as letters are A to Z.
fn folded(expression: &str) -> String {
    format!("lower({expression} COLLATE \"C\")")
}

/// PostgreSQL numbers the places of values. No text of ours has a `?` of its own.
fn numbered(sql: &str) -> String {
    let mut numbered = String::with_capacity(sql.len() + 16);
    for (index, part) in sql.split('?').enumerate() {
        if index > 0 {
            let _ = write!(numbered, "${index}");
        }
        numbered.push_str(part);
    }
    numbered
}
