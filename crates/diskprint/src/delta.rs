use std::sync::Arc;

use diskprint_formats::regf::{ExtraBits, Key};
use diskprint_formats::{Filetime, Name};

use crate::FileEntry;
use crate::artefact::Artefact;

/// A difference between one state and the next. `C` says what changed in an altered item.
#[derive(Clone, Debug, PartialEq)]
pub enum Delta<T, C> {
    /// It was not there before.
    New(T),
    /// It is no longer there.
    Deleted(T),
    /// It was there and is there, but not the same.
    Altered {
        /// As it was.
        before: T,
        /// As it is.
        after: T,
        /// What changed.
        changes: C,
    },
}

impl<T, C> Delta<T, C> {
    /// The item before, unless it is new.
    pub fn before(&self) -> Option<&T> {
        match self {
            Self::New(_) => None,
            Self::Deleted(before) | Self::Altered { before, .. } => Some(before),
        }
    }

    /// The item after, unless it was deleted.
    pub fn after(&self) -> Option<&T> {
        match self {
            Self::Deleted(_) => None,
            Self::New(after) | Self::Altered { after, .. } => Some(after),
        }
    }

    /// The item as it is, or as it was when it is gone.
    pub fn latest(&self) -> &T {
        match self {
            Self::New(item) | Self::Deleted(item) | Self::Altered { after: item, .. } => item,
        }
    }

    /// What changed in an altered item.
    pub fn changes(&self) -> Option<&C> {
        match self {
            Self::Altered { changes, .. } => Some(changes),
            _ => None,
        }
    }

    /// `new`, `deleted` or `altered`.
    pub fn action(&self) -> &'static str {
        match self {
            Self::New(_) => "new",
            Self::Deleted(_) => "deleted",
            Self::Altered { .. } => "altered",
        }
    }
}

/// A difference of a file or stream.
pub type FileDelta = Delta<FileEntry, FileChanges>;

/// A difference of a key or value.
pub type CellDelta = Delta<Cell, CellChanges>;

/// What changed in a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FileChanges {
    /// It has another path.
    pub renamed: bool,
    /// Its metadata differs.
    pub changed: bool,
    /// Its content or its kind differs.
    pub modified: bool,
}

impl FileChanges {
    /// The names of what changed, in a fixed order.
    pub fn names(self) -> Vec<&'static str> {
        pick([(self.renamed, "renamed"), (self.changed, "changed"), (self.modified, "modified")])
    }
}

/// What changed in a key or value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CellChanges {
    /// A value's data differs.
    pub data: bool,
    /// A value's type differs.
    pub kind: bool,
    /// A key's own last-write time differs.
    pub mtime: bool,
    /// The name differs in case.
    pub name: bool,
    /// A key's class name differs.
    pub class: bool,
    /// A key's security descriptor differs.
    pub security: bool,
    /// Flags differ that say something about the key or value.
    pub flags: bool,
}

impl CellChanges {
    /// The names of what changed, in a fixed order: `data`, `type`, `mtime`, `name`, `class`,
    /// `security`, `flags`.
    pub fn names(self) -> Vec<&'static str> {
        pick([
            (self.data, "data"),
            (self.kind, "type"),
            (self.mtime, "mtime"),
            (self.name, "name"),
            (self.class, "class"),
            (self.security, "security"),
            (self.flags, "flags"),
        ])
    }
}

