use crate::Filetime;
use crate::bytes::window;
use crate::regf::base_block::BASE_BLOCK_LEN;
use crate::regf::cell::{Cell, CellOffset, SIZE_LEN, Span};
use crate::regf::hive::Hive;
use crate::regf::key_node::{KEY_COMP_NAME, KEY_HIVE_ENTRY, KeyNode};
use crate::regf::key_value::{DataPlace, KeyValue, VALUE_COMP_NAME};
use crate::regf::value_type::ValueType;

use super::Place;

/// What looks like a record, in the order of its offset.
#[derive(Default)]
pub(super) struct Candidates {
    pub(super) keys: Vec<(KeyNode, Place, bool)>,
    pub(super) values: Vec<(KeyValue, Place, bool)>,
}

impl Candidates {
    pub(super) fn push(&mut self, candidate: Candidate, place: Place) {
        let likely = candidate.likely;
        match candidate.record {
            Record::Key(node) => self.keys.push((node, place, likely)),
            Record::Value(value) => self.values.push((value, place, likely)),
        }
    }
}

/// A record whose fields fit together.
pub(super) struct Candidate {
    record: Record,
    /// Whether every field has a value as Windows writes them.
    likely: bool,
}

enum Record {
    Key(KeyNode),
    Value(KeyValue),
}

impl Candidate {
    /// Reads the record of the cell at `at` of the file, which ends before `limit`; `None` when
    /// its fields do not fit together.
    pub(super) fn read(hive: &Hive, at: usize, limit: usize) -> Option<Self> {
        let offset = u32::try_from(at.checked_sub(BASE_BLOCK_LEN)?).ok()?;
        let bytes = hive.bytes().get(at.checked_add(SIZE_LEN)?..limit)?;
        let cell = Cell { offset: CellOffset(offset), bytes };
        let fields = Fields { hive };
        if let Ok(node) = KeyNode::read(&cell) {
            let likely = fields.key(&node)?;
            return Some(Self { record: Record::Key(node), likely });
        }
        let value = KeyValue::read(&cell).ok()?;
        let likely = fields.value(&value)?;
        Some(Self { record: Record::Value(value), likely })
    }

    /// Where the record is, with its size field.
    pub(super) fn span(&self) -> Span {
        match &self.record {
            Record::Key(node) => node.span(),
            Record::Value(value) => value.span(),
        }
    }
}

/// The most fields of a key node that may be unlikely.
const MOST_UNLIKELY: usize = 2;
/// The longest name of a key in bytes: 255 characters and a terminator.
// Source: Microsoft, "Registry element size limits".
const MOST_KEY_NAME: u64 = 512;
/// The longest name of a value in bytes: 16,383 characters and a terminator.
// Source: Microsoft, "Registry element size limits".
const MOST_VALUE_NAME: u64 = 32_768;
/// 1993-01-01, when there was no Windows NT yet, and 2107-12-31.
const FIRST_TIME: Filetime = Filetime(123_698_016_000_000_000);
const LAST_TIME: Filetime = Filetime(159_959_904_000_000_000);
/// All flags of key nodes that have a meaning.
// Source: regf spec, "Key node", "Flags".
const KEY_FLAGS: u16 = 0x03FF;
/// Value flags: name of one byte a character, tombstone.
// Source: regf spec, "Key value", "Flags"; M. Jurczyk, "The Windows Registry Adventure #5".
const VALUE_FLAGS: u16 = 0x0003;

/// Checks of fields that hold offsets or are known to hold only certain values.
struct Fields<'a> {
    hive: &'a Hive,
}

impl Fields<'_> {
    /// `None` when these cannot be the fields of a key node, else whether all are likely.
    fn key(&self, node: &KeyNode) -> Option<bool> {
        let root = node.flags & KEY_HIVE_ENTRY != 0;
        let wide = node.flags & KEY_COMP_NAME == 0;
        let name = self.name(node.name, wide, MOST_KEY_NAME)?;
        let fits = name.len > 0 && !name.has_backslash && (root || self.is_offset(node.parent));
        let unlikely = [
            name.has_control,
            node.flags & !KEY_FLAGS != 0,
            !(FIRST_TIME..LAST_TIME).contains(&node.mtime),
            node.subkey_count > 0 && !self.is_offset(node.subkeys),
            node.value_count > 0 && !self.is_offset(node.values),
            node.class_len > 0 && !self.is_offset(node.class),
            !node.class_len.is_multiple_of(2),
            node.security != CellOffset::NONE && !self.is_offset(node.security),
        ];
        let unlikely = unlikely.into_iter().filter(|unlikely| *unlikely).count();
        (fits && unlikely <= MOST_UNLIKELY).then_some(unlikely == 0)
    }

    /// `None` when these cannot be the fields of a key value, else whether all are likely.
    fn value(&self, value: &KeyValue) -> Option<bool> {
        let wide = value.flags & VALUE_COMP_NAME == 0;
        let name = self.name(value.name, wide, MOST_VALUE_NAME)?;
        let data = match value.data {
            DataPlace::Empty => true,
            DataPlace::Resident { span, stated } => u64::from(stated) == span.len,
            DataPlace::Cell { offset, len } => {
                let len = usize::try_from(len).unwrap_or(usize::MAX);
                self.is_offset(offset) && len <= self.hive.bytes().len()
            }
        };
        // Device properties have their types in the low half of the number.
        // Source: devpropdef.h, as kept below `Enum\…\Properties` in SYSTEM.
        let known =
            ValueType::from_number(value.value_type).is_some() || value.value_type >= 0xFFFF_0000;
        let fits = data && value.flags & !VALUE_FLAGS == 0;
        fits.then_some(known && !name.has_control)
    }

    fn is_offset(&self, offset: CellOffset) -> bool {
        let len = self.hive.bytes().len() as u64;
        offset.0.is_multiple_of(8) && offset.0 >= 32 && offset.file_offset() < len
    }

    fn name(&self, span: Span, wide: bool, most: u64) -> Option<NameCheck> {
        if span.len > most || (wide && !span.len.is_multiple_of(2)) {
            return None;
        }
        let offset = usize::try_from(span.offset).ok()?;
        let bytes = window(self.hive.bytes(), offset, usize::try_from(span.len).ok()?)?;
        NameCheck::new(bytes, wide)
    }
}

struct NameCheck {
    len: usize,
    has_control: bool,
    has_backslash: bool,
}

impl NameCheck {
    /// `None` for names with a NUL, which Windows' own functions cannot make.
    fn new(bytes: &[u8], wide: bool) -> Option<Self> {
        let mut check = Self { len: bytes.len(), has_control: false, has_backslash: false };
        let mut unit = |unit: u16| {
            check.has_control |= unit < 0x20;
            check.has_backslash |= unit == u16::from(b'\\');
            (unit != 0).then_some(())
        };
        match wide {
            true => bytes.as_chunks().0.iter().try_for_each(|u| unit(u16::from_le_bytes(*u)))?,
            false => bytes.iter().try_for_each(|byte| unit(u16::from(*byte)))?,
        }
        Some(check)
    }
}
