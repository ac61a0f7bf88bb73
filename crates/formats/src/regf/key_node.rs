use crate::bytes::{u16_le, u32_le, u64_le};
use crate::{Filetime, Name};

use super::cell::{Cell, CellOffset, Cells, SIZE_LEN, Span};
use super::error::{Error, Structure};
use super::fault::Faults;

/// A key node's fields, as stored.
// Source: regf spec, "Key node".
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct KeyNode {
    pub(super) offset: CellOffset,
    pub(super) flags: u16,
    pub(super) mtime: Filetime,
    pub(super) access_bits: u8,
    pub(super) layer: u8,
    pub(super) parent: CellOffset,
    pub(super) subkey_count: u32,
    pub(super) subkeys: CellOffset,
    pub(super) value_count: u32,
    pub(super) values: CellOffset,
    pub(super) security: CellOffset,
    pub(super) class: CellOffset,
    pub(super) control: u8,
    pub(super) debug: u8,
    pub(super) class_len: u16,
    pub(super) name: Span,
}

/// The key is the root of its hive.
pub(super) const KEY_HIVE_ENTRY: u16 = 0x0004;
/// The name has one byte a character.
pub(super) const KEY_COMP_NAME: u16 = 0x0020;
/// Length of the fields before the name, in bytes.
const NAME_AT: usize = 76;

impl KeyNode {
    pub(super) fn read(cell: &Cell<'_>) -> Result<Self, Error> {
        let structure = Structure::KeyNode;
        cell.expect(structure, b"nk")?;
        let fields = cell.window(structure, 0, NAME_AT)?;
        let u8_at = |at: usize| fields.get(at).copied().unwrap_or_default();
        let u16_at = |at| u16_le(fields, at).unwrap_or_default();
        let u32_at = |at| u32_le(fields, at).unwrap_or_default();
        let name_len = usize::from(u16_at(72));
        cell.window(structure, NAME_AT, name_len)?;
        Ok(Self {
            offset: cell.offset,
            flags: u16_at(2),
            mtime: Filetime(u64_le(fields, 4).unwrap_or_default()),
            access_bits: u8_at(12),
            layer: u8_at(13),
            parent: CellOffset(u32_at(16)),
            subkey_count: u32_at(20),
            subkeys: CellOffset(u32_at(28)),
            value_count: u32_at(36),
            values: CellOffset(u32_at(40)),
            security: CellOffset(u32_at(44)),
            class: CellOffset(u32_at(48)),
            control: u8_at(54),
            debug: u8_at(55),
            class_len: u16_at(74),
            name: cell.span(NAME_AT, name_len),
        })
    }

    /// Where the class name is; `None` when there is none or it cannot be read.
    pub(super) fn class(&self, cells: &Cells<'_>, faults: &mut Faults) -> Option<Span> {
        let len = usize::from(self.class_len);
        if len == 0 || self.class == CellOffset::NONE {
            return None;
        }
        let cell = cells.get(Structure::ClassName, self.class, faults)?;
        faults.keep(cell.window(Structure::ClassName, 0, len))?;
        Some(cell.span(0, len))
    }

    /// The name, from the whole file's `bytes`.
    pub(super) fn name(&self, bytes: &[u8]) -> Name {
        decode_name(self.name.of(bytes), self.flags & KEY_COMP_NAME != 0)
    }

    /// The fault of a UTF-16 name with half a character at its end.
    pub(super) fn check_name(&self) -> Option<Error> {
        let wide = self.flags & KEY_COMP_NAME == 0;
        odd_name(Structure::KeyNode, self.offset, self.name, wide)
    }

    /// The record with its size field and without padding.
    pub(super) fn span(&self) -> Span {
        let len = (SIZE_LEN as u64).saturating_add(NAME_AT as u64).saturating_add(self.name.len);
        Span { offset: self.offset.file_offset(), len }
    }
}

/// Decodes a name: `compressed` names have one byte a character, the others are UTF-16.
pub(super) fn decode_name(bytes: &[u8], compressed: bool) -> Name {
    if compressed { Name::from_latin1(bytes) } else { Name::from_utf16le(bytes) }
}

pub(super) fn odd_name(
    structure: Structure,
    offset: CellOffset,
    name: Span,
    wide: bool,
) -> Option<Error> {
    let len = u16::try_from(name.len).unwrap_or(u16::MAX);
    (wide && len % 2 == 1).then_some(Error::OddName { structure, offset, len })
}
