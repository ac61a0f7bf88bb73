use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::DatabaseArgs;

/// Make, check, fill or upgrade a database
#[derive(Args)]
#[command(after_help = "\
Examples:
  diskprint db init --db postgres://examiner@db.example/prints
  diskprint db check --config differ.cfg
  diskprint db import slices.csv --db sqlite:results/diskprint.db
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
    Import(ImportArgs),
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

/// Add slices, tarballs, operating systems and virtual machines from files
///
/// All files together are one change: where one row is refused, all are, and each reason is said
/// with its file and line. A row that is there already is changed in the columns that are named.
#[derive(Args)]
#[command(after_help = "\
Files:
  .csv  a header with the columns of one of the tables slice (also location or tarball), storage,
        os, virtualmachine, vmsetting, slicetype, slicestate; see docs/formats.md
  .sql  INSERT statements into these tables, as pg_dump --data-only --inserts writes them

Examples:
  diskprint db import slices.csv --dry-run --db sqlite:results/diskprint.db
  diskprint db import machines.csv slices.csv --verify --config differ.cfg
  diskprint db import diskprint.sql --db postgres://examiner@db.example/prints")]
pub struct ImportArgs {
    /// The files, .csv or .sql
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// The table of all CSV files, where their headers do not tell it
    #[arg(long)]
    pub table: Option<String>,
    /// Read the tarballs that have a hash, and refuse those that differ from it
    #[arg(long)]
    pub verify: bool,
    /// Print what would be done, and do nothing
    #[arg(long)]
    pub dry_run: bool,
    #[command(flatten)]
    pub database: DatabaseArgs,
}
