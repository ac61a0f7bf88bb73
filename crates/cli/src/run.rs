use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Error, bail};
use diskprint_store::{SliceRow, Store};

use crate::args::RunArgs;
use crate::lock::Lock;
use crate::plan::{self, Planned};
use crate::sequence::{self, Found};
use crate::summary::{self, OUTCOME_CLEAN, OUTCOME_FAULTS, Step, Summary};
use crate::{Outcome, database, print_error};

/// A sequence to be run: what it was called and what is to be read for it.
type Target = (String, Result<Vec<Planned>, Error>);

/// Reads sequences, compares their slices and stores what it found.
pub fn run(args: &RunArgs) -> Result<Outcome, Error> {
    let (ends, results) = split(args)?;
    fs::create_dir_all(results).with_context(|| format!("results folder {}", results.display()))?;
    let _lock = Lock::take(results)?;
    ctrlc::set_handler(stop).context("signals cannot be waited for")?;
    let mut store = database::open(&args.database, Some(results))?;
    if !args.all && !args.dry_run && ends.len() == 1 {
        let planned = plan::sequence(&*store, &ends[0])?;
        let outcome = sequence::run(&mut *store, &planned, results, args)?;
        return report(args, &outcome);
    }
    let targets = targets(args, &*store, ends)?;
    if args.dry_run {
        return print_plans(&*store, results, targets, args.re_export);
    }
    run_all(args, &mut *store, results, targets)
}

/// Ends the run on Ctrl-C or SIGTERM. Outputs appear whole or not at all and the database in one
/// transaction, so ending at any moment is safe; the next run removes the scratch folder.
fn stop() {
    // Nothing is left to say it to when standard error is gone.
    let _ = writeln!(io::stderr(), "\ndiskprint: stopped; the same command goes on from here");
    std::process::exit(STOPPED);
}

/// Exit code of a program that a signal ended, as shells have it for Ctrl-C.
const STOPPED: i32 = 130;

/// The tarballs, and the results folder, which is named last.
fn split(args: &RunArgs) -> Result<(&[PathBuf], &Path), Error> {
    match (args.paths.split_last(), args.all) {
        (Some((results, [])), true) => Ok((&[], results)),
        (_, true) => {
            bail!("--all reads every sequence of the database: name the results folder alone")
        }
        (Some((results, ends @ [_, ..])), false) => Ok((ends, results)),
        (_, false) => bail!("name the tarball of the last slice, and behind it the results folder"),
    }
}

fn targets(args: &RunArgs, store: &dyn Store, ends: &[PathBuf]) -> Result<Vec<Target>, Error> {
    if !args.all {
        let target = |end: &PathBuf| (end.display().to_string(), plan::sequence(store, end));
        return Ok(ends.iter().map(target).collect());
    }
    let ends = store.sequence_ends()?;
    if ends.is_empty() {
        bail!(
            "the database knows no sequence yet; run one by the tarball of its last slice, or \
             register its slices with diskprint slice add"
        );
    }
    Ok(ends.iter().map(|end| (end.sequence(), plan::registered(store, end))).collect())
}

/// How a sequence ended, of several.
enum State {
    Done { clean: bool },
    Skipped { clean: bool },
    Failed,
}

/// Runs several sequences; one that fails does not keep the others from being run.
fn run_all(
    args: &RunArgs,
    store: &mut dyn Store,
    results: &Path,
    targets: Vec<Target>,
) -> Result<Outcome, Error> {
    let (mut states, mut sequences) = (Vec::new(), Vec::new());
    for (name, planned) in targets {
        let outcome = planned.and_then(|planned| sequence::run(store, &planned, results, args));
        let state = match outcome {
            Ok(outcome) => {
                let (clean, is_new) = (outcome.is_clean(), outcome.is_new);
                let steps: Vec<Step> = outcome.found.iter().map(step).collect();
                sequences.push((outcome_name(clean), steps));
                if is_new { State::Done { clean } } else { State::Skipped { clean } }
            }
            Err(error) => {
                print_error(&error.context(name.clone()))?;
                sequences.push(("failed", Vec::new()));
                State::Failed
            }
        };
        states.push((name, state));
    }
    let mut out = io::stdout().lock();
    if args.output.json {
        let summaries: Vec<Summary<'_>> = states
            .iter()
            .zip(&sequences)
            .map(|((name, _), (outcome, steps))| Summary {
                sequence: Some(name.clone()),
                steps,
                outcome,
            })
            .collect();
        serde_json::to_writer_pretty(&mut out, &summaries)?;
        writeln!(out)?;
    } else if !args.output.quiet {
        print_states(&mut out, &states)?;
    }
    out.flush()?;
    Ok(worst(&states))
}

