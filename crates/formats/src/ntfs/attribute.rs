use std::fmt;

use super::{Error, run_list};
use crate::bytes::{u16_le, u32_le, u64_le, window};
use crate::{Name, Run};

/// Type of an attribute, by its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AttributeType(pub u32);

impl AttributeType {
    /// $STANDARD_INFORMATION: times, attribute bits, owner.
    pub const STANDARD_INFORMATION: Self = Self(0x10);
    /// $ATTRIBUTE_LIST: where the attributes of a file with several records are.
    pub const ATTRIBUTE_LIST: Self = Self(0x20);
    /// $FILE_NAME: one name and the directory that it is in.
    pub const FILE_NAME: Self = Self(0x30);
    /// $OBJECT_ID: an id by which links find a file that was moved.
    pub const OBJECT_ID: Self = Self(0x40);
    /// $SECURITY_DESCRIPTOR: who may do what with the file, where $Secure does not say it.
    pub const SECURITY_DESCRIPTOR: Self = Self(0x50);
    /// $DATA: content.
    pub const DATA: Self = Self(0x80);
    /// $INDEX_ROOT: the root of an index.
    pub const INDEX_ROOT: Self = Self(0x90);
    /// $INDEX_ALLOCATION: the blocks of an index.
    pub const INDEX_ALLOCATION: Self = Self(0xA0);
    /// $BITMAP: which records or index blocks are in use.
    pub const BITMAP: Self = Self(0xB0);
    /// $REPARSE_POINT: link targets and the like.
    pub const REPARSE_POINT: Self = Self(0xC0);
    /// $EA: extended attributes.
    pub const EA: Self = Self(0xE0);
    /// $LOGGED_UTILITY_STREAM: keys of encryption ($EFS) and what else the system logs changes of.
    pub const LOGGED_UTILITY_STREAM: Self = Self(0x100);

    /// The name in $AttrDef, or `None` for a number that is not in it.
    pub fn name(self) -> Option<&'static str> {
        Some(match self.0 {
            0x10 => "$STANDARD_INFORMATION",
            0x20 => "$ATTRIBUTE_LIST",
            0x30 => "$FILE_NAME",
            0x40 => "$OBJECT_ID",
            0x50 => "$SECURITY_DESCRIPTOR",
            0x60 => "$VOLUME_NAME",
            0x70 => "$VOLUME_INFORMATION",
            0x80 => "$DATA",
            0x90 => "$INDEX_ROOT",
            0xA0 => "$INDEX_ALLOCATION",
            0xB0 => "$BITMAP",
            0xC0 => "$REPARSE_POINT",
            0xD0 => "$EA_INFORMATION",
            0xE0 => "$EA",
            0x100 => "$LOGGED_UTILITY_STREAM",
            _ => return None,
        })
    }
}

impl fmt::Display for AttributeType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => f.pad(name),
            None => write!(f, "{:#x}", self.0),
        }
    }
}

/// An attribute of a file record.
#[derive(Clone, Debug)]
pub struct Attribute<'a> {
    /// What it holds.
    pub kind: AttributeType,
    /// Its name; empty when it has none.
    pub name: Name,
    /// Flag bits: 0x0001 compressed, 0x4000 encrypted, 0x8000 sparse.
    pub flags: u16,
    /// Number that tells it from the record's other attributes.
    pub id: u16,
    /// Offset in the record, in bytes.
    pub offset: usize,
    /// Length with its header, in bytes.
    pub len: usize,
    /// Where its value is.
    pub form: Form<'a>,
}

