use std::collections::HashSet;

use super::arena::{KeyId, KeyRecord};
use super::cell::{CellOffset, Cells};
use super::data::Data;
use super::error::{Error, Structure};
use super::fault::Faults;
use super::key_node::KeyNode;
use super::key_value::KeyValue;
use super::{key_security, list};

/// How deep keys may lie. Windows allows 512 levels.
// Source: Microsoft, "Registry element size limits".
const MOST_DEPTH: u32 = 1024;

/// Reads all keys and values that can be reached from the root, depth first, in stored order.
///
/// Each key node is read once, and all that is referenced together may not be longer than twice
/// the hive: cells that are shared to make small files large run into that bound. So do paths:
/// those of all cells together may take sixteen times the length of the hive, and a mebibyte.
pub(super) struct Walk<'a> {
    cells: Cells<'a>,
    minor_version: u32,
    seen: Vec<u64>,
    /// The key security items that were looked at; keys share them.
    securities: HashSet<CellOffset>,
    left: u64,
    paths_left: u64,
    pub(super) faults: &'a mut Faults,
    pub(super) keys: Vec<KeyRecord>,
    pub(super) values: Vec<CellOffset>,
}

/// A key whose subkeys are being read.
struct Level {
    key: KeyId,
    subkeys: std::vec::IntoIter<CellOffset>,
    path_len: u64,
}

impl<'a> Walk<'a> {
    pub(super) fn new(bytes: &'a [u8], minor_version: u32, faults: &'a mut Faults) -> Self {
        let len = bytes.len() as u64;
        Self {
            cells: Cells::new(bytes),
            minor_version,
            seen: vec![0; bytes.len() / (8 * 64) + 1],
            securities: HashSet::new(),
            left: len.saturating_mul(2),
            paths_left: len.saturating_mul(16).saturating_add(1 << 20),
            faults,
            keys: Vec::new(),
            values: Vec::new(),
        }
    }

    pub(super) fn run(&mut self, root: CellOffset) {
        let mut levels = Vec::new();
        levels.extend(self.key(root, None));
        while let Some(level) = levels.last_mut() {
            let parent = level.key;
            let path_len = level.path_len;
            let next = level.subkeys.next();
            self.faults.enter(parent, path_len);
            match next {
                Some(offset) if levels.len() as u64 > u64::from(MOST_DEPTH) => {
                    let depth = u32::try_from(levels.len()).unwrap_or(u32::MAX);
                    self.faults.push(Error::Depth { offset, depth });
                    levels.pop();
                    self.close(parent);
                }
                Some(offset) => levels.extend(self.key(offset, Some((parent, path_len)))),
                None => {
                    levels.pop();
                    self.close(parent);
                }
            }
        }
        self.faults.leave();
    }

    /// Notes where the subtree of `key` ends.
    fn close(&mut self, key: KeyId) {
        let end = self.next_key();
        if let Some(record) = self.keys.get_mut(key.index()) {
            record.subtree_end = end;
        }
    }

    fn next_key(&self) -> KeyId {
        KeyId(u32::try_from(self.keys.len()).unwrap_or(u32::MAX))
    }

    fn key(&mut self, offset: CellOffset, parent: Option<(KeyId, u64)>) -> Option<Level> {
        if !self.first_visit(offset) {
            self.faults.push(Error::KeyTwice { offset });
            return None;
        }
        let cell = self.cells.get(Structure::KeyNode, offset, self.faults)?;
        let node = self.faults.keep(KeyNode::read(&cell))?;
        let len = node.span().len.saturating_add(node.class_len.into());
        self.take(len, Structure::KeyNode, offset)?;
        let path_len = parent.map_or(0, |(_, len)| len).saturating_add(node.name.len + 1);
        self.take_path(path_len, Structure::KeyNode, offset)?;

        let key = self.next_key();
        let parent = parent.map(|(parent, _)| parent);
        self.faults.enter(key, path_len);
        self.check(&node, parent);
        let first_value = u32::try_from(self.values.len()).unwrap_or(u32::MAX);
        self.values_of(&node, path_len);
        node.class(&self.cells, self.faults);
        if self.securities.insert(node.security) {
            key_security::descriptor(&self.cells, node.security, self.faults);
        }
        self.keys.push(KeyRecord { offset, parent, subtree_end: key, first_value });
        let subkeys = self.subkeys_of(&node).into_iter();
        Some(Level { key, subkeys, path_len })
    }

