//! The remains of runs that did not end: what stages left that have no manifest, scratch folders,
//! and files that are not whole. None of it is ever taken for a result.

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
        Cleanup::Check if remains.iter().any(|it| it.is_stage) && is_terminal() => {
            ask(&remains).map(|()| Some(0))
        }
        Cleanup::Check | Cleanup::Erase => {
            erase(&remains)?;
            Ok(Some(remains.iter().filter(|it| it.is_stage).count()))
        }
    }
}

fn is_terminal() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

/// Something that a run left.
struct Remains {
    /// A folder of a stage or of scratch, or a file of a slice that is not whole.
    path: PathBuf,
    is_stage: bool,
}

fn remains<'p>(
    results: &Path,
    planned: impl Iterator<Item = &'p Planned>,
) -> io::Result<Vec<Remains>> {
    let mut all = Vec::new();
    for entry in fs::read_dir(results)? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with(SCRATCH) {
            all.push(Remains { path: entry.path(), is_stage: false });
        }
    }
    let mut folders: Vec<PathBuf> =
        planned.map(|slice| results::folder(results, &slice.tarball)).collect();
    folders.sort();
    folders.dedup();
    for folder in folders {
        match results::unfinished(&folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            files => all.extend(files?.into_iter().map(|path| Remains { path, is_stage: false })),
        }
        for stage in Stage::ALL.map(|stage| stage.of(&folder)) {
            if stage.manifest().is_none() && stage.status().is_some() && stage.folder().exists() {
                all.push(Remains { path: stage.folder(), is_stage: true });
            }
        }
    }
    Ok(all)
}

fn list(out: &mut impl Write, remains: &[Remains]) -> io::Result<()> {
    for Remains { path, .. } in remains {
        writeln!(out, "{}", printable(&path.display().to_string()))?;
    }
    Ok(())
}

fn erase(remains: &[Remains]) -> Result<(), Error> {
    for Remains { path, is_stage } in remains {
        let removed = if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
        match removed {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(error).with_context(|| format!("{} stays", path.display()));
            }
            _ => {}
        }
        for kind in ["out", "err", "status"].iter().filter(|_| *is_stage) {
            // The log of a stage that is gone is no harm.
            let _ = fs::remove_file(path.with_extension(format!("{kind}.log")));
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
            remains.iter().filter(|it| it.is_stage).count()
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
