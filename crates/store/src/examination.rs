use crate::Error;

/// A database as it is, looked at without leaving anything in it.
#[derive(Debug)]
pub struct Examination {
    /// Name and version of the database program.
    pub program: String,
    /// How it is talked to.
    pub connection: Connection,
    /// Which tables there are.
    pub tables: Tables,
    /// Privileges that writing results needs and that the user lacks: `INSERT on regdelta`.
    pub lacking: Vec<String>,
    /// Whether a row, or a table where there are none, could be written; it was taken back.
    pub write: Result<(), Error>,
    /// Columns for paths that take text of a limited length, with their tables.
    pub limited: Vec<String>,
}

/// How a database is talked to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Connection {
    /// It is a file, or a server of this host.
    Local,
    /// Over a network, with TLS of this version.
    Tls(String),
    /// Over a network, readable for everyone on the way.
    Plain,
}

/// Which tables a database has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tables {
    /// Neither the original workflow's nor ours.
    None,
    /// The original workflow's.
    Original,
    /// Ours, of a version; the newest is `known`.
    Ours {
        /// Version of the tables.
        version: i64,
        /// The newest version that this program knows.
        known: i64,
    },
    /// The user may not see which.
    Hidden,
}
