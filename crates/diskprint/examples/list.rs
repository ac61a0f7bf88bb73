//! Lists the metadata of every file of a raw image's NTFS volumes and says how long that took.
//!
//! `list IMAGE` reads no contents: it is to be compared with `fiwalk -G0 -z IMAGE`.

use std::env;
use std::error::Error;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use diskprint::{FileReader, Partition, list_files};
use diskprint_formats::ntfs::Volume;
use diskprint_formats::{Window, partition};

fn main() -> Result<(), Box<dyn Error>> {
    let path = env::args().nth(1).ok_or("the image is missing: list IMAGE")?;
    let disk = Arc::new(FileReader::open(Path::new(&path))?);
    let layout = partition::read(&disk)?;
    for (number, part) in (1..).zip(layout.partitions) {
        let (start, len) = (part.start, part.len);
        let Ok(volume) = Volume::open(Window::new(Arc::clone(&disk), start, len)) else { continue };
        let partition = Partition { number, start, len, ..Partition::default() };
        let began = Instant::now();
        let (entries, faults) = list_files(&volume, &partition);
        let seconds = began.elapsed().as_secs_f64();
        let live = entries.iter().filter(|entry| entry.is_live()).count();
        let records = volume.record_count();
        println!(
            "partition {number}: {records} records, {} entries, {live} in use, {} faults, \
             {seconds:.3} s",
            entries.len(),
            faults.len(),
        );
    }
    Ok(())
}
