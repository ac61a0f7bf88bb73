use std::fs;
use std::io::{self, Write};
use std::path::Path;

use anyhow::{Context, Error};
use diskprint::dfxml::Header;
use diskprint::diff::{self, Comparison};
use diskprint::{
    Digests, Fault, Hex, SliceId, Snapshot, Step as FaultStep, pipeline, results, survey,
};
use diskprint_store::{Results, Run, SliceResults, SliceRow, Store, write_registry_deltas};

use crate::args::RunArgs;
use crate::lock::{self, Lock};
use crate::plan::{self, Planned};
use crate::progress::Progress;
use crate::summary::{self, Step, Summary};
use crate::{Outcome, database};

const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The original workflow's database of one sequence, among the outputs of its last slice.
const REGISTRY_DELTAS: &str = "registry_deltas.db";

/// What was found in one slice.
struct Found {
    row: SliceRow,
    comparison: Comparison,
    /// What could not be read in it, nor compared.
    faults: Vec<Fault>,
    from: Option<i64>,
}

/// Reads a sequence, compares its slices and stores what it found.
pub fn run(args: &RunArgs) -> Result<Outcome, Error> {
    let results_folder = &args.results;
    fs::create_dir_all(results_folder)
        .with_context(|| format!("results folder {}", results_folder.display()))?;
    let _lock = Lock::take(results_folder)?;
    let mut store = database::open(&args.database, Some(results_folder))?;
    let planned = plan::sequence(&*store, &args.final_tarball)?;

    let (found, is_new) = match stored(&*store, &planned, results_folder)? {
        Some(found) => (found, false),
        None => {
            let read = || read_all(&planned, args);
            (pipeline::with_threads(args.output.threads, read)??, true)
        }
    };
    if is_new {
        store_all(&mut *store, &found, results_folder)?;
    }
    report(args, &found, is_new)
}

/// What the database says of the sequence, when the last run over it had the same tarballs and
/// version and its outputs are there.
fn stored(
    store: &dyn Store,
    planned: &[Planned],
    results_folder: &Path,
) -> Result<Option<Vec<Found>>, Error> {
    let Some(end) = planned.last() else { return Ok(None) };
    let Some(last) = store.last_run(&end.id)? else { return Ok(None) };
    let mut rows = Vec::new();
    for slice in planned {
        let folder = results::folder(results_folder, &slice.tarball);
        match diskprint::slicehash(&slice.tarball, &|_| {}) {
            Ok(hash) if survey::is_complete(&folder) => rows.push(slice.row(&hash)),
            _ => return Ok(None),
        }
    }
    let folder = results::folder(results_folder, &end.tarball);
    if !folder.join(REGISTRY_DELTAS).is_file()
        || last.run.version != VERSION
        || last.run.inputs != inputs(rows.iter())
    {
        return Ok(None);
    }
    let mut found = Vec::new();
    let mut from = None;
    for row in rows {
        let (files, cells) = (store.file_deltas(&row.id)?, store.cell_deltas(&row.id)?);
        let comparison = Comparison { files, cells, faults: Vec::new() };
        let faults = store.faults(&row.id)?;
        let sliceid = row.id.sliceid;
        found.push(Found { row, comparison, faults, from });
        from = Some(sliceid);
    }
    Ok(Some(found))
}

fn read_all(planned: &[Planned], args: &RunArgs) -> Result<Vec<Found>, Error> {
    let scratch = tempfile::Builder::new().prefix(lock::SCRATCH).tempdir_in(&args.results);
    let scratch = scratch.with_context(|| format!("results folder {}", args.results.display()))?;
    let mut found: Vec<Found> = Vec::new();
    let mut before: Option<(SliceId, Snapshot)> = None;
    for slice in planned {
        let (one, snapshot) = read_one(slice, before.as_ref(), scratch.path(), args)
            .with_context(|| format!("slice {}", slice.id))?;
        before = Some((slice.id.clone(), snapshot));
        found.push(one);
    }
    Ok(found)
}

