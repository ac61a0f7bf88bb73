//! Kills programs between two of their writes, and loses what a loss of power may lose.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs;
use std::io;
use std::os::unix::fs::{DirEntryExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};

use crate::need;

/// What counts the writes of programs and kills them, as a library to be preloaded.
pub struct KillPoints {
    library: PathBuf,
}

/// What a loss of power does to what was written and not flushed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loss {
    /// All of it is on the disk.
    Nothing,
    /// None of it is.
    All,
    /// The disk has the new lengths of files and nothing but zeros where they were written to.
    Content,
    /// None of it is, and folders have the files that they had when they were flushed.
    Names,
}

impl KillPoints {
    /// Builds the library in `folder`; `None` after saying that the calling test is skipped.
    ///
    /// # Panics
    /// When it cannot be built.
    #[track_caller]
    pub fn build(folder: &Path) -> Option<Self> {
        let cc = need::program("cc")?;
        let (source, library) = (folder.join("kill_point.c"), folder.join("kill_point.so"));
        fs::write(&source, include_str!("kill_point.c")).expect("the source is written");
        let mut build = Command::new(cc);
        build.args(["-shared", "-fPIC", "-O1", "-Wall", "-Wextra", "-Werror", "-o"]);
        let built = build.arg(&library).arg(&source).arg("-ldl").status().expect("cc runs");
        assert!(built.success(), "kill_point.c is not built");
        Some(Self { library })
    }

    /// Has `command` killed before its call number `point`, from 1, that changes something below
    /// `folder`; never with 0. What the disk surely has of it is put into `synced`, which is made
    /// anew.
    ///
    /// # Panics
    /// When that folder cannot be made.
    pub fn kill(&self, command: &mut Command, folder: &Path, point: u64, synced: &Path) {
        let _ = fs::remove_dir_all(synced);
        fs::create_dir(synced).expect("a folder");
        command.env("LD_PRELOAD", &self.library).env("KILL_POINT_FOLDER", folder);
        command.env("KILL_POINT", point.to_string()).env("KILL_POINT_SYNCED", synced);
    }

    /// Runs `command`; returns how it ended and how many calls changed something below `folder`.
    ///
    /// # Panics
    /// When it cannot be run or is killed.
    pub fn count(&self, command: &mut Command, folder: &Path) -> (ExitStatus, u64) {
        let file = folder.with_extension("count");
        command.env("LD_PRELOAD", &self.library).env("KILL_POINT_FOLDER", folder);
        let status = command.env("KILL_POINT_COUNT", &file).status().expect("the program runs");
        let count = fs::read_to_string(&file).expect("the program counted");
        fs::remove_file(&file).expect("the count is read");
        (status, count.trim().parse().expect("a number"))
    }
}

/// Does to the files below `folder` what a loss of power does, by what a killed program left in
/// `synced`. Says how many files lost something.
///
/// # Errors
/// When a file cannot be read or written.
pub fn lose(folder: &Path, synced: &Path, loss: Loss) -> io::Result<usize> {
    let mut lost = 0;
    if loss == Loss::Names {
        lost += lose_names(folder, &kept(folder, synced)?)?;
    }
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        lost += match path.is_dir() {
            true => lose(&path, synced, loss)?,
            false => usize::from(lose_content(&path, &kept(&path, synced)?, loss)?),
        };
    }
    Ok(lost)
}

/// What the disk surely has of a file or folder, if anything was done to it.
fn kept(path: &Path, synced: &Path) -> io::Result<PathBuf> {
    Ok(synced.join(fs::symlink_metadata(path)?.ino().to_string()))
}

fn lose_content(path: &Path, kept: &Path, loss: Loss) -> io::Result<bool> {
    if loss == Loss::Nothing || !kept.exists() {
        return Ok(false);
    }
    let (now, mut left) = (fs::read(path)?, fs::read(kept)?);
    if now == left {
        return Ok(false);
    }
    if loss == Loss::Content && left.len() < now.len() {
        left.resize(now.len(), 0);
    }
    fs::write(path, left).map(|()| true)
}

/// Gives a folder the files back that `kept` has, and takes those away that it has not.
fn lose_names(folder: &Path, kept: &Path) -> io::Result<usize> {
    if !kept.exists() {
        return Ok(0);
    }
    let (now, left) = (files(folder)?, files(kept)?);
    let gone: Vec<_> = now.iter().filter(|file| !left.contains(file)).collect();
    let back: Vec<_> = left.iter().filter(|file| !now.contains(file)).collect();
    gone.iter().try_for_each(|(name, _)| fs::remove_file(folder.join(name)))?;
    back.iter().try_for_each(|(name, _)| fs::hard_link(kept.join(name), folder.join(name)))?;
    Ok(gone.len() + back.len())
}

/// The names and inode numbers of the files in a folder.
fn files(folder: &Path) -> io::Result<BTreeSet<(OsString, u64)>> {
    let mut files = BTreeSet::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_file() {
            files.insert((entry.file_name(), entry.ino()));
        }
    }
    Ok(files)
}
