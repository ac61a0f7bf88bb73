use ::postgres::GenericClient;
use diskprint::CellDelta;

use super::limits::{Limits, TooLong, cut};
use crate::column::{Value, shown};
use crate::content::ContentDigests;
use crate::hive::HiveIds;
use crate::{Error, Results, SliceRow, content, regdelta};

/// Checks all that goes into columns of the original's, before anything is written; returns the
/// hives of the sequence.
pub(super) fn check(
    client: &mut impl GenericClient,
    results: &Results<'_>,
) -> Result<HiveIds, Error> {
    let limits = Limits::read(client)?;
    let mut too_long = TooLong::default();
    let mut hives = HiveIds::default();
    results.each(|slice, found| {
        hives.add(&found.cells);
        check_cells(&limits, slice, &found.cells, &mut too_long);
        let mut digests = ContentDigests::new();
        let files = content::file_rows(&found.content, &slice.slicehash, &mut digests);
        let table = ("filemetadata", content::FILE_COLUMNS);
        check_rows(&limits, slice, table, files, &mut too_long)?;
        let hives = content::hive_rows(&found.content, &slice.slicehash).map(Ok);
        check_rows(&limits, slice, ("registry", content::HIVE_COLUMNS), hives, &mut too_long)
    })?;
    for ((_, path), _) in hives.iter() {
        limits.check("hive", "hivepath", &shown(path), &mut too_long);
    }
    too_long.result()?;
    Ok(hives)
}

fn check_cells(limits: &Limits, slice: &SliceRow, cells: &[CellDelta], too_long: &mut TooLong) {
    let columns = regdelta::COLUMNS;
    let row_limits = limits.of("regdelta", &columns);
    let no_hives = HiveIds::default();
    let rows = regdelta::rows(slice, cells, &no_hives, |action| action.id().into());
    for (delta, row) in cells.iter().zip(rows) {
        too_long.check_row(&row, &row_limits, |index| {
            let cell = delta.latest();
            let (hive, path) = (cell.hive.to_text(), cell.cellpath().to_text().into_owned());
            let path = cut(&path);
            let item = format!("slice {}, hive {hive:?}, cell {path:?}", slice.id);
            (item, format!("regdelta.{}", columns[index]))
        });
    }
}

/// Checks rows whose second column is a path.
fn check_rows<const N: usize>(
    limits: &Limits,
    slice: &SliceRow,
    (table, columns): (&str, [&str; N]),
    rows: impl Iterator<Item = Result<[Value; N], Error>>,
    too_long: &mut TooLong,
) -> Result<(), Error> {
    let row_limits = limits.of(table, &columns);
    for row in rows {
        let row = row?;
        too_long.check_row(&row, &row_limits, |index| {
            let path = match row.get(1) {
                Some(Value::Text(path)) => cut(path),
                _ => String::new(),
            };
            let item = format!("slice {}, file {path:?}", slice.id);
            (item, format!("{table}.{}", columns[index]))
        });
    }
    Ok(())
}
