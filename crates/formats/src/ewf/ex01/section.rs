use super::super::Error;
use super::super::adler32::check;
use crate::bytes::{u16_le, u32_le, u64_le, window};
use crate::{ReadAt, ReadAtExt};

/// Length of the file header in bytes.
// Source: EWF 2 specification, "File header".
const FILE_HEADER: u64 = 32;
/// Length of a section descriptor in bytes; its checksum is the last four.
// Source: EWF 2 specification, "Section descriptor".
const DESCRIPTOR: u64 = 64;
const CHECKSUM_AT: usize = 60;
/// Data flag of a section.
const ENCRYPTED: u32 = 2;
/// More sections than these are followed in no segment.
const MOST_SECTIONS: usize = 1 << 20;

/// What the header of a segment says.
#[derive(Clone, Copy, Debug)]
pub(super) struct FileHeader {
    pub method: u16,
    pub number: u32,
    pub set: [u8; 16],
}

impl FileHeader {
    pub fn read(file: &dyn ReadAt, segment: u32) -> Result<Self, Error> {
        let (structure, offset) = ("file header", 0);
        let bytes = file.read_vec_at(0, FILE_HEADER as usize);
        let bytes = bytes.map_err(|source| Error::Read { segment, structure, offset, source })?;
        let fields = || {
            let set = window(&bytes, 16, 16)?.try_into().ok()?;
            Some(Self { method: u16_le(&bytes, 10)?, number: u32_le(&bytes, 12)?, set })
        };
        let (held, expected) = (bytes.len() as u64, FILE_HEADER);
        fields().ok_or(Error::Short { segment, structure, offset, held, expected })
    }
}

/// Types of sections.
// Source: EWF 2 specification, "Section types".
pub(super) mod kind {
    pub const DEVICE: u32 = 0x01;
    pub const CASE: u32 = 0x02;
    pub const TABLE: u32 = 0x04;
    pub const ERRORS: u32 = 0x05;
    pub const MD5: u32 = 0x08;
    pub const SHA1: u32 = 0x09;
    pub const KEYS: u32 = 0x0B;
    pub const NEXT: u32 = 0x0D;
    pub const DONE: u32 = 0x0F;
}

/// A section of a segment.
#[derive(Clone, Copy, Debug)]
pub(super) struct Section {
    /// Its type.
    pub kind: u32,
    /// Where its data begin.
    pub data: u64,
    /// Length of its data in bytes, with their padding.
    pub len: u64,
    pub is_encrypted: bool,
}

impl Section {
    /// Its data, at most `most` bytes of them.
    pub fn read(
        &self,
        file: &dyn ReadAt,
        segment: u32,
        structure: &'static str,
        most: usize,
    ) -> Result<Vec<u8>, Error> {
        let len = usize::try_from(self.len).unwrap_or(usize::MAX).min(most);
        let bytes = file.read_vec_at(self.data, len);
        bytes.map_err(|source| Error::Read { segment, structure, offset: self.data, source })
    }
}

/// All sections of the segment `file`, in their order. What keeps them from being followed to the
/// first is added to `findings`.
pub(super) fn walk(file: &dyn ReadAt, segment: u32, findings: &mut Vec<Error>) -> Vec<Section> {
    let mut sections = Vec::new();
    let mut at = file.len().saturating_sub(DESCRIPTOR);
    while sections.len() < MOST_SECTIONS && at >= FILE_HEADER {
        match read(file, segment, at) {
            Ok((section, previous)) => {
                sections.push(section);
                // Each lies before the one behind it, so that a loop ends the walk.
                if previous == 0 || previous >= at {
                    at = previous;
                    break;
                }
                at = previous;
            }
            Err(error) => {
                findings.push(error);
                break;
            }
        }
    }
    if at != 0 {
        findings.push(Error::SectionsBegin { segment, offset: at });
    }
    sections.reverse();
    sections
}

/// Reads the descriptor at `offset`, and where the one before it is; 0 where there is none.
fn read(file: &dyn ReadAt, segment: u32, offset: u64) -> Result<(Section, u64), Error> {
    let structure = "section descriptor";
    let bytes = file.read_vec_at(offset, DESCRIPTOR as usize);
    let bytes = bytes.map_err(|source| Error::Read { segment, structure, offset, source })?;
    let fields = || {
        let stated = u32_le(&bytes, CHECKSUM_AT)?;
        let (kind, flags) = (u32_le(&bytes, 0)?, u32_le(&bytes, 4)?);
        let (previous, len) = (u64_le(&bytes, 8)?, u64_le(&bytes, 16)?);
        let data = offset.saturating_sub(len).max(FILE_HEADER);
        let len = len.min(offset.saturating_sub(FILE_HEADER));
        let section = Section { kind, data, len, is_encrypted: flags & ENCRYPTED != 0 };
        Some((section, previous, stated))
    };
    let (held, expected) = (bytes.len() as u64, DESCRIPTOR);
    let short = Error::Short { segment, structure, offset, held, expected };
    let (section, previous, stated) = fields().ok_or(short)?;
    check(segment, structure, offset, bytes.get(..CHECKSUM_AT).unwrap_or_default(), stated)?;
    Ok((section, previous))
}
