//! The rows that the original workflow kept of registry differences, for its table `regdelta`.

use diskprint_formats::regf::{ValueType, type_name};
use diskprint_formats::{Filetime, Name};

use crate::{Cell, CellDelta, CellKind, Delta, Hex, KeyCell, ValueCell};

/// A row of `regdelta`, without the columns that are the same for the whole pair of slices.
///
/// `None` is NULL. Times are in whole seconds: `2013-05-07T09:00:01Z`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Row {
    /// What happened.
    pub action: Action,
    /// `\ROOTNAME\key\...\value`, nothing escaped, the unnamed value as `Default`.
    pub cellpath: Name,
    /// The cell before; all columns are NULL where there was none, but for the parent's time.
    pub before: Side,
    /// The cell after; all columns are NULL where there is none, but for the parent's time.
    pub after: Side,
}

/// The columns of a row that come twice.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Side {
    /// Last-write time of the parent key.
    pub parentmtime: Option<String>,
    /// Last-write time of a key.
    pub mtime: Option<String>,
    /// SHA-1 of a value's data as the original rendered them, in hexadecimal digits.
    pub valuesha1: Option<String>,
    /// Name of a value's type; empty for keys, `root` for the root key.
    pub celltype: Option<String>,
    /// Whether the cell is a key.
    pub iskey: Option<bool>,
}

/// What happened to a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Action {
    /// It is new.
    Created,
    /// It is gone.
    Removed,
    /// It is not the same.
    PropertyUpdated,
}

impl Action {
    /// Number in the table `cell`.
    pub fn id(self) -> i32 {
        match self {
            Self::Created => 1,
            Self::Removed => 2,
            Self::PropertyUpdated => 5,
        }
    }

    /// Name in the table `cell`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Removed => "removed",
            Self::PropertyUpdated => "property updated",
        }
    }
}

/// Makes the rows of `deltas`, one each, which must come as [`crate::diff::cells`] sorts them.
///
/// A created or removed cell's row also has its parent's time on the side where the cell is not:
/// it comes from the parent's own delta, or is the same on both sides where there is none.
pub fn rows(deltas: &[CellDelta]) -> impl Iterator<Item = Row> {
    let mut above: Vec<&CellDelta> = Vec::new();
    deltas.iter().map(move |delta| {
        while above.last().is_some_and(|key| !is_above(key.latest(), delta.latest())) {
            above.pop();
        }
        let parent = above.last().copied().filter(|key| is_parent(key.latest(), delta.latest()));
        if delta.latest().value().is_none() {
            above.push(delta);
        }
        row(delta, parent)
    })
}

/// Makes the row of one delta; `parent` is the delta of its parent key, `None` where that key did
/// not change.
pub fn row(delta: &CellDelta, parent: Option<&CellDelta>) -> Row {
    let cell = delta.latest();
    let (before, after) = (delta.before().map(side), delta.after().map(side));
    let absent = || Side { parentmtime: other_parent_time(cell, delta, parent), ..Side::default() };
    Row {
        action: match delta {
            Delta::New(_) => Action::Created,
            Delta::Deleted(_) => Action::Removed,
            Delta::Altered { .. } => Action::PropertyUpdated,
        },
        cellpath: cell.cellpath(),
        before: before.unwrap_or_else(absent),
        after: after.unwrap_or_else(absent),
    }
}

/// The parent's time on the side where the cell is not.
fn other_parent_time(cell: &Cell, delta: &CellDelta, parent: Option<&CellDelta>) -> Option<String> {
    let Some(parent) = parent else { return time(cell.parent_mtime) };
    let other = match delta {
        Delta::New(_) => parent.before(),
        _ => parent.after(),
    };
    other.and_then(Cell::mtime).and_then(time)
}

fn side(cell: &Cell) -> Side {
    let parentmtime = time(cell.parent_mtime);
    match &cell.kind {
        CellKind::Key(KeyCell { mtime, .. }) => Side {
            parentmtime,
            mtime: time(*mtime),
            valuesha1: None,
            celltype: Some(if cell.key.is_empty() { "root" } else { "" }.to_owned()),
            iskey: Some(true),
        },
        CellKind::Value(value) => Side {
            parentmtime,
            mtime: None,
            valuesha1: value.rendered_sha1.map(|sha1| Hex(&sha1).to_string()),
            celltype: Some(celltype(value)),
            iskey: Some(false),
        },
    }
}

