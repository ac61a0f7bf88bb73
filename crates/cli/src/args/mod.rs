//! What can be typed.

mod catalogue;
mod check;
mod db;
mod diff;
mod export;
mod inspect;
mod manual;
mod registry;
mod report;
mod run;
mod serve;
mod show;
mod status;
#[cfg(test)]
mod tests;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use diskprint::HiveState;

pub use self::catalogue::*;
pub use self::check::CheckArgs;
pub use self::db::{DbArgs, DbCommand, ImportArgs};
pub use self::diff::{DiffArgs, DiffFormat};
pub use self::export::ExportArgs;
pub use self::inspect::InspectArgs;
pub use self::manual::{ManualArgs, ManualFormat};
pub use self::registry::{
    DumpArgs, DumpFormat, HivesArgs, PathsArg, RegistryArgs, RegistryCommand, StatsArgs,
};
pub use self::report::ReportArgs;
pub use self::run::{ArchiveFormat, Cleanup, LogFormat, RunArgs};
pub use self::serve::ServeArgs;
pub use self::show::ShowArgs;
pub use self::status::StatusArgs;

const AFTER_HELP: &str = "\
Examples:
  diskprint run examples/8504-1/7895-1/8504-1-7895-1-40.tar.gz results
  diskprint export 8504-1-7895-1 --db sqlite:results/diskprint.db --format csv
  diskprint report 8504-1-7895-1 --db sqlite:results/diskprint.db
  diskprint show 8504-1-7895-1 --db sqlite:results/diskprint.db
  diskprint diff before.tar.gz after.tar.gz
  diskprint inspect machine.vmdk p1 mft 5

Exit codes: 0 clean, 1 failed, 2 finished with faults recorded (diff
--exit-code: 1 differs), 130 stopped by Ctrl-C.";

/// Knows exactly what software does to a machine.
///
/// Takes the recorded states of a virtual machine, reads every file and every registry cell in
/// each, and says what each step created, changed, renamed and removed.
#[derive(Parser)]
#[command(name = "diskprint", version, after_help = AFTER_HELP, max_term_width = 100)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Subcommand)]
pub enum Command {
    Run(RunArgs),
    Status(StatusArgs),
    Diff(DiffArgs),
    Export(ExportArgs),
    Report(ReportArgs),
    Show(ShowArgs),
    Serve(ServeArgs),
    Inspect(InspectArgs),
    Registry(RegistryArgs),
    Slice(SliceArgs),
    Sequence(SequenceArgs),
    Os(OsArgs),
    Vm(VmArgs),
    Db(DbArgs),
    Check(CheckArgs),
    Completions(CompletionsArgs),
    Manual(ManualArgs),
}

/// Print a completion script for a shell
#[derive(Args)]
pub struct CompletionsArgs {
    /// The shell
    #[arg(value_enum)]
    pub shell: clap_complete::Shell,
}

#[derive(Args)]
pub struct DatabaseArgs {
    /// The database: sqlite:PATH or postgres://USER@HOST/DATABASE [env: DISKPRINT_DB]
    ///
    /// The password of a PostgreSQL database may be in the address, where other users of this
    /// machine can see it, in the environment variable PGPASSWORD, or in the file that --config
    /// names. `run` uses sqlite:RESULTS/diskprint.db where no database is named.
    #[arg(long, value_name = "DATABASE")]
    pub db: Option<String>,
    /// Settings, diskprint.toml; or the original workflow's differ.cfg, which names its PostgreSQL
    /// database
    ///
    /// diskprint.toml is also read from the working folder. It may have the keys db,
    /// password_file, jobs, threads, max_memory, cleanup, log_format and hive_state. What the
    /// command line says counts before what the file says.
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
}

/// In which state hives are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum HiveStateArg {
    /// As Windows would see them: with the changes that only their transaction logs hold
    Recovered,
    /// As the hive files have them
    Stored,
}

impl From<HiveStateArg> for HiveState {
    fn from(arg: HiveStateArg) -> Self {
        match arg {
            HiveStateArg::Recovered => Self::Recovered,
            HiveStateArg::Stored => Self::Stored,
        }
    }
}

#[derive(Args)]
pub struct OutputArgs {
    /// Print the summary as JSON
    #[arg(long)]
    pub json: bool,
    /// Print neither progress nor differences nor tables
    #[arg(long, short)]
    pub quiet: bool,
    /// Threads to use (for each sequence); 0 for one per core
    #[arg(long, default_value_t = 0, value_name = "N")]
    pub threads: usize,
}
