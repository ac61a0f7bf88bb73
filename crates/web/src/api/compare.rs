use diskprint::diff::{self, Link};
use diskprint::{SliceId, report};
use diskprint_store::{Difference, Row, RowId, Store, Tree};
use serde::{Deserialize, Serialize};

use super::differences::{DifferenceLine, fields};
use super::{Asked, limit, slice_id};
use crate::answer::Problem;

/// How many stored rows are put together at most.
const MOST_ROWS: u64 = 500_000;

#[derive(Deserialize)]
pub(super) struct Wanted {
    before: String,
    after: String,
    /// How many rows to leave out, as they were on a page before.
    skip: Option<usize>,
    limit: Option<usize>,
}

/// What differs between any two slices that came from one state.
#[derive(Serialize)]
pub(super) struct Compared {
    before: String,
    after: String,
    /// The slices from one to the other, in turn.
    way: Vec<String>,
    files: [usize; 3],
    cells: [usize; 3],
    /// Faults of the steps on the way: what they touch may differ without a row.
    faults: u64,
    items: Vec<Item>,
    /// How many rows to skip for the next page.
    next: Option<usize>,
}

#[derive(Serialize)]
struct Item {
    #[serde(flatten)]
    line: DifferenceLine,
    fields: Box<serde_json::value::RawValue>,
}

pub(super) fn compare(store: &dyn Store, asked: &Asked<Wanted>) -> Result<Compared, Problem> {
    let Wanted { before, after, skip, limit: wanted } = &asked.query;
    let (limit, skip) = (limit(*wanted)?, skip.unwrap_or(0));
    let (before, after) = (slice_id(before)?, slice_id(after)?);
    let (from, to) = (back(store, &before)?, back(store, &after)?);
    let hashes = |states: &[State]| states.iter().map(|it| it.hash.clone()).collect::<Vec<_>>();
    let Some((undone, done)) = diff::way(&hashes(&from), &hashes(&to)) else {
        let text = format!(
            "slices {before} and {after} have no recorded state in common, so what differs is not \
             stored; diskprint diff compares their tarballs"
        );
        return Err(Problem::bad_request(text));
    };
    let (from_steps, to_steps) = (from.iter().take(undone), to.iter().take(done).rev());
    let steps: Vec<(&State, bool)> =
        from_steps.map(|it| (it, true)).chain(to_steps.map(|it| (it, false))).collect();
    let faults = check(store, &steps)?;
    let mut links = Vec::new();
    for (State { id, .. }, is_undone) in &steps {
        let link = Link { files: store.file_deltas(id)?, cells: store.cell_deltas(id)? };
        links.push(if *is_undone { link.undone() } else { link });
    }
    let Link { files, cells } = diff::chained(links);
    let mut compared = Compared {
        before: before.to_string(),
        after: after.to_string(),
        way: way(&from, &to, undone, done),
        files: report::counts_of(&files),
        cells: report::counts_of(&cells),
        faults,
        items: Vec::new(),
        next: None,
    };
    let rows = files.into_iter().map(Row::File).chain(cells.into_iter().map(Row::Cell));
    let total = compared.files.iter().chain(&compared.cells).sum::<usize>();
    for (index, row) in rows.enumerate().skip(skip).take(limit) {
        let tree = if matches!(row, Row::File(_)) { Tree::Files } else { Tree::Cells };
        let id = RowId { slice: after.clone(), tree, ordinal: index as i64 };
        let fields = fields(&after, &row)?;
        let line = DifferenceLine::from(&Difference { id, row });
        compared.items.push(Item { line, fields });
    }
    let next = skip.saturating_add(limit);
    compared.next = (next < total).then_some(next);
    Ok(compared)
}

/// A state that was recorded.
struct State {
    id: SliceId,
    hash: String,
}

/// A slice and those before it, the slice first.
fn back(store: &dyn Store, slice: &SliceId) -> Result<Vec<State>, Problem> {
    let rows = store.sequence_ending_at(slice)?.into_iter().rev();
    Ok(rows.map(|row| State { id: row.id, hash: row.slicehash }).collect())
}

/// Counts what has to be read before it is read; returns how many faults are on the way.
fn check(store: &dyn Store, steps: &[(&State, bool)]) -> Result<u64, Problem> {
    let (mut rows, mut faults) = (0u64, 0);
    for (State { id, .. }, _) in steps {
        let trees = store.branches(id, None, None, Tree::ALL.len())?;
        if trees.is_empty() {
            return Err(Problem::not_found(format!("no results of slice {id} are stored")));
        }
        let counted = trees.iter().filter(|branch| branch.tree != Tree::Recovered);
        rows = rows.saturating_add(counted.map(|branch| branch.rows).sum());
        faults += store.fault_count(id)?;
    }
    if rows > MOST_ROWS {
        let text = format!(
            "{rows} rows lie between these slices, and {MOST_ROWS} at most are put together here; \
             diskprint diff compares the tarballs"
        );
        return Err(Problem::bad_request(text));
    }
    Ok(faults)
}

fn way(from: &[State], to: &[State], undone: usize, done: usize) -> Vec<String> {
    let down = from.iter().take(undone);
    let up = to.iter().take(done + 1).rev();
    down.chain(up).map(|state| state.id.to_string()).collect()
}
