//! What a run says at its end.

use std::io::{self, Write};

use anyhow::Error;

use super::journal;
use super::targets::Target;
use super::watch::SequenceState;
use crate::Outcome;
use crate::args::RunArgs;
use crate::summary::{self, OUTCOME_FAILED, Step, Summary, printable};

/// How a sequence ended, and what is told of it at the end.
pub struct Told {
    pub state: SequenceState,
    /// What was found, where that is to be printed.
    pub steps: Vec<Step>,
}

/// The worst outcome of all sequences.
pub fn worst(told: &[Told]) -> Outcome {
    let any = |states: &[SequenceState]| told.iter().any(|told| states.contains(&told.state));
    if any(&[SequenceState::Failed]) {
        Outcome::Failed
    } else if any(&[SequenceState::DoneWithFaults, SequenceState::SkippedWithFaults]) {
        Outcome::Faults
    } else {
        Outcome::Clean
    }
}

/// Prints what was found: of a single sequence the steps, of several how each ended.
pub fn print(
    args: &RunArgs,
    is_single: bool,
    targets: &[Target],
    told: &[Told],
) -> Result<(), Error> {
    let mut out = io::stdout().lock();
    if args.output.json {
        let summary = |(target, told): (&Target, &Told)| Summary {
            sequence: match target.planned().last() {
                Some(end) if is_single => Some(end.id.sequence()),
                _ => Some(target.name.clone()),
            },
            steps: told.steps.clone(),
            outcome: outcome_name(told.state),
        };
        let mut summaries: Vec<Summary> = targets.iter().zip(told).map(summary).collect();
        match summaries.pop() {
            Some(only) if is_single => serde_json::to_writer_pretty(&mut out, &only)?,
            last => {
                summaries.extend(last);
                serde_json::to_writer_pretty(&mut out, &summaries)?;
            }
        }
        writeln!(out)?;
    } else if !args.output.quiet {
        match told {
            [told] if is_single => print_steps(&mut out, told)?,
            _ => {
                if args.queue && told.is_empty() {
                    writeln!(out, "No sequence waits in the queue.\n")?;
                }
                print_states(&mut out, targets, told)?;
            }
        }
    }
    Ok(out.flush()?)
}

fn outcome_name(state: SequenceState) -> &'static str {
    match state {
        SequenceState::Failed => OUTCOME_FAILED,
        SequenceState::Done | SequenceState::Skipped => journal::outcome(true),
        _ => journal::outcome(false),
    }
}

fn print_steps(out: &mut impl Write, told: &Told) -> io::Result<()> {
    if matches!(told.state, SequenceState::Skipped | SequenceState::SkippedWithFaults) {
        writeln!(out, "Nothing changed since the last run; these are its results.\n")?;
    }
    summary::print(out, &told.steps)?;
    writeln!(out, "\nDone.")
}

fn print_states(out: &mut impl Write, targets: &[Target], told: &[Told]) -> io::Result<()> {
    let (mut done, mut skipped, mut failed) = (0, 0, 0);
    for (target, told) in targets.iter().zip(told) {
        *match told.state {
            SequenceState::Failed => &mut failed,
            SequenceState::Skipped | SequenceState::SkippedWithFaults => &mut skipped,
            _ => &mut done,
        } += 1;
        writeln!(out, "{}  {}", printable(&target.name), told.state.words())?;
    }
    let gap = if told.is_empty() { "" } else { "\n" };
    writeln!(out, "{gap}{done} done, {skipped} skipped, {failed} failed")?;
    if failed == 0 {
        writeln!(out, "Done.")?;
    }
    Ok(())
}
