use std::path::PathBuf;

use clap::Args;

use super::{DatabaseArgs, OutputArgs};

/// Read a sequence of slices and store what each step did
///
/// The slices beside the tarball whose names belong to the same sequence
/// (OSETID-APPETID-SLICEID.tar.gz, as in 8504-1-7895-1-10.tar.gz) are registered in the order of
/// their ids, unless the database knows the sequence already. A file beside them whose ending is no
/// tarball's or disk image's (tar, tar.gz, tgz, tar.xz, tar.bz2, tar.zst, vmdk, raw, dd, img…) is no
/// slice.
#[derive(Args)]
#[command(override_usage = "diskprint run [OPTIONS] FINAL_TARBALL... RESULTS
       diskprint run [OPTIONS] --all RESULTS")]
#[command(after_help = "\
Examples:
  diskprint run examples/8504-1/7895-1/8504-1-7895-1-40.tar.gz results
  diskprint run /store/8504-1-7895-1-40.tar.gz results --json > summary.json
  diskprint run /store/*-40.tar.gz results      several sequences, one table at the end
  diskprint run --all results --dry-run         what the database knows and what is to do

Written below RESULTS:
  diskprint.db                      the database, unless --db names another
  ABSOLUTE/PATH/OF/TARBALL/         for each slice:
    fiout.dfxml                     all files, deleted ones too
    fiout-alloc-only.dfxml          the files in use
    manifest.txt, *.regxml          the hives
    registry_deltas.db              (last slice) the original workflow's rows")]
pub struct RunArgs {
    /// Tarball or disk image of the last slice, of one or several sequences; and, last, the folder
    /// for everything that is made
    #[arg(required = true, value_name = "FINAL_TARBALL... RESULTS", num_args = 1..)]
    pub paths: Vec<PathBuf>,
    /// Run every sequence that the database knows; name the results folder alone
    #[arg(long)]
    pub all: bool,
    /// Read and store again what is done already; the rows of these sequences are replaced
    #[arg(long)]
    pub re_export: bool,
    /// Print what would be read, and why, and read nothing
    #[arg(long)]
    pub dry_run: bool,
    #[command(flatten)]
    pub database: DatabaseArgs,
    #[command(flatten)]
    pub output: OutputArgs,
}
