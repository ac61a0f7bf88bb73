//! Reading one slice and writing down what it holds.

use std::fs;
use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;

use diskprint_formats::Name;

use crate::dfxml::{self, Header};
use crate::registry_text::Statistics;
use crate::results::{CopiesOf, Out};
use crate::{
    Cache, Container, Digests, Hex, Hive, Image, Known, OpenError, Opened, Progress, Scratch,
    Snapshot, printable, registry_text, regxml,
};

/// A slice as it was read.
pub struct Survey {
    /// The state.
    pub snapshot: Snapshot,
    /// SHA-256 of the file that it was read from; see [`crate::Opened::slicehash`].
    pub slicehash: [u8; 32],
    /// What it was read from.
    pub container: Container,
    /// The disks, in the order of the machine.
    pub disks: Vec<SurveyedDisk>,
    /// How many of the snapshot's faults, the first ones, are of container and disks.
    pub disk_faults: usize,
    /// The disks themselves, for as long as they are needed.
    pub image: Option<Image>,
    /// What it was read with: for a slice after it, which shares its bytes.
    pub cache: Option<Arc<Cache>>,
}

/// A disk as it was read.
pub struct SurveyedDisk {
    /// Number in the machine, from 1.
    pub number: u32,
    /// Kind of disk; see [`crate::ImageDisk::format`].
    pub format: String,
    /// Length in bytes.
    pub len: u64,
    /// The files that hold it; see [`crate::ImageDisk::files`].
    pub files: Vec<String>,
}

/// Reads the state that is recorded in the tarball or disk image `path`, unpacking in `scratch`.
/// `known` are hives that were read before.
///
/// # Errors
/// When no disk can be read.
pub fn read<'a>(
    path: &Path,
    scratch: impl Into<Scratch<'a>>,
    known: &Known,
    progress: Progress,
) -> Result<Survey, OpenError> {
    Ok(of(Image::open(path, scratch, progress)?, known))
}

/// Reads the state that an image holds. `known` are hives that were read before.
pub fn of(opened: Opened, known: &Known) -> Survey {
    let mut snapshot = Snapshot::read(&opened.image, known);
    let mut faults = opened.faults;
    if opened.image.cache().is_some_and(|cache| cache.verifies()) {
        faults.extend(opened.image.verify());
    }
    let disk_faults = faults.len();
    snapshot.faults.splice(0..0, faults);
    let disks = opened.image.disks().iter().map(|disk| SurveyedDisk {
        number: disk.number,
        format: disk.format.clone(),
        len: disk.reader.len(),
        files: disk.files.clone(),
    });
    Survey {
        snapshot,
        slicehash: opened.slicehash,
        container: opened.image.container(),
        disks: disks.collect(),
        disk_faults,
        cache: opened.image.cache().cloned(),
        image: Some(opened.image),
    }
}

/// A file that is made of a state, or several that are made together. Their bytes are the same for
/// the same state.
pub struct Output<'s> {
    /// Their names.
    pub names: Vec<String>,
    /// Writes them.
    pub write: Box<Writer<'s>>,
    /// Where the same bytes may be already.
    pub copies: Option<CopiesOf<'s>>,
}

/// Writes the files of an output, as many as it has names.
pub type Writer<'s> = dyn Fn(&mut [Out<'_>]) -> io::Result<()> + Send + Sync + 's;

impl<'s> Output<'s> {
    /// An output of that name.
    pub fn new(
        name: impl Into<String>,
        write: impl Fn(&mut Out<'_>) -> io::Result<()> + Send + Sync + 's,
    ) -> Self {
        let write = move |outs: &mut [Out<'_>]| outs.iter_mut().try_for_each(&write);
        Self { names: vec![name.into()], write: Box::new(write), copies: None }
    }

    /// An output of one hive alone, not of its path or of anything else in the state.
    fn of_hive(
        hive: &'s Hive,
        kind: &'static str,
        name: impl Into<String>,
        write: impl Fn(&mut Out<'_>) -> io::Result<()> + Send + Sync + 's,
    ) -> Self {
        let copies = Some(CopiesOf { copies: &hive.report.copies, kind });
        Self { copies, ..Self::new(name, write) }
    }
}

/// The files as DFXML: all of them, and those in use.
pub fn files<'s>(header: &'s Header<'s>, snapshot: &'s Snapshot) -> Vec<Output<'s>> {
    let Snapshot { partitions, files, .. } = snapshot;
    let write = move |outs: &mut [Out<'_>]| match outs {
        [all, allocated] => dfxml::write(all, allocated, header, partitions, files),
        _ => Err(io::Error::other("two documents are written")),
    };
    let names = ["fiout.dfxml", "fiout-alloc-only.dfxml"].map(str::to_owned);
    vec![Output { names: names.into(), write: Box::new(write), copies: None }]
}

/// The hives as RegXML, and a manifest that says which is which.
pub fn registry(snapshot: &Snapshot) -> Vec<Output<'_>> {
    let named: Vec<(&Hive, String)> = named(snapshot, ".regxml").collect();
    let mut outputs: Vec<Output<'_>> = named
        .iter()
        .map(|&(hive, ref name)| {
            Output::of_hive(hive, "regxml", name.clone(), |out| regxml::write(&hive.tree, out))
        })
        .collect();
    // Where logs were applied, the other state is kept beside it.
    let recovered = named.iter().filter(|(hive, _)| hive.report.is_recovered());
    outputs.extend(recovered.map(|&(hive, ref name)| {
        let name = name.replace(".regxml", ".stored.regxml");
        Output::of_hive(hive, "stored regxml", name, |out| match hive.report.stored(&hive.tree) {
            Some(Ok(stored)) => regxml::write(&stored, out),
            Some(Err(error)) => writeln!(
                out,
                "<!-- the hive file by itself cannot be read: {} -->",
                xml_comment(&error)
            ),
            None => Ok(()),
        })
    }));
    outputs.push(Output::new(MANIFEST, move |out| write_manifest(out, &named)));
    outputs
}

