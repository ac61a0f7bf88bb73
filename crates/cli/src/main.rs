//! The diskprint command line: the only place that prints, reads the clock and the environment,
//! and exits.

mod args;
mod database;
mod db;
mod diff;
mod differ_cfg;
mod export;
mod inspect;
mod plan;
mod progress;
mod run;
mod slice;
mod summary;

use std::io::{self, Write};
use std::process::ExitCode;

use anyhow::Error;
use args::{Cli, Command};
use clap::{CommandFactory, Parser};

/// How a command ended that did not fail.
enum Outcome {
    Clean,
    /// It finished, and what could not be read is recorded.
    Faults,
    /// `diff --exit-code` found differences.
    Differs,
}

fn main() -> ExitCode {
    match run(Cli::parse()) {
        Ok(Outcome::Clean) => ExitCode::SUCCESS,
        Ok(Outcome::Differs) => ExitCode::from(1),
        Ok(Outcome::Faults) => ExitCode::from(2),
        // Who reads the output has seen enough: `diskprint export … | head`.
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            // Nothing is left to say it to when standard error is gone, too.
            let _ = writeln!(io::stderr(), "diskprint: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(cli: Cli) -> Result<Outcome, Error> {
    match cli.command {
        Command::Run(args) => run::run(&args),
        Command::Diff(args) => diff::run(&args),
        Command::Export(args) => export::run(&args),
        Command::Inspect(args) => inspect::run(&args),
        Command::Slice(args) => slice::run(&args),
        Command::Db(args) => db::run(&args),
        Command::Completions(args) => {
            let mut script = Vec::new();
            clap_complete::generate(args.shell, &mut Cli::command(), "diskprint", &mut script);
            io::stdout().write_all(&script)?;
            Ok(Outcome::Clean)
        }
    }
}

fn is_broken_pipe(error: &Error) -> bool {
    error.chain().any(|cause| {
        let cause = cause.downcast_ref::<io::Error>();
        cause.is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
    })
}
