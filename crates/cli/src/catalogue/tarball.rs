//! Tarballs and their hashes.

use std::fs::{self, File};
use std::io;
use std::path::Path;

use anyhow::{Context, Error};
use diskprint::{Digests, Hex};

use crate::progress::Progress;

/// What became of a tarball since its hash was stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    Same,
    /// It is another file now.
    Changed,
    Missing,
    /// The hash is no SHA-256, SHA-1 or MD5.
    UnknownHash,
    /// A machine of several files, of which one alone has a hash of another kind than ours.
    SeveralFiles,
    Unreadable(String),
}

impl Verdict {
    pub fn text(&self) -> String {
        match self {
            Self::Same => "same".into(),
            Self::Changed => "CHANGED".into(),
            Self::Missing => "missing".into(),
            Self::UnknownHash => "unknown kind of hash".into(),
            Self::SeveralFiles => "not checked, may be of several files".into(),
            Self::Unreadable(why) => format!("unreadable: {why}"),
        }
    }
}

/// SHA-256 of a tarball, folder or disk image.
pub fn slicehash(path: &Path) -> Result<String, Error> {
    let len = len_of_file(path).with_context(|| path.display().to_string())?;
    let name = path.file_name().unwrap_or_default();
    let progress = Progress::new(&name.to_string_lossy(), len, false);
    let hash = diskprint::slicehash(path, &|bytes| progress.read(bytes))?;
    Ok(Hex(&hash).to_string())
}

/// Length of a file or folder; a pipe or device would be waited for without end.
fn len_of_file(path: &Path) -> io::Result<u64> {
    let metadata = fs::metadata(path)?;
    let can_be_read = metadata.is_file() || metadata.is_dir();
    let len = can_be_read.then_some(metadata.len());
    len.ok_or_else(|| io::Error::other("neither a file nor a folder"))
}

/// Compares a file with its hash, whose length says which it is.
pub fn verify(path: &Path, stored: &str) -> Verdict {
    match found(path, stored) {
        Ok(None) => Verdict::UnknownHash,
        Ok(Some(found)) if found.eq_ignore_ascii_case(stored) => Verdict::Same,
        Ok(Some(_)) if stored.len() != 64 && is_of_several_files(path) => Verdict::SeveralFiles,
        Ok(Some(_)) => Verdict::Changed,
        Err(error) if error.kind() == io::ErrorKind::NotFound => Verdict::Missing,
        Err(_) if path.is_dir() => Verdict::SeveralFiles,
        Err(error) => Verdict::Unreadable(error.to_string()),
    }
}

/// The extents and parents of a virtual disk are files beside it, and count in its hash.
fn is_of_several_files(path: &Path) -> bool {
    !diskprint::is_one_file(path).unwrap_or(true)
}

/// The hash that a file has, of the kind of `stored`; `None` where that kind is unknown.
fn found(path: &Path, stored: &str) -> io::Result<Option<String>> {
    len_of_file(path)?;
    let digests = || Digests::read(File::open(path)?);
    let is_hex = stored.bytes().all(|byte| byte.is_ascii_hexdigit());
    Ok(match stored.len() {
        64 if is_hex => {
            Some(slicehash(path).map_err(|error| io::Error::other(format!("{error:#}")))?)
        }
        40 if is_hex => Some(Hex(&digests()?.sha1).to_string()),
        32 if is_hex => Some(Hex(&digests()?.md5).to_string()),
        _ => None,
    })
}
