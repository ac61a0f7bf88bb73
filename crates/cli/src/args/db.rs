use clap::{Args, Subcommand};

use super::DatabaseArgs;

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
