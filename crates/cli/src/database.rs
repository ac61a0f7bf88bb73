use std::path::{Path, PathBuf};

use anyhow::{Context, Error, bail};
use diskprint_store::{Sqlite, Store};

use crate::args::DatabaseArgs;

/// Opens the database that is named, or `diskprint.db` in the folder `results`.
pub fn open(args: &DatabaseArgs, results: Option<&Path>) -> Result<Box<dyn Store>, Error> {
    let path = match (&args.db, results) {
        (Some(name), _) => sqlite_path(name)?,
        (None, Some(results)) => results.join("diskprint.db"),
        (None, None) => bail!(NO_DATABASE),
    };
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).with_context(|| format!("{}", folder.display()))?;
    }
    let store = Sqlite::open(&path).with_context(|| format!("database {}", path.display()))?;
    Ok(Box::new(store))
}

/// Opens a database that must be there.
pub fn open_existing(args: &DatabaseArgs) -> Result<Box<dyn Store>, Error> {
    let Some(name) = &args.db else { bail!(NO_DATABASE) };
    let path = sqlite_path(name)?;
    if !path.is_file() {
        bail!("there is no database {}; diskprint run makes one", path.display());
    }
    let store =
        Sqlite::open_existing(&path).with_context(|| format!("database {}", path.display()))?;
    Ok(Box::new(store))
}

const NO_DATABASE: &str =
    "no database is named; add --db sqlite:PATH, as in --db sqlite:results/diskprint.db";

fn sqlite_path(name: &str) -> Result<PathBuf, Error> {
    match name.split_once(':') {
        Some(("sqlite", path)) if !path.is_empty() => Ok(path.into()),
        _ => bail!("database {name:?} is not of the form sqlite:PATH"),
    }
}
