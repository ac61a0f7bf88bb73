//! The diskprint command line: the only place that prints, reads the clock and the environment,
//! and exits.

mod args;
mod catalogue;
mod check;
mod config;
mod database;
mod db;
mod diff;
mod differ_cfg;
mod export;
mod fiwalk;
mod inspect;
mod manual;
mod memory;
mod progress;
mod registry;
mod report;
mod run;
mod serve;
mod show;
mod status;
mod stored;
mod summary;

use std::io::{self, Write};
use std::process::ExitCode;

use anyhow::Error;
use args::{Cli, Command};
use clap::{CommandFactory, Parser};
use diskprint::{OpenError, printable};

const VERSION: &str = env!("CARGO_PKG_VERSION");

/// How a command ended that did not fail.
enum Outcome {
    Clean,
    /// It finished, and what could not be read is recorded.
    Faults,
    /// `diff --exit-code` found differences.
    Differs,
    /// One of several sequences failed, or nothing is where it was asked for, and that was said.
    Failed,
}

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return print_usage(&error),
    };
    match run(cli) {
        Ok(Outcome::Clean) => ExitCode::SUCCESS,
        Ok(Outcome::Differs | Outcome::Failed) => ExitCode::FAILURE,
        Ok(Outcome::Faults) => ExitCode::from(2),
        // Who reads the output has seen enough: `diskprint export … | head`.
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            // Nothing is left to say it to when standard error is gone, too.
            let _ = print_error(&error);
            ExitCode::FAILURE
        }
    }
}

fn run(cli: Cli) -> Result<Outcome, Error> {
    match cli.command {
        Command::Run(args) => run::run(&args),
        Command::Diff(args) => diff::run(&args),
        Command::Export(args) => export::run(&args),
        Command::Report(args) => report::run(&args),
        Command::Show(args) => show::run(&args),
        Command::Serve(args) => serve::run(&args),
        Command::Inspect(args) => inspect::run(&args),
        Command::Registry(args) => registry::run(&args),
        Command::Slice(args) => catalogue::slice::run(&args),
        Command::Sequence(args) => catalogue::sequence::run(&args),
        Command::Os(args) => catalogue::os::run(&args),
        Command::Vm(args) => catalogue::vm::run(&args),
        Command::Db(args) => db::run(&args),
        Command::Status(args) => status::run(&args),
        Command::Check(args) => check::run(&args),
        Command::Manual(args) => manual::run(&args),
        Command::Completions(args) => {
            let mut script = Vec::new();
            clap_complete::generate(args.shell, &mut Cli::command(), "diskprint", &mut script);
            io::stdout().write_all(&script)?;
            Ok(Outcome::Clean)
        }
    }
}

/// Prints help or what is wrong with the arguments. 2 would mean "finished with faults", so wrong
/// arguments end with 1.
fn print_usage(error: &clap::Error) -> ExitCode {
    // Nothing is left to say it to when the stream is gone.
    let _ = error.print();
    if error.use_stderr() { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

/// Prints an error.
fn print_error(error: &Error) -> io::Result<()> {
    writeln!(io::stderr(), "diskprint: {}", describe(error))
}

/// How many reasons for refusing a change are printed: a dump of a whole database has thousands.
const ENOUGH: usize = 100;

/// An error with its causes, and on further lines what was found wrong on the way to it.
fn describe(error: &Error) -> String {
    if let Some(diskprint_store::Error::Refused { problems }) = error.downcast_ref() {
        let lines = problems.iter().map(|problem| printable(&problem.to_string()));
        let text = lines
            .take(ENOUGH)
            .fold("nothing was changed:".to_owned(), |text, line| text + "\n  " + &line);
        return match problems.len().saturating_sub(ENOUGH) {
            0 => text,
            more => format!("{text}\n  and {more} more"),
        };
    }
    let mut text = printable(&format!("{error:#}"));
    let opening = error.chain().find_map(|cause| cause.downcast_ref::<OpenError>());
    for fault in opening.map_or(&[][..], |error| &error.faults) {
        text += &format!("\n  found before that: {}", printable(&fault.to_string()));
    }
    text
}

/// The time in milliseconds, ISO 8601 in UTC, always of one length, so that it sorts as text.
fn now() -> String {
    format!("{:.3}", jiff::Timestamp::now())
}

fn is_broken_pipe(error: &Error) -> bool {
    error.chain().any(|cause| {
        let of_csv = cause.downcast_ref::<csv::Error>().and_then(|error| match error.kind() {
            csv::ErrorKind::Io(error) => Some(error),
            _ => None,
        });
        let error = cause.downcast_ref::<io::Error>().or(of_csv);
        error.is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
    })
}
