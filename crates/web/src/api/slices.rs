use diskprint::export::json_row;
use diskprint::report::{source, told};
use diskprint::row::{self, INTERIM, SliceName};
use diskprint::{Fault, InterimChange};
use diskprint_store::{Branch, Store};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::{Asked, MOST_ROWS, limit};
use crate::answer::Problem;

#[derive(Deserialize)]
pub(super) struct Below {
    below: Option<i64>,
    after: Option<i64>,
    limit: Option<usize>,
}

#[derive(Serialize)]
pub(super) struct Page<T> {
    pub(super) items: Vec<T>,
    pub(super) next: Option<i64>,
}

/// A folder, hive or key with differences below it.
#[derive(Serialize)]
pub(super) struct BranchLine {
    branch: i64,
    tree: &'static str,
    name: String,
    new: u64,
    altered: u64,
    deleted: u64,
    /// Of all trees: of recovered ones, those alone.
    rows: u64,
    branches: u64,
}

impl From<Branch> for BranchLine {
    fn from(branch: Branch) -> Self {
        let [new, altered, deleted] = branch.counts;
        Self {
            branch: branch.ordinal,
            tree: branch.tree.name(),
            name: branch.name.to_text().into_owned(),
            new,
            altered,
            deleted,
            rows: branch.rows,
            branches: branch.branches,
        }
    }
}

pub(super) fn branches(
    store: &dyn Store,
    asked: &Asked<Below>,
) -> Result<Page<BranchLine>, Problem> {
    let Below { below, after, limit: wanted } = asked.query;
    let limit = limit(wanted.or(Some(MOST_ROWS)))?;
    let mut branches = store.branches(&asked.slice()?, below, after, limit + 1)?;
    let is_more = branches.len() > limit;
    branches.truncate(limit);
    let next = branches.last().map(|branch| branch.ordinal).filter(|_| is_more);
    Ok(Page { items: branches.into_iter().map(BranchLine::from).collect(), next })
}

#[derive(Deserialize)]
pub(super) struct Paged {
    after: Option<i64>,
    limit: Option<usize>,
}

/// What could not be read or compared.
#[derive(Serialize)]
pub(super) struct FaultLine {
    place: String,
    what: String,
    skipped: String,
}

impl From<Fault> for FaultLine {
    fn from(Fault { place, what, skipped }: Fault) -> Self {
        Self { place: place.to_string(), what, skipped }
    }
}

pub(super) fn faults(store: &dyn Store, asked: &Asked<Paged>) -> Result<Page<FaultLine>, Problem> {
    let Paged { after, limit: wanted } = asked.query;
    let page = store.fault_page(&asked.slice()?, after, limit(wanted)?)?;
    Ok(Page { items: page.items.into_iter().map(FaultLine::from).collect(), next: page.next })
}

/// What happened to a file between the slice and the one before it.
#[derive(Serialize)]
pub(super) struct InterimLine {
    told: String,
    source: String,
    fields: Box<RawValue>,
}

pub(super) fn interim(
    store: &dyn Store,
    asked: &Asked<Paged>,
) -> Result<Page<InterimLine>, Problem> {
    let Paged { after, limit: wanted } = asked.query;
    let slice = asked.slice()?;
    let page = store.interim_page(&slice, after, limit(wanted)?)?;
    let sliceid = slice.sliceid.to_string();
    let (osetid, appetid) = (Some(&*slice.osetid), Some(&*slice.appetid));
    let name = SliceName { osetid, appetid, sliceid: &sliceid };
    let line = |change: InterimChange| {
        let fields = json_row(&INTERIM, &row::interim(&name, &change))?;
        Ok(InterimLine { told: told(&change), source: source(&change), fields })
    };
    let items = page.items.into_iter().map(line).collect::<Result<_, Problem>>()?;
    Ok(Page { items, next: page.next })
}
