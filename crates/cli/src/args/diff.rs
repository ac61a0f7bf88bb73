use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::{HiveStateArg, OutputArgs};

/// Compare two images or tarballs, without a database
#[derive(Args)]
#[command(after_help = "\
Examples:
  diskprint diff before.tar.gz after.tar.gz
  diskprint diff before.raw after.vmdk --format jsonl | jq 'select(.type == \"cell\")'
  diskprint diff before.tar.gz after.tar.gz --hive-state stored
  diskprint diff a.tar.gz b.tar.gz --exit-code --quiet && echo same")]
pub struct DiffArgs {
    /// Tarball or disk image of the state before
    pub before: PathBuf,
    /// Tarball or disk image of the state after
    pub after: PathBuf,
    /// Exit with 1 when they differ, 0 when they do not
    #[arg(long)]
    pub exit_code: bool,
    /// In which state hives are read
    #[arg(long, value_enum, value_name = "STATE", default_value_t = HiveStateArg::Recovered)]
    pub hive_state: HiveStateArg,
    /// How to print the differences
    #[arg(long, value_enum, default_value_t = DiffFormat::Text)]
    pub format: DiffFormat,
    #[command(flatten)]
    pub output: OutputArgs,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum DiffFormat {
    /// A line for each difference and a table at the end: + new, - deleted, ~ altered; ? a key or
    /// value that no list leads to any more, where it was found, and how sure it is; * what happened
    /// to a file in between, as a journal tells it
    Text,
    /// One JSON object a line
    Jsonl,
    /// Comma-separated values
    Csv,
}
