use std::collections::HashSet;

use crate::regf::big_data;
use crate::regf::cell::{CellOffset, Cells, SIZE_LEN, Span};
use crate::regf::data::Data;
use crate::regf::error::Structure;
use crate::regf::fault::Faults;
use crate::regf::hive::Hive;
use crate::regf::key_node::KeyNode;
use crate::regf::key_security;
use crate::regf::key_value::{DataPlace, KeyValue};
use crate::regf::list;

/// Which bytes of a hive hold what its keys and values in use are made of: a bit for each eight
/// bytes of the file.
pub(super) struct InUse {
    bits: Vec<u64>,
}

impl InUse {
    /// Marks what the keys and values of `hive` are made of.
    pub(super) fn of(hive: &Hive) -> Self {
        let mut in_use = Self { bits: vec![0; hive.bytes().len() / (8 * 64) + 1] };
        let mut marker = Marker { hive, in_use: &mut in_use, securities: HashSet::new() };
        for key in hive.keys() {
            let values = hive.values_of(key.id());
            marker.key(key.node(), values.len(), key.children().count());
            values.iter().for_each(|offset| marker.value(*offset));
        }
        in_use
    }

    /// Whether any of the span's bytes, or a byte that shares its eight with them, is in use.
    pub(super) fn any(&self, span: Span) -> bool {
        places(span).any(|place| {
            let word = self.bits.get(place / 64).copied().unwrap_or_default();
            word & (1 << (place % 64)) != 0
        })
    }

    pub(super) fn mark(&mut self, span: Span) {
        for place in places(span) {
            if let Some(word) = self.bits.get_mut(place / 64) {
                *word |= 1 << (place % 64);
            }
        }
    }
}

fn places(span: Span) -> std::ops::Range<usize> {
    let end = span.offset.saturating_add(span.len);
    let place = |offset: u64| usize::try_from(offset).unwrap_or(usize::MAX);
    place(span.offset / 8)..place(end.div_ceil(8))
}

struct Marker<'a> {
    hive: &'a Hive,
    in_use: &'a mut InUse,
    securities: HashSet<CellOffset>,
}

impl<'a> Marker<'a> {
    fn cells(&self) -> Cells<'a> {
        self.hive.cells()
    }

    /// Marks `content` of a cell with the size field before it.
    fn content(&mut self, content: Span) {
        let size = SIZE_LEN as u64;
        let offset = content.offset.saturating_sub(size);
        self.in_use.mark(Span { offset, len: content.len.saturating_add(size) });
    }

    /// Marks a key with as many elements of its lists as were read.
    fn key(&mut self, node: &KeyNode, values: usize, subkeys: usize) {
        self.in_use.mark(node.span());
        let faults = &mut Faults::default();
        if let Some(class) = node.class(&self.cells(), faults) {
            self.content(class);
        }
        if self.securities.insert(node.security)
            && let Some(span) = key_security::descriptor(&self.cells(), node.security, faults)
        {
            let fields = key_security::DESCRIPTOR_AT as u64;
            let offset = span.offset.saturating_sub(fields);
            self.content(Span { offset, len: span.len.saturating_add(fields) });
        }
        if values > 0 {
            self.start_of(node.values, (values as u64).saturating_mul(4));
        }
        if subkeys > 0 {
            for (offset, len) in list::lists(&self.cells(), node.subkeys, subkeys) {
                self.start_of(offset, len);
            }
        }
    }

    /// Marks `len` bytes of the content of the cell at `offset`, fewer when it ends before.
    fn start_of(&mut self, offset: CellOffset, len: u64) {
        let cell = self.cells().get(Structure::Data, offset, &mut Faults::default());
        let there = cell.map(|cell| len.min(cell.bytes.len() as u64));
        let start = offset.file_offset().saturating_add(SIZE_LEN as u64);
        there.into_iter().for_each(|len| self.content(Span { offset: start, len }));
    }

    fn value(&mut self, offset: CellOffset) {
        let faults = &mut Faults::default();
        let cell = self.cells().get(Structure::KeyValue, offset, faults);
        let Some(value) = cell.and_then(|cell| KeyValue::read(&cell).ok()) else { return };
        self.in_use.mark(value.span());
        let DataPlace::Cell { offset, .. } = value.data else { return };
        let minor_version = self.hive.minor_version();
        let data = Data::find(&self.cells(), &value, minor_version, faults);
        data.spans().iter().for_each(|span| self.content(*span));
        if let Data::Big(_) = data {
            for (offset, len) in big_data::records(&self.cells(), offset, data.spans().len()) {
                self.start_of(offset, len);
            }
        }
    }
}
