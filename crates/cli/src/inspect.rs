//! Any layer of an image or hive as text.

mod layer;

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result, anyhow, bail};
use diskprint::dump::{self, Dump, Selector};
use diskprint::{Container, FileEntry, FileReader, Image, Opened, Partition};
use diskprint_formats::ntfs::{AttributeType, Volume};
use diskprint_formats::regf::{Hive, Key};
use diskprint_formats::{Name, ReadAt, ReadAtExt};

use crate::Outcome;
use crate::args::InspectArgs;
use crate::progress::Progress;
use crate::summary::printable;
use layer::{InHive, InPartition, Layer};

/// Largest hive that is read, in bytes; Windows keeps them far below.
const MOST_HIVE: u64 = 2 << 30;

/// How much of a partition whose structures are not known is shown, in bytes: boot sectors, and
/// the superblocks of ext, which begin at 1024.
const FIRST_BYTES: usize = 2048;

/// Prints one layer.
pub fn run(args: &InspectArgs) -> Result<Outcome> {
    let dump = if begins_as_hive(&args.image) {
        let layer = InHive::parse(&args.layer)?;
        let file =
            FileReader::open(&args.image).with_context(|| format!("{}", args.image.display()))?;
        of_hive(&hive_bytes(&file)?, &layer)?
    } else {
        of_file(&args.image, &Layer::parse(&args.layer)?, args.verify)?
    };
    let mut out = BufWriter::new(io::stdout().lock());
    write!(out, "{dump}")?;
    out.flush()?;
    Ok(if dump.errors().is_empty() { Outcome::Clean } else { Outcome::Faults })
}

/// Transaction logs begin so, too, and have a base block to show.
fn begins_as_hive(path: &Path) -> bool {
    let start = FileReader::open(path).and_then(|file| file.read_vec_at(0, 4));
    path.is_file() && start.is_ok_and(|start| start == b"regf")
}

/// Shows a layer of a tarball, folder or disk image.
fn of_file(path: &Path, layer: &Layer, verify: bool) -> Result<Dump> {
    let scratch = tempfile::Builder::new().prefix("diskprint-").tempdir()?;
    let len = fs::metadata(path).map_or(0, |metadata| metadata.len());
    let progress = Progress::new(&path.display().to_string(), len, false);
    let opened = Image::open(path, scratch.path(), &|bytes| progress.read(bytes));
    drop(progress);
    let opened = opened.map(|mut opened| {
        if verify {
            opened.faults.extend(opened.image.verify());
        }
        opened
    });
    match (opened, layer) {
        (Ok(opened), Layer::Image) => of_image(path, &opened),
        (Ok(opened), Layer::Partition(number, layer)) => of_opened(&opened, *number, layer),
        // A damaged disk still has a header that can be shown.
        (Err(error), Layer::Image) => match disk_header(path) {
            Some(mut dump) => {
                dump.error(&error);
                Ok(dump)
            }
            None => Err(error.into()),
        },
        (Err(error), _) => Err(error.into()),
    }
}

/// The header of the virtual disk at `path`; `None` where it is none.
fn disk_header(path: &Path) -> Option<Dump> {
    let file = FileReader::open(path).ok()?;
    dump::disk_header(&(Arc::new(file) as Arc<dyn ReadAt>))
}

fn of_image(path: &Path, opened: &Opened) -> Result<Dump> {
    let mut dump = dump::image(opened);
    if matches!(opened.image.container(), Container::Disk(_)) {
        disk_header(path).into_iter().for_each(|header| dump.append(header));
    }
    Ok(dump)
}

