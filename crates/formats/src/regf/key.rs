use std::fmt;

use crate::{Filetime, Name, SecurityDescriptor};

use super::arena::{Arena, KeyId, KeyRecord};
use super::cell::Span;
use super::error::Structure;
use super::fault::Faults;
use super::key_node::KeyNode;
use super::value::Value;
use super::{CellOffset, key_security};

/// Bits of a key node beside its flags, as stored.
// Source: regf spec, "Key node"; M. Jurczyk, "The Windows Registry Adventure #5: The regf file
// format" (2024), for the layer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct ExtraBits {
    /// Since Windows 8: from where the key was opened, to tell keys that are used.
    pub access_bits: u8,
    /// Since Windows 10: how the key of a differencing hive covers the key below it; layer
    /// semantics in the low two bits, bit 7 for an inherited class name.
    pub layer: u8,
    /// Since Windows Vista: virtualization control in the low four bits, user (Wow64) flags in
    /// the others.
    pub control: u8,
    /// Since Windows Vista: asks a checked kernel to break.
    pub debug: u8,
}

/// A key of a hive.
#[derive(Clone, Copy)]
pub struct Key<'a> {
    arena: &'a Arena,
    id: KeyId,
    record: &'a KeyRecord,
    node: KeyNode,
}

impl<'a> Key<'a> {
    pub(super) fn root(arena: &'a Arena) -> Self {
        Self::new(arena, KeyId::ROOT, &arena.root)
    }

    /// The key with this number, or `None` when there is none.
    pub(super) fn get(arena: &'a Arena, id: KeyId) -> Option<Self> {
        arena.record(id).map(|record| Self::new(arena, id, record))
    }

    /// Reads the node again that the walk has read, so this does not fail.
    fn new(arena: &'a Arena, id: KeyId, record: &'a KeyRecord) -> Self {
        let mut faults = Faults::default();
        let cell = arena.cells().get(Structure::KeyNode, record.offset, &mut faults);
        let node = cell.and_then(|cell| KeyNode::read(&cell).ok()).unwrap_or_default();
        Self { arena, id, record, node }
    }

    pub(super) fn node(&self) -> &KeyNode {
        &self.node
    }

    /// Number of the key in its hive.
    pub fn id(&self) -> KeyId {
        self.id
    }

    /// Name as stored.
    pub fn name(&self) -> Name {
        self.node.name(&self.arena.bytes)
    }

    /// The bytes of the name, and the flags that say how they are to be read: quicker to compare
    /// than [`Key::name`].
    pub fn stored_name(&self) -> (&'a [u8], u16) {
        (self.node.name.of(&self.arena.bytes), self.flags())
    }

    /// Last-write time.
    pub fn mtime(&self) -> Filetime {
        self.node.mtime
    }

    /// Flags of the key node, unknown ones too.
    pub fn flags(&self) -> u16 {
        self.node.flags
    }

    /// Who owns the key and who may do what with it; `None` when that is not said or cannot be
    /// read.
    pub fn security(&self) -> Option<SecurityDescriptor<'a>> {
        let cells = self.arena.cells();
        let span = key_security::descriptor(&cells, self.node.security, &mut Faults::default())?;
        Some(SecurityDescriptor::new(span.of(&self.arena.bytes)))
    }

    /// Offset of the key security item, which keys of equal security share;
    /// [`CellOffset::NONE`] where there is none.
    pub fn security_offset(&self) -> CellOffset {
        self.node.security
    }

    /// What later versions of Windows keep in fields that had no meaning before.
    pub fn extra_bits(&self) -> ExtraBits {
        let KeyNode { access_bits, layer, control, debug, .. } = self.node;
        ExtraBits { access_bits, layer, control, debug }
    }

    /// Class name; `None` when there is none or it cannot be read.
    pub fn class(&self) -> Option<Name> {
        let class = self.node.class(&self.arena.cells(), &mut Faults::default());
        class.map(|span| Name::from_utf16le(span.of(&self.arena.bytes)))
    }

    /// Offset of the key node.
    pub fn offset(&self) -> CellOffset {
        self.node.offset
    }

    /// Where the key node is in the file: its size field, record and name, without padding.
    pub fn span(&self) -> Span {
        self.node.span()
    }

    /// The key that lists this one; `None` for the root.
    pub fn parent(&self) -> Option<Key<'a>> {
        self.record.parent.and_then(|id| Self::get(self.arena, id))
    }

    /// The subkeys in stored order.
    pub fn children(&self) -> impl Iterator<Item = Key<'a>> + use<'a> {
        let arena = self.arena;
        let end = self.record.subtree_end;
        let first = KeyId(self.id.0.saturating_add(1));
        let within = move |id| if id < end { Key::get(arena, id) } else { None };
        std::iter::successors(within(first), move |key| within(key.record.subtree_end))
    }

    /// The first subkey of this name, without regard to case.
    pub fn child(&self, name: &str) -> Option<Key<'a>> {
        let name = Name::from(name).to_upper();
        self.children().find(|child| child.name().to_upper() == name)
    }

    /// The values in stored order.
    pub fn values(&self) -> impl ExactSizeIterator<Item = Value<'a>> + use<'a> {
        let arena = self.arena;
        arena.values_of(self.id).iter().map(move |offset| Value::new(arena, *offset))
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
