use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::{DatabaseArgs, HiveStateArg, OutputArgs};
use crate::memory::Size;

/// Read a sequence of slices and store what each step did
///
/// The slices beside the tarball whose names belong to the same sequence
/// (OSETID-APPETID-SLICEID.tar.gz, as in 8504-1-7895-1-10.tar.gz) are registered in the order of
/// their ids, unless the database knows the sequence already. A file beside them whose ending is no
/// tarball's or disk image's (tar, tar.gz, tgz, tar.xz, tar.bz2, tar.zst, ova, vmdk, qcow2, vhd,
/// vhdx, vdi, E01, raw, dd, img, 001…) is no slice.
///
/// A machine's folder, or a disk with snapshots, is a sequence of its own: its slices are the
/// snapshots that lead to its current state, in VMware's list (.vmsd), in a qcow2 disk, or as a chain
/// of disks that stand on each other, and then that state. Each is called by a path below the folder or
/// disk: VM/@2 is the snapshot with the id 2, VM/@current the current state; other commands take
/// such paths, too. The sequence is called vm-NAME.
#[derive(Args)]
#[command(override_usage = "diskprint run [OPTIONS] FINAL_TARBALL... RESULTS
       diskprint run [OPTIONS] --all RESULTS
       diskprint run [OPTIONS] --queue RESULTS")]
#[command(after_help = "\
Examples:
  diskprint run examples/8504-1/7895-1/8504-1-7895-1-40.tar.gz results
  diskprint run /store/8504-1-7895-1-40.tar.gz results --json > summary.json
  diskprint run /store/*-40.tar.gz results   # several sequences, a table at the end
  diskprint run Windows10.vmwarevm results    # its snapshots, then its current state
  diskprint run disk.qcow2/@3 results        # what leads to the snapshot with the id 3
  diskprint run --all results --dry-run      # what is known and what is to do
  diskprint run --all results --config differ.cfg --log-format json 2> run.log

Written below RESULTS:
  diskprint.db                      the database, unless --db names another
  ABSOLUTE/PATH/OF/TARBALL/         for each slice, a folder for each stage:
    disk/disk.json                  container, disks, partitions
    files/fiout.dfxml               all files, deleted ones too
    files/fiout-alloc-only.dfxml    the files in use
    files/filemetadata.csv          those with content, and its digests
    registry/manifest.txt, *.regxml the hives, with deleted keys and values apart
    registry/hives.json             what each was worth, and its transaction logs
    dumps/*.txt                     the hives as text
    deltas/deltas.db                what differs from the slice before
    deltas/registry_deltas.db       (last slice) the original workflow's rows
    archive/out.E01, out.E02, …     (--archive e01) the disk
    STAGE/manifest.json             what was made from what, by which version
    STAGE.out.log, .err.log, .status.log

What is there already is done again only when the tarball, the slice before or
the version is another, or when an output is gone. Ctrl-C, or a kill, at any
moment leaves nothing half done that looks done: the same command goes on.
diskprint status RESULTS tells how a run goes.")]
pub struct RunArgs {
    /// Tarball or disk image of the last slice, of one or several sequences, or a machine's folder;
    /// and, last, the folder for everything that is made
    #[arg(required = true, value_name = "FINAL_TARBALL... RESULTS", num_args = 1..)]
    pub paths: Vec<PathBuf>,
    /// Run every sequence that the database knows; name the results folder alone
    // The original called it so.
    #[arg(long, alias = "parallel-all")]
    pub all: bool,
    /// Run the sequences of the tarballs that wait in table processqueue, and take from it those
    /// whose results are stored; name the results folder alone
    #[arg(long, conflicts_with = "all")]
    pub queue: bool,
    /// What to call the sequence of a machine's folder or disk: vm-NAME [default: its file's name]
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,
    /// Sequences to work on at once, one thread each; 0, and where it is not given: as many as the
    /// cores and the free memory allow, on all cores
    #[arg(long, short, value_name = "N")]
    pub jobs: Option<usize>,
    /// Stay below this much memory, as 512MiB or 2GB
    ///
    /// Fewer sequences are worked on at once, and digests that there is no memory for are not kept
    /// for the slice after, which is read again instead. The files of one slice are always held,
    /// with some 450 bytes for each path, and its hives: a run that needs more than it should says
    /// so at its end, and loses nothing.
    #[arg(long, value_name = "SIZE")]
    pub max_memory: Option<Size>,
    /// Read and digest also the files that did not change since the slice before, and compare with
    /// the digests that are carried over, and read E01 images in full and compare with the digests that
    /// they state; a difference is a fault
    #[arg(long)]
    pub verify: bool,
    /// Also keep the disks of each slice as images of this format
    ///
    /// They are written with the other results, verified by what is in them (MD5 and SHA-1), and
    /// not written again while the tarball, the version and --archive-segment are the same.
    #[arg(long, value_enum, value_name = "FORMAT")]
    pub archive: Option<ArchiveFormat>,
    /// Longest file of such an image, as 2GiB; it is divided into as many as it takes
    /// [default: 1.4 GiB]
    #[arg(long, value_name = "SIZE")]
    pub archive_segment: Option<Size>,
    /// Print at the end how long each part of the work took, beside how fast this machine could be
    #[arg(long)]
    pub timings: bool,
    /// Store again what is done already; the rows of these sequences are replaced in one
    /// transaction, and no slice is read for it
    #[arg(long)]
    pub re_export: bool,
    /// What to do with the remains of runs that did not end: ask, remove them, only list them, or
    /// leave them [default: check]
    ///
    /// They are never taken for results, whichever is chosen. Without a terminal, check removes
    /// them and says so.
    #[arg(long, value_enum, value_name = "WHAT")]
    pub cleanup: Option<Cleanup>,
    /// Print what would be read, and why, and read nothing
    #[arg(long)]
    pub dry_run: bool,
    /// In which state hives are read [default: recovered]
    ///
    /// Nothing is ever written to a hive or log. registry/hives.json says of each hive which logs
    /// were used, and how far.
    #[arg(long, value_enum, value_name = "STATE")]
    pub hive_state: Option<HiveStateArg>,
    /// How to tell, on standard error, how the run goes [default: text]
    #[arg(long, value_enum, value_name = "FORMAT")]
    pub log_format: Option<LogFormat>,
    #[command(flatten)]
    pub database: DatabaseArgs,
    #[command(flatten)]
    pub output: OutputArgs,
}

/// What to do with the remains of runs that did not end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Cleanup {
    /// Ask on a terminal, else remove them
    Check,
    /// Remove them
    Erase,
    /// Print them, and run nothing
    List,
    /// Leave them where they are
    Ignore,
}

/// A format of images of disks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ArchiveFormat {
    /// EnCase 6, as the original workflow and ewfacquire write it
    E01,
}

/// How to tell how a run goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// Progress on a terminal, and lines for people
    Text,
    /// A JSON object a line for each event
    Json,
}
