//! `deltas.db`: what one slice differs in from the one before it, with every detail that we keep,
//! in a SQLite file of its own. It names no slices, so that sequences may share it.

use std::path::Path;

use diskprint::{Cell, CellChanges, FileChanges, FileEntry};
use rusqlite::{Connection, OpenFlags};

use crate::error::doing;
use crate::sqlite::{found, rows};
use crate::{
    Content, Error, Found, delta_table, fault, interim_change, recovered_cell, sqlite_file,
};

/// `dpdl`: the application id in the file's header.
// Source: https://sqlite.org/fileformat2.html#application_id
const APPLICATION_ID: i64 = 0x6470_646C;

/// The version of its tables.
const VERSION: i64 = 4;

/// Writes all but the content of what was found in one slice to `path`, anew: under another name first, then renamed, so that it is whole or not there.
///
/// The same input gives the same bytes. Faults go in sorted; their places should not begin with
/// the slice where sequences are to share the file.
///
/// # Errors
/// When the file cannot be written.
pub fn write(path: &Path, found: &Found) -> Result<(), Error> {
    sqlite_file::write(path, |connection| {
        make_tables(connection)
            .and_then(|()| found::insert(connection, &[], found))
            .map_err(doing("filling deltas.db"))
    })
}

/// Reads what [`write()`] wrote: there is no content, byte runs of files are not there, faults are sorted.
///
/// # Errors
/// When the file cannot be read, is of another version, or holds what no program of ours wrote.
pub fn read(path: &Path) -> Result<Found, Error> {
    let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)
        .map_err(doing("opening it"));
    let all = connection.and_then(|connection| {
        check_version(&connection, path)?;
        Ok(Found {
            files: found::deltas(&connection, &[])?,
            cells: found::deltas(&connection, &[])?,
            recovered: found::recovered(&connection, &[])?,
            interim: found::interim(&connection, &[])?,
            faults: found::faults(&connection, &[])?,
            content: Content::default(),
        })
    });
    all.map_err(|error| match error {
        Error::OtherDeltas { .. } => error,
        error => Error::Read { path: path.to_owned(), source: error.into() },
    })
}

/// Tables with the columns of those in the database beside the key, which is `ordinal` alone.
fn make_tables(connection: &Connection) -> rusqlite::Result<()> {
    for table in [
        delta_table::table::<FileEntry, FileChanges>(),
        delta_table::table::<Cell, CellChanges>(),
        recovered_cell::table(),
        interim_change::table(),
        fault::table(),
    ] {
        let (name, columns) = (table.name, rows::columns(&table));
        let sql = format!("CREATE TABLE {name} (ordinal INTEGER PRIMARY KEY, {columns})");
        connection.execute_batch(&sql)?;
    }
    connection.pragma_update(None, "application_id", APPLICATION_ID)?;
    connection.pragma_update(None, "user_version", VERSION)
}

fn check_version(connection: &Connection, path: &Path) -> Result<(), Error> {
    let pragma = |name: &str| {
        let value = connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
        value.map_err(doing("reading its version"))
    };
    let (application, version) = (pragma("application_id")?, pragma("user_version")?);
    if (application, version) == (APPLICATION_ID, VERSION) {
        return Ok(());
    }
    let (path, known) = (path.to_owned(), VERSION);
    Err(Error::OtherDeltas { path, application, version, known })
}