fn worst(states: &[(String, State)]) -> Outcome {
    let is_faulty = |state: &State| {
        matches!(state, State::Done { clean: false } | State::Skipped { clean: false })
    };
    if states.iter().any(|(_, state)| matches!(state, State::Failed)) {
        Outcome::Failed
    } else if states.iter().any(|(_, state)| is_faulty(state)) {
        Outcome::Faults
    } else {
        Outcome::Clean
    }
}

fn print_states(out: &mut impl Write, states: &[(String, State)]) -> io::Result<()> {
    let (mut done, mut skipped, mut failed) = (0, 0, 0);
    for (name, state) in states {
        let (count, clean, text) = match state {
            State::Done { clean } => (&mut done, *clean, "done"),
            State::Skipped { clean } => {
                (&mut skipped, *clean, "skipped: nothing changed since its last run")
            }
            State::Failed => (&mut failed, true, "failed"),
        };
        *count += 1;
        let faults = if clean { "" } else { ", with faults" };
        writeln!(out, "{}  {text}{faults}", summary::printable(name))?;
    }
    writeln!(out, "\n{done} done, {skipped} skipped, {failed} failed")?;
    if failed == 0 {
        writeln!(out, "Done.")?;
    }
    Ok(())
}

/// Prints what would be read, and why.
fn print_plans(
    store: &dyn Store,
    results: &Path,
    targets: Vec<Target>,
    re_export: bool,
) -> Result<Outcome, Error> {
    let mut out = io::stdout().lock();
    let mut outcome = Outcome::Clean;
    for (name, planned) in targets {
        let planned = match planned {
            Ok(planned) => planned,
            Err(error) => {
                print_error(&error.context(name))?;
                outcome = Outcome::Failed;
                continue;
            }
        };
        let why = if re_export {
            Some("--re-export")
        } else {
            sequence::why_not_done(store, &planned, results)?
        };
        match why {
            Some(why) => writeln!(out, "{}: would be read: {why}", summary::printable(&name))?,
            None => writeln!(
                out,
                "{}: would be skipped: nothing changed since its last run",
                summary::printable(&name)
            )?,
        }
        for slice in &planned {
            let missing = if slice.tarball.exists() { "" } else { "  (no such file)" };
            writeln!(out, "  {}  {}{missing}", slice.id.sliceid, slice.tarball.display())?;
        }
    }
    out.flush()?;
    Ok(outcome)
}

fn report(args: &RunArgs, outcome: &sequence::Ended) -> Result<Outcome, Error> {
    let clean = outcome.is_clean();
    let steps: Vec<Step> = outcome.found.iter().map(step).collect();
    let mut out = io::stdout().lock();
    if args.output.json {
        let sequence = outcome.found.last().map(|found| found.row.id.sequence());
        let summary = Summary { sequence, steps: &steps, outcome: outcome_name(clean) };
        serde_json::to_writer_pretty(&mut out, &summary)?;
        writeln!(out)?;
    } else if !args.output.quiet {
        if !outcome.is_new {
            writeln!(out, "Nothing changed since the last run; these are its results.\n")?;
        }
        summary::print(&mut out, &steps)?;
        writeln!(out, "\nDone.")?;
    }
    out.flush()?;
    Ok(if clean { Outcome::Clean } else { Outcome::Faults })
}

fn outcome_name(clean: bool) -> &'static str {
    if clean { OUTCOME_CLEAN } else { OUTCOME_FAULTS }
}

fn step(found: &Found) -> Step {
    let SliceRow { id, location, slicehash, .. } = &found.row;
    let from = found.from.map(|from| from.to_string());
    let mut step = Step::new(from, id.sliceid.to_string(), location.clone(), slicehash.clone());
    step.count(&found.comparison.counts());
    step.add_faults(&found.faults);
    step
}
