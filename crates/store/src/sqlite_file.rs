//! SQLite files that are written once: whole or not there, and the same bytes for the same rows.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use rusqlite::Connection;

use crate::Error;

/// Everything that a file's bytes depend on is said; nothing is there that a journal would keep.
const SETTINGS: &str = "
    PRAGMA page_size = 4096;
    PRAGMA journal_mode = OFF;
    PRAGMA synchronous = OFF;
    PRAGMA auto_vacuum = NONE;
    BEGIN;
";

/// Writes `path` anew: under another name first, which `fill` fills, then renamed. Nothing is left
/// of a file that cannot be written.
pub(crate) fn write(
    path: &Path,
    fill: impl FnOnce(&Connection) -> Result<(), Error>,
) -> Result<(), Error> {
    let mut partial = OsString::from(path);
    partial.push(".partial");
    let partial = PathBuf::from(partial);
    let failed = |source| Error::Write { path: path.to_owned(), source };
    remove(&partial).map_err(failed)?;
    let written = write_partial(&partial, path, fill);
    if written.is_err() {
        // It may be what the disk is full of.
        let _ = remove(&partial);
    }
    written?;
    let folder = path.parent().filter(|folder| *folder != Path::new(""));
    let folder = File::open(folder.unwrap_or(Path::new("."))).map_err(failed)?;
    folder.sync_all().map_err(failed)
}

fn write_partial(
    partial: &Path,
    path: &Path,
    fill: impl FnOnce(&Connection) -> Result<(), Error>,
) -> Result<(), Error> {
    let failed = |source| Error::Write { path: path.to_owned(), source };
    let sql = |error| failed(io::Error::other::<rusqlite::Error>(error));
    let connection = Connection::open(partial).map_err(sql)?;
    connection.execute_batch(SETTINGS).map_err(sql)?;
    fill(&connection)?;
    connection.execute_batch("COMMIT").map_err(sql)?;
    connection.close().map_err(|(_, error)| sql(error))?;
    File::open(partial).and_then(|file| file.sync_all()).map_err(failed)?;
    fs::rename(partial, path).map_err(failed)
}

fn remove(file: &Path) -> io::Result<()> {
    match fs::remove_file(file) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
