use super::{AttributeType, Error, FileReference};
use crate::Name;
use crate::bytes::{u16_le, u32_le, u64_le, window};

/// An entry of an $ATTRIBUTE_LIST: which record holds a piece of an attribute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListEntry {
    /// Type of the attribute.
    pub kind: AttributeType,
    /// Name of the attribute.
    pub name: Name,
    /// First cluster of the value (VCN) that the piece covers.
    pub lowest_vcn: u64,
    /// The record that the piece is in.
    pub record: FileReference,
    /// Id of the attribute in that record.
    pub id: u16,
}

impl ListEntry {
    /// Walks the entries of a list; ends after the first that does not fit.
    pub fn walk(list: &[u8]) -> impl Iterator<Item = Result<Self, Error>> + '_ {
        let mut at = 0;
        std::iter::from_fn(move || {
            let rest = list.get(at..).filter(|rest| !rest.is_empty())?;
            let Some((entry, len)) = parse(rest) else {
                let found = u16_le(rest, 4).unwrap_or(0).into();
                let offset = std::mem::replace(&mut at, list.len());
                let (structure, field, room) = ("attribute list entry", "length", rest.len());
                return Some(Err(Error::Size { structure, offset, field, found, room }));
            };
            at = at.saturating_add(len);
            Some(Ok(entry))
        })
    }
}

fn parse(bytes: &[u8]) -> Option<(ListEntry, usize)> {
    let len = usize::from(u16_le(bytes, 4)?);
    let entry = bytes.get(..len).filter(|_| len >= 0x1A)?;
    let name = window(entry, usize::from(*entry.get(7)?), usize::from(*entry.get(6)?) * 2)?;
    let entry = ListEntry {
        kind: AttributeType(u32_le(entry, 0)?),
        name: Name::from_utf16le(name),
        lowest_vcn: u64_le(entry, 8)?,
        record: FileReference::from_raw(u64_le(entry, 0x10)?),
        id: u16_le(entry, 0x18)?,
    };
    Some((entry, len))
}
