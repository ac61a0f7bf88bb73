//! Writes a disk image as E01: what `run --archive e01` does of a slice, alone.
//!
//! Usage: archive IMAGE FOLDER

use std::error::Error;
use std::path::PathBuf;

use diskprint::{Image, archive};

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let [image, folder] = &args[..] else { return Err("usage: archive IMAGE FOLDER".into()) };
    let opened = Image::open(image, folder.as_path(), &|_| {})?;
    let form = archive::Form {
        case_number: "case".into(),
        evidence_number: "1".into(),
        notes: String::new(),
        set: archive::set_of("example"),
        segment_len: archive::SEGMENT,
    };
    for disk in opened.image.disks() {
        let written = archive::write(disk, folder, &form)?;
        for (name, made) in written.segments {
            println!("{name} {}", made.bytes);
        }
    }
    Ok(())
}
