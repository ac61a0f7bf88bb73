use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use crate::{Filetime, Name};

use super::base_block::{BASE_BLOCK_LEN, BaseBlock};
use super::cell::Span;
use super::error::Error;
use super::fault::{Fault, Faults};
use super::key_node::KeyNode;
use super::key_value::{DataPlace, KeyValue};
use super::walk::Walk;
use super::{CellOffset, hive_bin, root};

/// A hive read whole: its base block, keys, values and what is wrong with it.
pub struct Hive {
    bytes: Vec<u8>,
    base_block: BaseBlock,
    root: KeyRecord,
    /// All keys but the root: key 1 is the first.
    keys: Vec<KeyRecord>,
    values: Vec<ValueRecord>,
    faults: Faults,
}

/// Number of a key in its hive: keys are numbered depth first in stored order, the root is 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId(pub u32);

impl KeyId {
    /// The root key.
    pub const ROOT: Self = Self(0);

    pub(super) fn index(self) -> usize {
        usize::try_from(self.0).unwrap_or(usize::MAX)
    }
}

#[derive(Debug)]
pub(super) struct KeyRecord {
    pub(super) node: KeyNode,
    pub(super) parent: Option<KeyId>,
    /// The first key behind all that is below this one.
    pub(super) subtree_end: KeyId,
    pub(super) values: Range<usize>,
    pub(super) class: Option<Span>,
}

#[derive(Debug)]
pub(super) struct ValueRecord {
    pub(super) value: KeyValue,
    pub(super) data: Data,
}

/// Where a value's data are in the file.
#[derive(Debug)]
pub(super) enum Data {
    One(Span),
    Big(Vec<Span>),
}

/// The base block, one bin header and one cell.
const LEAST_LEN: usize = BASE_BLOCK_LEN + 32 + 8;
/// Offsets in a hive have 32 bits.
const MOST_LEN: u64 = u32::MAX as u64;

impl Hive {
    /// Reads a hive from the bytes of its file.
    ///
    /// # Errors
    /// When not one key can be read. All other damage goes to [`Hive::faults`], and what can be
    /// reached is there.
    pub fn read(bytes: Vec<u8>) -> Result<Self, Error> {
        let base_block = base_block(&bytes)?;
        let mut faults = Faults::default();
        base_block.check().for_each(|error| faults.push(error));
        hive_bin::check(&bytes, &base_block, &mut faults);
        let root = root::find(&bytes, &base_block, &mut faults)?;
        let mut walk = Walk::new(&bytes, base_block.minor_version, &mut faults);
        walk.run(root);
        let (mut keys, values) = (walk.keys.into_iter(), walk.values);
        let root = keys.next().ok_or(Error::NoRoot { stated: base_block.root_cell })?;
        Ok(Self { base_block, root, keys: keys.collect(), values, faults, bytes })
    }

    /// What the hive says about itself.
    pub fn base_block(&self) -> &BaseBlock {
        &self.base_block
    }

    /// The bytes of the file.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// What is wrong with the hive, at most the first thousand faults.
    pub fn faults(&self) -> &[Fault] {
        &self.faults.list
    }

    /// Number of faults that are not in [`Hive::faults`].
    pub fn more_faults(&self) -> u64 {
        self.faults.uncounted
    }

    /// The root key.
    pub fn root(&self) -> Key<'_> {
        Key { hive: self, id: KeyId::ROOT, record: &self.root }
    }

    /// The key with this number, or `None` when there is none.
    pub fn key_by_id(&self, id: KeyId) -> Option<Key<'_>> {
        let Some(index) = id.index().checked_sub(1) else { return Some(self.root()) };
        self.keys.get(index).map(|record| Key { hive: self, id, record })
    }

    /// The first key at `path`, its names without regard to case and separated by `\`, without
    /// the root's name; the empty path is the root. `None` when there is none.
    pub fn key(&self, path: &str) -> Option<Key<'_>> {
        let mut names = path.split('\\').filter(|name| !name.is_empty());
        names.try_fold(self.root(), |key, name| key.child(name))
    }

    /// All keys, depth first in stored order.
    pub fn keys(&self) -> impl Iterator<Item = Key<'_>> {
        (0..self.keys_end().0).filter_map(|id| self.key_by_id(KeyId(id)))
    }

    /// Number of keys.
    pub fn key_count(&self) -> usize {
        self.keys.len().saturating_add(1)
    }

    /// Number of values.
    pub fn value_count(&self) -> usize {
        self.values.len()
    }

    fn keys_end(&self) -> KeyId {
        KeyId(u32::try_from(self.key_count()).unwrap_or(u32::MAX))
    }
}

fn base_block(bytes: &[u8]) -> Result<BaseBlock, Error> {
    let len = bytes.len() as u64;
    let short = Error::TooShort { len, least: LEAST_LEN as u64 };
    let found = *bytes.first_chunk::<4>().ok_or(short.clone())?;
    if found != *b"regf" {
        return Err(Error::Signature { found });
    }
    if bytes.len() < LEAST_LEN {
        return Err(short);
    }
    if len > MOST_LEN {
        return Err(Error::TooLong { len, most: MOST_LEN });
    }
    BaseBlock::read(bytes).ok_or(short)
}

impl fmt::Debug for Hive {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hive")
            .field("base_block", &self.base_block)
            .field("keys", &self.key_count())
            .field("values", &self.values.len())
            .field("faults", &self.faults.list.len())
            .finish_non_exhaustive()
    }
}

