//! Reading one slice and writing down what it holds.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use crate::dfxml::{self, Header};
use crate::{Hive, Image, KnownHives, OpenError, Progress, Snapshot, pipeline, regxml, results};

/// A slice as it was read.
pub struct Survey {
    /// The state.
    pub snapshot: Snapshot,
    /// SHA-256 of the file that it was read from; see [`crate::Opened::slicehash`].
    pub slicehash: [u8; 32],
}

/// Reads the state that is recorded in the tarball or disk image `path`, unpacking in the folder
/// `scratch` and leaving nothing there. `known` are hives that were read before.
///
/// # Errors
/// When no disk can be read.
pub fn read(
    path: &Path,
    scratch: &Path,
    known: &KnownHives,
    progress: Progress,
) -> Result<Survey, OpenError> {
    let opened = Image::open(path, scratch, progress)?;
    let mut snapshot = Snapshot::read(&opened.image, known);
    snapshot.faults.splice(0..0, opened.faults);
    Ok(Survey { snapshot, slicehash: opened.slicehash })
}

/// Writes a state into `folder`: its files as DFXML, all of them and those in use, its hives as
/// RegXML, and a manifest of these. RegXML files of an earlier run that are in it no longer go, and
/// what a run that was killed left half done goes, too: nobody else may be writing to the folder.
///
/// # Errors
/// When a file cannot be written.
pub fn write(folder: &Path, header: &Header<'_>, snapshot: &Snapshot) -> io::Result<()> {
    let Snapshot { partitions, files, hives, .. } = snapshot;
    let named: Vec<(&Hive, String)> =
        hives.iter().enumerate().map(|(index, hive)| (hive, regxml_name(index, hive))).collect();
    remove_others(folder, &named)?;

    let mut work: Vec<Box<dyn Fn() -> io::Result<()> + Send + Sync>> = Vec::new();
    work.push(Box::new(|| {
        let path = folder.join("fiout.dfxml");
        results::write_file(&path, |out| dfxml::write(out, header, partitions, files))
    }));
    work.push(Box::new(|| {
        let path = folder.join("fiout-alloc-only.dfxml");
        results::write_file(&path, |out| dfxml::write_allocated(out, header, partitions, files))
    }));
    for (hive, name) in &named {
        let path = folder.join(name);
        work.push(Box::new(move || {
            results::write_file(&path, |out| regxml::write(&hive.tree, out))
        }));
    }
    pipeline::map(&work, |write| write()).into_iter().collect::<io::Result<()>>()?;
    // Last, so that what it lists is there.
    results::write_file(&folder.join("manifest.txt"), |out| write_manifest(out, &named))
}

/// A line for each hive: its RegXML file, partition, SHA-256, and path, which may hold anything
/// but a line break and so comes last. Columns are separated by tabs.
fn write_manifest(out: &mut impl Write, named: &[(&Hive, String)]) -> io::Result<()> {
    for (hive, name) in named {
        let path = hive.path.to_text().replace(['\n', '\r'], "\u{FFFD}");
        writeln!(out, "{name}\t{}\t{}\t{path}", hive.partition, crate::Hex(&hive.digests.sha256))?;
    }
    Ok(())
}

/// A name for a hive's RegXML file that any file system takes: `003-SYSTEM.regxml`.
fn regxml_name(index: usize, hive: &Hive) -> String {
    let path = hive.path.to_text();
    let name = path.rsplit('/').next().unwrap_or_default();
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    let plain: String = name.chars().take(64).map(|c| if is_plain(c) { c } else { '_' }).collect();
    format!("{:03}-{plain}.regxml", index + 1)
}

/// Whether everything that [`write()`] puts into `folder` is there.
pub fn is_complete(folder: &Path) -> bool {
    let Ok(manifest) = fs::read_to_string(folder.join("manifest.txt")) else { return false };
    let regxml = manifest.lines().filter_map(|line| line.split('\t').next());
    let mut names = ["fiout.dfxml", "fiout-alloc-only.dfxml"].into_iter().chain(regxml);
    names.all(|name| folder.join(name).is_file())
}

fn remove_others(folder: &Path, named: &[(&Hive, String)]) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    results::remove_unfinished(folder)?;
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if name.ends_with(".regxml") && named.iter().all(|(_, kept)| *kept != name) {
            fs::remove_file(&path)?;
        }
    }
    Ok(())
}
