use super::{Error, ex01};
use crate::bytes::u16_le;
use crate::{ReadAt, ReadAtExt};

/// Length of the header in bytes; the first section follows.
// Source: EWF specification, "File header".
pub(super) const FILE_HEADER_LEN: u64 = 13;

const SIGNATURE: &[u8; 8] = b"EVF\x09\x0D\x0A\xFF\x00";

/// Relatives that are not read, by their first bytes, with what to do instead.
// Sources: EWF specification, "EWF-L01"; "Expert Witness Compression Format version 2
// specification", "File header".
const UNSUPPORTED: [(&[u8; 8], &str, &str); 2] = [
    (b"LVF\x09\x0D\x0A\xFF\x00", "EnCase L01, which holds files and no disk", "export the files"),
    (b"LEF2\x0D\x0A\x81\x00", "EnCase Lx01, which holds files and no disk", "export the files"),
];

/// Whether a file that begins with `start` is a segment of an image of any version, or a relative of one that is
/// refused by name.
pub fn is_segment(start: &[u8]) -> bool {
    start.starts_with(SIGNATURE)
        || ex01::is_segment(start)
        || UNSUPPORTED.iter().any(|(magic, ..)| start.starts_with(*magic))
}

/// Reads which segment `file` says it is, from 1; `segment` is which it should be.
///
/// # Errors
/// When it is none that is read.
pub fn segment_number(file: &dyn ReadAt, segment: u32) -> Result<u32, Error> {
    let (structure, offset) = ("file header", 0);
    let bytes = file.read_vec_at(0, FILE_HEADER_LEN as usize);
    let bytes = bytes.map_err(|source| Error::Read { segment, structure, offset, source })?;
    let magic = UNSUPPORTED.iter().find(|(magic, ..)| bytes.starts_with(*magic));
    if let Some((_, name, help)) = magic {
        return Err(Error::Unsupported { name, help });
    }
    match (bytes.first_chunk(), u16_le(&bytes, 9)) {
        (Some(SIGNATURE), Some(number)) => Ok(number.into()),
        (Some(start), _) if ex01::is_segment(start) => ex01::segment_number(file, segment),
        (Some(found), _) if found != SIGNATURE => Err(Error::Signature { segment, found: *found }),
        _ => {
            let held = bytes.len() as u64;
            Err(Error::Short { segment, structure, offset, held, expected: FILE_HEADER_LEN })
        }
    }
}
