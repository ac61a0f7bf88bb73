use std::collections::HashMap;
use std::fs;
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use anyhow::{Context, Error, bail};
use diskprint::pipeline;
use diskprint_store::QueueEntry;

use crate::args::{LogFormat, RunArgs};
use crate::config::Config;
use crate::database::Session;
use crate::summary::{self, OUTCOME_FAILED, Step, Summary, printable};
use crate::{Outcome, describe};
use baselines::Baselines;
use beside::Beside;
use plan::Planned;
use sequence::{Ended, Folders, Work};
use watch::{SequenceState, Watch};

mod baselines;
pub mod beside;
mod cleanup;
mod jobs;
pub mod lock;
pub mod plan;
mod sequence;
mod slice;
pub mod stage;
mod stamp;
pub mod verify;
pub mod watch;

/// A sequence to be run: what it was called and what is to be read for it.
struct Target {
    name: String,
    planned: Result<Vec<Planned>, Error>,
}

impl Target {
    fn planned(&self) -> &[Planned] {
        self.planned.as_deref().unwrap_or_default()
    }
}

/// Reads sequences, compares their slices and stores what it found.
pub fn run(args: &RunArgs) -> Result<Outcome, Error> {
    let config = Config::read(args.database.config.as_deref())?;
    let format = args.log_format.or(config.log_format).unwrap_or(LogFormat::Text);
    match (run_with(args, &config, format), format) {
        (Err(error), LogFormat::Json) if !args.dry_run && !crate::is_broken_pipe(&error) => {
            // Who reads the log as JSON lines reads this, too.
            log_last("error", "error", &describe(&error));
            Ok(Outcome::Failed)
        }
        (ended, _) => ended,
    }
}

fn run_with(args: &RunArgs, config: &Config, format: LogFormat) -> Result<Outcome, Error> {
    let (ends, results) = split(args)?;
    if args.dry_run {
        let session = Session::for_looking(&args.database, results)?;
        let targets = targets(args, &session, ends)?;
        for stray in strays(args, &session)? {
            eprintln!("diskprint: warning: {stray}");
        }
        return print_plans(&session, results, &targets, args.re_export);
    }
    fs::create_dir_all(results).with_context(|| format!("results folder {}", results.display()))?;
    let _lock = lock::Lock::take(results)?;
    let session = Session::open(&args.database, results)?;
    let targets = targets(args, &session, ends)?;
    let what = args.cleanup.or(config.cleanup);
    let planned = targets.iter().flat_map(Target::planned);
    let Some(removed) = cleanup::run(results, planned, what)? else {
        return Ok(Outcome::Clean);
    };
    ctrlc::set_handler(move || stop(format)).context("signals cannot be waited for")?;
    run_all(args, config, &session, results, &targets, format, removed)
}

/// Ends the run on Ctrl-C or SIGTERM. Outputs appear whole or not at all and the database in one
/// transaction, so ending at any moment is safe; the next run removes the scratch folder.
fn stop(format: LogFormat) {
    let text = "stopped; the same command goes on from here";
    match format {
        // Nothing is left to say it to when standard error is gone.
        LogFormat::Text => drop(writeln!(io::stderr(), "\ndiskprint: {text}")),
        LogFormat::Json => log_last("warning", "stopped", text),
    }
    std::process::exit(STOPPED);
}

/// Prints the line of an event that ends the run.
fn log_last(level: &str, event: &str, message: &str) {
    let time = crate::now();
    let line = serde_json::json!({
        "time": time, "level": level, "event": event, "message": message,
    });
    // Nothing is left to say it to when standard error is gone.
    let _ = writeln!(io::stderr(), "{line}");
}

/// Exit code of a program that a signal ended, as shells have it for Ctrl-C.
const STOPPED: i32 = 130;

/// The tarballs, and the results folder, which is named last.
fn split(args: &RunArgs) -> Result<(&[PathBuf], &Path), Error> {
    if let Some(last) = args.paths.last()
        && last.is_file()
    {
        bail!("{} is a file; the results folder is named last", last.display());
    }
    match (args.paths.split_last(), args.all || args.queue) {
        (Some((results, [])), true) => Ok((&[], results)),
        (_, true) => bail!(
            "{} tells which sequences are run: name the results folder alone",
            if args.all { "--all" } else { "--queue" }
        ),
        (Some((results, ends @ [_, ..])), false) => Ok((ends, results)),
        (_, false) => bail!("name the tarball of the last slice, and behind it the results folder"),
    }
}

