use diskprint::{InterimAction, InterimChange, JournalKind};
use diskprint_formats::ntfs::FileReference;

use crate::column::{self, Bad, Columns, Value};
use crate::table::{Column, Table};

/// The table that changes between slices are in.
pub(crate) fn table() -> Table {
    let names = ["path", "path_before"];
    let all = [
        "partition",
        "journal",
        "inode",
        "seq",
        "number",
        "time",
        "action",
        "path",
        "path_before",
        "attributes",
        "reason",
    ];
    let column = |name: &str| Column { name: name.to_owned(), is_name: names.contains(&name) };
    Table { name: "diskprint_interim_change", columns: all.into_iter().map(column).collect() }
}

/// The columns of a change.
pub(crate) fn row(change: &InterimChange) -> Vec<Value> {
    let InterimChange { partition, journal, file, number, time, action, .. } = change;
    vec![
        (*partition).into(),
        journal.name().into(),
        column::unsigned(file.record),
        file.sequence.into(),
        column::unsigned(*number),
        column::time(*time),
        action.name().into(),
        (&change.path).into(),
        change.path_before.as_ref().into(),
        change.attributes.into(),
        change.reason.into(),
    ]
}

/// Reads what [`row`] made.
pub(crate) fn read(row: Vec<Value>) -> Result<InterimChange, Bad> {
    let mut columns = Columns::from(row);
    let partition = columns.next()?;
    let journal = JournalKind::from_name(&columns.next::<String>()?).ok_or(Bad("no journal"))?;
    let file = FileReference { record: columns.unsigned()?, sequence: columns.next()? };
    let (number, time) = (columns.unsigned()?, columns.time()?);
    let action = InterimAction::from_name(&columns.next::<String>()?);
    Ok(InterimChange {
        partition,
        journal,
        file,
        number,
        time,
        action: action.ok_or(Bad("no action of a file"))?,
        path: columns.next()?,
        path_before: columns.next()?,
        attributes: columns.next()?,
        reason: columns.next()?,
    })
}
