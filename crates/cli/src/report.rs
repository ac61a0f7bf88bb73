//! A stored sequence as a page to look at.

use std::io::{self, Write};
use std::path::PathBuf;

use anyhow::{Context, Error};
use diskprint::report::{self, Noise, Report};
use diskprint::results;
use diskprint_store::{noise, run_notes};
use indicatif::{DecimalBytes, HumanCount};

use crate::args::ReportArgs;
use crate::stored::{self, Stored};
use crate::{Outcome, VERSION, database};

/// Writes the page.
pub fn run(args: &ReportArgs) -> Result<Outcome, Error> {
    let store = database::open_existing(&args.database)?;
    let Stored { last, run, slices } = stored::sequence(&*store, &args.sequence)?;
    let noise = match args.alone {
        true => Noise::default(),
        false => noise(&*store, &last, &slices)?,
    };
    let report = Report {
        sequence: last.sequence(),
        slices,
        noise,
        notes: run_notes(&run, VERSION),
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
