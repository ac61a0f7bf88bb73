use diskprint::regdelta::Action;
use diskprint::{CellDelta, regdelta};

use crate::SliceRow;
use crate::column::{Value, shown};
use crate::hive::HiveIds;

/// The columns of the original workflow's table `regdelta`.
pub(crate) const COLUMNS: [&str; 17] = [
    "osetid",
    "appetid",
    "sliceid",
    "hiveid",
    "cellaction",
    "parentmtimebefore",
    "parentmtimeafter",
    "mtimebefore",
    "mtimeafter",
    "valuesha1before",
    "valuesha1after",
    "celltypebefore",
    "celltypeafter",
    "iskeybefore",
    "iskeyafter",
    "slicetype",
    "cellpath",
];

/// The original workflow's row for each of `deltas`; `action_id` is the number that the table
/// `cell` of that database has for an action.
pub(crate) fn rows<'a>(
    slice: &'a SliceRow,
    deltas: &'a [CellDelta],
    hives: &'a HiveIds,
    action_id: impl Fn(Action) -> i64 + 'a,
) -> impl Iterator<Item = [Value; COLUMNS.len()]> + 'a {
    deltas.iter().zip(regdelta::rows(deltas)).map(move |(delta, row)| {
        let (before, after) = (row.before, row.after);
        [
            slice.id.osetid.as_str().into(),
            slice.id.appetid.as_str().into(),
            slice.id.sliceid.into(),
            hives.get(delta).into(),
            action_id(row.action).into(),
            before.parentmtime.into(),
            after.parentmtime.into(),
            before.mtime.into(),
            after.mtime.into(),
            before.valuesha1.into(),
            after.valuesha1.into(),
            before.celltype.into(),
            after.celltype.into(),
            // NOT NULL in the original's database: false on the side that is missing.
            before.iskey.unwrap_or(false).into(),
            after.iskey.unwrap_or(false).into(),
            slice.slicetype.as_str().into(),
            shown(&row.cellpath).into(),
        ]
    })
}
