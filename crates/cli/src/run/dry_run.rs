//! What a run would do.

use std::io::{self, Write};

use anyhow::{Error, anyhow};

use super::sequence;
use super::targets::Target;
use super::work::Work;
use crate::Outcome;
use crate::summary::printable;

/// Prints what would be read, and why.
pub fn print(work: &Work<'_>, targets: &[Target]) -> Result<Outcome, Error> {
    let mut out = io::stdout().lock();
    let mut outcome = Outcome::Clean;
    for target in targets {
        let name = printable(&target.name);
        let plan = match &target.planned {
            Ok(planned) => sequence::why_not_done(work, planned).map(|whys| (planned, whys)),
            Err(error) => Err(anyhow!("{error:#}")),
        };
        for note in &target.notes {
            writeln!(out, "{name}: {}", printable(note))?;
        }
        match plan {
            Ok((planned, Some(whys))) => {
                writeln!(out, "{name}: would be done")?;
                for (slice, why) in planned.iter().zip(whys) {
                    let (id, tarball) = (slice.id.sliceid, slice.tarball.display());
                    let why = if why.is_empty() { "nothing to do".to_owned() } else { why };
                    let missing =
                        if diskprint::is_there(&slice.tarball) { "" } else { " (no such file)" };
                    writeln!(out, "  {id}  {tarball}{missing}: {}", printable(&why))?;
                }
            }
            Ok((_, None)) => {
                writeln!(out, "{name}: would be skipped: nothing changed since its last run")?;
            }
            Err(error) => {
                writeln!(out, "{name}: would fail: {}", printable(&format!("{error:#}")))?;
                outcome = Outcome::Failed;
            }
        }
    }
    out.flush()?;
    Ok(outcome)
}
