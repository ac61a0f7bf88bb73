//! Hives in the forms that people and other programs know.

mod dump;
mod hives;
mod stats;

use std::io::{self, Write};

use anyhow::Result;

use crate::Outcome;
use crate::args::{RegistryArgs, RegistryCommand};
use crate::summary::printable;
use hives::{Found, Hives};

/// Prints hives, or counts what is in them.
pub fn run(args: &RegistryArgs) -> Result<Outcome> {
    let faults = match &args.command {
        RegistryCommand::Dump(args) => dump::run(args)?,
        RegistryCommand::Stats(args) => stats::run(args)?,
    };
    Ok(if faults.is_empty() { Outcome::Clean } else { Outcome::Faults })
}

/// Writes each hive, one of several below a line that says which it is.
fn each(
    Hives { found, .. }: &Hives,
    out: &mut impl Write,
    mut write: impl FnMut(&Found, &mut dyn Write) -> io::Result<()>,
) -> io::Result<()> {
    for (index, hive) in found.iter().enumerate() {
        if found.len() > 1 {
            let separator = if index == 0 { "" } else { "\n" };
            writeln!(out, "{separator}==> {} <==", printable(&hive.title()))?;
        }
        write(hive, &mut *out)?;
    }
    out.flush()
}

fn print_faults(faults: &[String]) -> io::Result<()> {
    let mut err = io::stderr().lock();
    faults.iter().try_for_each(|fault| writeln!(err, "fault: {}", printable(fault)))
}
