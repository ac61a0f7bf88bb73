use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use anyhow::Error;
use diskprint_store::{Sqlite, Store};

use super::Finding;
use super::database::Known;
use crate::run::beside::Beside;
use crate::run::plan::{self, Planned};

/// Finds the slices of the sequences that end with `tarballs`, or, where none are named, all that
/// the database knows, and says which cannot be read.
pub(super) fn check(tarballs: &[PathBuf], known: Known, checks: &mut Vec<Finding>) -> Vec<Planned> {
    let (store, is_told) = match known {
        Known::By(store) => (Some(store), true),
        Known::Nothing => (None, true),
        Known::NotTold => (None, !tarballs.is_empty()),
    };
    if !is_told {
        checks.push(Finding::warning(
            "slices",
            "not looked at: the database cannot be asked for them yet",
            "do what is said of the database and its tables, and check again",
        ));
        return Vec::new();
    }
    let mut planned = Vec::new();
    for sequence in sequences(tarballs, store) {
        match sequence {
            Ok(slices) => planned.extend(slices),
            Err(error) => checks.push(Finding::failed(
                "slices",
                format!("{error:#}"),
                "name the tarball of a last slice, or correct the slices of the database",
            )),
        }
    }
    let mut readable = 0;
    for slice in &planned {
        match read(&slice.tarball) {
            Ok(()) => readable += 1,
            Err(error) => checks.push(Finding::failed(
                "slices",
                format!("{}, slice {}: {error}", slice.tarball.display(), slice.id),
                "bring the tarball back, or let this user read it",
            )),
        }
    }
    if planned.is_empty() {
        let found = "none is named, and none is known to the database";
        checks.push(Finding::ok("slices", found));
    } else if readable > 0 {
        checks.push(Finding::ok("slices", format!("{readable} can be read")));
    }
    planned
}

fn sequences(
    tarballs: &[PathBuf],
    store: Option<Box<dyn Store>>,
) -> Vec<Result<Vec<Planned>, Error>> {
    let store = match store {
        Some(store) => store,
        // Names alone say then which slices there are.
        None => match Sqlite::in_memory() {
            Ok(store) => Box::new(store),
            Err(error) => return vec![Err(error.into())],
        },
    };
    if !tarballs.is_empty() {
        let mut beside = Beside::default();
        return tarballs
            .iter()
            .map(|end| plan::sequence(&*store, &mut beside, end, None, &mut Vec::new()))
            .collect();
    }
    match store.sequence_ends() {
        Ok(ends) => ends.iter().map(|end| plan::registered(&*store, end)).collect(),
        Err(error) => vec![Err(error.into())],
    }
}

/// Reads the beginning of a tarball or disk image, or the list of a folder.
fn read(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        return fs::read_dir(path).map(drop);
    }
    match File::open(path)?.read(&mut [0; 512])? {
        0 => Err(io::Error::other("it is empty")),
        _ => Ok(()),
    }
}
