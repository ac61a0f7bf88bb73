use std::borrow::Cow;
use std::fmt;

use crate::Name;

use super::CellOffset;
use super::arena::Arena;
use super::cell::Span;
use super::data::Data;
use super::error::Structure;
use super::fault::Faults;
use super::key_value::{DataPlace, KeyValue};

/// A value of a key.
#[derive(Clone, Copy)]
pub struct Value<'a> {
    arena: &'a Arena,
    value: KeyValue,
}

impl<'a> Value<'a> {
    /// Reads the record again that the walk has read, so this does not fail.
    pub(super) fn new(arena: &'a Arena, offset: CellOffset) -> Self {
        let cell = arena.cells().get(Structure::KeyValue, offset, &mut Faults::default());
        let value = cell.and_then(|cell| KeyValue::read(&cell).ok()).unwrap_or_default();
        Self { arena, value }
    }

    fn find_data(&self) -> Data {
        let minor_version = self.arena.minor_version;
        Data::find(&self.arena.cells(), &self.value, minor_version, &mut Faults::default())
    }

    /// Name as stored; the unnamed value's is empty.
    pub fn name(&self) -> Name {
        self.value.name(&self.arena.bytes)
    }

    /// The bytes of the name, and the flags that say how they are to be read: quicker to compare
    /// than [`Value::name`].
    pub fn stored_name(&self) -> (&'a [u8], u16) {
        (self.value.name.of(&self.arena.bytes), self.flags())
    }

    /// Type by number; see [`super::type_name`].
    pub fn value_type(&self) -> u32 {
        self.value.value_type
    }

    /// Flags of the key value, unknown ones too.
    pub fn flags(&self) -> u16 {
        self.value.flags
    }

    /// The data as stored; what cannot be read is missing at the end, with a fault in the hive.
    pub fn data(&self) -> Cow<'a, [u8]> {
        let bytes = &self.arena.bytes;
        match self.find_data() {
            Data::One(span) => Cow::Borrowed(span.of(bytes)),
            Data::Big(spans) => spans.iter().flat_map(|span| span.of(bytes)).copied().collect(),
        }
    }

    /// Length of the data in bytes.
    pub fn len(&self) -> u64 {
        self.find_data().len()
    }

    /// Whether there are no data.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Offset of the key value.
    pub fn offset(&self) -> CellOffset {
        self.value.offset
    }

    /// Where the key value is in the file: its size field, record and name, without padding.
    pub fn span(&self) -> Span {
        self.value.span()
    }

    /// Whether the data are inside [`Value::span`] and not in cells of their own.
    pub fn is_resident(&self) -> bool {
        matches!(self.value.data, DataPlace::Resident { .. })
    }

    /// Where the data are in the file, without size fields; one empty span where there are none.
    pub fn data_spans(&self) -> Vec<Span> {
        self.find_data().spans().to_vec()
    }
}

impl fmt::Debug for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Value")
            .field("name", &self.name())
            .field("value_type", &self.value_type())
            .field("len", &self.len())
            .finish()
    }
}
