use super::section::Section;
use super::{Error, adler32};
use crate::ReadAt;
use crate::bytes::{u32_le, window};

/// Reads a hash section: the MD5 of the disk.
// Source: EWF specification, "Hash section".
pub(super) fn hash(file: &dyn ReadAt, segment: u32, section: &Section) -> Result<[u8; 16], Error> {
    let bytes = checked(file, segment, section, "hash section", 36)?;
    Ok(bytes.first_chunk().copied().unwrap_or_default())
}

/// Reads a digest section: MD5 and SHA-1 of the disk; one of zeros was not made.
// Source: EWF specification, "Digest section".
pub(super) fn digest(
    file: &dyn ReadAt,
    segment: u32,
    section: &Section,
) -> Result<([u8; 16], [u8; 20]), Error> {
    let bytes = checked(file, segment, section, "digest section", 80)?;
    let sha1 = bytes.get(16..).and_then(<[u8]>::first_chunk);
    Ok((bytes.first_chunk().copied().unwrap_or_default(), sha1.copied().unwrap_or_default()))
}

/// Reads `len` bytes that end with the Adler-32 of those before.
fn checked(
    file: &dyn ReadAt,
    segment: u32,
    section: &Section,
    structure: &'static str,
    len: usize,
) -> Result<Vec<u8>, Error> {
    let offset = section.data();
    let bytes = section.read(file, segment, structure, len)?;
    let at = len.saturating_sub(4);
    let (Some(body), Some(stated)) = (window(&bytes, 0, at), u32_le(&bytes, at)) else {
        let (held, expected) = (bytes.len() as u64, len as u64);
        return Err(Error::Short { segment, structure, offset, held, expected });
    };
    let computed = adler32(body);
    match computed == stated {
        true => Ok(bytes),
        false => Err(Error::Checksum { segment, structure, offset, stated, computed }),
    }
}
