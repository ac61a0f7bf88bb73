//! Why a row of one side is not on the other. `docs/differences.md` says of each who is right.

use diskprint::regdelta::{Action, Row};
use diskprint::{CellDelta, Hive};
use diskprint_formats::Name;
use diskprint_formats::regf::Key;

use crate::{Place, Step};

/// Names the rule that explains why `row` is on one side only; `twins` are the other side's
/// unmatched rows of the same path.
pub fn explain(
    whose: &str,
    step: &Step,
    place: &Place,
    row: &Row,
    twins: &[&Row],
) -> Option<&'static str> {
    let checks: [(&'static str, bool); 6] = [
        ("new_hive", whose == "ours" && new_hive(step, place, row)),
        ("parent_time_only", whose == "theirs" && parent_time_only(step, place, row)),
        ("parentmtimebefore_of_created", parentmtimebefore_of_created(whose, row, twins)),
        ("one_path_for_two_cells", one_path_for_two_cells(step, place, row)),
        ("case_of_name", case_of_name(whose, step, place, row)),
        ("told_alike", whose == "ours" && told_alike(row)),
    ];
    let mut holding = checks.into_iter().filter(|(_, holds)| *holds);
    holding.next().map(|(rule, _)| rule)
}

fn hive<'a>(hives: &'a [Hive], place: &Place) -> Option<&'a Hive> {
    hives.iter().find(|hive| hive.path.to_string() == place.hive)
}

/// The hive is not in the slice before, and its rows are all of creation.
fn new_hive(step: &Step, place: &Place, row: &Row) -> bool {
    hive(&step.before, place).is_none()
        && hive(&step.after, place).is_some()
        && row.action == Action::Created
}

/// The cell is the same but for the time of its parent, and no row of ours is about it.
fn parent_time_only(step: &Step, place: &Place, row: &Row) -> bool {
    let own = |side: &diskprint::regdelta::Side| {
        let side = side.clone();
        (side.mtime, side.valuesha1, side.celltype, side.iskey)
    };
    row.action == Action::PropertyUpdated
        && own(&row.before) == own(&row.after)
        && row.before.parentmtime != row.after.parentmtime
        && !deltas_at(step, place, &row.cellpath).any(|_| true)
}

fn deltas_at<'a>(
    step: &'a Step,
    place: &'a Place,
    cellpath: &'a Name,
) -> impl Iterator<Item = &'a CellDelta> {
    step.deltas.iter().filter(move |delta| {
        let cell = delta.latest();
        cell.hive.to_string() == place.hive && cell.cellpath() == *cellpath
    })
}

/// The rows of both sides are equal but for the time of the parent before, which the original
/// never set in rows of creation.
fn parentmtimebefore_of_created(whose: &str, row: &Row, twins: &[&Row]) -> bool {
    let unset = |row: &Row| {
        let mut row = row.clone();
        row.before.parentmtime = None;
        row
    };
    let has_time = |row: &Row| row.before.parentmtime.is_some();
    row.action == Action::Created
        && has_time(row) == (whose == "ours")
        && twins.iter().any(|twin| unset(twin) == unset(row) && has_time(twin) != has_time(row))
}

/// More than one cell of the hive has this path, before or after: a key and a value, or the
/// unnamed value and one named `Default`. The original kept one of them and compared it with
/// the others.
fn one_path_for_two_cells(step: &Step, place: &Place, row: &Row) -> bool {
    let twice = |hives: &[Hive]| {
        hive(hives, place).is_some_and(|hive| cells_at(hive.tree.root(), &row.cellpath) > 1)
    };
    twice(&step.before) || twice(&step.after)
}

/// Number of keys and values at `cellpath`. A name may hold backslashes, so all ways to cut the
/// path into names are tried.
fn cells_at(root: Key<'_>, cellpath: &Name) -> usize {
    let mut found = 0;
    let mut left = vec![(root, rest(cellpath.as_bytes(), &root.name()))];
    while let Some((key, rest_of_path)) = left.pop() {
        let Some(path) = rest_of_path else { continue };
        found += usize::from(path.is_empty());
        let values = key.values().map(|value| value.name());
        let values = values.map(|name| if name.is_empty() { "Default".into() } else { name });
        found += values.filter(|name| rest(path, name).is_some_and(<[u8]>::is_empty)).count();
        left.extend(key.children().map(|child| (child, rest(path, &child.name()))));
    }
    found
}

/// What of `path` is left behind `\name`.
fn rest<'a>(path: &'a [u8], name: &Name) -> Option<&'a [u8]> {
    let rest = path.strip_prefix(b"\\")?.strip_prefix(name.as_bytes())?;
    (rest.is_empty() || rest.starts_with(b"\\")).then_some(rest)
}

/// The name changed in case only, so that the original saw one cell go and another come.
fn case_of_name(whose: &str, step: &Step, place: &Place, row: &Row) -> bool {
    let updated = row.action == Action::PropertyUpdated;
    updated == (whose == "ours")
        && step.deltas.iter().any(|delta| {
            let cell = delta.latest();
            cell.hive.to_string() == place.hive
                && delta.changes().is_some_and(|changes| changes.name)
                && cell.cellpath().to_upper() == row.cellpath.to_upper()
        })
}

/// The cell did change, but all that the original tells of it is the same before and after: data
/// behind a NUL, a list split elsewhere, a time below the second.
fn told_alike(row: &Row) -> bool {
    row.action == Action::PropertyUpdated && row.before == row.after
}