/// The type's name; `bad-` is before it where the data are not what the type says. Their hash is
/// then over the raw data, which no text's is: text takes other bytes in UTF-8 than in UTF-16.
fn celltype(value: &ValueCell) -> String {
    use ValueType::{Expand, Link, String, StringList};
    let is_text = matches!(
        ValueType::from_number(value.value_type),
        Some(String | Expand | Link | StringList)
    );
    let bad = is_text && value.size > 0 && value.rendered_sha1 == Some(value.sha1);
    format!("{}{}", if bad { "bad-" } else { "" }, type_name(value.value_type))
}

fn time(time: Filetime) -> Option<String> {
    (!time.is_unset()).then(|| time.seconds_text())
}

/// Whether `cell` lies below the key `above`, at any depth.
fn is_above(above: &Cell, cell: &Cell) -> bool {
    let (path, whole) = (&above.key, &cell.key);
    let longer = cell.value().is_some() || whole.len() > path.len();
    let start = whole.iter().zip(path.iter()).take_while(|(a, b)| same_name(a, b)).count();
    longer
        && start == path.len()
        && above.partition == cell.partition
        && same_name(&above.hive, &cell.hive)
}

/// Whether `cell`, which lies below the key `above`, lies directly in it.
fn is_parent(above: &Cell, cell: &Cell) -> bool {
    above.key.len() + usize::from(cell.value().is_none()) == cell.key.len()
}

fn same_name(a: &Name, b: &Name) -> bool {
    a == b || a.to_upper() == b.to_upper()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use diskprint_formats::regf;
    use diskprint_testkit::regf::{Key, Value, build};

    use super::*;
    use crate::{Digests, Hive, diff};

    fn rows_of(before: &Key, after: &Key) -> Vec<Row> {
        let hive = |root| {
            let bytes = build(root).bytes;
            let digests = Digests::of(&bytes);
            let tree = Arc::new(regf::Hive::read(bytes).unwrap());
            Hive { partition: 1, path: "h".into(), digests, tree, report: Arc::default() }
        };
        rows(&diff::cells(&[hive(before)], &[hive(after)])).collect()
    }

    /// Seconds since 2013-05-07T09:00:00Z as FILETIME.
    fn second(second: u64) -> u64 {
        130_123_908_000_000_000 + second * 10_000_000
    }

    /// Cell path and the parent's times, by their second.
    fn parents(rows: &[Row]) -> Vec<(String, Option<String>, Option<String>)> {
        let second = |side: &Side| side.parentmtime.as_ref().map(|time| time[17..19].to_owned());
        rows.iter().map(|r| (r.cellpath.to_string(), second(&r.before), second(&r.after))).collect()
    }

    #[test]
    fn created_and_removed_cells_have_their_parents_time_on_both_sides() {
        let key = |name: &str, at| Key::new(name).at(second(at));
        let inner = || key("n", 9).with(key("m", 8)).value(Value::dword("v", 1));
        let with = key("R", 1).with(key("k", 3).with(inner())).with(key("l", 5).with(key("o", 6)));
        let without = key("R", 1).with(key("k", 2)).with(key("l", 5));
        let some = |second: &str| Some(second.to_owned());
        let expected = [
            (r"\R\k", some("01"), some("01")),
            (r"\R\k\n", some("02"), some("03")),
            (r"\R\k\n\v", None, some("09")),
            (r"\R\k\n\m", None, some("09")),
            (r"\R\l\o", some("05"), some("05")),
        ]
        .map(|(path, before, after)| (path.to_owned(), before, after));
        assert_eq!(parents(&rows_of(&without, &with)), expected);
        let expected = expected.map(|(path, before, after)| (path, after, before));
        assert_eq!(parents(&rows_of(&with, &without)), expected);
    }

    #[test]
    fn a_row_has_the_originals_words() {
        let before = Key::new("R").value(Value::dword("v", 1));
        let after = Key::new("R").at(0).value(Value::new("v", 1, &[0, 0xD8])).with(Key::new("k"));
        let rows = rows_of(&before, &after);
        let types = rows.iter().map(|row| (row.action.id(), &row.before, &row.after));
        let types = types
            .map(|(id, before, after)| (id, before.celltype.as_deref(), after.celltype.as_deref()));
        assert_eq!(
            types.collect::<Vec<_>>(),
            [
                (5, Some("root"), Some("root")),
                (5, Some("int32"), Some("bad-string")),
                (1, None, Some(""))
            ]
        );
        assert_eq!(
            (&rows[0].after.mtime, rows[2].before.iskey, rows[2].after.iskey),
            (&None, None, Some(true))
        );
        // SHA-1 of "1".
        let one = "356a192b7913b04c54574d18c28d46e6395428ab";
        assert_eq!(rows[1].before.valuesha1.as_deref(), Some(one));
    }
}
