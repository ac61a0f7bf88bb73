use super::file_header::FILE_HEADER_LEN;
use super::{Error, adler32};
use crate::bytes::{u32_le, u64_le};
use crate::{ReadAt, ReadAtExt};

/// Length of a section descriptor in bytes.
// Source: EWF specification, "Section descriptor".
pub(super) const DESCRIPTOR_LEN: u64 = 76;

/// More sections than these are followed in no segment: the longest of 7 EiB would be some 100,000
/// of two gigabytes, and a shorter one has a handful.
const MOST_SECTIONS: usize = 1 << 20;

/// A section of a segment.
#[derive(Clone, Debug)]
pub(super) struct Section {
    /// Its type, without the zeros behind it.
    pub kind: Vec<u8>,
    /// Where its descriptor is.
    pub offset: u64,
    /// Where its data end; of the last section, where the segment does.
    pub end: u64,
    /// Whether its descriptor is damaged, so that it may be of another type.
    pub is_doubtful: bool,
}

impl Section {
    /// Where its data begin.
    pub fn data(&self) -> u64 {
        self.offset.saturating_add(DESCRIPTOR_LEN)
    }

    /// Length of its data in bytes.
    pub fn len(&self) -> u64 {
        self.end.saturating_sub(self.data())
    }

    /// Its data, at most `most` bytes of them.
    pub fn read(
        &self,
        file: &dyn ReadAt,
        segment: u32,
        structure: &'static str,
        most: usize,
    ) -> Result<Vec<u8>, Error> {
        let (offset, len) = (self.data(), usize::try_from(self.len()).unwrap_or(usize::MAX));
        let bytes = file.read_vec_at(offset, len.min(most));
        bytes.map_err(|source| Error::Read { segment, structure, offset, source })
    }
}

/// All sections of the segment `file`, in their order, up to and with the last one, `next` or
/// `done`. What keeps them from being followed to it is added to `findings`.
///
/// Each lies behind the one before, so that a loop of sections ends the walk.
pub(super) fn walk(file: &dyn ReadAt, segment: u32, findings: &mut Vec<Error>) -> Vec<Section> {
    let (mut sections, mut offset) = (Vec::new(), FILE_HEADER_LEN);
    while sections.len() < MOST_SECTIONS {
        let (section, next) = match read(file, segment, offset, findings) {
            Ok(found) => found,
            Err(error) => {
                findings.push(error);
                break;
            }
        };
        let is_last = matches!(&section.kind[..], b"next" | b"done");
        sections.push(section);
        if is_last {
            return sections;
        }
        match next {
            Some(next) => offset = next,
            None => break,
        }
    }
    findings.push(Error::SectionsEnd { segment, offset });
    sections
}

/// Reads the descriptor at `offset`, and where the next one is, if that can be.
fn read(
    file: &dyn ReadAt,
    segment: u32,
    offset: u64,
    findings: &mut Vec<Error>,
) -> Result<(Section, Option<u64>), Error> {
    let structure = "section descriptor";
    let bytes = file.read_vec_at(offset, DESCRIPTOR_LEN as usize);
    let bytes = bytes.map_err(|source| Error::Read { segment, structure, offset, source })?;
    let (Some(kind), Some(next), Some(size), Some(body), Some(stated)) = (
        bytes.get(..16),
        u64_le(&bytes, 16),
        u64_le(&bytes, 24),
        bytes.get(..72),
        u32_le(&bytes, 72),
    ) else {
        let (held, expected) = (bytes.len() as u64, DESCRIPTOR_LEN);
        return Err(Error::Short { segment, structure, offset, held, expected });
    };
    let len = kind.iter().position(|byte| *byte == 0).unwrap_or(kind.len());
    let kind = kind.get(..len).unwrap_or_default().to_vec();
    let behind = (next >= offset.saturating_add(DESCRIPTOR_LEN)).then_some(next);
    let next = behind.filter(|next| *next < file.len());
    let agrees = next.and_then(|next| next.checked_sub(offset)) == Some(size);
    let computed = adler32(body);
    if computed != stated {
        let error = Error::Checksum { segment, structure, offset, stated, computed };
        // Where both say the same of the next section, that is followed all the same.
        if !agrees {
            return Err(error);
        }
        findings.push(error);
    }
    // Expert Witness 1.35 leaves the size 0; so does EnCase in the last section, which has no next.
    // Source: EWF specification, "Section descriptor", "Next section", "Dual image".
    if let Some(next) = next
        && size != 0
        && !agrees
    {
        findings.push(Error::SectionLen { segment, offset, size, next });
    }
    let end = next.unwrap_or(file.len());
    Ok((Section { kind, offset, end, is_doubtful: computed != stated }, next))
}
