//! Lists the metadata of every file of raw images' NTFS volumes and says how long that took.
//!
//! `list IMAGE...` reads no contents: it is to be compared with `fiwalk -G0 -z IMAGE`. What is
//! listed is held until the end, so that two images show the memory that a run needs at least.

use std::env;
use std::error::Error;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use diskprint::{FileEntry, FileReader, Partition, list_files};
use diskprint_formats::ntfs::Volume;
use diskprint_formats::{Window, partition};

fn main() -> Result<(), Box<dyn Error>> {
    let mut held = Vec::new();
    for path in env::args_os().skip(1) {
        list(Path::new(&path), &mut held)?;
    }
    match held.is_empty() {
        true => Err("no NTFS volume was listed: list IMAGE...".into()),
        false => Ok(()),
    }
}

fn list(path: &Path, held: &mut Vec<Vec<FileEntry>>) -> Result<(), Box<dyn Error>> {
    let disk = Arc::new(FileReader::open(path)?);
    let layout = partition::read(&disk)?;
    for (number, part) in (1..).zip(layout.partitions) {
        let (start, len) = (part.start, part.len);
        let bytes = Window::new(Arc::clone(&disk), start, len);
        let Ok(volume) = Volume::open(&bytes) else { continue };
        let file_system = Some("ntfs");
        let partition = Partition { number, start, len, file_system, ..Partition::default() };
        let began = Instant::now();
        let (entries, faults) =
            list_files(&bytes, &partition).map_err(|error| error as Box<dyn Error>)?;
        let seconds = began.elapsed().as_secs_f64();
        let live = entries.iter().filter(|entry| entry.is_live()).count();
        let records = volume.record_count();
        println!(
            "partition {number}: {records} records, {} entries, {live} in use, {} faults, \
             {seconds:.3} s",
            entries.len(),
            faults.len(),
        );
        held.push(entries);
    }
    Ok(())
}
