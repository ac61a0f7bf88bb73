use std::collections::BTreeMap;

use diskprint::SliceId;
use rusqlite::types::{Value, ValueRef};
use rusqlite::{Connection, params_from_iter};

use super::Sqlite;
use super::save::{RESULT_TABLES, clear};
use crate::catalogue::{self, Tables};
use crate::error::doing;
use crate::{Catalogue, Change, Effect, Error, Field, Table};

impl Catalogue for Sqlite {
    fn rows(&self, table: Table) -> Result<Vec<Vec<Field>>, Error> {
        let mut rows = read(&self.connection, table)?;
        rows.sort();
        Ok(rows)
    }

    fn locations(&self) -> Result<BTreeMap<SliceId, String>, Error> {
        let read = |row: &rusqlite::Row<'_>| {
            let (osetid, appetid, sliceid) = (row.get(0)?, row.get(1)?, row.get(2)?);
            Ok((SliceId { osetid, appetid, sliceid }, row.get(3)?))
        };
        self.connection
            .prepare("SELECT osetid, appetid, sliceid, location FROM diskprint_location")
            .and_then(|mut statement| statement.query_map([], read)?.collect())
            .map_err(doing("looking for tarballs"))
    }

    fn change(&mut self, changes: &[Change], now: &str) -> Result<Vec<Effect>, Error> {
        let transaction = self.begin()?;
        let plan = catalogue::check(&mut Open(&transaction), changes, now)?;
        catalogue::execute(&mut Open(&transaction), &plan)?;
        transaction.commit().map_err(doing(CHANGING))?;
        Ok(plan.effects)
    }

    fn check_change(&mut self, changes: &[Change], now: &str) -> Result<Vec<Effect>, Error> {
        let transaction = self.connection.transaction().map_err(doing(READING))?;
        Ok(catalogue::check(&mut Open(&transaction), changes, now)?.effects)
    }
}

const READING: &str = "reading the catalogue";
const CHANGING: &str = "changing the catalogue";

/// The database within a transaction.
struct Open<'c>(&'c Connection);

impl Tables for Open<'_> {
    fn read(&mut self, table: Table) -> Result<Vec<Vec<Field>>, Error> {
        read(self.0, table)
    }

    // SQLite heeds no lengths.
    fn limits(&mut self, _: Table) -> Result<Vec<Option<usize>>, Error> {
        Ok(Vec::new())
    }

    fn largest(&self) -> i64 {
        i64::MAX
    }

    fn has_results(&mut self, slice: &SliceId) -> Result<bool, Error> {
        for table in RESULT_TABLES.iter().chain(&["diskprint_run"]) {
            let sql = format!(
                "SELECT EXISTS
                 (SELECT 1 FROM {table} WHERE osetid = ? AND appetid = ? AND sliceid = ?)"
            );
            let key = (&slice.osetid, &slice.appetid, slice.sliceid);
            if self.0.query_row(&sql, key, |row| row.get(0)).map_err(doing(READING))? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn clear_results(&mut self, slice: &SliceId) -> Result<(), Error> {
        clear(self.0, slice).map_err(doing(CHANGING))?;
        let sql = "DELETE FROM diskprint_run WHERE osetid = ? AND appetid = ? AND sliceid = ?";
        let key = (&slice.osetid, &slice.appetid, slice.sliceid);
        self.0.execute(sql, key).map_err(doing(CHANGING))?;
        Ok(())
    }

    fn insert(&mut self, table: Table, row: &[Field]) -> Result<(), Error> {
        let marks = vec!["?"; row.len()].join(", ");
        let sql = format!("INSERT INTO {} ({}) VALUES ({marks})", table.name(), names(table));
        self.execute(&sql, row.iter())
    }

    fn delete(&mut self, table: Table, row: &[Field]) -> Result<(), Error> {
        let sql = format!("DELETE FROM {} WHERE {}", table.name(), of_key(table));
        self.execute(&sql, table.part(row, true))
    }

    fn update(&mut self, table: Table, row: &[Field]) -> Result<(), Error> {
        let columns = table.columns().iter().filter(|column| !column.is_key);
        let set: Vec<String> = columns.map(|column| format!("{} = ?", column.name)).collect();
        let (set, name) = (set.join(", "), table.name());
        let sql = format!("UPDATE {name} SET {set} WHERE {}", of_key(table));
        self.execute(&sql, table.part(row, false).chain(table.part(row, true)))
    }

    fn moved(&mut self, slicehash: &Field, location: &Field) -> Result<(), Error> {
        let sql = "UPDATE processqueue SET location = ? WHERE slicehash = ?";
        self.execute(sql, [location, slicehash].into_iter())?;
        let sql = "DELETE FROM diskprint_location WHERE (osetid, appetid, sliceid) IN
                       (SELECT osetid, appetid, sliceid FROM slice WHERE slicehash = ?)";
        self.execute(sql, [slicehash].into_iter())
    }

    fn forget_location(&mut self, slice: &SliceId) -> Result<(), Error> {
        let sql = "DELETE FROM diskprint_location WHERE osetid = ? AND appetid = ? AND sliceid = ?";
        let key = (&slice.osetid, &slice.appetid, slice.sliceid);
        self.0.execute(sql, key).map_err(doing(CHANGING))?;
        Ok(())
    }
}

impl Open<'_> {
    fn execute<'f>(&self, sql: &str, fields: impl Iterator<Item = &'f Field>) -> Result<(), Error> {
        let value = |field: &Field| match field {
            Field::Null => Value::Null,
            Field::Number(number) => Value::Integer(*number),
            Field::Text(text) => Value::Text(text.clone()),
        };
        let mut statement = self.0.prepare_cached(sql).map_err(doing(CHANGING))?;
        statement.execute(params_from_iter(fields.map(value))).map_err(doing(CHANGING))?;
        Ok(())
    }
}

fn read(connection: &Connection, table: Table) -> Result<Vec<Vec<Field>>, Error> {
    let width = table.columns().len();
    let field = |value: ValueRef<'_>| match value {
        ValueRef::Null => Field::Null,
        ValueRef::Integer(number) => Field::Number(number),
        ValueRef::Real(number) => Field::Text(number.to_string()),
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => {
            Field::Text(String::from_utf8_lossy(bytes).into_owned())
        }
    };
    connection
        .prepare(&format!("SELECT {} FROM {}", names(table), table.name()))
        .and_then(|mut statement| {
            let read = |row: &rusqlite::Row<'_>| {
                (0..width).map(|index| row.get_ref(index).map(field)).collect()
            };
            statement.query_map([], read)?.collect()
        })
        .map_err(doing(READING))
}

fn names(table: Table) -> String {
    table.columns().iter().map(|column| column.name).collect::<Vec<_>>().join(", ")
}

fn of_key(table: Table) -> String {
    let columns = table.columns().iter().filter(|column| column.is_key);
    columns.map(|column| format!("{} = ?", column.name)).collect::<Vec<_>>().join(" AND ")
}
