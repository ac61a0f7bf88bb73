use std::collections::BTreeMap;

use ::postgres::types::ToSql;
use ::postgres::{GenericClient, Transaction};
use diskprint::SliceId;

use super::limits::Limits;
use super::save::{RESULT_TABLES, clear};
use super::{Postgres, lock};
use crate::catalogue::{self, Tables};
use crate::error::doing;
use crate::{Catalogue, Change, Column, Effect, Error, Field, Kind, Table};

impl Catalogue for Postgres {
    fn rows(&self, table: Table) -> Result<Vec<Vec<Field>>, Error> {
        let mut rows = read(&mut *self.client.borrow_mut(), table)?;
        rows.sort();
        Ok(rows)
    }

    fn locations(&self) -> Result<BTreeMap<SliceId, String>, Error> {
        let sql = "SELECT osetid, appetid, sliceid, location FROM diskprint_location";
        let rows = self.query("looking for tarballs", sql, &[], |row| {
            let (osetid, appetid, sliceid) = (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
            Ok((SliceId { osetid, appetid, sliceid }, row.try_get(3)?))
        })?;
        Ok(rows.into_iter().collect())
    }

    fn change(&mut self, changes: &[Change], now: &str) -> Result<Vec<Effect>, Error> {
        let mut transaction = self.client.get_mut().transaction().map_err(doing(CHANGING))?;
        lock(&mut transaction).map_err(doing(CHANGING))?;
        let limits = Limits::read(&mut transaction)?;
        let mut open = Open { transaction: &mut transaction, limits };
        let plan = catalogue::check(&mut open, changes, now)?;
        catalogue::execute(&mut open, &plan)?;
        transaction.commit().map_err(doing(CHANGING))?;
        Ok(plan.effects)
    }

    fn check_change(&mut self, changes: &[Change], now: &str) -> Result<Vec<Effect>, Error> {
        let mut transaction = self.client.get_mut().transaction().map_err(doing(READING))?;
        let limits = Limits::read(&mut transaction)?;
        let mut open = Open { transaction: &mut transaction, limits };
        Ok(catalogue::check(&mut open, changes, now)?.effects)
    }
}

const READING: &str = "reading the catalogue";
const CHANGING: &str = "changing the catalogue";

/// The database within a transaction.
struct Open<'t, 'c> {
    transaction: &'t mut Transaction<'c>,
    limits: Limits,
}

impl Tables for Open<'_, '_> {
    fn read(&mut self, table: Table) -> Result<Vec<Vec<Field>>, Error> {
        read(self.transaction, table)
    }

    fn limits(&mut self, table: Table) -> Result<Vec<Option<usize>>, Error> {
        let columns: Vec<&str> = table.columns().iter().map(|column| column.name).collect();
        Ok(self.limits.of(table.name(), &columns))
    }

    // The original's numbers are of four bytes.
    fn largest(&self) -> i64 {
        i32::MAX.into()
    }

