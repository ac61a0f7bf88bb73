//! How a run goes, as seen from another terminal.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use anyhow::{Context, Error, bail};
use serde_json::json;

use crate::args::StatusArgs;
use crate::run::lock;
use crate::run::verify;
use crate::run::watch::{RunStatus, STATUS, SequenceState, SequenceStatus};
use crate::summary::printable;
use crate::{Outcome, VERSION};

/// Prints how the run into a results folder goes.
pub fn run(args: &StatusArgs) -> Result<Outcome, Error> {
    let status = read(&args.results)?;
    let holder = lock::holder(&args.results)?;
    let wrong = if args.verify { verify::outputs(&args.results)? } else { Vec::new() };
    let mut out = io::stdout().lock();
    if args.json {
        let mut json = serde_json::to_value(&status)?;
        json["process"] = holder.clone().into();
        json["state"] = state_name(&status, holder.as_deref()).into();
        if args.verify {
            json["wrong_outputs"] = json!(wrong);
        }
        serde_json::to_writer_pretty(&mut out, &json)?;
        writeln!(out)?;
    } else {
        print(&mut out, &status, holder.as_deref())?;
        for text in &wrong {
            writeln!(out, "{}", printable(text))?;
        }
        if args.verify && wrong.is_empty() {
            writeln!(out, "All outputs are what their manifests say.")?;
        }
    }
    out.flush()?;
    Ok(outcome(&status, holder.is_some(), !wrong.is_empty()))
}

fn read(results: &Path) -> Result<RunStatus, Error> {
    let path = results.join(STATUS);
    let bytes = match fs::read(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            bail!("{}: no run ever wrote there", results.display())
        }
        bytes => bytes.with_context(|| path.display().to_string())?,
    };
    serde_json::from_slice(&bytes)
        .with_context(|| format!("{}: not of diskprint {VERSION}", path.display()))
}

fn state_name(status: &RunStatus, holder: Option<&str>) -> &'static str {
    match (&status.ended, holder) {
        (_, Some(_)) => "running",
        (Some(_), None) => "ended",
        (None, None) => "stopped",
    }
}

fn outcome(status: &RunStatus, is_running: bool, is_wrong: bool) -> Outcome {
    let any =
        |wanted: &[SequenceState]| status.sequences.iter().any(|it| wanted.contains(&it.state));
    let is_stopped = status.ended.is_none() && !is_running;
    if is_wrong || is_stopped || any(&[SequenceState::Failed]) {
        Outcome::Failed
    } else if any(&[SequenceState::DoneWithFaults, SequenceState::SkippedWithFaults]) {
        Outcome::Faults
    } else {
        Outcome::Clean
    }
}

fn print(out: &mut impl Write, status: &RunStatus, holder: Option<&str>) -> io::Result<()> {
    let RunStatus { begun, ended, bytes_read, bytes, seconds_left, sequences, .. } = status;
    for sequence in sequences {
        let is_stopped = ended.is_none() && holder.is_none();
        print_sequence(out, sequence, is_stopped)?;
    }
    let count =
        |wanted: &[SequenceState]| sequences.iter().filter(|it| wanted.contains(&it.state)).count();
    use SequenceState::{
        Done, DoneWithFaults, Failed, Running, Skipped, SkippedWithFaults, Waiting,
    };
    let running = if ended.is_none() && holder.is_none() { "stopped" } else { "running" };
    writeln!(
        out,
        "\n{} done, {} skipped, {} failed, {} {running}, {} waiting",
        count(&[Done, DoneWithFaults]),
        count(&[Skipped, SkippedWithFaults]),
        count(&[Failed]),
        count(&[Running]),
        count(&[Waiting]),
    )?;
    match (ended, holder) {
        (_, Some(process)) => {
            let part = bytes_read.saturating_mul(100).checked_div(*bytes).unwrap_or(100);
            write!(out, "Process {process} runs since {begun}: {part} % of {bytes} bytes read")?;
            match seconds_left {
                Some(seconds) => writeln!(out, ", about {seconds} s left"),
                None => writeln!(out),
            }
        }
        (Some(ended), None) => writeln!(out, "The run began {begun} and ended {ended}."),
        (None, None) => writeln!(
            out,
            "The run that began {begun} was stopped or killed; the same command goes on from there."
        ),
    }
}

fn print_sequence(
    out: &mut impl Write,
    sequence: &SequenceStatus,
    is_stopped: bool,
) -> io::Result<()> {
    let SequenceStatus { name, state, slice, stage, error } = sequence;
    let words = match state {
        SequenceState::Running if is_stopped => "stopped",
        state => state.words(),
    };
    write!(out, "{}  {words}", printable(name))?;
    if let (Some(slice), Some(stage)) = (slice, stage) {
        write!(out, ": slice {}, {stage}", printable(slice))?;
    }
    match error {
        Some(error) => writeln!(out, ": {}", printable(error)),
        None => writeln!(out),
    }
}
