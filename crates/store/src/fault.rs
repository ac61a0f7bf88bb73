use diskprint::{Fault, Place, Step};
use diskprint_formats::Name;

use crate::column::{self, Bad, Columns, Value};
use crate::names;
use crate::table::{Column, Table};

/// The table that faults are in.
pub(crate) fn table() -> Table {
    let column = |(name, is_name)| Column { name: String::from(name), is_name };
    let columns = [("place", false), ("steps", false), ("what", true), ("skipped", true)];
    Table { name: "diskprint_fault", columns: columns.map(column).into() }
}

/// The columns of a fault.
pub(crate) fn row(fault: &Fault) -> Vec<Value> {
    let name = |text: &str| Value::Name(text.into());
    vec![
        column::shown(&Name::from(&*fault.place.to_string())).into(),
        steps(&fault.place).into(),
        name(&fault.what),
        name(&fault.skipped),
    ]
}

/// Reads what [`row`] made.
pub(crate) fn read(row: Vec<Value>) -> Result<Fault, Bad> {
    let mut columns = Columns::from(row);
    let _place: String = columns.next()?;
    Ok(Fault {
        place: place(&columns.names()?).ok_or(Bad("no steps of a place"))?,
        what: columns.next::<Name>()?.to_text().into_owned(),
        skipped: columns.next::<Name>()?.to_text().into_owned(),
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
