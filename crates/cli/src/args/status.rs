use std::path::PathBuf;

use clap::Args;

/// Tell how the run into a results folder goes, or went
#[derive(Args)]
#[command(after_help = "\
Examples:
  diskprint status results                 # while diskprint run works in another terminal
  watch -n 5 diskprint status results
  diskprint status results --json | jq .seconds_left
  diskprint status results --verify        # hash all outputs and compare them with the manifests

Exit codes: 0 the run goes on or ended well, 1 it was stopped, or a sequence
failed (with --verify: or an output is not what was made), 2 it ended with
faults recorded.")]
pub struct StatusArgs {
    /// The results folder
    pub results: PathBuf,
    /// Print it as JSON
    #[arg(long)]
    pub json: bool,
    /// Read all outputs and say which are not what was made
    #[arg(long)]
    pub verify: bool,
}