fn of_opened(opened: &Opened, number: u32, layer: &InPartition) -> Result<Dump> {
    let (partitions, _) = opened.image.partitions();
    let Some(partition) = partitions.iter().find(|partition| partition.number == number) else {
        match partitions.len() {
            0 => bail!("there is no p{number}: the image has no partitions"),
            1 => bail!("there is no p{number}: the image has only p1"),
            count => bail!("there is no p{number}: the image has p1 to p{count}"),
        }
    };
    let Some(window) = opened.image.volume(partition) else {
        bail!("p{number}: its disk is not there");
    };
    let mut dump = match (partition.file_system, layer) {
        (Some("ntfs"), layer) => of_ntfs(&window, partition, layer)?,
        (found, InPartition::BootSector) => {
            let mut dump = Dump::default();
            let name = found.unwrap_or("no file system that is known");
            dump.heading(format_args!("p{number}: {name}; the first bytes"));
            dump.hex(0, &window.read_vec_at(0, FIRST_BYTES)?);
            dump
        }
        (found, _) => {
            let name = found.unwrap_or("no file system that is known");
            bail!("p{number} holds {name}; layers in a partition are those of ntfs")
        }
    };
    // What is wrong on the way to the layer may be why it is as it is.
    opened.faults.iter().for_each(|fault| dump.wrong(fault.to_string()));
    Ok(dump)
}

fn of_ntfs(window: &impl ReadAt, partition: &Partition, layer: &InPartition) -> Result<Dump> {
    let sector = || window.read_vec_at(0, 512).map(|sector| dump::boot_sector(&sector));
    if *layer == InPartition::BootSector {
        return Ok(sector()?);
    }
    let volume = match Volume::open(window) {
        Ok(volume) => volume,
        Err(error) => {
            let mut dump = sector()?;
            dump.error(&error);
            return Ok(dump);
        }
    };
    let mut dump = match layer {
        InPartition::BootSector => Dump::default(),
        InPartition::Record(number) => dump::record_of(&volume, *number)?,
        InPartition::Attributes(number, selector) => of_attributes(&volume, *number, selector)?,
        InPartition::File(path) => of_path(&volume, partition, path)?,
        InPartition::Hive(path, layer) => of_hive_at(&volume, partition, path, layer)?,
    };
    volume.warnings().iter().for_each(|warning| dump.error(warning));
    Ok(dump)
}

/// Shows the attributes that are meant, or the record where it is damaged.
fn of_attributes(volume: &Volume<impl ReadAt>, number: u64, selector: &Selector) -> Result<Dump> {
    let Ok(dump) = dump::attributes(volume, number, selector) else {
        return Ok(dump::record_of(volume, number)?);
    };
    if dump.is_empty() && dump.errors().is_empty() {
        bail!(no_attribute(volume, number));
    }
    Ok(dump)
}

/// Says which attributes a record has.
fn no_attribute(volume: &Volume<impl ReadAt>, number: u64) -> String {
    let record = volume.record(number);
    let attributes = record.iter().flat_map(|record| record.attributes().flatten());
    let listed = attributes.map(|found| match found.name.is_empty() {
        true => format!("{:#x} {}", found.kind.0, found.kind),
        false => format!("{:#x} {}:{}", found.kind.0, found.kind, found.name),
    });
    let listed = printable(&listed.collect::<Vec<_>>().join(", "));
    format!("file {number} has no such attribute; its record has: {listed}")
}

/// Shows the records of all files at `path`.
fn of_path(volume: &Volume<impl ReadAt>, partition: &Partition, path: &str) -> Result<Dump> {
    let mut dump = Dump::default();
    let mut seen = BTreeSet::new();
    for entry in find(volume, partition, path)? {
        if seen.insert(entry.inode) {
            dump.heading(title(&entry));
            dump.append(dump::file_of(volume, entry.inode)?);
        }
    }
    Ok(dump)
}

fn title(entry: &FileEntry) -> String {
    let state = match (entry.alloc.name, entry.alloc.inode) {
        (true, true) => "in use",
        (false, true) => "record in use, name deleted",
        (true, false) => "name in use, record deleted",
        (false, false) => "deleted",
    };
    let path = entry.full_path();
    format!("file \"{}\", record {}: {state}", printable(&path.to_text()), entry.inode)
}

