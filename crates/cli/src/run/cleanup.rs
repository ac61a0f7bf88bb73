//! The remains of runs that did not end: what stages left that have no manifest, and scratch
//! folders. None of it is ever taken for a result.

use std::fs;
use std::io::{self, BufRead, IsTerminal, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Error, bail};
use diskprint::results;

use super::lock::SCRATCH;
use super::plan::Planned;
use super::stage::Stage;
use crate::args::Cleanup;
use crate::summary::printable;

/// Deals with the remains that are in the way of a run. Says of how many stages they were removed
/// without asking; `None` where they were only to be listed.
pub fn run<'p>(
    results: &Path,
    planned: impl Iterator<Item = &'p Planned>,
    what: Option<Cleanup>,
) -> Result<Option<usize>, Error> {
    let remains = remains(results, planned).with_context(|| results.display().to_string())?;
    let what = what.unwrap_or(Cleanup::Check);
    match what {
        Cleanup::List => {
            list(&mut io::stdout().lock(), &remains)?;
            Ok(None)
        }
        Cleanup::Ignore => Ok(Some(0)),
        Cleanup::Check if remains.iter().any(|it| !it.is_scratch) && is_terminal() => {
            ask(&remains).map(|()| Some(0))
        }
        Cleanup::Check | Cleanup::Erase => {
            erase(&remains)?;
            Ok(Some(remains.iter().filter(|it| !it.is_scratch).count()))
        }
    }
}

fn is_terminal() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

/// Something that a run left.
struct Remains {
    /// A folder of a stage, or of scratch.
    folder: PathBuf,
    is_scratch: bool,
}

fn remains<'p>(
    results: &Path,
    planned: impl Iterator<Item = &'p Planned>,
) -> io::Result<Vec<Remains>> {
    let mut all = Vec::new();
    for entry in fs::read_dir(results)? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with(SCRATCH) {
            all.push(Remains { folder: entry.path(), is_scratch: true });
        }
    }
    let mut folders: Vec<PathBuf> =
        planned.map(|slice| results::folder(results, &slice.tarball)).collect();
    folders.sort();
    folders.dedup();
    for folder in folders {
        for stage in Stage::ALL.map(|stage| stage.of(&folder)) {
            if stage.status().is_some() && stage.manifest().is_none() {
                all.push(Remains { folder: stage.folder(), is_scratch: false });
            }
        }
    }
    Ok(all)
}

fn list(out: &mut impl Write, remains: &[Remains]) -> io::Result<()> {
    for Remains { folder, .. } in remains {
        writeln!(out, "{}", printable(&folder.display().to_string()))?;
    }
    Ok(())
}

fn erase(remains: &[Remains]) -> Result<(), Error> {
    for Remains { folder, .. } in remains {
        match fs::remove_dir_all(folder) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(error).with_context(|| format!("{} stays", folder.display()));
            }
            _ => {}
        }
        for kind in ["out", "err", "status"] {
            // The log of a stage that is gone is no harm.
            let _ = fs::remove_file(folder.with_extension(format!("{kind}.log")));
        }
    }
    Ok(())
}

const ABORTED: &str = "aborted; nothing was removed, and nothing run";

/// Asks at the terminal whether to remove them; fails where the run is not to go on.
fn ask(remains: &[Remains]) -> Result<(), Error> {
    let mut err = io::stderr().lock();
    loop {
        write!(
            err,
            "{} stages did not end, or failed; what they left is never taken for results.\n\
             Remove it? [yes/no/list/abort] ",
            remains.len()
        )?;
        err.flush()?;
        let mut answer = String::new();
        if io::stdin().lock().read_line(&mut answer)? == 0 {
            bail!(ABORTED);
        }
        match answer.trim().to_lowercase().as_str() {
            "y" | "yes" => return erase(remains),
            "n" | "no" => return Ok(()),
            "l" | "list" => list(&mut err, remains)?,
            "a" | "abort" => bail!(ABORTED),
            _ => {}
        }
    }
}