/// Text for an XML comment, which may not hold two hyphens in a row.
fn xml_comment(error: &diskprint_formats::regf::Error) -> String {
    printable(&error.to_string()).replace("--", "- -")
}

/// The hives as text, and what is in them in numbers.
pub fn dumps(snapshot: &Snapshot) -> Vec<Output<'_>> {
    let mut outputs: Vec<Output<'_>> = named(snapshot, ".txt")
        .map(|(hive, name)| {
            Output::of_hive(hive, "text", name, |out| registry_text::text::write(&hive.tree, out))
        })
        .collect();
    outputs.push(Output::new("statistics.txt", |out| {
        for (hive, name) in named(snapshot, ".txt") {
            writeln!(out, "{name}: p{} {}", hive.partition, printable(&hive.path.to_text()))?;
            Statistics::of(&hive.tree).write(&hive.path, out)?;
            writeln!(out)?;
        }
        Ok(())
    }));
    outputs
}

/// The name of the file that lists the hives of a slice.
const MANIFEST: &str = "manifest.txt";

/// The hives of a state, each with a name for a file of it.
fn named<'s>(
    snapshot: &'s Snapshot,
    ending: &'static str,
) -> impl Iterator<Item = (&'s Hive, String)> {
    let name = move |(index, hive): (usize, &'s Hive)| {
        (hive, format!("{}{ending}", hive_file_name(index, &hive.path)))
    };
    snapshot.hives.iter().enumerate().map(name)
}

/// Reads the paths and SHA-1 digests of the hives that the manifest in `folder` lists.
///
/// # Errors
/// When it cannot be read or is none of ours.
pub fn read_manifest(folder: &Path) -> io::Result<Vec<(String, [u8; 20])>> {
    let bad = || io::Error::new(io::ErrorKind::InvalidData, "not a manifest of hives");
    let line = |line: &str| -> Option<(String, [u8; 20])> {
        let [_, _, _, sha1, path] = line.splitn(5, '\t').collect::<Vec<_>>().try_into().ok()?;
        Some((path.to_owned(), Hex::decode(sha1)?))
    };
    let text = fs::read_to_string(folder.join(MANIFEST))?;
    text.lines().map(|text| line(text).ok_or_else(bad)).collect()
}

/// A line for each hive: its RegXML file, partition, SHA-256, SHA-1, and path, which may hold
/// anything but a line break and so comes last. Columns are separated by tabs.
fn write_manifest(out: &mut impl Write, named: &[(&Hive, String)]) -> io::Result<()> {
    for (hive, name) in named {
        let path = hive.path.to_text().replace(['\n', '\r'], "\u{FFFD}");
        let Digests { sha256, sha1, .. } = &hive.digests;
        writeln!(out, "{name}\t{}\t{}\t{}\t{path}", hive.partition, Hex(sha256), Hex(sha1))?;
    }
    Ok(())
}

/// A name for files of a hive, by its place among all hives of a state, from 0, and its path:
/// `003-SYSTEM`. Any file system takes it.
pub fn hive_file_name(index: usize, path: &Name) -> String {
    let path = path.to_text();
    let name = path.rsplit('/').next().unwrap_or_default();
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    let plain: String = name.chars().take(64).map(|c| if is_plain(c) { c } else { '_' }).collect();
    format!("{:03}-{plain}", index.saturating_add(1))
}
