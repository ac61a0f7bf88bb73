use rusqlite::params_from_iter;

use super::{Sqlite, rows};
use crate::Error;
use crate::browse::{Condition, Dialect};
use crate::column::Value;
use crate::error::doing;
use crate::table::Table;

impl Dialect for Sqlite {
    fn query(&self, sql: &str, values: &[Value]) -> Result<Vec<Vec<Value>>, Error> {
        let read = || {
            let mut statement = self.connection.prepare_cached(sql)?;
            let width = statement.column_count();
            let rows = statement.query_map(params_from_iter(values), |row| {
                (0..width).map(|index| row.get(index)).collect()
            })?;
            rows.collect::<rusqlite::Result<_>>()
        };
        read().map_err(doing("reading results"))
    }

    fn columns(table: &Table) -> String {
        rows::columns(table)
    }

    fn values(_: &Table, row: Vec<Value>) -> Vec<Value> {
        row
    }

    fn same(column: &str, value: Value) -> Condition {
        Condition::new(&format!("lower({column}) = lower(?)"), [value])
    }

    fn contains(column: &str, text: &str) -> Condition {
        let text = text.to_ascii_lowercase();
        Condition::new(&format!("instr(lower({column}), ?) > 0"), [text.into()])
    }
}
