use std::fs::{File, TryLockError};
use std::io;
use std::path::Path;

use indicatif::HumanBytes;
use tempfile::NamedTempFile;

use super::Finding;
use super::need::Need;
use crate::run::lock;

/// Checks the results folder, which need not be there yet.
pub(super) fn check(results: &Path, need: Option<Need>) -> Vec<Finding> {
    let shown = results.display();
    if let Err(error) = can_be_made(results) {
        let mend = "let this user write there, or name another folder";
        return vec![Finding::failed("results", format!("{shown}: {error}"), mend)];
    }
    let found = match results.exists() {
        true => format!("{shown} can be written"),
        false => format!("{shown} is not there; the first run makes it"),
    };
    let mut checks = vec![Finding::ok("results", found)];
    let Some(existing) = existing(results) else { return checks };
    checks.push(locking(existing));
    if results.is_dir() {
        checks.push(other_run(results));
    }
    checks.extend(room::check(existing, need));
    checks
}

/// The folder, or the first above it that is there.
fn existing(folder: &Path) -> Option<&Path> {
    // The last one above a relative path is the empty path.
    let named = |at: &'_ Path| !at.as_os_str().is_empty();
    let above = folder.ancestors().take_while(|at| named(at)).find(|at| at.exists());
    above.or_else(|| folder.is_relative().then_some(Path::new(".")))
}

/// Makes a file in the folder, or in the first above it that is there, and removes it.
pub(super) fn can_be_made(folder: &Path) -> io::Result<()> {
    let Some(existing) = existing(folder) else {
        return Err(io::ErrorKind::NotFound.into());
    };
    if !existing.is_dir() {
        let what = format!("{} is no folder", existing.display());
        return Err(io::Error::new(io::ErrorKind::NotADirectory, what));
    }
    trial(existing)?.close()
}

fn trial(folder: &Path) -> io::Result<NamedTempFile> {
    tempfile::Builder::new().prefix(".check-").tempfile_in(folder)
}

/// Whether a lock keeps others out there.
fn locking(folder: &Path) -> Finding {
    let mend = "name a results folder on a local disk, or turn locks on for that network share";
    let locked = || -> io::Result<bool> {
        let file = trial(folder)?;
        file.as_file().try_lock()?;
        match File::options().read(true).write(true).open(file.path())?.try_lock() {
            Ok(()) => Ok(false),
            Err(TryLockError::WouldBlock) => Ok(true),
            Err(TryLockError::Error(error)) => Err(error),
        }
    };
    match locked() {
        Ok(true) => Finding::ok("locking", "files there can be locked"),
        Ok(false) => Finding::failed("locking", "a lock there keeps nobody out", mend),
        Err(error) => {
            Finding::failed("locking", format!("files there cannot be locked: {error}"), mend)
        }
    }
}

fn other_run(results: &Path) -> Finding {
    match lock::holder(results) {
        Ok(None) => Finding::ok("other runs", "none writes there"),
        Ok(Some(process)) => Finding::warning(
            "other runs",
            format!("process {process} writes there"),
            "wait for it to end, or name another results folder",
        ),
        Err(error) => Finding::failed(
            "other runs",
            format!("{error:#}"),
            "let this user read and write that file",
        ),
    }
}

#[cfg(unix)]
mod room {
    use super::*;
    use rustix::fs::statvfs;

    /// Free space and files against what is needed.
    pub(super) fn check(folder: &Path, need: Option<Need>) -> Vec<Finding> {
        match statvfs(folder) {
            Ok(room) => {
                let free = room.f_bavail.saturating_mul(room.f_frsize);
                // Some file systems make them as they need them, and say 0.
                let files = (room.f_files > 0).then_some(room.f_favail);
                [Some(space(free, need.as_ref())), files.map(|files| inodes(files, need.as_ref()))]
                    .into_iter()
                    .flatten()
                    .collect()
            }
            Err(error) => vec![Finding::warning(
                "space",
                format!("how much is free is not known: {error}"),
                "see that there is enough",
            )],
        }
    }

    pub(super) fn space(free: u64, need: Option<&Need>) -> Finding {
        let free_shown = HumanBytes(free);
        let Some(Need { scratch, outputs, .. }) = need else {
            return Finding::ok("space", format!("{free_shown} free"));
        };
        let needed = scratch.saturating_add(*outputs);
        let found = format!(
            "{free_shown} free, about {} needed: {} scratch, {} outputs",
            HumanBytes(needed),
            HumanBytes(*scratch),
            HumanBytes(*outputs)
        );
        match free >= needed {
            true => Finding::ok("space", found),
            false => Finding::failed("space", found, "make room, or name a folder on another disk"),
        }
    }

    pub(super) fn inodes(free: u64, need: Option<&Need>) -> Finding {
        let Some(Need { files, .. }) = need else {
            return Finding::ok("inodes", format!("{free} free"));
        };
        let found = format!("{free} free, about {files} needed");
        match free >= *files {
            true => Finding::ok("inodes", found),
            false => {
                Finding::failed("inodes", found, "remove files, or name a folder on another disk")
            }
        }
    }
}

#[cfg(not(unix))]
mod room {
    use super::*;

    /// Nothing: this system is not asked.
    pub(super) fn check(_: &Path, _: Option<Need>) -> Vec<Finding> {
        Vec::new()
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use crate::check::Verdict;

    #[test]
    fn too_little_room_fails_and_says_how_much_is_needed() {
        let need = Need { scratch: 3 << 30, outputs: 1 << 30, files: 200 };
        assert_eq!(room::space(4 << 30, Some(&need)).verdict, Verdict::Ok);
        let failed = room::space((4 << 30) - 1, Some(&need));
        assert_eq!(failed.verdict, Verdict::Failed);
        assert!(failed.found.contains("about 4.00 GiB needed: 3.00 GiB scratch"), "{failed:?}");
        assert_eq!(room::inodes(200, Some(&need)).verdict, Verdict::Ok);
        assert_eq!(room::inodes(199, Some(&need)).verdict, Verdict::Failed);
    }

    #[test]
    fn the_first_folder_that_is_there_counts() {
        assert_eq!(existing(Path::new("no such/folder")), Some(Path::new(".")));
        assert_eq!(existing(Path::new("/no such/folder")), Some(Path::new("/")));
        assert!(can_be_made(Path::new("/dev/null/results")).is_err());
    }
}
