//! What the two tables of differences have in common: a row has an action, flags of what changed,
//! and the same columns twice, for the item before and after.

use diskprint::{Delta, SliceId};
use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};

use crate::Error;
use crate::column::{Columns, bad};
use crate::error::doing;

/// A table of differences and its columns beside `osetid, appetid, sliceid, ordinal, action`.
pub(crate) struct DeltaTable {
    pub(crate) name: &'static str,
    /// Columns that say whether something changed.
    pub(crate) flags: &'static [&'static str],
    /// Columns of one side, each of which is there with `_before` and with `_after`.
    pub(crate) side: &'static [&'static str],
}

/// How items of type `T`, with changes `C`, become rows and rows become items.
pub(crate) trait Stored<C>: Sized {
    const TABLE: DeltaTable;
    fn flags(changes: &C) -> Vec<bool>;
    fn changes(flags: &[bool]) -> Option<C>;
    fn values(&self) -> Vec<Value>;
    fn read(columns: Columns<'_>) -> rusqlite::Result<Self>;
}

impl DeltaTable {
    /// All columns but the first four, in the table's order.
    fn columns(&self) -> String {
        let mut columns = vec!["action".to_owned()];
        columns.extend(self.flags.iter().map(|&flag| flag.to_owned()));
        for side in ["before", "after"] {
            columns.extend(self.side.iter().map(|column| format!("{column}_{side}")));
        }
        columns.join(", ")
    }

    fn width(&self) -> usize {
        5 + self.flags.len() + 2 * self.side.len()
    }
}

/// Adds a row for each of `deltas`, numbered in their order.
pub(crate) fn insert<'a, T: Stored<C> + 'a, C: 'a>(
    connection: &Connection,
    slice: &SliceId,
    deltas: impl IntoIterator<Item = &'a Delta<T, C>>,
) -> Result<(), Error> {
    let table = T::TABLE;
    let sql = format!(
        "INSERT INTO {} (osetid, appetid, sliceid, ordinal, {}) VALUES ({})",
        table.name,
        table.columns(),
        vec!["?"; table.width()].join(", "),
    );
    let failed = doing("storing differences");
    let mut statement = connection.prepare(&sql).map_err(&failed)?;
    for (ordinal, delta) in (0i64..).zip(deltas) {
        let mut values: Vec<Value> = Vec::with_capacity(table.width());
        values.push(slice.osetid.clone().into());
        values.push(slice.appetid.clone().into());
        values.push(slice.sliceid.into());
        values.push(ordinal.into());
        values.extend(row(delta));
        statement.execute(params_from_iter(values)).map_err(&failed)?;
    }
    Ok(())
}

fn row<T: Stored<C>, C>(delta: &Delta<T, C>) -> Vec<Value> {
    let table = T::TABLE;
    let flags = delta.changes().map_or(vec![false; table.flags.len()], T::flags);
    let side = |item: Option<&T>| item.map_or(vec![Value::Null; table.side.len()], T::values);
    let mut values = vec![Value::Text(delta.action().to_owned())];
    values.extend(flags.into_iter().map(Value::from));
    values.extend(side(delta.before()));
    values.extend(side(delta.after()));
    values
}

/// Reads the differences of `slice` back, in their order.
pub(crate) fn select<T: Stored<C>, C>(
    connection: &Connection,
    slice: &SliceId,
) -> Result<Vec<Delta<T, C>>, Error> {
    let table = T::TABLE;
    let sql = format!(
        "SELECT {} FROM {} WHERE osetid = ? AND appetid = ? AND sliceid = ? ORDER BY ordinal",
        table.columns(),
        table.name,
    );
    let failed = doing("reading differences");
    let mut statement = connection.prepare(&sql).map_err(&failed)?;
    statement
        .query_map((&slice.osetid, &slice.appetid, slice.sliceid), read)
        .and_then(Iterator::collect)
        .map_err(&failed)
}

fn read<T: Stored<C>, C>(row: &rusqlite::Row<'_>) -> rusqlite::Result<Delta<T, C>> {
    let DeltaTable { flags, side, .. } = T::TABLE;
    let before = || T::read(Columns::from(row, 1 + flags.len()));
    let after = || T::read(Columns::from(row, 1 + flags.len() + side.len()));
    match row.get::<_, String>(0)?.as_str() {
        "new" => Ok(Delta::New(after()?)),
        "deleted" => Ok(Delta::Deleted(before()?)),
        "altered" => {
            let mut columns = Columns::from(row, 1);
            let flags: Vec<bool> =
                flags.iter().map(|_| columns.next()).collect::<rusqlite::Result<_>>()?;
            let changes = T::changes(&flags).ok_or_else(|| bad("other flags"))?;
            Ok(Delta::Altered { before: before()?, after: after()?, changes })
        }
        _ => Err(bad("no action of a difference").into()),
    }
}
