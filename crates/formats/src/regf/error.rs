use std::fmt;

use super::CellOffset;

/// What is wrong with a hive. Offsets are in bytes from the start of the hive bins data unless
/// they are said to be in the file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The file does not begin as a hive does.
    #[error("file begins with {found:02x?}, a hive with \"regf\"")]
    Signature {
        /// The first four bytes.
        found: [u8; 4],
    },
    /// The file ends before a first cell.
    #[error("file is {len} bytes long, a hive at least {least}")]
    TooShort {
        /// Length of the file in bytes.
        len: u64,
        /// Length of the shortest hive in bytes.
        least: u64,
    },
    /// The file is longer than its offsets can tell.
    #[error("file is {len} bytes long, a hive at most {most}")]
    TooLong {
        /// Length of the file in bytes.
        len: u64,
        /// Length of the longest hive in bytes.
        most: u64,
    },
    /// The file type is not that of a primary file.
    #[error("base block: file type is {found}, a primary file has 0")]
    FileType {
        /// The type found.
        found: u32,
    },
    /// The version is none that is known.
    #[error("base block: version is {major}.{minor}, known are 1.1 to 1.6")]
    Version {
        /// Major version.
        major: u32,
        /// Minor version.
        minor: u32,
    },
    /// The file ends before the hive bins data do.
    #[error("base block: {stated} bytes of hive bins, the file holds {left}")]
    Truncated {
        /// Size that the base block states, in bytes.
        stated: u32,
        /// Bytes after the base block.
        left: u64,
    },
    /// There is no hive bin where one should begin.
    #[error(
        "hive bin at {offset:#x} begins with {found:02x?}, not with \"hbin\"; the next is {len} bytes on"
    )]
    BinSignature {
        /// Offset of the bin.
        offset: u32,
        /// The four bytes found.
        found: [u8; 4],
        /// Length in bytes of what has no bin header, up to the next one.
        len: u32,
    },
    /// A hive bin states another offset than it has.
    #[error("hive bin at {offset:#x} says that it is at {stated:#x}")]
    BinOffset {
        /// Offset of the bin.
        offset: u32,
        /// The offset in its header.
        stated: u32,
    },
    /// A hive bin has an impossible size.
    #[error("hive bin at {offset:#x}: size is {stated} bytes, {left} are left in the hive")]
    BinSize {
        /// Offset of the bin.
        offset: u32,
        /// The size in its header.
        stated: u32,
        /// Bytes from its start to the end of the hive.
        left: u64,
    },
    /// The cells of a hive bin do not fill it.
    #[error("hive bin at {bin:#x}: size field of the cell at {offset:#x} says {stated} bytes")]
    BinCells {
        /// Offset of the bin.
        bin: u32,
        /// Offset of the cell that ends nowhere.
        offset: u32,
        /// Its size field, without sign.
        stated: u32,
    },
    /// An offset leads out of the file or is not that of a cell.
    #[error("{structure} should be at {offset}, where no cell can be")]
    CellOffset {
        /// What should be there.
        structure: Structure,
        /// The offset.
        offset: CellOffset,
    },
    /// A cell's size is impossible.
    #[error("{structure} at {offset}: size field says {stated} bytes, {left} are left in the hive")]
    CellSize {
        /// What the cell should hold.
        structure: Structure,
        /// Offset of the cell.
        offset: CellOffset,
        /// The size field, without sign.
        stated: u32,
        /// Bytes from the cell's start to the end of the hive.
        left: u64,
    },
    /// A cell that is in use is marked as free.
    #[error("{structure} at {offset}: the cell is marked as free")]
    CellFree {
        /// What the cell holds.
        structure: Structure,
        /// Offset of the cell.
        offset: CellOffset,
    },
    /// A cell does not hold what it should.
    #[error("{structure} at {offset} begins with {found:02x?}")]
    RecordSignature {
        /// What the cell should hold.
        structure: Structure,
        /// Offset of the cell.
        offset: CellOffset,
        /// The two bytes found.
        found: [u8; 2],
    },
    /// A cell ends before its record does.
    #[error("{structure} at {offset}: needs {needed} bytes, the cell holds {len}")]
    RecordShort {
        /// What the cell holds.
        structure: Structure,
        /// Offset of the cell.
        offset: CellOffset,
        /// Bytes that its fields ask for.
        needed: u64,
        /// Bytes in the cell.
        len: u64,
    },
    /// A UTF-16 name has an odd number of bytes.
    #[error("{structure} at {offset}: its UTF-16 name is {len} bytes long, an odd number")]
    OddName {
        /// What is named.
        structure: Structure,
        /// Offset of its cell.
        offset: CellOffset,
        /// Length of the name in bytes.
        len: u16,
    },
    /// A key is in the lists of two keys, or twice in one, or below itself.
    #[error("key node at {offset} was read before: the lists hold it twice")]
    KeyTwice {
        /// Offset of the key node.
        offset: CellOffset,
    },
    /// A key states another parent than the key that lists it.
    #[error("key node at {offset} is listed by the key at {parent}, but names {stated} as parent")]
    Parent {
        /// Offset of the key node.
        offset: CellOffset,
        /// Offset of the key that lists it.
        parent: CellOffset,
        /// Offset of the parent that it states.
        stated: CellOffset,
    },
    /// A key states another number of subkeys or values than its list has.
    #[error("key node at {offset}: {stated} in its {list}, which holds {found}")]
    Count {
        /// Offset of the key node.
        offset: CellOffset,
        /// Which list.
        list: Structure,
        /// Number that the key states.
        stated: u32,
        /// Number of elements found.
        found: u32,
    },
    /// An index root leads to another index root.
    #[error("index root at {offset} holds the index root at {inner}")]
    IndexRoot {
        /// Offset of the outer list.
        offset: CellOffset,
        /// Offset of the inner list.
        inner: CellOffset,
    },
    /// Data said to be in the value's own record are longer than fits.
    #[error("key value at {offset}: {stated} bytes of data in 4 bytes")]
    ResidentSize {
        /// Offset of the key value.
        offset: CellOffset,
        /// Stated length in bytes.
        stated: u32,
    },
    /// A security descriptor is longer than one can be.
    #[error("key security at {offset}: its descriptor is said to have {stated} bytes")]
    SecuritySize {
        /// Offset of the key security item.
        offset: CellOffset,
        /// Stated length in bytes.
        stated: u32,
    },
    /// A value's data end before they should.
    #[error("data at {offset}: {stated} bytes are stated, {found} are there")]
    DataShort {
        /// Offset of the data's cell.
        offset: CellOffset,
        /// Stated length in bytes.
        stated: u32,
        /// Bytes found.
        found: u32,
    },
    /// The root cell is not where the base block says; a key node marked as root is elsewhere.
    #[error("root key is not at {stated}; the key node at {found} is marked as root")]
    RootMoved {
        /// Where the base block says it is.
        stated: CellOffset,
        /// Where it was found.
        found: CellOffset,
    },
    /// There is no root key; another one is taken for it.
    #[error(
        "root key is not at {stated}, and no key node is marked as root; that at {found} is taken for it"
    )]
    RootLost {
        /// Where the base block says it is.
        stated: CellOffset,
        /// The key node that is taken for it.
        found: CellOffset,
    },
    /// There is no root key.
    #[error("root key is not at {stated}, and there is no other key node")]
    NoRoot {
        /// Where the base block says it is.
        stated: CellOffset,
    },
    /// Keys lie deeper than any registry allows.
    #[error("key node at {offset} is {depth} levels deep")]
    Depth {
        /// Offset of the first key left out.
        offset: CellOffset,
        /// Its level; the root's is 0.
        depth: u32,
    },
    /// More is referenced than a hive of this size can hold without sharing cells.
    #[error("{structure} at {offset}: more is referenced than the hive can hold")]
    Overuse {
        /// What was left out.
        structure: Structure,
        /// Offset of its cell.
        offset: CellOffset,
    },
}

