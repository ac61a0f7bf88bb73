//! What a stored sequence did, in the terminal.

mod follow;
mod json;
mod overview;
mod screen;
mod story;
mod tree;

use std::io::{self, BufWriter, Write};

use anyhow::Error;
use diskprint::printable;
use diskprint::report::ReportSlice;

use crate::args::ShowArgs;
use crate::stored;
use crate::{Outcome, database};
use screen::Screen;

/// Prints the overview, the tree of places, or the life of one thing.
pub fn run(args: &ShowArgs) -> Result<Outcome, Error> {
    let store = database::open_existing(&args.database)?;
    let stored = stored::sequence(&*store, &args.sequence)?;
    let screen = Screen::new(args.color);
    let mut out = BufWriter::new(io::stdout().lock());
    let outcome = match &args.follow {
        Some(path) => follow::run(args, path, &stored, &screen, &mut out)?,
        None if args.tree => tree::run(args, &stored, &screen, &mut out)?,
        None => overview::run(args, &stored, &screen, &mut out)?,
    };
    out.flush()?;
    Ok(outcome)
}

/// How many of a list are printed.
fn most(args: &ShowArgs, default: usize) -> usize {
    match args.most {
        None => default,
        Some(0) => usize::MAX,
        Some(most) => most,
    }
}

/// How many near paths are told where nothing is.
const MOST_NEAREST: usize = 5;

/// What to say behind a claim that nothing changed, where not all could be read.
fn unread(slices: &[ReportSlice]) -> String {
    match slices.iter().map(|slice| slice.faults.len()).sum::<usize>() {
        0 => String::new(),
        1 => ", as far as it could be read (1 fault)".to_owned(),
        faults => format!(", as far as it could be read ({faults} faults)"),
    }
}

/// Says that nothing is where it was asked for, and what is near.
fn print_nearest(what: &str, nearest: &[String]) -> io::Result<()> {
    let mut err = io::stderr().lock();
    writeln!(err, "diskprint: {}", printable(what))?;
    if !nearest.is_empty() {
        writeln!(err, "what changed, and is called alike:")?;
    }
    nearest.iter().try_for_each(|path| writeln!(err, "  {}", printable(path)))
}