/// Where an attribute's value is. Sizes are in bytes.
#[derive(Clone, Debug)]
pub enum Form<'a> {
    /// In the record.
    Resident {
        /// The value.
        value: &'a [u8],
        /// Its offset in the record.
        value_offset: usize,
    },
    /// In clusters of the volume.
    NonResident {
        /// First cluster of the value (VCN) that this piece covers.
        lowest_vcn: u64,
        /// Last cluster that it covers.
        highest_vcn: u64,
        /// The run list as stored; [`Attribute::runs`] decodes it.
        run_list: &'a [u8],
        /// Compression unit as a power of two of clusters; 0 for none.
        compression_unit: u8,
        /// Size of the clusters. Valid in the first piece only, as the next two are.
        allocated_size: u64,
        /// Size of the value.
        data_size: u64,
        /// Size up to which the value was written; it reads as zeros from there.
        initialized_size: u64,
    },
}

const END: u32 = 0xFFFF_FFFF;

impl<'a> Attribute<'a> {
    /// Decodes the attribute at `offset` of a record; `None` at the end marker.
    pub(super) fn parse(record: &'a [u8], offset: usize) -> Result<Option<Self>, Error> {
        let error = |field, found| Error::Size {
            structure: "attribute",
            offset,
            field,
            found,
            room: record.len().saturating_sub(offset),
        };
        let kind = u32_le(record, offset).ok_or_else(|| error("type", 0))?;
        if kind == END {
            return Ok(None);
        }
        let len = u32_le(record, offset.saturating_add(4)).ok_or_else(|| error("length", 0))?;
        let bytes = window(record, offset, len as usize)
            .filter(|bytes| bytes.len() >= 0x18)
            .ok_or_else(|| error("length", len.into()))?;
        let short = || error("length", len.into());
        let name_len = usize::from(*bytes.get(9).ok_or_else(short)?);
        let name_offset = u16_le(bytes, 0x0A).ok_or_else(short)?;
        let name = window(bytes, name_offset.into(), name_len * 2)
            .ok_or_else(|| error("name offset", name_offset.into()))?;
        let form = match bytes.get(8) {
            Some(0) => resident(bytes, offset),
            _ => non_resident(bytes),
        };
        Ok(Some(Self {
            kind: AttributeType(kind),
            name: Name::from_utf16le(name),
            flags: u16_le(bytes, 0x0C).ok_or_else(short)?,
            id: u16_le(bytes, 0x0E).ok_or_else(short)?,
            offset,
            len: bytes.len(),
            form: form.ok_or_else(|| error("value offset", len.into()))?,
        }))
    }

    /// Where the next attribute begins in the record.
    pub(super) fn end(&self) -> Option<usize> {
        self.offset.checked_add(self.len)
    }

    /// The value when it is in the record.
    pub fn resident_value(&self) -> Option<&'a [u8]> {
        match self.form {
            Form::Resident { value, .. } => Some(value),
            Form::NonResident { .. } => None,
        }
    }

    /// Decodes the run list; empty for a resident attribute.
    ///
    /// # Errors
    /// [`Error::RunList`] where it cannot be decoded.
    pub fn runs(&self) -> Result<Vec<Run>, Error> {
        match self.form {
            Form::Resident { .. } => Ok(Vec::new()),
            Form::NonResident { lowest_vcn, run_list, .. } => {
                run_list::decode(run_list, lowest_vcn)
            }
        }
    }
}

fn resident(bytes: &[u8], offset: usize) -> Option<Form<'_>> {
    let len = u32_le(bytes, 0x10)? as usize;
    let start = usize::from(u16_le(bytes, 0x14)?);
    let value = window(bytes, start, len)?;
    Some(Form::Resident { value, value_offset: offset.checked_add(start)? })
}

fn non_resident(bytes: &[u8]) -> Option<Form<'_>> {
    Some(Form::NonResident {
        lowest_vcn: u64_le(bytes, 0x10)?,
        highest_vcn: u64_le(bytes, 0x18)?,
        run_list: bytes.get(usize::from(u16_le(bytes, 0x20)?)..)?,
        compression_unit: *bytes.get(0x22)?,
        allocated_size: u64_le(bytes, 0x28)?,
        data_size: u64_le(bytes, 0x30)?,
        initialized_size: u64_le(bytes, 0x38)?,
    })
}
