use std::path::PathBuf;

use clap::Args;

use super::DatabaseArgs;

/// Say whether a run can work here, and how to mend what is in its way
///
/// Prints a line for each check: ok, warning or failed, what was found, and how to mend it. Looks
/// at this machine, the database, the tarballs, and the results folder with its locks and its free
/// space. Nothing is left behind: what is written as a trial is taken back.
#[derive(Args)]
#[command(after_help = "\
The space that a run needs is estimated from the tarballs that --tarballs names and the slices
before them, or, without, from every slice that the database knows:
  unpacked   a tarball takes 4 times its size, or what the trailer of a gzip file says where that
             is more; a plain tar, a folder and a disk image take their size
  scratch    the unpacked size of the largest tarball (of folders and disk images nothing); each
             further job of run --jobs takes as much again
  outputs    16 MiB and a tenth of its unpacked size for each slice
  files      200 for each slice

Exit codes: 0 nothing failed, 1 otherwise.

Examples:
  diskprint check
  diskprint check results --config differ.cfg
  diskprint check results --tarballs /store/8504-1-7895-1-40.tar.gz --json")]
pub struct CheckArgs {
    /// The results folder; it need not be there
    pub results: Option<PathBuf>,
    /// Tarballs of the last slices of sequences that are to be run
    #[arg(long, num_args = 1.., value_name = "FINAL_TARBALL")]
    pub tarballs: Vec<PathBuf>,
    #[command(flatten)]
    pub database: DatabaseArgs,
    /// Print the checks as JSON
    #[arg(long)]
    pub json: bool,
}
