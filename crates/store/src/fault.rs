use diskprint::{Fault, Place, SliceId, Step};
use diskprint_formats::Name;
use rusqlite::Connection;

use crate::column::{self, Columns, bad};
use crate::error::doing;
use crate::{Error, names};

/// Adds a row for each of `faults`, numbered in their order.
pub(crate) fn insert<'a>(
    connection: &Connection,
    slice: &SliceId,
    faults: impl IntoIterator<Item = &'a Fault>,
) -> Result<(), Error> {
    let failed = doing("storing faults");
    let mut statement = connection
        .prepare(
            "INSERT INTO diskprint_fault
             (osetid, appetid, sliceid, ordinal, place, steps, what, skipped)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .map_err(&failed)?;
    for (ordinal, fault) in (0i64..).zip(faults) {
        let text = |text: &str| column::name(&text.into());
        let SliceId { osetid, appetid, sliceid } = slice;
        statement
            .execute((
                osetid,
                appetid,
                sliceid,
                ordinal,
                text(&fault.place.to_string()),
                steps(&fault.place),
                text(&fault.what),
                text(&fault.skipped),
            ))
            .map_err(&failed)?;
    }
    Ok(())
}

/// Reads the faults of `slice` back, in their order.
pub(crate) fn select(connection: &Connection, slice: &SliceId) -> Result<Vec<Fault>, Error> {
    let failed = doing("reading faults");
    connection
        .prepare(
            "SELECT steps, what, skipped FROM diskprint_fault
             WHERE osetid = ? AND appetid = ? AND sliceid = ? ORDER BY ordinal",
        )
        .and_then(|mut statement| {
            statement
                .query_map((&slice.osetid, &slice.appetid, slice.sliceid), read)
                .and_then(Iterator::collect)
        })
        .map_err(&failed)
}

fn read(row: &rusqlite::Row<'_>) -> rusqlite::Result<Fault> {
    let mut columns = Columns::from(row, 0);
    Ok(Fault {
        place: place(&columns.names()?).ok_or_else(|| bad("no steps of a place"))?,
        what: columns.name()?.to_text().into_owned(),
        skipped: columns.name()?.to_text().into_owned(),
    })
}

/// The steps of a place as a JSON list of kind and value, in turn.
fn steps(place: &Place) -> String {
    let mut all: Vec<Name> = Vec::new();
    for step in place.steps() {
        let number = |number: u64| Name::from(&*number.to_string());
        let (kind, value) = match step {
            Step::Slice(id) => ("slice", Name::from(&*id.to_string())),
            Step::Member(path) => ("member", Name::from(&**path)),
            Step::Disk(disk) => ("disk", number((*disk).into())),
            Step::Partition(partition) => ("partition", number((*partition).into())),
            Step::Inode(inode) => ("inode", number(*inode)),
            Step::Path(path) => ("path", path.clone()),
            Step::Hive(path) => ("hive", path.clone()),
            Step::Key(path) => ("key", path.clone()),
            Step::Offset(offset) => ("offset", number(*offset)),
        };
        all.extend([Name::from(kind), value]);
    }
    names::encode(&all)
}

/// Reads what [`steps`] made.
fn place(all: &[Name]) -> Option<Place> {
    let (pairs, []) = all.as_chunks::<2>() else { return None };
    let mut place = Place::default();
    for [kind, value] in pairs {
        let text = || value.to_str();
        place = place.then(match kind.to_str()? {
            "slice" => Step::Slice(text()?.parse().ok()?),
            "member" => Step::Member(text()?.to_owned()),
            "disk" => Step::Disk(text()?.parse().ok()?),
            "partition" => Step::Partition(text()?.parse().ok()?),
            "inode" => Step::Inode(text()?.parse().ok()?),
            "path" => Step::Path(value.clone()),
            "hive" => Step::Hive(value.clone()),
            "key" => Step::Key(value.clone()),
            "offset" => Step::Offset(text()?.parse().ok()?),
            _ => return None,
        });
    }
    Some(place)
}
