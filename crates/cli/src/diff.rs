use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::sync::Arc;
use std::time::SystemTime;

use anyhow::{Context, Error};
use diskprint::diff::{Comparison, Earlier};
use diskprint::export::{Format, Writer};
use diskprint::row::SliceName;
use diskprint::{
    Cache, CellDelta, Delta, FileDelta, Fiwalk, Hex, Image, InterimChange, Known, Place,
    RecoveredCell, Scratch, Step as FaultStep, pipeline, report, survey,
};

use crate::args::{DiffArgs, DiffFormat};
use crate::progress::Progress;
use crate::summary::{self, OUTCOME_CLEAN, OUTCOME_FAULTS, Step, Summary, printable};
use crate::{Outcome, fiwalk};

/// Compares two images and prints what differs.
pub fn run(args: &DiffArgs) -> Result<Outcome, Error> {
    let scratch = tempfile::Builder::new().prefix("diskprint-").tempdir()?;
    let (comparison, step) =
        pipeline::with_threads(args.output.threads, || compare(args, scratch.path()))??;
    let mut out = BufWriter::new(io::stdout().lock());
    if args.output.json {
        let clean = step.faults.is_empty();
        let outcome = if clean { OUTCOME_CLEAN } else { OUTCOME_FAULTS };
        let steps = vec![step.clone()];
        serde_json::to_writer_pretty(&mut out, &Summary { sequence: None, steps, outcome })?;
        writeln!(out)?;
    } else if !args.output.quiet {
        print(args.format, &comparison, &step, &mut out)?;
    }
    out.flush()?;
    // What could not be read may differ: with --exit-code that is a fault and not "the same".
    Ok(match (args.exit_code, comparison.is_empty(), step.faults.is_empty()) {
        (true, false, _) => Outcome::Differs,
        (_, _, false) => Outcome::Faults,
        (_, _, true) => Outcome::Clean,
    })
}

fn compare(args: &DiffArgs, scratch: &Path) -> Result<(Comparison, Step), Error> {
    let state = args.hive_state.into();
    let cache = Arc::new(Cache::new(scratch, None, SystemTime::now())?);
    let fiwalk = fiwalk::find(scratch);
    let read = |path: &Path, known: &Known| read(path, &cache, known, fiwalk.clone(), args);
    let mut before = read(&args.before, &Known::in_state(state))?;
    let faults = std::mem::take(&mut before.snapshot.faults);
    let before = Earlier::new(before.snapshot, scratch)
        .with_context(|| format!("writing to {}", scratch.display()))?;
    let after = read(&args.after, &before.known(state))?;
    let comparison = before
        .compare(&after.snapshot)
        .with_context(|| format!("reading back from {}", scratch.display()))?;
    let hash = Hex(&after.slicehash).to_string();
    let tarball = args.after.display().to_string();
    let mut step = Step::new(Some("before".into()), "after".into(), tarball, hash);
    step.count(&comparison.counts());
    for (side, faults) in [("before", faults), ("after", after.snapshot.faults)] {
        step.faults.extend(faults.iter().map(|fault| format!("{side} › {fault}")));
    }
    step.add_faults(&comparison.faults);
    Ok((comparison, step))
}

fn read(
    path: &Path,
    cache: &Arc<Cache>,
    known: &Known,
    fiwalk: Option<Fiwalk>,
    args: &DiffArgs,
) -> Result<survey::Survey, Error> {
    let len = std::fs::metadata(path).map_or(0, |metadata| metadata.len());
    let quiet = args.output.quiet || args.output.json;
    let progress = Progress::new(&path.display().to_string(), len, quiet);
    let opened = Image::open(path, Scratch::cached(cache), &|bytes| progress.read(bytes))?;
    Ok(survey::of(opened.with_fiwalk(fiwalk), known))
}

