use std::path::PathBuf;

use clap::{ArgGroup, Args, Subcommand};

use super::DatabaseArgs;

/// Add, edit, list, check and remove slices
#[derive(Args)]
pub struct SliceArgs {
    #[command(subcommand)]
    pub command: SliceCommand,
}

#[derive(Subcommand)]
pub enum SliceCommand {
    Add(SliceAddArgs),
    Edit(SliceEditArgs),
    List(SliceListArgs),
    Remove(SliceRemoveArgs),
}

/// Register a slice whose file name does not say which it is
///
/// One that is registered already is not altered: slice edit does that.
#[derive(Args)]
#[command(after_help = "\
Examples:
  diskprint slice add 8504-1-7895-1-20 /store/after-install.tar.gz --predecessor 10 \\
      --db sqlite:results/diskprint.db
  diskprint slice add 8504-1-7895-1-10 /store/clean.tar.gz --notes 'before anything' \\
      --config differ.cfg")]
pub struct SliceAddArgs {
    /// The slice, OSETID-APPETID-SLICEID
    pub slice: String,
    /// Its tarball or disk image
    pub tarball: PathBuf,
    /// Id of the slice before it, which must be there; left out for the first of a sequence
    #[arg(long)]
    pub predecessor: Option<i64>,
    /// What was done before it was recorded, one of table slicetype
    #[arg(long, default_value = "Default")]
    pub slicetype: String,
    /// What is to be known of it
    #[arg(long, value_name = "TEXT")]
    pub notes: Option<String>,
    /// Its state, one of table slicestate
    #[arg(long)]
    pub state: Option<String>,
    #[command(flatten)]
    pub database: DatabaseArgs,
}

/// Change what the database says of a slice; what is not named stays
#[derive(Args)]
#[command(group = ArgGroup::new("change").required(true).multiple(true))]
#[command(after_help = "\
Examples:
  diskprint slice edit 8504-1-7895-1-20 --slicetype Install --db sqlite:results/diskprint.db
  diskprint slice edit 8504-1-7895-1-20 --tarball /new/place/after-install.tar.gz
  diskprint slice edit 8504-1-7895-1-10 --first")]
pub struct SliceEditArgs {
    /// The slice, OSETID-APPETID-SLICEID
    pub slice: String,
    /// Its tarball or disk image, which is read for its hash
    #[arg(long, group = "change", value_name = "PATH")]
    pub tarball: Option<PathBuf>,
    /// Id of the slice before it
    #[arg(long, group = "change", conflicts_with = "first")]
    pub predecessor: Option<i64>,
    /// No slice is before it
    #[arg(long, group = "change")]
    pub first: bool,
    /// What was done before it was recorded, one of table slicetype
    #[arg(long, group = "change")]
    pub slicetype: Option<String>,
    /// What is to be known of it
    #[arg(long, group = "change", value_name = "TEXT")]
    pub notes: Option<String>,
    /// Its state, one of table slicestate
    #[arg(long, group = "change")]
    pub state: Option<String>,
    #[command(flatten)]
    pub database: DatabaseArgs,
}

/// List slices, or check their tarballs
#[derive(Args)]
#[command(after_help = "\
Exit codes with --verify: 0 all are as they were, 1 one is changed, 2 one is
missing or its hash is of an unknown kind.

Examples:
  diskprint slice list --db sqlite:results/diskprint.db
  diskprint slice list 8504-1-7895-1 --json --config differ.cfg
  diskprint slice list --verify")]
pub struct SliceListArgs {
    /// The sequence, OSETID-APPETID; all where none is named
    pub sequence: Option<String>,
    /// Read the tarballs and compare them with their hashes: SHA-256, SHA-1 or MD5
    #[arg(long)]
    pub verify: bool,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub database: DatabaseArgs,
}

/// Remove slices from the database; their tarballs stay, in table storage, too
#[derive(Args)]
#[command(after_help = "\
Examples:
  diskprint slice remove 8504-1-7895-1-40 --db sqlite:results/diskprint.db
  diskprint slice remove 8504-1-7895-1-30 8504-1-7895-1-40 --with-results")]
