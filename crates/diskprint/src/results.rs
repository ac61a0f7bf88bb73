//! Where the outputs of a run lie, and how each of them comes to be whole or not at all.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, BufWriter, Read, Write};
use std::path::{Component, Path, PathBuf};
use std::slice;
use std::sync::{Arc, Mutex, PoisonError};

use sha2::{Digest, Sha256};
use tempfile::NamedTempFile;

use crate::pipeline;

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
    let write = |outs: &mut [Out<'_>]| outs.iter_mut().next().map_or(Ok(()), write);
    let written = write_files(slice::from_ref(&path), write)?;
    written.into_iter().next().ok_or_else(|| io::Error::other("no file was written"))
}

/// Writes several files together, each as [`write_file`] does.
///
/// # Errors
/// When a folder cannot be made or a file not written; nothing new is left behind then, unless it
/// was a rename that failed.
pub fn write_files<P: AsRef<Path> + Sync>(
    paths: &[P],
    write: impl FnOnce(&mut [Out<'_>]) -> io::Result<()>,
) -> io::Result<Vec<Written>> {
    let files = paths.iter().map(|path| new_file(path.as_ref())).collect::<io::Result<Vec<_>>>()?;
    let out = |file| BufWriter::with_capacity(1 << 18, HashedWriter::new(file));
    let mut outs: Vec<Out<'_>> = files.iter().map(|file| out(file.as_file())).collect();
    write(&mut outs)?;
    let hashed = outs.into_iter().map(|out| out.into_inner().map_err(|error| error.into_error()));
    let written = hashed.map(|hashed| hashed.map(|hashed| hashed.written()));
    let written = written.collect::<io::Result<_>>()?;
    pipeline::map(&files, |file| file.as_file().sync_all())
        .into_iter()
        .collect::<io::Result<()>>()?;
    for (file, path) in files.into_iter().zip(paths) {
        file.persist(path).map_err(|error| error.error)?;
    }
    Ok(written)
}

/// Files that were written of one thing, by what they show of it: to write such a file again is
/// to copy it. Clones share what they know.
#[derive(Clone, Debug, Default)]
pub struct Copies(Arc<Mutex<BTreeMap<&'static str, (PathBuf, Written)>>>);

/// Files that show the same of one thing.
#[derive(Clone, Copy, Debug)]
pub struct CopiesOf<'c> {
    /// All files of it.
    pub copies: &'c Copies,
    /// What these show.
    pub kind: &'static str,
}

impl CopiesOf<'_> {
    /// Writes `path`, of which there is to be the same as there was, as [`write_file`] does: copies
    /// it where there is such a file with the same bytes still, which is hashed meanwhile.
    ///
    /// RegXML and text of the hives of a machine, 60 MB, are copied in 0.1 s; to render them took
    /// 0.3 s.
    ///
    /// # Errors
    /// As for [`write_file`].
    pub fn write(
        &self,
        path: &Path,
        write: impl FnOnce(&mut Out<'_>) -> io::Result<()>,
    ) -> io::Result<Written> {
        let known = self.copies.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let same = known.get(self.kind).and_then(|(from, written)| copy(from, written, path).ok());
        let written = match same {
            Some(written) => written,
            None => write_file(path, write)?,
        };
        let mut known = self.copies.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.insert(self.kind, (path.to_owned(), written.clone()));
        Ok(written)
    }
}

/// Copies a file, if it is what it was when it was written.
fn copy(from: &Path, was: &Written, path: &Path) -> io::Result<Written> {
    write_file(path, |out| {
        let mut file = File::open(from)?;
        let out = out.get_mut();
        let mut buf = vec![0; 1 << 18];
        loop {
            match file.read(&mut buf)? {
                0 => break,
                len => out.write_all(buf.get(..len).unwrap_or(&buf))?,
            }
        }
        let is = out.written();
        if is == *was { Ok(()) } else { Err(io::Error::other("it is not what was written")) }
    })
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
    let mut hashed = HashedWriter::new(io::sink());
    io::copy(&mut File::open(path)?, &mut hashed)?;
    Ok(hashed.written())
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

impl<W> HashedWriter<W> {
    fn new(inner: W) -> Self {
        Self { inner, sha256: Sha256::new(), bytes: 0 }
    }

    /// What was written so far.
    fn written(&self) -> Written {
        Written { bytes: self.bytes, sha256: self.sha256.clone().finalize().into() }
    }
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

/// A new file in the folder of `path`, which is made when it is absent. Its permissions are those
/// of any other new file; by itself a temporary one would be its owner's alone.
fn new_file(path: &Path) -> io::Result<NamedTempFile> {
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
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

    #[test]
    fn a_file_is_copied_while_it_is_what_was_written_and_else_made_again() {
        let scratch = tempfile::tempdir().unwrap();
        let path = |name: &str| scratch.path().join(name);
        let copies = Copies::default();
        let write = |name: &str, content: &str| {
            let of = CopiesOf { copies: &copies, kind: "text" };
            let write = |out: &mut Out<'_>| out.write_all(content.as_bytes());
            let written = of.write(&path(name), write).unwrap();
            let content = fs::read_to_string(path(name)).unwrap();
            assert_eq!(written.sha256, crate::Digests::of(content.as_bytes()).sha256);
            content
        };
        assert_eq!(write("a", "first"), "first");
        // It is said to be the same, and so not asked what it is.
        assert_eq!(write("b", "not written"), "first");
        fs::write(path("b"), "other").unwrap();
        assert_eq!(write("c", "again"), "again");
        fs::remove_file(path("c")).unwrap();
        assert_eq!(write("d", "once more"), "once more");
        assert_eq!(fs::read_dir(scratch.path()).unwrap().count(), 3, "nothing else is left");
        let other = CopiesOf { copies: &copies, kind: "xml" };
        other.write(&path("e"), |out| out.write_all(b"xml")).unwrap();
        assert_eq!(fs::read(path("e")).unwrap(), b"xml");
    }
}
