use std::io;
use std::path::PathBuf;

use diskprint::SliceId;

use crate::{Problem, postgres};

/// Why the database did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The database failed.
    #[error("database: {doing}")]
    Database {
        /// What was being done.
        doing: &'static str,
        /// What the database says.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// What was found in a slice could not be loaded. Nothing was written.
    #[error("what was found in a slice cannot be loaded")]
    Load(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The file could not be read.
    #[error("{}: cannot read", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The file could not be written.
    #[error("{}: cannot write", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// What is stored of a slice cannot be handed out.
    #[error("slice {slice}")]
    Slice {
        /// The slice.
        slice: SliceId,
        /// Why not.
        source: Box<Self>,
    },
    /// The rows that were read could not be written.
    #[error("cannot write the rows")]
    WriteRows(#[source] io::Error),
    /// The database was made by a newer version of this program.
    #[error("the database has version {found}, this program knows versions up to {known}")]
    Newer {
        /// Version of the database.
        found: i64,
        /// The newest version that is known.
        known: i64,
    },
    /// The database was made by an older version of this program, and is opened for reading only.
    #[error(
        "the database has version {found}, and {known} is needed; diskprint db upgrade brings it \
             up to date"
    )]
    Older {
        /// Version of the database.
        found: i64,
        /// The version that is needed.
        known: i64,
    },
    /// A file is none of differences, or one of another version.
    #[error(
        "{}: not a file of differences of version {known} (application id {application:#x}, \
             version {version})", path.display()
    )]
    OtherDeltas {
        /// The file.
        path: PathBuf,
        /// The application id in its header.
        application: i64,
        /// The version in its header.
        version: i64,
        /// The version that is known.
        known: i64,
    },
    /// The database is some other program's.
    #[error("the database has tables and is not a diskprint database (application id {found:#x})")]
    Foreign {
        /// The application id in the database's header.
        found: i64,
    },
    /// The address is none of a PostgreSQL database. It is not repeated: it may have a password.
    #[error(
        "the address is not of the form postgres://USER@HOST/DATABASE; in its parts, \
             characters like : / ? # @ % are written %3A %2F %3F %23 %40 %25"
    )]
    Address,
    /// The server asks for a password, and none is known.
    #[error(
        "it asks for a password: name a file with it in differ.cfg (DBpasswordfile) or \
             diskprint.toml (password_file), or set PGPASSWORD"
    )]
    NoPassword,
    /// The database has no tables of ours.
    #[error("the database has no tables of diskprint; diskprint run makes them")]
    NoTables,
    /// A value is longer than its column. Nothing was written.
    #[error("{item}: {chars} characters are too many for column {column}, which takes {limit}{}; \
             diskprint db upgrade --widen makes room", and_others(*others))]
    TooLong {
        /// What the value belongs to, or the value itself.
        item: String,
        /// The column, with its table.
        column: String,
        /// Length of the value in characters.
        chars: usize,
        /// How many characters the column takes.
        limit: usize,
        /// How many more values are too long for their columns.
        others: usize,
    },
    /// Table `cell` does not list an action.
    #[error("action {0:?} is not in table cell")]
    UnknownAction(&'static str),
    /// The catalogue would not be right after these changes. Nothing was changed.
    #[error("{}", lines(problems))]
    Refused {
        /// All that is wrong with them.
        problems: Vec<Problem>,
    },
    /// There is no such slice.
    #[error("slice {0} is not in table slice")]
    UnknownSlice(SliceId),
    /// A slice stands for a sequence that goes on behind it.
    #[error("slice {0} is not the end of a sequence")]
    NotAnEnd(SliceId),
    /// A text names no sequence.
    #[error("{0:?} names no sequence; its form is OSETID-APPETID, as in 8504-1-7895-1")]
    SequenceName(String),
    /// There is no such sequence.
    #[error("no slice of {osetid}-{appetid} is in table slice")]
    UnknownSequence {
        /// Operating system.
        osetid: String,
        /// Application.
        appetid: String,
    },
    /// A slice has a type that table `slicetype` does not list.
    #[error("slice {slice}: type {slicetype:?} is not in table slicetype")]
    SliceType {
        /// The slice.
        slice: SliceId,
        /// Its type.
        slicetype: String,
    },
    /// A slice has no tarball.
    #[error("slice {0}: its slicehash is in no row of table storage")]
    NoTarball(SliceId),
    /// A slice is its own predecessor, over others or at once.
    #[error("slicepredecessorid leads from slice {slice} back to it, through {}", list(through))]
    Loop {
        /// The slice.
        slice: SliceId,
        /// It and the slices on the way, each followed by its predecessor.
        through: Vec<i64>,
    },
    /// A slice names a predecessor that is not there.
    #[error("slice {slice} has slicepredecessorid {predecessor}, which is not in table slice")]
    NoPredecessor {
        /// The slice.
        slice: SliceId,
        /// The slice that is missing.
        predecessor: i64,
    },
    /// A slice has several rows, and so several predecessors.
    #[error("slice {slice} has {} rows in table slice, with slicepredecessorid {}",
            predecessors.len(), predecessors.join(", "))]
    TwoPredecessors {
        /// The slice.
        slice: SliceId,
        /// What its rows say, `NULL` where it is that.
        predecessors: Vec<String>,
    },
    /// A sequence has no one end.
    #[error("{osetid}-{appetid} has {} sequence ends, slices {}; name one", ends.len(), list(ends))]
    SeveralEnds {
        /// Operating system.
        osetid: String,
        /// Application.
        appetid: String,
        /// Slices that are no slice's predecessor.
        ends: Vec<i64>,
    },
}

impl Error {
    /// Wraps why what was found in a slice cannot be loaded.
    pub fn load(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Load(cause.into())
    }

    /// Whether the database cannot be reached at the moment, so that who connects and tries again
    /// later may do better. What was to be stored is not, or is whole where the database went away
    /// while it committed. A SQLite database never is gone.
    pub fn is_gone(&self) -> bool {
        match self {
            Self::Database { source, .. } => postgres::is_gone(source.as_ref()),
            Self::Slice { source, .. } => source.is_gone(),
            _ => false,
        }
    }
}

fn lines(problems: &[Problem]) -> String {
    problems.iter().map(Problem::to_string).collect::<Vec<_>>().join("\n")
}

fn and_others(count: usize) -> String {
    if count == 0 { String::new() } else { format!(", nor are they the only ones: {count} more") }
}

fn list(ids: &[i64]) -> String {
    ids.iter().map(i64::to_string).collect::<Vec<_>>().join(", ")
}

/// Says what was being done when the database failed.
pub(crate) fn doing<E>(doing: &'static str) -> impl Fn(E) -> Error
where
    E: std::error::Error + Send + Sync + 'static,
{
    move |source| Error::Database { doing, source: Box::new(source) }
}
