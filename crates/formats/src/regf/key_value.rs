use crate::Name;
use crate::bytes::{u16_le, u32_le};

use super::cell::{Cell, CellOffset, SIZE_LEN, Span};
use super::error::{Error, Structure};
use super::key_node::{decode_name, odd_name};

/// A key value's fields, as stored.
// Source: regf spec, "Key value".
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct KeyValue {
    pub(super) offset: CellOffset,
    pub(super) data: DataPlace,
    pub(super) value_type: u32,
    pub(super) flags: u16,
    pub(super) name: Span,
}

/// Where the data are.
#[derive(Clone, Copy, Debug, Default)]
pub(super) enum DataPlace {
    /// There are none.
    #[default]
    Empty,
    /// In the record itself; `stated` bytes, which may be more than fit.
    Resident { span: Span, stated: u32 },
    /// In the cell at `offset`, or in those it leads to.
    Cell { offset: CellOffset, len: u32 },
}

/// The name has one byte a character.
pub(super) const VALUE_COMP_NAME: u16 = 0x0001;
/// Length of the fields before the name, in bytes.
const NAME_AT: usize = 20;
/// Offset of the field that holds the data's offset, or the data themselves.
const DATA_AT: usize = 8;
/// Set in the data's size when they are resident.
const RESIDENT: u32 = 0x8000_0000;

impl KeyValue {
    pub(super) fn read(cell: &Cell<'_>) -> Result<Self, Error> {
        let structure = Structure::KeyValue;
        cell.expect(structure, b"vk")?;
        let fields = cell.window(structure, 0, NAME_AT)?;
        let u16_at = |at| u16_le(fields, at).unwrap_or_default();
        let u32_at = |at| u32_le(fields, at).unwrap_or_default();
        let name_len = usize::from(u16_at(2));
        cell.window(structure, NAME_AT, name_len)?;
        Ok(Self {
            offset: cell.offset,
            data: DataPlace::new(cell, u32_at(4), CellOffset(u32_at(DATA_AT))),
            value_type: u32_at(12),
            flags: u16_at(16),
            name: cell.span(NAME_AT, name_len),
        })
    }

    /// The name, from the whole file's `bytes`.
    pub(super) fn name(&self, bytes: &[u8]) -> Name {
        decode_name(self.name.of(bytes), self.flags & VALUE_COMP_NAME != 0)
    }

    /// The fault of a UTF-16 name with half a character at its end.
    pub(super) fn check_name(&self) -> Option<Error> {
        let wide = self.flags & VALUE_COMP_NAME == 0;
        odd_name(Structure::KeyValue, self.offset, self.name, wide)
    }

    /// The record with its size field and without padding.
    pub(super) fn span(&self) -> Span {
        let len = (SIZE_LEN as u64).saturating_add(NAME_AT as u64).saturating_add(self.name.len);
        Span { offset: self.offset.file_offset(), len }
    }
}

impl DataPlace {
    // Source: regf spec, "Key value", "Data size".
    fn new(cell: &Cell<'_>, size: u32, offset: CellOffset) -> Self {
        let stated = size & !RESIDENT;
        match size & RESIDENT {
            _ if stated == 0 => Self::Empty,
            0 => Self::Cell { offset, len: stated },
            _ => {
                let len = usize::try_from(stated).unwrap_or(usize::MAX).min(4);
                Self::Resident { span: cell.span(DATA_AT, len), stated }
            }
        }
    }
}
