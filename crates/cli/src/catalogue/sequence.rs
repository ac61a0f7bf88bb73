use std::io::{self, Write};

use anyhow::{Error, bail};
use diskprint::SliceId;
use diskprint_store::{CatalogueSlice, LastRun, Store};
use serde::Serialize;

use super::sequence_id;
use super::table::{or_dash, print, print_json};
use crate::args::{SequenceArgs, SequenceCommand, SequenceListArgs, SequenceShowArgs};
use crate::{Outcome, database};

/// Lists sequences and shows them.
pub fn run(args: &SequenceArgs) -> Result<Outcome, Error> {
    match &args.command {
        SequenceCommand::List(args) => list(args),
        SequenceCommand::Show(args) => show(args),
    }
}

/// A sequence, named by its last slice.
#[derive(Serialize)]
struct Sequence {
    sequence: String,
    end: i64,
    /// Ids of its slices in order; none where there is no order.
    slices: Vec<i64>,
    /// Why there is no order.
    problem: Option<String>,
    last_run: Option<Ran>,
}

/// The last run over a sequence.
#[derive(Serialize)]
struct Ran {
    outcome: String,
    finished: String,
    version: String,
    files: u64,
    cells: u64,
    faults: u64,
}

impl From<LastRun> for Ran {
    fn from(last: LastRun) -> Self {
        let LastRun { run, files, cells, faults, .. } = last;
        let (outcome, finished, version) = (run.outcome, run.finished, run.version);
        Self { outcome, finished, version, files, cells, faults }
    }
}

fn read(store: &dyn Store, end: &SliceId) -> Result<Sequence, Error> {
    let ids = store.sequence_order(end);
    let (slices, problem) = match ids {
        Ok(ids) => (ids, None),
        Err(error) => (Vec::new(), Some(error.to_string())),
    };
    let last_run = store.last_run(end)?.map(Ran::from);
    Ok(Sequence { sequence: end.sequence(), end: end.sliceid, slices, problem, last_run })
}

fn list(args: &SequenceListArgs) -> Result<Outcome, Error> {
    let store = database::open_existing(&args.database)?;
    let ends = store.sequence_ends()?;
    let sequences: Vec<Sequence> =
        ends.iter().map(|end| read(&*store, end)).collect::<Result<_, _>>()?;
    let mut out = io::stdout().lock();
    if args.json {
        print_json(&mut out, &sequences)?;
    } else {
        let headings = ["sequence", "slices", "last", "last run", "finished", "problem"];
        print(&mut out, headings, sequences.into_iter().map(cells))?;
    }
    out.flush()?;
    Ok(Outcome::Clean)
}

fn cells(of: Sequence) -> [String; 6] {
    let (outcome, finished) = match of.last_run {
        Some(run) => (run.outcome, run.finished),
        None => ("never".to_owned(), "-".to_owned()),
    };
    let count = of.problem.is_none().then_some(of.slices.len());
    [
        of.sequence,
        or_dash(count),
        of.end.to_string(),
        outcome,
        finished,
        of.problem.unwrap_or_default(),
    ]
}

/// A slice of a sequence; the names of its fields are those of the original's columns.
#[derive(Serialize)]
struct Shown {
    sliceid: i64,
    slicetype: Option<String>,
    slicenotes: Option<String>,
    location: Option<String>,
}

/// A sequence with its slices.
#[derive(Serialize)]
struct Detailed {
    #[serde(flatten)]
    sequence: Sequence,
    rows: Vec<Shown>,
}

fn show(args: &SequenceShowArgs) -> Result<Outcome, Error> {
    let (osetid, appetid) = sequence_id(&args.sequence)?;
    let store = database::open_existing(&args.database)?;
    let rows = store.slices(Some((&osetid, &appetid)))?;
    if rows.is_empty() {
        bail!("no slice of {osetid}-{appetid} is in table slice");
    }
    let ends = store.sequence_ends()?;
    let ends = ends.iter().filter(|end| (&end.osetid, &end.appetid) == (&osetid, &appetid));
    let mut all = Vec::new();
    for end in ends {
        let sequence = read(&*store, end)?;
        if let Some(problem) = sequence.problem {
            bail!(problem);
        }
        let row = |id: &i64| rows.iter().find(|row| row.id.sliceid == *id).map(shown);
        let rows = sequence.slices.iter().filter_map(row).collect();
        all.push(Detailed { sequence, rows });
    }
    let mut out = io::stdout().lock();
    if args.json {
        print_json(&mut out, &all)?;
    } else {
        all.into_iter().try_for_each(|one| print_one(&mut out, one))?;
    }
    out.flush()?;
    Ok(Outcome::Clean)
}

fn shown(row: &CatalogueSlice) -> Shown {
    let CatalogueSlice { id, slicetype, notes, location, .. } = row.clone();
    Shown { sliceid: id.sliceid, slicetype, slicenotes: notes, location }
}

fn print_one(out: &mut impl Write, one: Detailed) -> io::Result<()> {
    let Detailed { sequence, rows } = one;
    writeln!(out, "{}, ends with {}", sequence.sequence, sequence.end)?;
    match sequence.last_run {
        None => writeln!(out, "last run: never")?,
        Some(Ran { outcome, finished, files, cells, faults, .. }) => writeln!(
            out,
            "last run: {outcome}, {finished}; files {files}, cells {cells}, faults {faults}"
        )?,
    }
    let cells = |row: Shown| {
        let (slicetype, notes) = (or_dash(row.slicetype), or_dash(row.slicenotes));
        [row.sliceid.to_string(), slicetype, notes, or_dash(row.location)]
    };
    print(out, ["slice", "type", "notes", "tarball"], rows.into_iter().map(cells))
}
