//! Tarballs and their hashes.

use std::fs::{self, File};
use std::io;
use std::path::Path;

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
    /// A machine of several files, whose hash is over all of them.
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

/// SHA-256 of a file.
pub fn slicehash(path: &Path) -> io::Result<String> {
    let name = path.file_name().unwrap_or_default();
    let progress = Progress::new(&name.to_string_lossy(), len_of_file(path)?, false);
    let hash = diskprint::slicehash(path, &|bytes| progress.read(bytes))?;
    Ok(Hex(&hash).to_string())
}

/// Length of a regular file; a pipe or device would be waited for without end.
fn len_of_file(path: &Path) -> io::Result<u64> {
    let metadata = fs::metadata(path)?;
    let is_file = metadata.is_file().then_some(metadata.len());
    is_file.ok_or_else(|| io::Error::other("not a regular file"))
}

/// Compares a file with its hash, whose length says which it is.
pub fn verify(path: &Path, stored: &str) -> Verdict {
    match found(path, stored) {
        Ok(None) => Verdict::UnknownHash,
        Ok(Some(found)) if found.eq_ignore_ascii_case(stored) => Verdict::Same,
        Ok(Some(_)) if is_of_several_files(path) => Verdict::SeveralFiles,
        Ok(Some(_)) => Verdict::Changed,
        Err(error) if error.kind() == io::ErrorKind::NotFound => Verdict::Missing,
        Err(_) if path.is_dir() => Verdict::SeveralFiles,
        Err(error) => Verdict::Unreadable(error.to_string()),
    }
}

/// The extents of a virtual disk are files beside it, and count in its hash.
fn is_of_several_files(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("vmdk"))
}

/// The hash that a file has, of the kind of `stored`; `None` where that kind is unknown.
fn found(path: &Path, stored: &str) -> io::Result<Option<String>> {
    len_of_file(path)?;
    let digests = || Digests::read(File::open(path)?);
    let is_hex = stored.bytes().all(|byte| byte.is_ascii_hexdigit());
    Ok(match stored.len() {
        64 if is_hex => Some(slicehash(path)?),
        40 if is_hex => Some(Hex(&digests()?.sha1).to_string()),
        32 if is_hex => Some(Hex(&digests()?.md5).to_string()),
        _ => None,
    })
}
