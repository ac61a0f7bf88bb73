use std::collections::{BTreeMap, HashMap};

use diskprint::SliceId;
use diskprint_store::{LastRun, Link, Listed, SliceRow, Store, Tree, ends, stored_sequence};
use serde::{Deserialize, Serialize};

use super::{Asked, limit};
use crate::answer::Problem;

#[derive(Deserialize)]
pub(super) struct Wanted {
    search: Option<String>,
    after: Option<String>,
    limit: Option<usize>,
}

#[derive(Serialize)]
pub(super) struct Page {
    items: Vec<Line>,
    next: Option<String>,
    /// How many there are in all that `search` finds.
    total: usize,
}

/// A sequence among others.
#[derive(Clone, Serialize)]
struct Line {
    /// Its name, or that of its last slice where the application has several sequences.
    name: String,
    os: Option<String>,
    slices: usize,
    run: Option<Run>,
}

/// The last run over a sequence.
#[derive(Clone, Serialize)]
struct Run {
    outcome: String,
    version: String,
    started: String,
    finished: String,
    inputs: String,
    files: u64,
    cells: u64,
    faults: u64,
}

impl From<LastRun> for Run {
    fn from(LastRun { run, files, cells, faults }: LastRun) -> Self {
        let diskprint_store::Run { version, inputs, outcome, started, finished } = run;
        Self { outcome, version, started, finished, inputs, files, cells, faults }
    }
}

pub(super) fn list(store: &dyn Store, asked: &Asked<Wanted>) -> Result<Page, Problem> {
    let Wanted { search, after, limit: wanted } = &asked.query;
    let limit = limit(*wanted)?;
    let lines = lines(store)?;
    let search = search.as_deref().unwrap_or_default().trim().to_lowercase();
    let is_found = |line: &&Line| {
        let os = line.os.as_deref().unwrap_or_default().to_lowercase();
        line.name.contains(&search) || os.contains(&search)
    };
    let found: Vec<&Line> = lines.iter().filter(is_found).collect();
    let behind = match after {
        Some(after) => found.iter().position(|line| line.name == *after).map_or(0, |at| at + 1),
        None => 0,
    };
    let items: Vec<Line> = found.iter().skip(behind).take(limit).map(|it| (*it).clone()).collect();
    let is_more = behind + items.len() < found.len();
    let next = items.last().map(|line| line.name.clone()).filter(|_| is_more);
    Ok(Page { items, next, total: found.len() })
}

fn lines(store: &dyn Store) -> Result<Vec<Line>, Problem> {
    let mut runs: HashMap<SliceId, LastRun> = store.last_runs()?.into_iter().collect();
    let systems = store.operating_systems()?.into_iter();
    let systems: HashMap<String, String> =
        systems.filter_map(|it| it.osetid.zip(it.name)).collect();
    let slices = store.all_slices()?;
    let mut lines = Vec::new();
    for all in
        slices.chunk_by(|a, b| (&a.id.osetid, &a.id.appetid) == (&b.id.osetid, &b.id.appetid))
    {
        let links: Vec<Link> = all
            .iter()
            .map(|it| Link { sliceid: it.id.sliceid, predecessor: it.predecessor })
            .collect();
        let Some(first) = all.first() else { continue };
        let ends = ends(&links);
        let is_one = ends.len() == 1;
        for sliceid in ends {
            let end = &SliceId { sliceid, ..first.id.clone() };
            lines.push(Line {
                name: if is_one { end.sequence() } else { end.to_string() },
                os: systems.get(&end.osetid).cloned(),
                slices: length(all, end),
                run: runs.remove(end).map(Run::from),
            });
        }
    }
    Ok(lines)
}

fn length(all: &[Listed], end: &SliceId) -> usize {
    let before: BTreeMap<i64, Option<i64>> =
        all.iter().map(|it| (it.id.sliceid, it.predecessor)).collect();
    let back = |id: &i64| before.get(id).copied().flatten();
    std::iter::successors(Some(end.sliceid), back).take(all.len()).count()
}

/// A sequence, slice by slice.
#[derive(Serialize)]
pub(super) struct Sequence {
    name: String,
    end: String,
    slices: Vec<Slice>,
    run: Option<Run>,
}

#[derive(Serialize)]
struct Slice {
    /// Its whole name.
    slice: String,
    /// Its number in the sequence.
    id: i64,
    r#type: String,
    tarball: String,
    slicehash: String,
    /// How many differences say new, altered and deleted; `None` where none were stored.
    files: Option<[u64; 3]>,
    cells: Option<[u64; 3]>,
    recovered: Option<u64>,
    faults: u64,
}

pub(super) fn one(store: &dyn Store, asked: &Asked<()>) -> Result<Sequence, Problem> {
    let sequence = stored_sequence(store, asked.part(0))?;
    let slices = sequence.iter().map(|row| slice(store, row)).collect::<Result<_, Problem>>()?;
    let Some(end) = sequence.last().map(|row| &row.id) else {
        return Err(Problem::not_found("the sequence has no slices"));
    };
    Ok(Sequence {
        name: end.sequence(),
        end: end.to_string(),
        slices,
        run: store.last_run(end)?.map(Run::from),
    })
}

fn slice(store: &dyn Store, row: &SliceRow) -> Result<Slice, Problem> {
    let SliceRow { id, slicetype, location, slicehash, .. } = row;
    let trees = store.branches(id, None, None, Tree::ALL.len())?;
    let of = |tree| trees.iter().find(|branch| branch.tree == tree);
    Ok(Slice {
        slice: id.to_string(),
        id: id.sliceid,
        r#type: slicetype.clone(),
        tarball: location.clone(),
        slicehash: slicehash.clone(),
        files: of(Tree::Files).map(|branch| branch.counts),
        cells: of(Tree::Cells).map(|branch| branch.counts),
        recovered: of(Tree::Recovered).map(|branch| branch.rows),
        faults: store.fault_count(id)?,
    })
}