impl Error {
    /// What is left out of the hive's keys and values because of it; empty when nothing is.
    pub fn skipped(&self) -> &'static str {
        match self {
            Self::CellOffset { structure, .. }
            | Self::RecordSignature { structure, .. }
            | Self::RecordShort { structure, .. }
            | Self::Overuse { structure, .. } => structure.loss(),
            Self::CellSize { structure, stated, .. } if *stated < 8 => structure.loss(),
            Self::Count { list, stated, found, .. } if found < stated => match list {
                Structure::SubkeyList => "the keys that the list lacks and all that is below them",
                _ => "the values that the list lacks",
            },
            Self::KeyTwice { .. } => "the second appearance of the key",
            Self::IndexRoot { .. } => Structure::SubkeyList.loss(),
            Self::SecuritySize { .. } => Structure::KeySecurity.loss(),
            Self::ResidentSize { .. } | Self::DataShort { .. } => "the rest of the value's data",
            Self::Depth { .. } => "the key, those behind it in the list, and all below them",
            Self::RootLost { .. } => "the keys that are not below it",
            Self::Truncated { .. } => "what lay behind the end of the file",
            _ => "",
        }
    }
}

/// A structure of a hive that something refers to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Structure {
    /// Key node, `nk`.
    KeyNode,
    /// Subkeys list: `li`, `lf`, `lh` or `ri`.
    SubkeyList,
    /// Key values list.
    ValuesList,
    /// Key value, `vk`.
    KeyValue,
    /// Class name of a key.
    ClassName,
    /// Key security, `sk`.
    KeySecurity,
    /// Data of a value.
    Data,
    /// Big data record, `db`, or its list of segments.
    BigData,
    /// One segment of big data.
    Segment,
}

impl Structure {
    fn loss(self) -> &'static str {
        match self {
            Self::KeyNode => "the key and all that is below it",
            Self::SubkeyList => "the keys in the list and all that is below them",
            Self::ValuesList => "the values of the key",
            Self::KeyValue => "the value",
            Self::ClassName => "the class name",
            Self::KeySecurity => "the security descriptor",
            Self::Data => "the value's data",
            Self::BigData | Self::Segment => "the rest of the value's data",
        }
    }
}

impl fmt::Display for Structure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::KeyNode => "key node",
            Self::SubkeyList => "subkeys list",
            Self::ValuesList => "key values list",
            Self::KeyValue => "key value",
            Self::ClassName => "class name",
            Self::KeySecurity => "key security",
            Self::Data => "data",
            Self::BigData => "big data",
            Self::Segment => "segment of big data",
        })
    }
}