    fn has_results(&mut self, slice: &SliceId) -> Result<bool, Error> {
        for table in RESULT_TABLES.iter().chain(&["diskprint_run"]) {
            let sql = format!(
                "SELECT 1 FROM {table}
                 WHERE osetid = $1 AND appetid = $2 AND sliceid = $3::bigint LIMIT 1"
            );
            let key: [&(dyn ToSql + Sync); 3] = [&slice.osetid, &slice.appetid, &slice.sliceid];
            if !self.transaction.query(&sql, &key).map_err(doing(READING))?.is_empty() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn clear_results(&mut self, slice: &SliceId) -> Result<(), Error> {
        clear(self.transaction, slice).map_err(doing(CHANGING))?;
        let sql = "DELETE FROM diskprint_run
                   WHERE osetid = $1 AND appetid = $2 AND sliceid = $3::bigint";
        let key: [&(dyn ToSql + Sync); 3] = [&slice.osetid, &slice.appetid, &slice.sliceid];
        self.transaction.execute(sql, &key).map_err(doing(CHANGING))?;
        Ok(())
    }

    fn insert(&mut self, table: Table, row: &[Field]) -> Result<(), Error> {
        let columns = table.columns();
        let names: Vec<&str> = columns.iter().map(|column| column.name).collect();
        let marks: Vec<String> = columns.iter().zip(1..).map(mark).collect();
        let (names, marks) = (names.join(", "), marks.join(", "));
        self.execute(
            &format!("INSERT INTO {} ({names}) VALUES ({marks})", table.name()),
            row.iter(),
        )
    }

    fn delete(&mut self, table: Table, row: &[Field]) -> Result<(), Error> {
        let sql = format!("DELETE FROM {} WHERE {}", table.name(), equals(table, true, 1, " AND "));
        self.execute(&sql, table.part(row, true))
    }

    fn update(&mut self, table: Table, row: &[Field]) -> Result<(), Error> {
        let others = table.part(row, false).count();
        let (set, key) = (equals(table, false, 1, ", "), equals(table, true, others + 1, " AND "));
        let sql = format!("UPDATE {} SET {set} WHERE {key}", table.name());
        self.execute(&sql, table.part(row, false).chain(table.part(row, true)))
    }

    fn moved(&mut self, slicehash: &Field, location: &Field) -> Result<(), Error> {
        let sql = "UPDATE processqueue SET location = $1::text WHERE slicehash = $2::text";
        self.execute(sql, [location, slicehash].into_iter())?;
        let sql = "DELETE FROM diskprint_location WHERE (osetid, appetid, sliceid) IN
                       (SELECT osetid, appetid, sliceid FROM slice WHERE slicehash = $1::text)";
        self.execute(sql, [slicehash].into_iter())
    }

    fn forget_location(&mut self, slice: &SliceId) -> Result<(), Error> {
        let sql = "DELETE FROM diskprint_location
                   WHERE osetid = $1 AND appetid = $2 AND sliceid = $3::bigint";
        let key: [&(dyn ToSql + Sync); 3] = [&slice.osetid, &slice.appetid, &slice.sliceid];
        self.transaction.execute(sql, &key).map_err(doing(CHANGING))?;
        Ok(())
    }
}

impl Open<'_, '_> {
    fn execute<'f>(
        &mut self,
        sql: &str,
        fields: impl Iterator<Item = &'f Field>,
    ) -> Result<(), Error> {
        let text = |field: &Field| match field {
            Field::Null => None,
            other => Some(other.to_string()),
        };
        let texts: Vec<Option<String>> = fields.map(text).collect();
        let values: Vec<&(dyn ToSql + Sync)> = texts.iter().map(|text| text as _).collect();
        self.transaction.execute(sql, &values).map_err(doing(CHANGING))?;
        Ok(())
    }
}

fn read(client: &mut impl GenericClient, table: Table) -> Result<Vec<Vec<Field>>, Error> {
    // Days and moments as JSON have one form whatever the server's settings are.
    let select = |column: &Column| match column.kind {
        Kind::Text => format!("{}::text", column.name),
        Kind::Number => format!("{}::bigint", column.name),
        Kind::Date | Kind::Time => format!("to_json({}) #>> '{{}}'", column.name),
    };
    let columns: Vec<String> = table.columns().iter().map(select).collect();
    let sql = format!("SELECT {} FROM {}", columns.join(", "), table.name());
    let rows = client.query(&sql, &[]).map_err(doing(READING))?;
    let field = |row: &::postgres::Row, index: usize, kind: Kind| {
        Ok(match kind {
            Kind::Number => row.try_get::<_, Option<i64>>(index)?.map(Field::Number),
            _ => row.try_get::<_, Option<String>>(index)?.map(Field::Text),
        }
        .unwrap_or(Field::Null))
    };
    let kinds = || table.columns().iter().map(|column| column.kind).enumerate();
    rows.iter()
        .map(|row| kinds().map(|(index, kind)| field(row, index, kind)).collect())
        .collect::<Result<_, ::postgres::Error>>()
        .map_err(doing(READING))
}

/// A parameter for a column, which is sent as text.
fn mark((column, number): (&Column, usize)) -> String {
    let as_kind = match column.kind {
        Kind::Text => "",
        Kind::Number => "::bigint",
        Kind::Date => "::date",
        Kind::Time => "::timestamp",
    };
    format!("${number}::text{as_kind}")
}

/// Comparisons of the columns that are a part of the key, or of those that are none.
fn equals(table: Table, is_key: bool, first: usize, between: &str) -> String {
    let columns = table.columns().iter().filter(|column| column.is_key == is_key);
    let equal = |(column, number): (&Column, usize)| {
        format!("{} = {}", column.name, mark((column, number)))
    };
    columns.zip(first..).map(equal).collect::<Vec<_>>().join(between)
}