/// Reads one slice, writes its outputs and compares it with the one before.
fn read_one(
    slice: &Planned,
    before: Option<&(SliceId, Snapshot)>,
    scratch: &Path,
    args: &RunArgs,
) -> Result<(Found, Snapshot), Error> {
    let len = fs::metadata(&slice.tarball).map_or(0, |metadata| metadata.len());
    let quiet = args.output.quiet || args.output.json;
    let progress = Progress::new(&slice.id.to_string(), len, quiet);
    let known = before.map(|(_, snapshot)| snapshot.known_hives()).unwrap_or_default();
    progress.stage("reading");
    let read = survey::read(&slice.tarball, scratch, &known, &|bytes| progress.read(bytes))?;

    progress.stage("writing");
    let folder = results::folder(&args.results, &slice.tarball);
    let header = Header { image: &slice.tarball.to_string_lossy(), version: VERSION };
    survey::write(&folder, &header, &read.snapshot)
        .with_context(|| format!("writing to {}", folder.display()))?;

    progress.stage("comparing");
    let comparison = match before {
        Some((_, before)) => diff::snapshots(before, &read.snapshot),
        None => Comparison::default(),
    };
    let place = |fault: &Fault| Fault {
        place: fault.place.within(FaultStep::Slice(slice.id.sliceid)),
        ..fault.clone()
    };
    let mut faults: Vec<Fault> =
        read.snapshot.faults.iter().chain(&comparison.faults).map(place).collect();
    faults.sort();
    let row = slice.row(&read.slicehash);
    let from = before.map(|(id, _)| id.sliceid);
    Ok((Found { row, comparison, faults, from }, read.snapshot))
}

/// Digest over everything that the results depend on.
fn inputs<'r>(rows: impl Iterator<Item = &'r SliceRow>) -> String {
    let list: String = rows.map(|row| format!("{} {}\n", row.id, row.slicehash)).collect();
    Hex(&Digests::of(list.as_bytes()).sha256).to_string()
}

fn store_all(store: &mut dyn Store, found: &[Found], results_folder: &Path) -> Result<(), Error> {
    let now = jiff::Timestamp::now().to_string();
    let rows: Vec<SliceRow> = found.iter().map(|found| found.row.clone()).collect();
    store.register_slices(&rows, &now)?;
    let clean = found.iter().all(|found| found.faults.is_empty());
    let run = Run {
        version: VERSION.to_owned(),
        inputs: inputs(rows.iter()),
        outcome: outcome_name(clean).to_owned(),
        started: now.clone(),
        finished: now,
    };
    let slices: Vec<SliceResults<'_>> = found
        .iter()
        .map(|found| SliceResults {
            slice: &found.row,
            files: &found.comparison.files,
            cells: &found.comparison.cells,
            faults: &found.faults,
        })
        .collect();
    let all = Results { slices: &slices, run: &run };
    if let Some(last) = rows.last() {
        let folder = results::folder(results_folder, Path::new(&last.location));
        write_registry_deltas(&folder.join(REGISTRY_DELTAS), &all)?;
    }
    // Last, so that a run that the database knows has all its outputs.
    Ok(store.save(&all)?)
}

fn outcome_name(clean: bool) -> &'static str {
    if clean { "clean" } else { "faults" }
}

fn report(args: &RunArgs, found: &[Found], is_new: bool) -> Result<Outcome, Error> {
    let clean = found.iter().all(|found| found.faults.is_empty());
    let steps: Vec<Step> = found.iter().map(step).collect();
    let mut out = io::stdout().lock();
    if args.output.json {
        let sequence = found.last().map(|found| found.row.id.sequence());
        let summary = Summary { sequence, steps: &steps, outcome: outcome_name(clean) };
        serde_json::to_writer_pretty(&mut out, &summary)?;
        writeln!(out)?;
    } else if !args.output.quiet {
        if !is_new {
            writeln!(out, "Nothing changed since the last run; these are its results.\n")?;
        }
        summary::print(&mut out, &steps)?;
        writeln!(out, "\nDone.")?;
    }
    out.flush()?;
    Ok(if clean { Outcome::Clean } else { Outcome::Faults })
}

fn step(found: &Found) -> Step {
    let SliceRow { id, location, slicehash, .. } = &found.row;
    let from = found.from.map(|from| from.to_string());
    let mut step = Step::new(from, id.sliceid.to_string(), location.clone(), slicehash.clone());
    step.count(&found.comparison.counts());
    step.add_faults(&found.faults);
    step
}
