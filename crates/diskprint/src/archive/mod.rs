//! Disks written as EnCase 6 E01 images, as the original workflow kept every slice.

mod chunks;
mod segment;

use std::io;
use std::path::Path;

use diskprint_formats::ewf::extension;

use crate::disk_blocks::with_blocks;
use crate::results::{self, Written};
use crate::{Fault, ImageDisk, Place, Step};
use chunks::{Block, Chunks};
use segment::{Ending, Segment};

/// What an image says of itself, and how it is divided.
#[derive(Clone, Debug)]
pub struct Form {
    /// Case number.
    pub case_number: String,
    /// Evidence number.
    pub evidence_number: String,
    /// Notes.
    pub notes: String,
    /// Which segments are of one image: the same for all of this one, another for any other.
    pub set: [u8; 16],
    /// Longest segment in bytes; see [`LEAST_SEGMENT`].
    pub segment_len: u64,
}

/// Segments are no shorter than this by choice, in bytes: ewfacquire's least.
pub const LEAST_SEGMENT: u64 = 1 << 20;

/// Length of a segment where none is chosen, in bytes: ewfacquire's 1.4 GiB.
pub const SEGMENT: u64 = 1_503_238_553;

/// An image that was written.
#[derive(Debug)]
pub struct Archived {
    /// The names of its segments, and what was written of each.
    pub segments: Vec<(String, Written)>,
    /// What could not be read of the disk, and is zeros in the image.
    pub faults: Vec<Fault>,
}

/// An identifier for the segments of one image, made of what nothing else is: the same for the same
/// text.
// Source: RFC 9562, 5.8, "UUID Version 8".
pub fn set_of(text: &str) -> [u8; 16] {
    let mut set = [0; 16];
    set.copy_from_slice(&results::sha256(text.as_bytes())[..16]);
    set[6] = (set[6] & 0x0F) | 0x80;
    set[8] = (set[8] & 0x3F) | 0x80;
    set
}

/// The name of the image of a disk, without ending: `out`, as the original called that of the only
/// one; of further disks `out-2`, `out-3`.
pub fn stem(disk: &ImageDisk) -> String {
    match disk.number {
        1 => "out".to_owned(),
        number => format!("out-{number}"),
    }
}

/// Writes a disk as an image into `folder`, each segment so that it is there whole or not at all.
/// The same disk and form give the same bytes.
///
/// # Errors
/// When a segment cannot be written, there would be more of them than there are names, or the disk
/// is longer than such an image can be: 128 TiB.
pub fn write(disk: &ImageDisk, folder: &Path, form: &Form) -> io::Result<Archived> {
    let volume = segment::Volume::of(&disk.reader, form.set).ok_or_else(too_long)?;
    let make = |offset, len| Block::read(&disk.reader, offset, len);
    with_blocks(disk.reader.len(), chunks::BLOCK, make, |blocks| {
        let mut chunks = Chunks::new(blocks);
        let mut segments = Vec::new();
        for number in 1.. {
            let ending = extension('E', number).ok_or_else(too_many)?;
            let name = format!("{}.{ending}", stem(disk));
            let mut ending = Ending::Next;
            let written = results::write_file(&folder.join(&name), |out| {
                ending = Segment::new(out, number, &volume, form).write(&mut chunks)?;
                Ok(())
            })?;
            segments.push((name, written));
            if ending == Ending::Done {
                break;
            }
        }
        let place = Place::from(Step::Disk(disk.number));
        Ok(Archived { segments, faults: chunks.faults(&place) })
    })
}

fn too_long() -> io::Error {
    io::Error::other("the disk is longer than an E01 image can be")
}

fn too_many() -> io::Error {
    io::Error::other("more segments than there are names for; choose longer ones")
}
