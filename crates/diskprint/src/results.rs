//! Where the outputs of a run lie, and how each of them comes to be whole or not at all.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Component, Path, PathBuf};

use tempfile::NamedTempFile;

/// The folder of a slice's outputs: `results` and, below it, the absolute path of its tarball.
pub fn folder(results: &Path, tarball: &Path) -> PathBuf {
    let names = tarball.components().filter(|part| matches!(part, Component::Normal(_)));
    results.join(names.collect::<PathBuf>())
}

/// Writes the file `path` so that it is there whole or not at all: under another name first,
/// flushed to the disk, then renamed. The folder is made when it is absent.
///
/// # Errors
/// When the folder cannot be made or the file not written; nothing is left behind then.
pub fn write_file(
    path: &Path,
    write: impl FnOnce(&mut BufWriter<&File>) -> io::Result<()>,
) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let file = new_file(folder)?;
    let mut out = BufWriter::with_capacity(1 << 18, file.as_file());
    write(&mut out)?;
    out.flush()?;
    drop(out);
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    // The rename itself is only on the disk once the folder is.
    File::open(folder)?.sync_all()
}

/// The name of a file that is not whole yet begins with this.
const UNFINISHED: &str = ".part-";

/// Removes what writers that were killed left in `folder`. Nobody may be writing to it.
///
/// # Errors
/// When the folder cannot be read or a file not removed.
pub fn remove_unfinished(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with(UNFINISHED) {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
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
        write_file(&path, |out| out.write_all(b"first")).unwrap();
        let failed = write_file(&path, |out| {
            out.write_all(b"second")?;
            Err(io::Error::other("no more"))
        });
        assert!(failed.is_err());
        assert_eq!(fs::read(&path).unwrap(), b"first");
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
    }
}