/// A key of a hive.
#[derive(Clone, Copy)]
pub struct Key<'a> {
    hive: &'a Hive,
    id: KeyId,
    record: &'a KeyRecord,
}

impl<'a> Key<'a> {
    /// Number of the key in its hive.
    pub fn id(&self) -> KeyId {
        self.id
    }

    /// Name as stored.
    pub fn name(&self) -> Name {
        self.record.node.name(&self.hive.bytes)
    }

    /// The bytes of the name, and the flags that say how they are to be read: quicker to compare
    /// than [`Key::name`].
    pub fn stored_name(&self) -> (&'a [u8], u16) {
        (self.record.node.name.of(&self.hive.bytes), self.flags())
    }

    /// Last-write time.
    pub fn mtime(&self) -> Filetime {
        self.record.node.mtime
    }

    /// Flags of the key node, unknown ones too.
    pub fn flags(&self) -> u16 {
        self.record.node.flags
    }

    /// Class name; `None` when there is none or it cannot be read.
    pub fn class(&self) -> Option<Name> {
        self.record.class.map(|span| Name::from_utf16le(span.of(&self.hive.bytes)))
    }

    /// Offset of the key node.
    pub fn offset(&self) -> CellOffset {
        self.record.node.offset
    }

    /// Where the key node is in the file: its size field, record and name, without padding.
    pub fn span(&self) -> Span {
        self.record.node.span()
    }

    /// The key that lists this one; `None` for the root.
    pub fn parent(&self) -> Option<Key<'a>> {
        self.record.parent.and_then(|id| self.hive.key_by_id(id))
    }

    /// The subkeys in stored order.
    pub fn children(&self) -> impl Iterator<Item = Key<'a>> + use<'a> {
        let hive = self.hive;
        let end = self.record.subtree_end;
        let first = KeyId(self.id.0.saturating_add(1));
        let within = move |id| if id < end { hive.key_by_id(id) } else { None };
        std::iter::successors(within(first), move |key| within(key.record.subtree_end))
    }

    /// The first subkey of this name, without regard to case.
    pub fn child(&self, name: &str) -> Option<Key<'a>> {
        let name = Name::from(name).to_upper();
        self.children().find(|child| child.name().to_upper() == name)
    }

    /// The values in stored order.
    pub fn values(&self) -> impl ExactSizeIterator<Item = Value<'a>> + use<'a> {
        let hive = self.hive;
        let records = self.hive.values.get(self.record.values.clone()).unwrap_or(&[]);
        records.iter().map(move |record| Value { hive, record })
    }

    /// The first value of this name, without regard to case; the unnamed one's is empty.
    pub fn value(&self, name: &str) -> Option<Value<'a>> {
        let name = Name::from(name).to_upper();
        self.values().find(|value| value.name().to_upper() == name)
    }

    /// The path below the root, names separated by `\`; the root's is empty.
    pub fn path(&self) -> Name {
        let mut names: Vec<_> =
            std::iter::successors(Some(*self), Key::parent).map(|key| key.name()).collect();
        names.pop();
        names.iter().rev().fold(Name::default(), |path, name| match path.is_empty() {
            true => name.clone(),
            false => path.join('\\', name),
        })
    }
}

impl fmt::Debug for Key<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Key").field(&self.path()).finish()
    }
}

/// A value of a key.
#[derive(Clone, Copy)]
pub struct Value<'a> {
    hive: &'a Hive,
    record: &'a ValueRecord,
}

impl<'a> Value<'a> {
    /// Name as stored; the unnamed value's is empty.
    pub fn name(&self) -> Name {
        self.record.value.name(&self.hive.bytes)
    }

    /// The bytes of the name, and the flags that say how they are to be read: quicker to compare
    /// than [`Value::name`].
    pub fn stored_name(&self) -> (&'a [u8], u16) {
        (self.record.value.name.of(&self.hive.bytes), self.flags())
    }

    /// Type by number; see [`super::type_name`].
    pub fn value_type(&self) -> u32 {
        self.record.value.value_type
    }

    /// Flags of the key value, unknown ones too.
    pub fn flags(&self) -> u16 {
        self.record.value.flags
    }

    /// The data as stored; what cannot be read is missing at the end, with a fault in the hive.
    pub fn data(&self) -> Cow<'a, [u8]> {
        let bytes = &self.hive.bytes;
        match &self.record.data {
            Data::One(span) => Cow::Borrowed(span.of(bytes)),
            Data::Big(spans) => spans.iter().flat_map(|span| span.of(bytes)).copied().collect(),
        }
    }

    /// Length of the data in bytes.
    pub fn len(&self) -> u64 {
        match &self.record.data {
            Data::One(span) => span.len,
            Data::Big(spans) => spans.iter().fold(0, |sum, span| span.len.saturating_add(sum)),
        }
    }

    /// Whether there are no data.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Offset of the key value.
    pub fn offset(&self) -> CellOffset {
        self.record.value.offset
    }

    /// Where the key value is in the file: its size field, record and name, without padding.
    pub fn span(&self) -> Span {
        self.record.value.span()
    }

    /// Whether the data are inside [`Value::span`] and not in cells of their own.
    pub fn is_resident(&self) -> bool {
        matches!(self.record.value.data, DataPlace::Resident { .. })
    }

    /// Where the data are in the file, without size fields; one empty span where there are none.
    pub fn data_spans(&self) -> &'a [Span] {
        match &self.record.data {
            Data::One(span) => std::slice::from_ref(span),
            Data::Big(spans) => spans,
        }
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
