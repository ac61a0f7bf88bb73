//! Which slices a run reads, and in which order.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};

use anyhow::{Context, Error, bail};
use diskprint::SliceId;
use diskprint_store::{SliceRow, Store};

use super::beside::Beside;
use super::machine;

/// A slice to be read.
pub struct Planned {
    pub id: SliceId,
    pub predecessor: Option<i64>,
    pub slicetype: String,
    /// Absolute path.
    pub tarball: PathBuf,
    /// The hash that the database has for it; `None` where it does not know the slice.
    pub registered: Option<String>,
}

/// The sequence that ends with `end`: as the database has it, or else the slices beside it in the
/// order of their ids. What is no slice by its name may be a machine: then its states are the
/// slices, and the sequence is called `name`, or as it is.
///
/// `notes` gets what is not read.
pub fn sequence(
    store: &dyn Store,
    beside: &mut Beside,
    end: &Path,
    name: Option<&str>,
    notes: &mut Vec<String>,
) -> Result<Vec<Planned>, Error> {
    let end = absolute(end).with_context(|| end.display().to_string())?;
    if !diskprint::is_there(&end) {
        bail!("{}: no such file", end.display());
    }
    if let Some(planned) = machine::sequence(store, &end, name, notes)? {
        return Ok(planned);
    }
    let location = end.to_string_lossy();
    let name = end.file_name().unwrap_or_default().to_string_lossy();
    // A known slice's name counts first, as several slices may share one tarball; then what the
    // database says is there, and a name that it does not know last.
    let id = match SliceId::from_file_name(&name) {
        Some(id) if store.sequence_ids(&id.osetid, &id.appetid)?.contains(&id.sliceid) => Some(id),
        named => store.slice_at(&location)?.or(named),
    };
    let Some(id) = id else {
        bail!(
            "{location}: the name does not say which slice it is; its form is \
             OSETID-APPETID-SLICEID.tar.gz, as in 8504-1-7895-1-40.tar.gz. Rename it, or register \
             each slice by hand: diskprint slice add 8504-1-7895-1-40 {location} \
             --predecessor 30 --db sqlite:RESULTS/diskprint.db"
        )
    };
    let beside = beside.of(&end, &id)?;
    let registered = store.sequence_ids(&id.osetid, &id.appetid)?;
    let is_new = |sliceid: &&i64| **sliceid > id.sliceid && !registered.contains(sliceid);
    if let Some(follower) = beside.keys().rev().find(is_new) {
        bail!(not_the_end(&id, *follower));
    }
    if !registered.contains(&id.sliceid) {
        return Ok(by_name(&id, &beside));
    }
    let ends = store.ends(&id.osetid, &id.appetid)?;
    if !ends.contains(&id.sliceid) {
        bail!(not_the_end(&id, ends.first().copied().unwrap_or(id.sliceid)));
    }
    let rows = store.sequence_ending_at(&id)?;
    rows.into_iter().map(|row| of_row(store, row, &beside)).collect()
}

/// The absolute path of a tarball, by which it is registered and its results are found. Links in it
/// stay, as they may be how an archive is always named; `..` goes, behind which another file could
/// have the same name in the results.
pub fn absolute(path: &Path) -> io::Result<PathBuf> {
    let absolute = std::path::absolute(path)?;
    let is_parent = |part| part == Component::ParentDir;
    if !absolute.components().any(is_parent) {
        return Ok(absolute);
    }
    match (absolute.parent(), absolute.file_name()) {
        // The state of a machine has no file of its own.
        (Some(machine), Some(state)) if !absolute.exists() && diskprint::is_there(&absolute) => {
            Ok(fs::canonicalize(machine)?.join(state))
        }
        _ if absolute.exists() => fs::canonicalize(absolute),
        _ => Ok(absolute),
    }
}

/// The sequence that ends with `end`, as the database has it.
pub fn registered(store: &dyn Store, end: &SliceId) -> Result<Vec<Planned>, Error> {
    let rows = store.sequence_ending_at(end)?;
    rows.into_iter().map(|row| of_row(store, row, &BTreeMap::new())).collect()
}

fn not_the_end(id: &SliceId, end: i64) -> String {
    let end = SliceId { sliceid: end, ..id.clone() };
    format!(
        "slice {id} is not the end of its sequence, {end} is; run diskprint on the tarball of that one"
    )
}

/// A slice that the database knows; its tarball is the one beside the last, where there is one.
fn of_row(
    store: &dyn Store,
    row: SliceRow,
    beside: &BTreeMap<i64, PathBuf>,
) -> Result<Planned, Error> {
    let SliceRow { id, slicetype, predecessor, location, slicehash } = row;
    let mut tarball = beside.get(&id.sliceid).cloned().unwrap_or_else(|| location.into());
    if !diskprint::is_there(&tarball)
        && let Some(elsewhere) = store.stored_at(&slicehash)?.map(PathBuf::from)
        && elsewhere.exists()
    {
        // The tarballs were moved, and table storage was told.
        tarball = elsewhere;
    }
    Ok(Planned { id, predecessor, slicetype, tarball, registered: Some(slicehash) })
}

fn by_name(end: &SliceId, beside: &BTreeMap<i64, PathBuf>) -> Vec<Planned> {
    let mut planned = Vec::new();
    let mut predecessor = None;
    for (sliceid, tarball) in beside {
        let id = SliceId { sliceid: *sliceid, ..end.clone() };
        let (slicetype, tarball) = ("Default".to_owned(), tarball.clone());
        planned.push(Planned { id, predecessor, slicetype, tarball, registered: None });
        predecessor = Some(*sliceid);
    }
    planned
}
