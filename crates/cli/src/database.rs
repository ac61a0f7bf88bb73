//! Which database, as the command line, a file or the environment names it.

use std::env;
use std::fmt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Error, Result, bail};
use diskprint_store::{Address, Examination, Postgres, Sqlite, Store};

use crate::args::DatabaseArgs;
use crate::differ_cfg;

/// A database that was named. Its password is never shown.
pub enum Database {
    Sqlite(PathBuf),
    Postgres(Box<Address>),
}

/// Opens the database that is named, or `diskprint.db` in the folder `results`.
pub fn open(args: &DatabaseArgs, results: Option<&Path>) -> Result<Box<dyn Store>> {
    match (Database::named(args)?, results) {
        (Some(database), _) => database.open(),
        (None, Some(results)) => Database::Sqlite(results.join("diskprint.db")).open(),
        (None, None) => bail!(NO_DATABASE),
    }
}

/// Opens a database that must be there.
pub fn open_existing(args: &DatabaseArgs) -> Result<Box<dyn Store>> {
    Database::must_be_named(args)?.open_existing()
}

const NO_DATABASE: &str = "no database is named; add --db sqlite:PATH, as in \
     --db sqlite:results/diskprint.db, or --db postgres://USER@HOST/DATABASE";

impl Database {
    /// The database that the command line names, or else the environment; `None` where neither
    /// does.
    pub fn named(args: &DatabaseArgs) -> Result<Option<Self>> {
        if let Some(config) = &args.config {
            return differ_cfg::read(config).map(|address| Some(Self::Postgres(address.into())));
        }
        match &args.db {
            Some(name) => Self::parse(name).map(Some),
            None => match env::var("DISKPRINT_DB") {
                Ok(name) if !name.is_empty() => {
                    Self::parse(&name).context("DISKPRINT_DB").map(Some)
                }
                _ => Ok(None),
            },
        }
    }

    pub fn must_be_named(args: &DatabaseArgs) -> Result<Self> {
        Self::named(args)?.ok_or_else(|| Error::msg(NO_DATABASE))
    }

    /// Reads a name, which no message repeats: it may have a password.
    fn parse(name: &str) -> Result<Self> {
        match name.split_once(':') {
            Some(("sqlite", path)) if !path.is_empty() => Ok(Self::Sqlite(path.into())),
            Some(("postgres" | "postgresql", _)) => {
                let mut address = Address::parse(name)?;
                if let (false, Ok(password)) = (address.has_password(), env::var("PGPASSWORD")) {
                    address.set_password(password.as_bytes());
                }
                Ok(Self::Postgres(address.into()))
            }
            _ => bail!(
                "the name of the database is neither sqlite:PATH nor \
                 postgres://USER@HOST/DATABASE"
            ),
        }
    }

    /// Opens it, and makes what is absent: the file, the tables.
    pub fn open(&self) -> Result<Box<dyn Store>> {
        match self {
            Self::Sqlite(path) => {
                if let Some(folder) = path.parent() {
                    std::fs::create_dir_all(folder)
                        .with_context(|| folder.display().to_string())?;
                }
                self.boxed(Sqlite::open(path))
            }
            Self::Postgres(address) => self.boxed(Postgres::open(address)),
        }
    }

    /// Opens it; it must be there, with our tables.
    pub fn open_existing(&self) -> Result<Box<dyn Store>> {
        match self {
            Self::Sqlite(path) if !path.is_file() => {
                bail!("there is no database {}; diskprint run makes one", path.display())
            }
            Self::Sqlite(path) => self.boxed(Sqlite::open_existing(path)),
            Self::Postgres(address) => self.boxed(Postgres::open_existing(address)),
        }
    }

    /// Looks at it, which must be there, without altering it.
    pub fn examine(&self) -> Result<Examination> {
        let found = match self {
            Self::Sqlite(path) => Sqlite::examine(path),
            Self::Postgres(address) => Postgres::examine(address),
        };
        found.with_context(|| format!("database {self}"))
    }

    /// Takes the limit of length from columns for paths; returns the columns that had one.
    pub fn widen(&self) -> Result<Vec<String>> {
        match self {
            // SQLite does not heed them.
            Self::Sqlite(_) => Ok(Vec::new()),
            Self::Postgres(address) => {
                let widen = || Postgres::open_existing(address)?.widen();
                widen().with_context(|| format!("database {self}"))
            }
        }
    }

    fn boxed<S: Store + 'static>(
        &self,
        store: Result<S, diskprint_store::Error>,
    ) -> Result<Box<dyn Store>> {
        Ok(Box::new(store.with_context(|| format!("database {self}"))?))
    }
}

impl fmt::Display for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => path.display().fmt(f),
            Self::Postgres(address) => address.fmt(f),
        }
    }
}
