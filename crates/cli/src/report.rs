//! A stored sequence as a page to look at.

use std::io::{self, Write};
use std::path::PathBuf;

use anyhow::{Context, Error, bail};
use diskprint::report::{self, Noise, Report, ReportSlice};
use diskprint::{SliceId, results};
use diskprint_store::{LastRun, SliceRow, Store};
use indicatif::{DecimalBytes, HumanCount};

use crate::args::ReportArgs;
use crate::{Outcome, VERSION, catalogue, database};

/// Writes the page.
pub fn run(args: &ReportArgs) -> Result<Outcome, Error> {
    let store = database::open_existing(&args.database)?;
    let sequence = catalogue::stored_sequence(&*store, &args.sequence)?;
    let last = sequence.last().context("the sequence has no slices")?;
    let Some(run) = store.last_run(&last.id)? else {
        bail!("no results of {} are stored: diskprint run makes them", last.id);
    };
    let slices = slices(&*store, &sequence)?;
    let noise = match args.alone {
        true => Noise::default(),
        false => noise(&*store, &last.id, &slices)?,
    };
    let report = Report {
        sequence: last.id.sequence(),
        slices,
        noise,
        notes: notes(&run),
        most_changes: args.most_changes,
    };
    let path = match &args.output {
        Some(path) => path.clone(),
        None => PathBuf::from(format!("{}.html", report.sequence)),
    };
    let mut shown = None;
    let written = results::write_file(&path, |out| {
        shown = Some(report::write(&report, out)?);
        Ok(())
    });
    let written = written.with_context(|| format!("writing {}", path.display()))?;
    if let (Some(shown), false) = (shown, args.quiet) {
        let of = match shown.changes - shown.shown {
            0 => String::new(),
            more => format!(", {} more are counted only", HumanCount(more as u64)),
        };
        writeln!(
            io::stdout(),
            "{}: {}, {} changes{of}",
            path.display(),
            DecimalBytes(written.bytes),
            HumanCount(shown.shown as u64),
        )?;
    }
    Ok(Outcome::Clean)
}

fn slices(store: &dyn Store, sequence: &[SliceRow]) -> Result<Vec<ReportSlice>, Error> {
    let slice = |SliceRow { id, slicetype, location, slicehash, .. }: &SliceRow| {
        let load = || -> Result<ReportSlice, diskprint_store::Error> {
            Ok(ReportSlice {
                id: id.sliceid.to_string(),
                slicetype: slicetype.clone(),
                tarball: location.clone(),
                slicehash: slicehash.clone(),
                files: store.file_deltas(id)?,
                cells: store.cell_deltas(id)?,
                recovered: store.recovered_cells(id)?,
                faults: store.faults(id)?,
            })
        };
        load().with_context(|| format!("slice {id}"))
    };
    sequence.iter().map(slice).collect()
}

/// Which places of the report other applications' sequences change, too.
fn noise(store: &dyn Store, own: &SliceId, slices: &[ReportSlice]) -> Result<Noise, Error> {
    let mut noise = Noise::at_places_of(slices);
    for (osetid, appetid) in store.sequences()? {
        if (&osetid, &appetid) == (&own.osetid, &own.appetid) {
            continue;
        }
        noise.begin_sequence();
        for sliceid in store.sequence_ids(&osetid, &appetid)? {
            let id = SliceId { osetid: osetid.clone(), appetid: appetid.clone(), sliceid };
            store.file_deltas(&id)?.iter().for_each(|delta| noise.add_file(delta));
            store.cell_deltas(&id)?.iter().for_each(|delta| noise.add_cell(delta));
        }
    }
    Ok(noise)
}

/// What is known of the run that the report shows.
fn notes(LastRun { run, .. }: &LastRun) -> Vec<(String, String)> {
    let note = |name: &str, text: String| (name.to_owned(), text);
    vec![
        note("Run", format!("{} to {} (UTC), ended {}", run.started, run.finished, run.outcome)),
        note("Read and compared by", format!("diskprint {}", run.version)),
        note("Page made by", format!("diskprint {VERSION}")),
        note("Digest of all results", run.inputs.clone()),
    ]
}
