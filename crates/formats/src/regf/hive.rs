use std::fmt;

use super::arena::{Arena, KeyId};
use super::base_block::{BASE_BLOCK_LEN, BaseBlock};
use super::cell::Cells;
use super::error::Error;
use super::fault::{Fault, Faults};
use super::key::Key;
use super::recovered::KeptFound;
use super::walk::Walk;
use super::{CellOffset, hive_bin, root};

/// A hive read whole: its base block, keys, values and what is wrong with it.
pub struct Hive {
    base_block: BaseBlock,
    arena: Arena,
    faults: Faults,
    pub(super) found: KeptFound,
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
        let mut faults = Faults::default();
        let base_block = base_block(&bytes, &mut faults)?;
        base_block.check().for_each(|error| faults.push(error));
        hive_bin::check(&bytes, &base_block, &mut faults);
        let root = root::find(&bytes, &base_block, &mut faults)?;
        let minor_version = base_block.likely_minor_version();
        let mut walk = Walk::new(&bytes, minor_version, &mut faults);
        walk.run(root);
        let (mut keys, values) = (walk.keys.into_iter(), walk.values);
        let root = keys.next().ok_or(Error::NoRoot { stated: base_block.root_cell })?;
        let arena = Arena { bytes, minor_version, root, keys: keys.collect(), values };
        Ok(Self { base_block, arena, faults, found: KeptFound::default() })
    }

    /// What the hive says about itself.
    pub fn base_block(&self) -> &BaseBlock {
        &self.base_block
    }

    /// The bytes of the file.
    pub fn bytes(&self) -> &[u8] {
        &self.arena.bytes
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
        Key::root(&self.arena)
    }

    /// The key with this number, or `None` when there is none.
    pub fn key_by_id(&self, id: KeyId) -> Option<Key<'_>> {
        Key::get(&self.arena, id)
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
        self.arena.keys.len().saturating_add(1)
    }

    /// Number of values.
    pub fn value_count(&self) -> usize {
        self.arena.values.len()
    }

    pub(super) fn minor_version(&self) -> u32 {
        self.arena.minor_version
    }

    pub(super) fn cells(&self) -> Cells<'_> {
        self.arena.cells()
    }

    /// Where the values of a key are.
    pub(super) fn values_of(&self, id: KeyId) -> &[CellOffset] {
        self.arena.values_of(id)
    }

    fn keys_end(&self) -> KeyId {
        KeyId(u32::try_from(self.key_count()).unwrap_or(u32::MAX))
    }
}

/// Reads the base block. Where it was overwritten, hive bins behind it still make a hive.
fn base_block(bytes: &[u8], faults: &mut Faults) -> Result<BaseBlock, Error> {
    let len = bytes.len() as u64;
    let short = Error::TooShort { len, least: LEAST_LEN as u64 };
    let found = *bytes.first_chunk::<4>().ok_or(short.clone())?;
    if found != *b"regf" {
        let signature = Error::Signature { found };
        if !bytes.get(BASE_BLOCK_LEN..).is_some_and(|bins| bins.starts_with(b"hbin")) {
            return Err(signature);
        }
        faults.push(signature);
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
            .field("values", &self.value_count())
            .field("faults", &self.faults.list.len())
            .finish_non_exhaustive()
    }
}
