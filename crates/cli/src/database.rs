//! Which database, as the command line, a file or the environment names it.

use std::env;
use std::fmt;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Error, Result, bail};
use diskprint_store::{Address, Examination, Postgres, Sqlite, Store};

use crate::args::DatabaseArgs;
use crate::config::{self, Config};
use crate::differ_cfg;
use crate::run::watch::Watch;

/// A database that was named. Its password is never shown.
pub enum Database {
    Sqlite(PathBuf),
    Postgres(Box<Address>),
}

/// Opens the database that is named, and makes what it lacks.
pub fn open(args: &DatabaseArgs) -> Result<Box<dyn Store>> {
    Database::must_be_named(args)?.open()
}

/// Opens a database that must be there.
pub fn open_existing(args: &DatabaseArgs) -> Result<Box<dyn Store>> {
    Database::must_be_named(args)?.open_existing()
}

const NO_DATABASE: &str = "no database is named; add --db sqlite:PATH, as in \
     --db sqlite:results/diskprint.db, or --db postgres://USER@HOST/DATABASE, or \
     --config differ.cfg";

impl Database {
    /// The database that the command line names, or else the environment, or else
    /// `diskprint.toml`; `None` where none does.
    pub fn named(args: &DatabaseArgs) -> Result<Option<Self>> {
        let settings = || Config::read(args.config.as_deref())?.database();
        match (&args.db, &args.config) {
            (Some(name), _) => Self::parse(name).map(Some),
            (None, Some(file)) if config::is_settings(file) => settings(),
            (None, Some(file)) => {
                differ_cfg::read(file).map(|address| Some(Self::Postgres(address.into())))
            }
            (None, None) => match env::var("DISKPRINT_DB") {
                Ok(name) if !name.is_empty() => {
                    Self::parse(&name).context("DISKPRINT_DB").map(Some)
                }
                _ => settings(),
            },
        }
    }

    /// The database of a run: the one that is named, or `diskprint.db` in the folder `results`.
    fn of_run(args: &DatabaseArgs, results: &Path) -> Result<Self> {
        Ok(Self::named(args)?.unwrap_or_else(|| Self::Sqlite(results.join("diskprint.db"))))
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

    /// Opens it, which must be there and up to date, so that nothing can be written.
    pub fn open_read_only(&self) -> Result<Box<dyn Store>> {
        match self {
            Self::Sqlite(path) if !path.is_file() => {
                bail!("there is no database {}; diskprint run makes one", path.display())
            }
            Self::Sqlite(path) => self.boxed(Sqlite::open_read_only(path)),
            Self::Postgres(address) => self.boxed(Postgres::open_read_only(address)),
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

impl Config {
    /// The database that the settings name.
    fn database(&self) -> Result<Option<Database>> {
        let Some(name) = &self.db else { return Ok(None) };
        let mut database = Database::parse(name).context("diskprint.toml")?;
        if let (Database::Postgres(address), Some(file)) = (&mut database, &self.password_file) {
            address.set_password(&differ_cfg::password(file)?);
        }
        Ok(Some(database))
    }
}

/// A database in use, by several jobs in turn. When it goes away, they wait for it to come back.
pub struct Session {
    database: Database,
    store: Mutex<Box<dyn Store>>,
    watch: OnceLock<Arc<Watch>>,
}

/// How long a database that went away is waited for.
const PATIENCE: Duration = Duration::from_secs(60);

/// How often it is waited for in one piece of work, which may be what makes it go away.
const LOSSES: u32 = 5;

impl Session {
    /// Opens the database of a run, and makes what it lacks.
    pub fn open(args: &DatabaseArgs, results: &Path) -> Result<Self> {
        let database = Database::of_run(args, results)?;
        let store = database.open()?;
        Ok(Self { database, store: store.into(), watch: OnceLock::new() })
    }

    /// Opens the database of a run that only looks: an absent one is not made.
    pub fn for_looking(args: &DatabaseArgs, results: &Path) -> Result<Self> {
        let database = Database::of_run(args, results)?;
        let store = match &database {
            Database::Sqlite(path) if !path.is_file() => database.boxed(Sqlite::in_memory())?,
            _ => database.open()?,
        };
        Ok(Self { database, store: store.into(), watch: OnceLock::new() })
    }

    /// Says from now on to `watch` when the database is waited for.
    pub fn watch(&self, watch: Arc<Watch>) {
        // A session is of one run, which has one.
        let _ = self.watch.set(watch);
    }

    /// Works with the database; when that goes away, waits for it and does the same work again,
    /// which must not mind that.
    pub fn with<T>(
        &self,
        mut work: impl FnMut(&mut dyn Store) -> Result<T, diskprint_store::Error>,
    ) -> Result<T> {
        let mut store = self.store.lock().unwrap_or_else(PoisonError::into_inner);
        let mut losses = 0;
        loop {
            let error = match work(&mut **store) {
                Err(error) if error.is_gone() && losses < LOSSES => error,
                done => return done.with_context(|| format!("database {self}")),
            };
            losses += 1;
            self.come_back(&mut store, error)?;
        }
    }

    /// Plans with the database.
    pub fn plan<T>(&self, plan: impl FnOnce(&dyn Store) -> Result<T>) -> Result<T> {
        plan(&**self.store.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Connects anew, as soon as that is possible.
    fn come_back(&self, store: &mut Box<dyn Store>, gone: diskprint_store::Error) -> Result<()> {
        let begun = Instant::now();
        let gone = Error::new(gone).context(format!("database {self}"));
        self.warn(&format!("{gone:#}; waiting up to {} s for it to come back", PATIENCE.as_secs()));
        while begun.elapsed() < PATIENCE {
            match self.database.open() {
                Ok(opened) => {
                    *store = opened;
                    self.warn("the database is back");
                    return Ok(());
                }
                Err(_) => thread::sleep(Duration::from_millis(500)),
            }
        }
        Err(gone
            .context("the database went away and did not come back; run again when it is there"))
    }

    fn warn(&self, text: &str) {
        match self.watch.get() {
            Some(watch) => watch.warn(text),
            None => drop(writeln!(io::stderr(), "diskprint: warning: {text}")),
        }
    }
}

impl fmt::Display for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.database.fmt(f)
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