fn pick<const N: usize>(flags: [(bool, &'static str); N]) -> Vec<&'static str> {
    flags.into_iter().filter(|(set, _)| *set).map(|(_, name)| name).collect()
}

/// A key or a value of a hive, with all that a row about it says.
#[derive(Clone, Debug, PartialEq)]
pub struct Cell {
    /// Number of the partition that the hive is in.
    pub partition: u32,
    /// Path of the hive in its volume.
    pub hive: Name,
    /// Name of the hive's root key, as stored.
    pub root: Name,
    /// Names of the keys from below the root to the key, or to the key that holds the value.
    pub key: Arc<[Name]>,
    /// Last-write time of the parent key: of a value, the key that holds it; unset for the root.
    pub parent_mtime: Filetime,
    /// What the cell is.
    pub kind: CellKind,
    /// The key's path as Windows shows it, `HKLM\SOFTWARE\…`; `None` where it shows none.
    pub registry_path: Option<Name>,
    /// What the cell is known as; `None` where that is not certain.
    pub artefact: Option<Artefact>,
}

/// What a cell is.
#[derive(Clone, Debug, PartialEq)]
pub enum CellKind {
    /// A key.
    Key(KeyCell),
    /// A value.
    Value(ValueCell),
}

/// A key.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct KeyCell {
    /// Last-write time.
    pub mtime: Filetime,
    /// Class name; `None` when there is none.
    pub class: Option<Name>,
    /// Owner by the security descriptor, `S-1-5-…`; `None` when that is not said.
    pub owner: Option<Arc<str>>,
    /// SHA-1 over the security descriptor; `None` when there is none that can be read.
    pub security_sha1: Option<[u8; 20]>,
    /// Flags of the key node, its [`diskprint_formats::regf::ExtraBits`] above them: control from
    /// bit 16 on, debug from 24, layer from 32, access bits from 40.
    pub flags: u64,
}

impl KeyCell {
    /// The flags of a key, as [`KeyCell::flags`] has them.
    pub fn flags_of(key: &Key<'_>) -> u64 {
        let ExtraBits { access_bits, layer, control, debug } = key.extra_bits();
        let [low, high] = key.flags().to_le_bytes();
        u64::from_le_bytes([low, high, control, debug, layer, access_bits, 0, 0])
    }

    /// The bits of [`KeyCell::flags`] that say something about the key: not how its name is
    /// stored, nor from where it was opened last.
    pub const COMPARED_FLAGS: u64 = 0xFF_FFFF_FFDF;
}

/// A value of a key.
#[derive(Clone, Debug, PartialEq)]
pub struct ValueCell {
    /// Name as stored; the unnamed value's is empty.
    pub name: Name,
    /// Type by number; see [`diskprint_formats::regf::type_name`].
    pub value_type: u32,
    /// Flags of the key value.
    pub flags: u16,
    /// Length of the data in bytes.
    pub size: u64,
    /// The data, or `None` when it is longer than [`ValueCell::MOST_DATA`] bytes.
    pub data: Option<Arc<[u8]>>,
    /// SHA-1 over the raw data.
    pub sha1: [u8; 20],
    /// SHA-1 over the data as the original workflow rendered it; `None` for empty data.
    pub rendered_sha1: Option<[u8; 20]>,
}

impl ValueCell {
    /// The longest data that a row carries, in bytes; longer data is told by its digest alone.
    pub const MOST_DATA: usize = 64 * 1024;

    /// The bits of [`ValueCell::flags`] that say something about the value: not how its name is
    /// stored.
    pub const COMPARED_FLAGS: u16 = 0xFFFE;
}

impl Cell {
    /// The path as the original workflow wrote it: `\ROOT\key\value`, nothing escaped, the
    /// unnamed value as `Default`.
    pub fn cellpath(&self) -> Name {
        let value = match &self.kind {
            CellKind::Key(_) => None,
            CellKind::Value(value) if value.name.is_empty() => Some(Name::from("Default")),
            CellKind::Value(value) => Some(value.name.clone()),
        };
        let parts = [&self.root].into_iter().chain(self.key.iter()).chain(&value);
        let mut bytes = Vec::new();
        for part in parts {
            bytes.push(b'\\');
            bytes.extend_from_slice(part.as_bytes());
        }
        Name::from_wtf8(bytes)
    }

    /// The key's own last-write time, or `None` for a value.
    pub fn mtime(&self) -> Option<Filetime> {
        match &self.kind {
            CellKind::Key(key) => Some(key.mtime),
            CellKind::Value(_) => None,
        }
    }

    /// The value, or `None` for a key.
    pub fn value(&self) -> Option<&ValueCell> {
        match &self.kind {
            CellKind::Key(_) => None,
            CellKind::Value(value) => Some(value),
        }
    }
}
