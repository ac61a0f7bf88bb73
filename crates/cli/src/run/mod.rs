//! The main job, of one sequence or of many.

use std::fs;
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Error, anyhow, bail};
use diskprint::pipeline;
use indicatif::HumanBytes;

use crate::args::{LogFormat, RunArgs};
use crate::config::Config;
use crate::database::Session;
use crate::memory::{self, Size};
use crate::summary::Step;
use crate::{Outcome, describe};
use baselines::Baselines;
use plan::Planned;
use report::Told;
use sequence::Ended;
use targets::Target;
use watch::{SequenceState, Watch};
use work::Work;

mod baselines;
mod before;
pub mod beside;
mod cleanup;
mod conditions;
mod dry_run;
mod export;
mod jobs;
mod journal;
pub mod lock;
mod machine;
pub mod plan;
mod reading;
mod report;
mod sequence;
mod slice;
pub mod stage;
mod stamp;
mod targets;
mod timings;
pub mod verify;
pub mod watch;
mod work;

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
    if args.name.is_some() && ends.len() != 1 {
        bail!(
            "--name names one sequence; {} are to be run",
            if ends.is_empty() { "all" } else { "several" }
        );
    }
    work::archive_segment(args, config)?;
    if args.dry_run {
        let session = Session::for_looking(&args.database, results)?;
        let targets = targets::of(args, &session, ends)?;
        for stray in targets::strays(args, &session)? {
            eprintln!("diskprint: warning: {stray}");
        }
        let baselines = Baselines::default();
        let work = Work::new(args, config, &session, results, results, &baselines)?;
        return dry_run::print(&work, &targets);
    }
    fs::create_dir_all(results).with_context(|| format!("results folder {}", results.display()))?;
    let _lock = lock::Lock::take(results)?;
    let session = Session::open(&args.database, results)?;
    let targets = targets::of(args, &session, ends)?;
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
        let stages = if removed == 1 { "stage" } else { "stages" };
        watch.note(&format!("removed what {removed} {stages} left that did not end"));
    }
    for stray in targets::strays(args, session)? {
        watch.warn(&stray);
    }
    targets.iter().flat_map(|target| &target.notes).for_each(|note| watch.warn(note));

    let planned: Vec<&[Planned]> = targets.iter().map(Target::planned).collect();
    let scratch = tempfile::Builder::new().prefix(lock::SCRATCH).tempdir_in(results);
    let scratch = scratch.with_context(|| format!("results folder {}", results.display()))?;
    let threads = (args.output.threads, config.threads);
    let max_memory = args.max_memory.or(config.max_memory).map(|Size(bytes)| bytes);
    let jobs = jobs::Jobs::of(args.jobs.or(config.jobs), threads, max_memory, &planned);
    let find = || Baselines::of(results, planned.iter().copied());
    let baselines = pipeline::with_threads(jobs.at_once * jobs.threads, find)?;
    let digest_bytes = max_memory.map(|bytes| bytes / DIGESTS / jobs.at_once as u64);
    let scratch = scratch.path();
    let mut work = Work::new(args, config, session, results, scratch, &baselines)?;
    work.digest_bytes = digest_bytes;
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
    if let (Some(most), Some(peak)) = (max_memory, memory::peak().filter(|_| failure.is_none()))
        && peak > most
    {
        watch.warn(&format!(
            "the run took {}, more than the {} of --max-memory: the files of one slice and its \
             hives are always held; nothing was left out",
            HumanBytes(peak),
            HumanBytes(most),
        ));
    }
    if let Some(error) = failure {
        return Err(error);
    }
    let told: Vec<Told> = told.into_iter().flatten().collect();
    report::print(args, is_single, targets, &told)?;
    if let Some(timings) = &work.timings {
        let tarball = planned.iter().copied().flatten().next().map(|it| it.tarball.as_path());
        timings.print(&mut io::stderr().lock(), tarball)?;
    }
    Ok(report::worst(&told))
}

/// What part of the memory that a sequence may take is for digests that are carried over.
const DIGESTS: u64 = 8;

fn run_one(
    work: &Work<'_>,
    watch: &Watch,
    target: &Target,
    index: usize,
    threads: usize,
    wants_steps: bool,
) -> Result<(SequenceState, Vec<Step>), Error> {
    let planned = target.planned.as_deref().map_err(|error| anyhow!("{error:#}"))?;
    let sequence = watch.sequence(index);
    let ended: Ended<'_> =
        pipeline::with_threads(threads, || sequence::run(work, planned, &sequence))??;
    let state = match (ended.is_new, ended.is_clean) {
        (true, true) => SequenceState::Done,
        (true, false) => SequenceState::DoneWithFaults,
        (false, true) => SequenceState::Skipped,
        (false, false) => SequenceState::SkippedWithFaults,
    };
    let steps = if wants_steps { ended.steps(work.session)? } else { Vec::new() };
    Ok((state, steps))
}

fn bytes(planned: &Planned) -> u64 {
    fs::metadata(&planned.tarball).map_or(0, |metadata| metadata.len())
}