pub struct SliceRemoveArgs {
    /// The slices, OSETID-APPETID-SLICEID; none that another has as its predecessor
    #[arg(required = true, value_name = "SLICE")]
    pub slices: Vec<String>,
    /// Remove what runs found in them, too
    #[arg(long)]
    pub with_results: bool,
    #[command(flatten)]
    pub database: DatabaseArgs,
}

/// List sequences and show them
#[derive(Args)]
pub struct SequenceArgs {
    #[command(subcommand)]
    pub command: SequenceCommand,
}

#[derive(Subcommand)]
pub enum SequenceCommand {
    List(SequenceListArgs),
    Show(SequenceShowArgs),
}

/// List the sequences that the database knows, each by its last slice
#[derive(Args)]
#[command(after_help = "\
Example:
  diskprint sequence list --db sqlite:results/diskprint.db")]
pub struct SequenceListArgs {
    /// Print JSON
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub database: DatabaseArgs,
}

/// Show the slices of a sequence in order, and its last run
#[derive(Args)]
#[command(after_help = "\
Example:
  diskprint sequence show 8504-1-7895-1 --db sqlite:results/diskprint.db")]
pub struct SequenceShowArgs {
    /// The sequence, OSETID-APPETID
    pub sequence: String,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub database: DatabaseArgs,
}

/// Add, list and remove operating systems
#[derive(Args)]
pub struct OsArgs {
    #[command(subcommand)]
    pub command: OsCommand,
}

#[derive(Subcommand)]
pub enum OsCommand {
    Add(OsAddArgs),
    /// List the operating systems
    #[command(after_help = "\
Example:
  diskprint os list --json --db sqlite:results/diskprint.db")]
    List(ListArgs),
    Remove(OsRemoveArgs),
}

/// Add an operating system, or change what the database says of it
#[derive(Args)]
#[command(after_help = "\
Example:
  diskprint os add 8504-1 --name 'Windows 7 SP1 x64' --vm 3 --installdate 2012-11-05")]
pub struct OsAddArgs {
    /// Its id, the OSETID of slices
    pub osetid: String,
    /// What it is called
    #[arg(long)]
    pub name: Option<String>,
    /// Id of the virtual machine that it runs in, which must be there
    #[arg(long, value_name = "VMID")]
    pub vm: Option<i64>,
    /// When it was installed, as in 2012-11-05
    #[arg(long, value_name = "DATE")]
    pub installdate: Option<String>,
    #[command(flatten)]
    pub database: DatabaseArgs,
}

/// Remove operating systems
#[derive(Args)]
#[command(after_help = "\
Example:
  diskprint os remove 8504-1 --db sqlite:results/diskprint.db")]
pub struct OsRemoveArgs {
    /// Their ids
    #[arg(required = true, value_name = "OSETID")]
    pub osetids: Vec<String>,
    #[command(flatten)]
    pub database: DatabaseArgs,
}

/// Add, list and remove virtual machines
#[derive(Args)]
pub struct VmArgs {
    #[command(subcommand)]
    pub command: VmCommand,
}

#[derive(Subcommand)]
pub enum VmCommand {
    Add(VmAddArgs),
    /// List the virtual machines
    #[command(after_help = "\
Example:
  diskprint vm list --json --db sqlite:results/diskprint.db")]
    List(ListArgs),
    Remove(VmRemoveArgs),
}

/// Add a virtual machine, or change what the database says of it
#[derive(Args)]
#[command(after_help = "\
Example:
  diskprint vm add 3 --name 'VMware Fusion' --app-version 5.0.1")]
pub struct VmAddArgs {
    /// Its id
    pub vmid: i64,
    /// The program that runs it
    #[arg(long)]
    pub name: Option<String>,
    /// Version of that program
    #[arg(long, value_name = "VERSION")]
    pub app_version: Option<String>,
    #[command(flatten)]
    pub database: DatabaseArgs,
}

/// Remove virtual machines; none that an operating system names
#[derive(Args)]
#[command(after_help = "\
Example:
  diskprint vm remove 3 --db sqlite:results/diskprint.db")]
pub struct VmRemoveArgs {
    /// Their ids
    #[arg(required = true, value_name = "VMID")]
    pub vmids: Vec<i64>,
    #[command(flatten)]
    pub database: DatabaseArgs,
}

#[derive(Args)]
pub struct ListArgs {
    /// Print JSON
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub database: DatabaseArgs,
}
