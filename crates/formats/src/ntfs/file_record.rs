use std::fmt;

use super::{Attribute, AttributeType, Error};
use crate::bytes::{u16_le, u32_le, u64_le, window};

/// Names a file record: its number and how often it was used when the reference was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileReference {
    /// Number of the record in the $MFT.
    pub record: u64,
    /// Sequence number that the record had.
    pub sequence: u16,
}

impl FileReference {
    /// Decodes the eight bytes of a reference: 48 bits of number, 16 of sequence number.
    pub fn from_raw(raw: u64) -> Self {
        Self { record: raw & 0xFFFF_FFFF_FFFF, sequence: (raw >> 48) as u16 }
    }
}

impl fmt::Display for FileReference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.record, self.sequence)
    }
}

/// A record of the $MFT, its update sequence undone.
#[derive(Clone, Debug)]
pub struct FileRecord {
    /// The record's own number and sequence number.
    pub reference: FileReference,
    /// Number of names that the record says the file has.
    pub link_count: u16,
    /// Flag bits: 1 in use, 2 directory, others kept.
    pub flags: u16,
    /// The base record when this is an extension record; all zeros otherwise.
    pub base: FileReference,
    /// The number that its header says it has; `None` in the short header before NTFS 3.1.
    pub stated_number: Option<u32>,
    first_attribute: usize,
    bytes: Vec<u8>,
}

const IN_USE: u16 = 1;
const DIRECTORY: u16 = 2;

impl FileRecord {
    /// Decodes the record `number` from its bytes as stored.
    ///
    /// # Errors
    /// When signature, update sequence or sizes are wrong.
    pub fn parse(number: u64, stored: &[u8]) -> Result<Self, Error> {
        let mut bytes = stored.to_vec();
        undo_fixup(&mut bytes, "FILE")?;
        let short = |field, offset| size_error(field, offset, bytes.len());
        let u16_at = |field, at| u16_le(&bytes, at).ok_or_else(|| short(field, at));
        let sequence = u16_at("sequence number", 0x10)?;
        let link_count = u16_at("hard link count", 0x12)?;
        let first_attribute = usize::from(u16_at("first attribute", 0x14)?);
        let flags = u16_at("flags", 0x16)?;
        let used = u32_le(&bytes, 0x18).ok_or_else(|| short("used size", 0x18))? as usize;
        let base = u64_le(&bytes, 0x20).ok_or_else(|| short("base record", 0x20))?;
        // The update sequence follows the header, which is 0x2A or 0x30 bytes long.
        let is_long = u16_le(&bytes, 4).is_some_and(|end| end >= 0x30);
        let stated_number = u32_le(&bytes, 0x2C).filter(|_| is_long);
        if used > bytes.len() || first_attribute > used {
            return Err(short("used size", used));
        }
        bytes.truncate(used);
        let reference = FileReference { record: number, sequence };
        let base = FileReference::from_raw(base);
        Ok(Self { reference, link_count, flags, base, stated_number, first_attribute, bytes })
    }

    /// Whether the record is in use.
    pub fn is_in_use(&self) -> bool {
        self.flags & IN_USE != 0
    }

    /// Whether the record is of a directory.
    pub fn is_directory(&self) -> bool {
        self.flags & DIRECTORY != 0
    }

    /// Whether this is the file's first record and not one that continues it.
    pub fn is_base(&self) -> bool {
        self.base == FileReference::default()
    }

    /// An error when the header says that this is another record.
    pub(super) fn other_number(&self) -> Option<Error> {
        let found = self.stated_number?;
        (found != self.reference.record as u32).then_some(Error::RecordNumber { found })
    }

    /// The first attribute of this type and name that can be decoded.
    pub fn attribute(&self, kind: AttributeType, name: &str) -> Option<Attribute<'_>> {
        let mut attributes = self.attributes().map_while(Result::ok);
        attributes.find(|found| found.kind == kind && found.name.to_str() == Some(name))
    }

    /// Walks the attributes in stored order; ends after the first that cannot be decoded.
    pub fn attributes(&self) -> impl Iterator<Item = Result<Attribute<'_>, Error>> {
        let mut at = Some(self.first_attribute);
        std::iter::from_fn(move || {
            let item = Attribute::parse(&self.bytes, at?).transpose();
            at = match &item {
                Some(Ok(attribute)) => attribute.end(),
                _ => None,
            };
            item
        })
    }
}

fn size_error(field: &'static str, found: usize, room: usize) -> Error {
    Error::Size { structure: "file record", offset: 0, field, found: found as u64, room }
}

/// Distance of the two bytes that the update sequence replaces, whatever the sector size is.
const STRIDE: usize = 512;

/// Checks the signature and puts back the bytes that the update sequence replaced.
pub(super) fn undo_fixup(bytes: &mut [u8], signature: &'static str) -> Result<(), Error> {
    let found = *bytes.first_chunk().unwrap_or(&[0; 4]);
    if found != signature.as_bytes() {
        return Err(Error::Signature { found, expected: signature });
    }
    let room = bytes.len();
    let short = |field, found| Error::Size {
        structure: "update sequence",
        offset: 4,
        field,
        found: u64::from(found),
        room,
    };
    let offset = u16_le(bytes, 4).ok_or_else(|| short("offset", 0))?;
    let count = u16_le(bytes, 6).ok_or_else(|| short("count", 0))?;
    let array = window(bytes, offset.into(), usize::from(count) * 2)
        .ok_or_else(|| short("offset", offset))?
        .to_vec();
    let Some((number, replaced)) = array.split_at_checked(2) else {
        return Err(short("count", count));
    };
    if replaced.len() / 2 != bytes.len() / STRIDE {
        return Err(short("count", count));
    }
    let expected = u16_le(number, 0).unwrap_or(0);
    for (sector, (block, original)) in
        bytes.chunks_exact_mut(STRIDE).zip(replaced.chunks_exact(2)).enumerate()
    {
        let Some(tail) = block.last_chunk_mut::<2>() else { continue };
        let found = u16::from_le_bytes(*tail);
        if found != expected {
            return Err(Error::Fixup { sector, found, expected });
        }
        tail.copy_from_slice(original);
    }
    Ok(())
}