    fn check(&mut self, node: &KeyNode, parent: Option<KeyId>) {
        node.check_name().into_iter().for_each(|error| self.faults.push(error));
        let parent = parent.and_then(|parent| self.keys.get(parent.index()));
        if let Some(parent) = parent.map(|parent| parent.offset)
            && parent != node.parent
        {
            let (offset, stated) = (node.offset, node.parent);
            self.faults.push(Error::Parent { offset, parent, stated });
        }
    }

    fn subkeys_of(&mut self, node: &KeyNode) -> Vec<CellOffset> {
        let mut keys = Vec::new();
        if node.subkey_count == 0 {
            return keys; // The list's offset then means nothing.
        }
        let most = usize::try_from(self.left / 4).unwrap_or(usize::MAX);
        let lists = list::subkeys(&self.cells, node.subkeys, most, self.faults, &mut keys);
        self.count(node, Structure::SubkeyList, node.subkey_count, keys.len());
        let used = (keys.len() as u64).saturating_add(lists as u64).saturating_mul(4);
        self.take(used, Structure::SubkeyList, node.subkeys).map_or_else(Vec::new, |()| keys)
    }

    fn values_of(&mut self, node: &KeyNode, path_len: u64) {
        if node.value_count == 0 {
            return;
        }
        let list = self.cells.get(Structure::ValuesList, node.values, self.faults);
        let Some(list) = list else { return };
        let mut found = 0;
        for offset in list::offsets(&list, node.value_count) {
            found += 1;
            let Some(()) = self.take(4, Structure::KeyValue, offset) else { break };
            let Some(()) = self.take_path(path_len, Structure::KeyValue, offset) else { break };
            let value = self.value(offset);
            self.values.extend(value);
        }
        self.count(node, Structure::ValuesList, node.value_count, found);
    }

    fn count(&mut self, node: &KeyNode, list: Structure, stated: u32, found: usize) {
        let found = u32::try_from(found).unwrap_or(u32::MAX);
        if found != stated {
            self.faults.push(Error::Count { offset: node.offset, list, stated, found });
        }
    }

    /// Reads a value with its data, so that what is wrong with them is known.
    fn value(&mut self, offset: CellOffset) -> Option<CellOffset> {
        let cell = self.cells.get(Structure::KeyValue, offset, self.faults)?;
        let value = self.faults.keep(KeyValue::read(&cell))?;
        value.check_name().into_iter().for_each(|error| self.faults.push(error));
        let data = Data::find(&self.cells, &value, self.minor_version, self.faults);
        // The list of segments counts by itself, too, so that long ones cost even where the data
        // are over the bound.
        let segments = (data.spans().len() as u64).saturating_mul(4);
        self.take(value.span().len.saturating_add(segments), Structure::KeyValue, offset)?;
        self.take(data.len(), Structure::KeyValue, offset)?;
        Some(offset)
    }

    /// Marks the key node at `offset` as read; false when it already was.
    fn first_visit(&mut self, offset: CellOffset) -> bool {
        let place = usize::try_from(offset.0 / 8).unwrap_or(usize::MAX);
        let Some(word) = self.seen.get_mut(place / 64) else {
            return true; // Outside the file: no cell will be found there.
        };
        let bit = 1 << (place % 64);
        let first = *word & bit == 0;
        *word |= bit;
        first
    }

    fn take(&mut self, bytes: u64, structure: Structure, offset: CellOffset) -> Option<()> {
        let left = self.left.checked_sub(bytes);
        self.left = left.unwrap_or(self.left);
        self.within(left.is_some(), structure, offset)
    }

    fn take_path(&mut self, bytes: u64, structure: Structure, offset: CellOffset) -> Option<()> {
        let left = self.paths_left.checked_sub(bytes);
        self.paths_left = left.unwrap_or(self.paths_left);
        self.within(left.is_some(), structure, offset)
    }

    fn within(&mut self, enough: bool, structure: Structure, offset: CellOffset) -> Option<()> {
        if !enough {
            self.faults.push(Error::Overuse { structure, offset });
        }
        enough.then_some(())
    }
}
