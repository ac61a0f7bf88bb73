use diskprint::CellDelta;
use diskprint::regdelta::Row;
use rusqlite::Connection;

use crate::column::shown;
use crate::error::doing;
use crate::hive::{self, HiveIds};
use crate::{Error, SliceRow};

/// Adds the original workflow's row for each of `deltas`.
pub(crate) fn insert<'a>(
    connection: &Connection,
    slice: &SliceRow,
    deltas: impl IntoIterator<Item = &'a CellDelta>,
    regdelta_row: fn(&CellDelta) -> Row,
    hives: &HiveIds<'_>,
) -> Result<(), Error> {
    let failed = doing("storing rows of regdelta");
    let mut statement = connection
        .prepare(
            "INSERT INTO regdelta (osetid, appetid, sliceid, hiveid, cellaction,
                 parentmtimebefore, parentmtimeafter, mtimebefore, mtimeafter,
                 valuesha1before, valuesha1after, celltypebefore, celltypeafter,
                 iskeybefore, iskeyafter, slicetype, cellpath)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .map_err(&failed)?;
    for delta in deltas {
        let row = regdelta_row(delta);
        let values = rusqlite::params![
            slice.id.osetid,
            slice.id.appetid,
            slice.id.sliceid,
            hives.get(&hive::key(delta)),
            row.cellaction,
            row.parentmtimebefore,
            row.parentmtimeafter,
            row.mtimebefore,
            row.mtimeafter,
            row.valuesha1before,
            row.valuesha1after,
            row.celltypebefore,
            row.celltypeafter,
            // NOT NULL in the original's database: false on the side that is missing.
            row.iskeybefore.unwrap_or(false),
            row.iskeyafter.unwrap_or(false),
            slice.slicetype,
            shown(&row.cellpath),
        ];
        statement.execute(values).map_err(&failed)?;
    }
    Ok(())
}
