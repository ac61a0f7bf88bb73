use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::DatabaseArgs;

/// Register slices by hand
#[derive(Args)]
pub struct SliceArgs {
    #[command(subcommand)]
    pub command: SliceCommand,
}

#[derive(Subcommand)]
pub enum SliceCommand {
    Add(SliceAddArgs),
}

/// Register a slice whose file name does not say which it is
#[derive(Args)]
#[command(after_help = "\
Example:
  diskprint slice add 8504-1-7895-1-20 /store/after-install.tar.gz --predecessor 10 \\
      --db sqlite:results/diskprint.db")]
pub struct SliceAddArgs {
    /// The slice, OSETID-APPETID-SLICEID
    pub slice: String,
    /// Its tarball or disk image
    pub tarball: PathBuf,
    /// Id of the slice before it; left out for the first of a sequence
    #[arg(long)]
    pub predecessor: Option<i64>,
    /// What was done before it was recorded
    #[arg(long, default_value = "Default")]
    pub slicetype: String,
    #[command(flatten)]
    pub database: DatabaseArgs,
}
