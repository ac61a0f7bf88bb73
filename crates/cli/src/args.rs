//! What can be typed.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

const AFTER_HELP: &str = "\
Examples:
  diskprint run examples/8504-1/7895-1/8504-1-7895-1-40.tar.gz results
  diskprint export 8504-1-7895-1 --db sqlite:results/diskprint.db --format csv
  diskprint diff before.tar.gz after.tar.gz
  diskprint inspect machine.vmdk p1 mft 5

Exit codes: 0 clean, 1 failed, 2 finished with faults recorded (diff --exit-code: 1 differs),
130 stopped by Ctrl-C.";

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
    Diff(DiffArgs),
    Export(ExportArgs),
    Inspect(InspectArgs),
    Slice(SliceArgs),
    Db(DbArgs),
    Completions(CompletionsArgs),
}

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

/// Compare two images or tarballs, without a database
#[derive(Args)]
#[command(after_help = "\
Examples:
  diskprint diff before.tar.gz after.tar.gz
  diskprint diff before.raw after.vmdk --format jsonl | jq 'select(.type == \"cell\")'
  diskprint diff a.tar.gz b.tar.gz --exit-code --quiet && echo same")]
pub struct DiffArgs {
    /// Tarball or disk image of the state before
    pub before: PathBuf,
    /// Tarball or disk image of the state after
    pub after: PathBuf,
    /// Exit with 1 when they differ, 0 when they do not
    #[arg(long)]
    pub exit_code: bool,
    /// How to print the differences
    #[arg(long, value_enum, default_value_t = DiffFormat::Text)]
    pub format: DiffFormat,
    #[command(flatten)]
    pub output: OutputArgs,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum DiffFormat {
    /// A line for each difference and a table at the end
    Text,
    /// One JSON object a line
    Jsonl,
    /// Comma-separated values
    Csv,
}

/// Print all differences of a stored sequence
#[derive(Args)]
#[command(after_help = "\
Example:
  diskprint export 8504-1-7895-1 --db sqlite:results/diskprint.db --format jsonl")]
pub struct ExportArgs {
    /// The sequence, OSETID-APPETID
    pub sequence: String,
    #[command(flatten)]
    pub database: DatabaseArgs,
    /// How to print them
    #[arg(long, value_enum, default_value_t = Format::Jsonl)]
    pub format: Format,
}

/// The form of rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// One JSON object a line
    Jsonl,
    /// Comma-separated values
    Csv,
}

/// Print any layer of an image, or of a hive file, as text
///
/// Layers go from the outside in. What is damaged is printed as far as it can be read, with the
/// reason in the last lines; the exit code is 2 then.
#[derive(Args)]
#[command(after_help = "\
Layers of a tarball, folder or disk image:
  (none)                     container, disks, partitions and what each holds
  p1                         boot sector of partition 1
  p1 mft 5                   record 5 of the $MFT: its header and attributes
  p1 mft 5 attr 0x80         attributes of a type: headers, runs, first 512 bytes
  p1 mft 5 attr '0x80:NAME'  those with a name; '0x80:' those without, '$DATA:NAME' is the same
  p1 file PATH               all records of a file, deleted ones too
  p1 hive PATH               base block of a hive
  p1 hive PATH key 'A\\B'     a key, its subkeys and values; '' is the root key
Layers of a hive file:
  (none)                     base block
  key 'A\\B'                  a key, its subkeys and values; '' is the root key

Paths are without regard to case; those of files take / or \\, those of keys leave out the root's
name. Numbers may be decimal or 0x and hexadecimal.

Examples:
  diskprint inspect machine.tar.gz
  diskprint inspect machine.vmdk p1 mft 5 attr '$INDEX_ROOT'
  diskprint inspect machine.vmdk p1 file Windows/notepad.exe
  diskprint inspect machine.vmdk p1 hive Windows/System32/config/SAM key 'SAM\\Domains'
  diskprint inspect NTUSER.DAT key 'Software\\Microsoft'")]
pub struct InspectArgs {
    /// Tarball, folder, disk image or hive file
    pub image: PathBuf,
    /// The layer to print, from the outside in; see below
    pub layer: Vec<String>,
}

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

/// Print a completion script for a shell
#[derive(Args)]
pub struct CompletionsArgs {
    /// The shell
    #[arg(value_enum)]
    pub shell: clap_complete::Shell,
}

/// Make, check or upgrade a database
#[derive(Args)]
#[command(after_help = "\
Examples:
  diskprint db init --db postgres://examiner@db.example/prints
  diskprint db check --config differ.cfg
  diskprint db upgrade --widen --config differ.cfg")]
pub struct DbArgs {
    #[command(subcommand)]
    pub command: DbCommand,
}

#[derive(Subcommand)]
pub enum DbCommand {
    /// Make the tables that are absent; those of the original workflow stay as they are
    Init(DatabaseArgs),
    /// Connect, and say how many sequences there are
    Check(DatabaseArgs),
    Upgrade(DbUpgradeArgs),
}

/// Bring the tables of diskprint up to date
#[derive(Args)]
pub struct DbUpgradeArgs {
    #[command(flatten)]
    pub database: DatabaseArgs,
    /// Let the original workflow's columns for paths take text of any length
    #[arg(long)]
    pub widen: bool,
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
    /// The original workflow's file that names its PostgreSQL database, differ.cfg
    #[arg(long, value_name = "FILE", conflicts_with = "db")]
    pub config: Option<PathBuf>,
}

#[derive(Args)]
pub struct OutputArgs {
    /// Print the summary as JSON
    #[arg(long)]
    pub json: bool,
    /// Print neither progress nor differences nor tables
    #[arg(long, short)]
    pub quiet: bool,
    /// Threads to use; 0 for one per core
    #[arg(long, default_value_t = 0, value_name = "N")]
    pub threads: usize,
}
