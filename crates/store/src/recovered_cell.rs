use diskprint::{Cell, RecoveredCell};
use diskprint_formats::regf::recovered::{Confidence, Place};

use crate::column::{self, Bad, Columns, Value};
use crate::delta_table::{DeltaTable, Stored};
use crate::table::{Column, Table};

/// The columns that a recovered cell has beside those of a cell.
const OWN: [&str; 5] = ["path_whole", "data_lost", "file_offset", "place", "confidence"];

/// The table that recovered cells are in.
pub(crate) fn table() -> Table {
    let DeltaTable { side, names, .. } = Cell::TABLE;
    let column = |name: &&str| Column { name: (*name).to_owned(), is_name: names.contains(name) };
    Table {
        name: "diskprint_recovered_cell",
        columns: side.iter().chain(&OWN).map(column).collect(),
    }
}

/// The columns of a recovered cell.
pub(crate) fn row(found: &RecoveredCell) -> Vec<Value> {
    let mut values = found.cell.values();
    values.extend([
        found.is_path_whole.into(),
        found.is_data_lost.into(),
        column::unsigned(found.offset),
        found.place.name().into(),
        found.confidence.name().into(),
    ]);
    values
}

/// Reads what [`row`] made.
pub(crate) fn read(row: Vec<Value>) -> Result<RecoveredCell, Bad> {
    let mut columns = Columns::from(row);
    Ok(RecoveredCell {
        cell: Cell::read(columns.split(Cell::TABLE.side.len()))?,
        is_path_whole: columns.next()?,
        is_data_lost: columns.next()?,
        offset: columns.unsigned()?,
        place: Place::from_name(&columns.next::<String>()?).ok_or(Bad("no place of a cell"))?,
        confidence: Confidence::from_name(&columns.next::<String>()?)
            .ok_or(Bad("no confidence"))?,
    })
}