fn targets(args: &RunArgs, session: &Session, ends: &[PathBuf]) -> Result<Vec<Target>, Error> {
    let mut targets: Vec<Target> = if args.all {
        registered(session, &session.with(|store| store.sequence_ends())?)?
    } else if args.queue {
        queued(session)?
    } else {
        let mut beside = Beside::default();
        let target = |end: &PathBuf| Target {
            name: end.display().to_string(),
            planned: session.plan(|store| plan::sequence(store, &mut beside, end)),
        };
        ends.iter().map(target).collect()
    };
    if targets.is_empty() && args.all {
        bail!(
            "the database knows no sequence yet; run one by the tarball of its last slice, or \
             register its slices with diskprint slice add or diskprint db import"
        );
    }
    refuse_twins(&mut targets);
    Ok(targets)
}

fn registered(session: &Session, ends: &[diskprint::SliceId]) -> Result<Vec<Target>, Error> {
    let mut count: HashMap<String, usize> = HashMap::new();
    ends.iter().for_each(|end| *count.entry(end.sequence()).or_default() += 1);
    let target = |end: &diskprint::SliceId| Target {
        // One application may have several ends; then the sequence is called by its last slice.
        name: if count[&end.sequence()] > 1 { end.to_string() } else { end.sequence() },
        planned: session.plan(|store| plan::registered(store, end)),
    };
    Ok(ends.iter().map(target).collect())
}

/// The sequences whose tarballs wait in the queue.
fn queued(session: &Session) -> Result<Vec<Target>, Error> {
    let queue = session.with(|store| store.queue())?;
    let ends = session.with(|store| store.sequence_ends())?;
    let mut wanted = Vec::new();
    for entry in &queue {
        for end in &ends {
            let is_of = |slice: &&diskprint::SliceId| slice.sequence() == end.sequence();
            if entry.slices.iter().any(|slice| is_of(&slice)) && !wanted.contains(end) {
                wanted.push(end.clone());
            }
        }
    }
    wanted.sort();
    registered(session, &wanted)
}

/// What is to be told of tarballs that wait in the queue and are no slices: they stay there.
fn strays(args: &RunArgs, session: &Session) -> Result<Vec<String>, Error> {
    if !args.queue {
        return Ok(Vec::new());
    }
    let mut queue = session.with(|store| store.queue())?;
    queue.retain(|entry| entry.slices.is_empty());
    let tell = |entry: &QueueEntry| {
        let location = printable(&entry.location);
        format!("{location} waits in the queue, and no slice has its slicehash")
    };
    Ok(queue.iter().map(tell).collect())
}

/// Sequences that end with one tarball would write to one folder: the first of them is run.
fn refuse_twins(targets: &mut Vec<Target>) {
    let mut seen: HashMap<PathBuf, (diskprint::SliceId, String)> = HashMap::new();
    targets.retain_mut(|target| {
        let Some(end) = target.planned().last() else { return true };
        match seen.get(&end.tarball) {
            Some((id, _)) if *id == end.id => return false,
            Some((_, name)) => {
                target.planned = Err(anyhow::anyhow!(
                    "it ends with {}, as {name} does; give it a results folder of its own",
                    end.tarball.display()
                ));
            }
            None => drop(seen.insert(end.tarball.clone(), (end.id.clone(), target.name.clone()))),
        }
        true
    });
}

/// How a sequence ended, and what is told of it at the end.
struct Told {
    state: SequenceState,
    steps: Vec<Step>,
}