/// The files at `path`, at least one, those in use first.
fn find(volume: &Volume<impl ReadAt>, partition: &Partition, path: &str) -> Result<Vec<FileEntry>> {
    let (mut entries, _) =
        diskprint::list_files(volume.reader(), partition).map_err(|error| anyhow!(error))?;
    let wanted = path.replace('\\', "/");
    let wanted = wanted.trim_matches('/');
    let upper = Name::from(wanted).to_upper();
    let is_there = |path: &str| {
        let upper = Name::from(path).to_upper();
        entries.iter().any(|entry| entry.path.to_upper() == upper)
    };
    if !entries.iter().any(|entry| entry.full_path().to_upper() == upper) {
        let folders = wanted.rmatch_indices('/').map(|(at, _)| &wanted[..at]);
        match folders.into_iter().find(|folder| is_there(folder)) {
            Some(folder) => {
                bail!("p{} has no file {wanted:?}; it has {folder:?}", partition.number)
            }
            None => bail!("p{} has no file {wanted:?}", partition.number),
        }
    }
    entries.retain(|entry| entry.full_path().to_upper() == upper);
    Ok(entries)
}

fn of_hive_at(
    volume: &Volume<impl ReadAt>,
    partition: &Partition,
    path: &str,
    layer: &InHive,
) -> Result<Dump> {
    let entries = find(volume, partition, path)?;
    let Some(entry) = entries.first() else { bail!("p{} has no {path:?}", partition.number) };
    let file = volume.file(entry.inode)?;
    let name = entry.stream.clone().unwrap_or_default();
    let mut streams = file.streams.iter();
    let stream = streams.find(|s| s.kind == AttributeType::DATA && s.name == name);
    let Some(stream) = stream else { bail!("{path:?} has no content") };
    let bytes = match &stream.content {
        Ok(content) => hive_bytes(&volume.content_reader(content)),
        Err(error) => Err(anyhow!("{error}")),
    };
    let mut dump = Dump::default();
    dump.heading(title(entry));
    match bytes {
        Ok(bytes) => dump.append(of_hive(&bytes, layer)?),
        Err(error) => dump.wrong(format!("its content cannot be read: {error:#}")),
    }
    Ok(dump)
}

fn hive_bytes(reader: &dyn ReadAt) -> Result<Vec<u8>> {
    let len = reader.len();
    if len > MOST_HIVE {
        bail!("{len} bytes long; hives of up to {MOST_HIVE} are read");
    }
    Ok(reader.read_vec_at(0, usize::try_from(len)?)?)
}

fn of_hive(bytes: &[u8], layer: &InHive) -> Result<Dump> {
    let read = Hive::read(bytes.to_vec());
    match (layer, &read) {
        (InHive::Key(path), Ok(hive)) => match hive.key(path) {
            Some(key) => Ok(dump::key(hive, &key)),
            None => bail!(no_key(hive, path)),
        },
        _ => Ok(dump::hive(bytes, &read)),
    }
}

/// Says how far a path leads, and what could follow there.
fn no_key(hive: &Hive, path: &str) -> String {
    const SHOWN: usize = 10;
    let mut key: Key<'_> = hive.root();
    for name in path.split('\\').filter(|name| !name.is_empty()) {
        match key.child(name) {
            Some(child) => key = child,
            None => {
                let at = printable(&key.path().to_text());
                let names = key.children().map(|child| format!("{:?}", child.name()));
                let names: Vec<String> = names.take(SHOWN + 1).collect();
                let listed = match names.len() {
                    0 => "none".to_owned(),
                    len if len > SHOWN => format!("{}, …", names[..SHOWN].join(", ")),
                    _ => names.join(", "),
                };
                return format!("key \"{at}\" has no subkey {name:?}; its subkeys: {listed}");
            }
        }
    }
    format!("there is no key {path:?}")
}
