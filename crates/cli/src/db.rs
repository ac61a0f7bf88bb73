use std::io::{self, Write};

use anyhow::Error;

use crate::Outcome;
use crate::args::{DbArgs, DbCommand};
use crate::catalogue::import;
use crate::database::Database;

/// Makes, checks, fills or upgrades a database.
pub fn run(args: &DbArgs) -> Result<Outcome, Error> {
    let mut out = io::stdout().lock();
    match &args.command {
        DbCommand::Init(args) => {
            let database = Database::must_be_named(args)?;
            database.open()?;
            writeln!(out, "{database} is ready.")?;
        }
        DbCommand::Check(args) => {
            let database = Database::must_be_named(args)?;
            let sequences = database.open_existing()?.sequences()?.len();
            writeln!(out, "{database} answers; sequences: {sequences}.")?;
        }
        DbCommand::Import(args) => import::run(args, &mut out)?,
        DbCommand::Upgrade(args) => {
            let database = Database::must_be_named(&args.database)?;
            database.open_existing()?;
            if args.widen {
                for column in database.widen()? {
                    writeln!(out, "{column} takes text of any length now.")?;
                }
            }
            writeln!(out, "{database} is up to date.")?;
        }
    }
    Ok(Outcome::Clean)
}