/// Runs sequences; one that fails does not keep the others from being run.
fn run_all(
    args: &RunArgs,
    config: &Config,
    session: &Session,
    results: &Path,
    targets: &[Target],
    format: LogFormat,
    removed: usize,
) -> Result<Outcome, Error> {
    let is_single = targets.len() == 1 && !args.all && !args.queue;
    let quiet = args.output.quiet || (args.output.json && !io::stderr().is_terminal());
    let bytes = targets.iter().flat_map(Target::planned).map(bytes).sum();
    let names = targets.iter().map(|target| target.name.clone());
    let watch = Watch::new(results, format, quiet, names, bytes);
    let watch = Arc::new(watch);
    session.watch(watch.clone());
    if removed > 0 {
        watch.note(&format!("removed what {removed} stages left that did not end"));
    }
    for stray in strays(args, session)? {
        watch.warn(&stray);
    }

    let planned: Vec<&[Planned]> = targets.iter().map(Target::planned).collect();
    let scratch = tempfile::Builder::new().prefix(lock::SCRATCH).tempdir_in(results);
    let scratch = scratch.with_context(|| format!("results folder {}", results.display()))?;
    let baselines = Baselines::of(results, planned.iter().copied());
    let work = Work {
        results,
        scratch: scratch.path(),
        session,
        baselines: &baselines,
        folders: Folders::default(),
        regdelta_rows: OnceLock::new(),
        re_export: args.re_export,
        dequeue: args.queue,
    };
    let threads = (args.output.threads, config.threads);
    let jobs = jobs::Jobs::of(args.jobs.or(config.jobs), threads, &planned);
    let wants_steps = is_single || args.output.json;

    let mut told: Vec<Option<Told>> = targets.iter().map(|_| None).collect();
    let mut failure = None;
    let one =
        |index: &usize| run_one(&work, &watch, &targets[*index], *index, jobs.threads, wants_steps);
    let order = baselines.order(&planned);
    let end = |nth: usize, result| {
        let index = order[nth];
        let name = &targets[index].name;
        let (state, steps) = match result {
            Ok(ended) => ended,
            Err(error) => {
                let text = describe(&error);
                if is_single {
                    failure = Some(error);
                } else {
                    watch.error(name, &text);
                }
                watch.sequence_ends(index, SequenceState::Failed, Some(text));
                told[index] = Some(Told { state: SequenceState::Failed, steps: Vec::new() });
                return;
            }
        };
        watch.sequence_ends(index, state, None);
        told[index] = Some(Told { state, steps });
    };
    let all = || pipeline::in_jobs(jobs.at_once, &order, one, end);
    pipeline::with_ticks(watch::OFTEN, || watch.tick(), all);
    watch.run_ends();
    if let Some(error) = failure {
        return Err(error);
    }
    let told: Vec<Told> = told.into_iter().flatten().collect();
    print(args, is_single, targets, &told)?;
    Ok(worst(&told))
}

fn run_one(
    work: &Work<'_>,
    watch: &Watch,
    target: &Target,
    index: usize,
    threads: usize,
    wants_steps: bool,
) -> Result<(SequenceState, Vec<Step>), Error> {
    let planned = target.planned.as_deref().map_err(|error| anyhow::anyhow!("{error:#}"))?;
    let sequence = watch.sequence(index);
    let ended: Ended<'_> =
        pipeline::with_threads(threads, || sequence::run(work, planned, &sequence))??;
    let state = match (ended.is_new, ended.is_clean) {
        (true, true) => SequenceState::Done,
        (true, false) => SequenceState::DoneWithFaults,
        (false, true) => SequenceState::Skipped,
        (false, false) => SequenceState::SkippedWithFaults,
    };
    let steps = if wants_steps { ended.steps()? } else { Vec::new() };
    Ok((state, steps))
}

fn bytes(planned: &Planned) -> u64 {
    fs::metadata(&planned.tarball).map_or(0, |metadata| metadata.len())
}

fn worst(told: &[Told]) -> Outcome {
    let any = |states: &[SequenceState]| told.iter().any(|told| states.contains(&told.state));
    if any(&[SequenceState::Failed]) {
        Outcome::Failed
    } else if any(&[SequenceState::DoneWithFaults, SequenceState::SkippedWithFaults]) {
        Outcome::Faults
    } else {
        Outcome::Clean
    }
}

fn print(args: &RunArgs, is_single: bool, targets: &[Target], told: &[Told]) -> Result<(), Error> {
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
        SequenceState::Done | SequenceState::Skipped => sequence::outcome(true),
        _ => sequence::outcome(false),
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

/// Prints what would be read, and why.
fn print_plans(
    session: &Session,
    results: &Path,
    targets: &[Target],
    re_export: bool,
) -> Result<Outcome, Error> {
    let baselines = Baselines::of(results, std::iter::empty());
    let work = Work {
        results,
        scratch: results,
        session,
        baselines: &baselines,
        folders: Folders::default(),
        regdelta_rows: OnceLock::new(),
        re_export,
        dequeue: false,
    };
    let mut out = io::stdout().lock();
    let mut outcome = Outcome::Clean;
    for target in targets {
        let name = printable(&target.name);
        let plan = match &target.planned {
            Ok(planned) => sequence::why_not_done(&work, planned).map(|whys| (planned, whys)),
            Err(error) => Err(anyhow::anyhow!("{error:#}")),
        };
        match plan {
            Ok((planned, Some(whys))) => {
                writeln!(out, "{name}: would be done")?;
                for (slice, why) in planned.iter().zip(whys) {
                    let (id, tarball) = (slice.id.sliceid, slice.tarball.display());
                    let why = if why.is_empty() { "nothing to do".to_owned() } else { why };
                    let missing = if slice.tarball.exists() { "" } else { " (no such file)" };
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
