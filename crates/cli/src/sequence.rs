//! One sequence: read, compared, written and stored.

use std::fs;
use std::path::Path;

use anyhow::{Context, Error};
use diskprint::dfxml::Header;
use diskprint::diff::{self, Comparison};
use diskprint::{
    Digests, Fault, Hex, SliceId, Snapshot, Step as FaultStep, pipeline, results, survey,
};
use diskprint_store::{Content, Results, Run, SliceRow, Store, write_registry_deltas};

use crate::args::RunArgs;
use crate::lock;
use crate::plan::Planned;
use crate::progress::Progress;
use crate::summary::{OUTCOME_CLEAN, OUTCOME_FAULTS};

const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The original workflow's database of one sequence, among the outputs of its last slice.
const REGISTRY_DELTAS: &str = "registry_deltas.db";

/// What was found in one slice.
pub struct Found {
    pub row: SliceRow,
    pub comparison: Comparison,
    /// What could not be read in it, nor compared.
    pub faults: Vec<Fault>,
    /// Id of the slice before it.
    pub from: Option<i64>,
}

/// A sequence that ended.
pub struct Ended {
    pub found: Vec<Found>,
    /// Whether it was read now, and not before with the same tarballs and the same version.
    pub is_new: bool,
}

impl Ended {
    /// Whether everything could be read and compared.
    pub fn is_clean(&self) -> bool {
        self.found.iter().all(|found| found.faults.is_empty())
    }
}

/// Reads a sequence into the folder `results` and stores what it found, unless that is done.
pub fn run(
    store: &mut dyn Store,
    planned: &[Planned],
    results: &Path,
    args: &RunArgs,
) -> Result<Ended, Error> {
    if !args.re_export
        && let Some(found) = stored(store, planned, results)?
    {
        return Ok(Ended { found, is_new: false });
    }
    let read = || read_all(planned, results, args);
    let found = pipeline::with_threads(args.output.threads, read)??;
    store_all(store, &found, results)?;
    Ok(Ended { found, is_new: true })
}

/// Why a sequence would be read; `None` when it is done.
pub fn why_not_done(
    store: &dyn Store,
    planned: &[Planned],
    results: &Path,
) -> Result<Option<&'static str>, Error> {
    let Some(end) = planned.last() else { return Ok(None) };
    Ok(match (store.last_run(&end.id)?, stored(store, planned, results)?) {
        (None, _) => Some("never read"),
        (Some(_), None) => {
            Some("its tarballs, the version or its outputs are not those of the last run")
        }
        (Some(_), Some(_)) => None,
    })
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

fn read_all(planned: &[Planned], results: &Path, args: &RunArgs) -> Result<Vec<Found>, Error> {
    let scratch = tempfile::Builder::new().prefix(lock::SCRATCH).tempdir_in(results);
    let scratch = scratch.with_context(|| format!("results folder {}", results.display()))?;
    let mut found: Vec<Found> = Vec::new();
    let mut before: Option<(SliceId, Snapshot)> = None;
    for slice in planned {
        let (one, snapshot) = read_one(slice, before.as_ref(), results, scratch.path(), args)
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
    results: &Path,
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
    let folder = results::folder(results, &slice.tarball);
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
        outcome: if clean { OUTCOME_CLEAN } else { OUTCOME_FAULTS }.to_owned(),
        started: now.clone(),
        finished: now,
    };
    let loaded = |index: usize| {
        let found = &found[index];
        Ok(diskprint_store::Found {
            files: found.comparison.files.clone(),
            cells: found.comparison.cells.clone(),
            faults: found.faults.clone(),
            content: Content::default(),
        })
    };
    let all = Results { slices: &rows, run: &run, found: &loaded, dequeue: false };
    if let Some(last) = rows.last() {
        let folder = results::folder(results_folder, Path::new(&last.location));
        write_registry_deltas(&folder.join(REGISTRY_DELTAS), &all)?;
    }
    // Last, so that a run that the database knows has all its outputs.
    Ok(store.save(&all)?)
}
