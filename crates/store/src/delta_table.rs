//! What the two tables of differences have in common: a row has an action, flags of what changed,
//! and the same columns twice, for the item before and after.

use diskprint::Delta;

use crate::column::{Bad, Columns, Value};
use crate::table::{Column, Table};

/// A table of differences and its columns beside `osetid, appetid, sliceid, ordinal, action`.
pub(crate) struct DeltaTable {
    pub(crate) name: &'static str,
    /// Columns that say whether something changed.
    pub(crate) flags: &'static [&'static str],
    /// Columns of one side, each of which is there with `_before` and with `_after`.
    pub(crate) side: &'static [&'static str],
    /// Those of `side` that hold names.
    pub(crate) names: &'static [&'static str],
}

/// How items of type `T`, with changes `C`, become rows and rows become items.
pub(crate) trait Stored<C>: Sized {
    const TABLE: DeltaTable;
    fn flags(changes: &C) -> Vec<bool>;
    fn changes(flags: &[bool]) -> Option<C>;
    fn values(&self) -> Vec<Value>;
    fn read(columns: Columns) -> Result<Self, Bad>;
}

/// The table that differences of type `T` are in.
pub(crate) fn table<T: Stored<C>, C>() -> Table {
    let DeltaTable { name, flags, side, names } = T::TABLE;
    let plain = |name: &str| Column { name: name.to_owned(), is_name: false };
    let mut columns = vec![plain("action")];
    columns.extend(flags.iter().map(|flag| plain(flag)));
    for when in ["before", "after"] {
        columns.extend(side.iter().map(|column| Column {
            name: format!("{column}_{when}"),
            is_name: names.contains(column),
        }));
    }
    Table { name, columns }
}

/// The columns of a difference.
pub(crate) fn row<T: Stored<C>, C>(delta: &Delta<T, C>) -> Vec<Value> {
    let table = T::TABLE;
    let flags = delta.changes().map_or(vec![false; table.flags.len()], T::flags);
    let side = |item: Option<&T>| item.map_or(vec![Value::Null; table.side.len()], T::values);
    let mut values = vec![delta.action().into()];
    values.extend(flags.into_iter().map(Value::from));
    values.extend(side(delta.before()));
    values.extend(side(delta.after()));
    values
}

/// Reads what [`row`] made.
pub(crate) fn read<T: Stored<C>, C>(row: Vec<Value>) -> Result<Delta<T, C>, Bad> {
    let DeltaTable { flags, side, .. } = T::TABLE;
    let mut columns = Columns::from(row);
    let action: String = columns.next()?;
    let flags: Vec<bool> = flags.iter().map(|_| columns.next()).collect::<Result<_, _>>()?;
    let (before, after) = (columns.split(side.len()), columns.split(side.len()));
    match action.as_str() {
        "new" => Ok(Delta::New(T::read(after)?)),
        "deleted" => Ok(Delta::Deleted(T::read(before)?)),
        "altered" => {
            let changes = T::changes(&flags).ok_or(Bad("other flags"))?;
            Ok(Delta::Altered { before: T::read(before)?, after: T::read(after)?, changes })
        }
        _ => Err(Bad("no action of a difference")),
    }
}
