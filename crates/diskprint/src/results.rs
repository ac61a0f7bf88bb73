//! Where the outputs of a run lie, and how each of them comes to be whole or not at all.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Component, Path, PathBuf};

use sha2::{Digest, Sha256};
use tempfile::NamedTempFile;

/// The folder of a slice's outputs: `results` and, below it, the absolute path of its tarball.
pub fn folder(results: &Path, tarball: &Path) -> PathBuf {
    let names = tarball.components().filter(|part| matches!(part, Component::Normal(_)));
    results.join(names.collect::<PathBuf>())
}

/// What an output is written through.
pub type Out<'f> = BufWriter<HashedWriter<&'f File>>;

/// A file that was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// Length in bytes.
    pub bytes: u64,
    /// SHA-256 of its content.
    pub sha256: [u8; 32],
}

/// Writes the file `path` so that it is there whole or not at all: under another name first,
/// flushed to the disk, then renamed. The folder is made when it is absent. The rename itself is
/// on the disk after [`sync_folder`].
///
/// # Errors
/// When the folder cannot be made or the file not written; nothing is left behind then.
pub fn write_file(
    path: &Path,
    write: impl FnOnce(&mut Out<'_>) -> io::Result<()>,
) -> io::Result<Written> {
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let file = new_file(folder)?;
    let hashed = HashedWriter { inner: file.as_file(), sha256: Sha256::new(), bytes: 0 };
    let mut out = BufWriter::with_capacity(1 << 18, hashed);
    write(&mut out)?;
    let HashedWriter { sha256, bytes, .. } =
        out.into_inner().map_err(|error| error.into_error())?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(Written { bytes, sha256: sha256.finalize().into() })
}

/// SHA-256 of bytes.
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

/// Reads a file for what [`write_file`] tells of it.
///
/// # Errors
/// When it cannot be read.
pub fn hash_file(path: &Path) -> io::Result<Written> {
    let mut hashed = HashedWriter { inner: io::sink(), sha256: Sha256::new(), bytes: 0 };
    io::copy(&mut File::open(path)?, &mut hashed)?;
    Ok(Written { bytes: hashed.bytes, sha256: hashed.sha256.finalize().into() })
}

/// Flushes to the disk which files a folder has.
///
/// # Errors
/// When the folder cannot be opened or the disk fails.
pub fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// A writer that hashes what goes through it.
pub struct HashedWriter<W> {
    inner: W,
    sha256: Sha256,
    bytes: u64,
}

impl<W: Write> Write for HashedWriter<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(bytes)?;
        self.sha256.update(bytes.get(..written).unwrap_or_default());
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

/// The name of a file that is not whole yet begins with this.
const UNFINISHED: &str = ".part-";

/// The files that writers that were killed left in `folder`.
///
/// # Errors
/// When the folder cannot be read.
pub fn unfinished(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut all = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let is_unfinished = entry.file_name().to_string_lossy().starts_with(UNFINISHED);
        if is_unfinished && entry.file_type()?.is_file() {
            all.push(entry.path());
        }
    }
    Ok(all)
}

/// Removes what writers that were killed left in `folder`. Nobody may be writing to it.
///
/// # Errors
/// When the folder cannot be read or a file not removed.
pub fn remove_unfinished(folder: &Path) -> io::Result<()> {
    unfinished(folder)?.iter().try_for_each(fs::remove_file)
}

/// A new file whose permissions are those of any other new file; by itself a temporary one would
/// be its owner's alone.
fn new_file(folder: &Path) -> io::Result<NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(UNFINISHED);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(fs::Permissions::from_mode(0o666));
    }
    builder.tempfile_in(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_of_the_tarball_is_kept_below_the_results() {
        let folder = folder(Path::new("out"), Path::new("/a b/../c/8504-1.tar.gz"));
        assert_eq!(folder, Path::new("out/a b/c/8504-1.tar.gz"));
    }

    #[test]
    fn a_file_that_fails_leaves_nothing_behind_and_the_old_one_in_place() {
        let scratch = tempfile::tempdir().unwrap();
        let path = scratch.path().join("deep/file");
        let written = write_file(&path, |out| out.write_all(b"first")).unwrap();
        let expected = Written { bytes: 5, sha256: crate::Digests::of(b"first").sha256 };
        assert_eq!(written, expected);
        let failed = write_file(&path, |out| {
            out.write_all(b"second")?;
            Err(io::Error::other("no more"))
        });
        assert!(failed.is_err());
        assert_eq!(fs::read(&path).unwrap(), b"first");
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
    }
}