fn print(
    format: DiffFormat,
    comparison: &Comparison,
    step: &Step,
    out: &mut impl Write,
) -> Result<(), Error> {
    let format = match format {
        DiffFormat::Jsonl => Format::Jsonl,
        DiffFormat::Csv => Format::Csv,
        DiffFormat::Text => {
            comparison.files.iter().try_for_each(|delta| print_file(out, delta))?;
            comparison.cells.iter().try_for_each(|delta| print_cell(out, delta))?;
            comparison.recovered.iter().try_for_each(|found| print_recovered(out, found))?;
            comparison.interim.iter().try_for_each(|change| print_interim(out, change))?;
            if !comparison.is_empty() || !comparison.interim.is_empty() {
                writeln!(out)?;
            }
            return Ok(summary::print(out, std::slice::from_ref(step))?);
        }
    };
    let slice = SliceName { osetid: None, appetid: None, sliceid: "after" };
    let mut writer = Writer::new(format, &mut *out)?;
    comparison.files.iter().try_for_each(|delta| writer.file(&slice, delta))?;
    comparison.cells.iter().try_for_each(|delta| writer.cell(&slice, delta))?;
    comparison.recovered.iter().try_for_each(|found| writer.recovered(&slice, found))?;
    comparison.interim.iter().try_for_each(|change| writer.interim(&slice, change))?;
    writer.finish()?;
    // The rows are for a program to read; what they do not say goes where a person sees it.
    let mut err = io::stderr().lock();
    step.faults.iter().try_for_each(|fault| writeln!(err, "fault: {}", printable(fault)))?;
    Ok(())
}

/// `+` new, `-` deleted, `~` altered.
fn sign<T, C>(delta: &Delta<T, C>) -> char {
    match delta {
        Delta::New(_) => '+',
        Delta::Deleted(_) => '-',
        Delta::Altered { .. } => '~',
    }
}

fn print_file(out: &mut impl Write, delta: &FileDelta) -> io::Result<()> {
    let entry = delta.latest();
    let path = entry.full_path();
    write!(out, "{} file  p{} {}", sign(delta), entry.partition, printable(&path.to_text()))?;
    if let Delta::Altered { before, changes, .. } = delta {
        if changes.renamed {
            write!(out, " ← {}", printable(&before.full_path().to_text()))?;
        }
        write!(out, "  ({})", changes.names().join(", "))?;
    }
    writeln!(out)
}

/// `?` a key or value that no list leads to.
fn print_recovered(out: &mut impl Write, found: &RecoveredCell) -> io::Result<()> {
    let RecoveredCell { cell, place, confidence, .. } = found;
    let kind = if cell.value().is_some() { "value" } else { "key  " };
    let (hive, path) = (cell.hive.to_text(), found.cellpath());
    writeln!(
        out,
        "? {kind} p{} {} {} ({}, {})",
        cell.partition,
        printable(&hive),
        printable(&path.to_text()),
        place.name(),
        confidence.name()
    )
}

/// `*` something that happened to a file in between.
fn print_interim(out: &mut impl Write, change: &InterimChange) -> io::Result<()> {
    let InterimChange { partition, file, journal, number, .. } = change;
    let told = report::told(change);
    let (told, journal) = (printable(&told), journal.name());
    writeln!(out, "* file  p{partition} {told}  (inode {file}, {journal} {number})")
}

fn print_cell(out: &mut impl Write, delta: &CellDelta) -> io::Result<()> {
    let cell = delta.latest();
    let kind = if cell.value().is_some() { "value" } else { "key  " };
    let place = Place::from(FaultStep::Partition(cell.partition));
    let (hive, path) = (cell.hive.to_text(), cell.cellpath());
    let (hive, path) = (printable(&hive), printable(&path.to_text()));
    write!(out, "{} {kind} {place} {hive} {path}", sign(delta))?;
    if let Some(changes) = delta.changes() {
        write!(out, "  ({})", changes.names().join(", "))?;
    }
    writeln!(out)
}
