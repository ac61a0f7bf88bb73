use super::FileReference;
use crate::bytes::{u32_le, u64_le, window};
use crate::{Filetime, Name};

/// $FILE_NAME: a name, the directory that it is in, and times of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileName {
    /// The directory.
    pub parent: FileReference,
    /// When the file was created, as of the name's last update.
    pub crtime: Filetime,
    /// When its content was last changed, as of then.
    pub mtime: Filetime,
    /// When its record was last changed, as of then.
    pub ctime: Filetime,
    /// When it was last read, as of then.
    pub atime: Filetime,
    /// Size of its content in bytes, as of then.
    pub size: u64,
    /// Attribute bits, as of then.
    pub attributes: u32,
    /// What kind of name it is.
    pub namespace: Namespace,
    /// The name.
    pub name: Name,
}

/// What kind of name a $FILE_NAME holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Namespace {
    /// Any characters, upper and lower case told apart.
    Posix,
    /// A long name of Windows.
    Win32,
    /// A short name, 8.3, that a Win32 name goes with.
    Dos,
    /// A long name that is short enough to be both.
    Win32AndDos,
    /// A number that is none of these.
    Unknown(u8),
}

impl FileName {
    /// Decodes the value of the attribute, or `None` when it is too short.
    pub fn parse(value: &[u8]) -> Option<Self> {
        let time = |offset| u64_le(value, offset).map(Filetime);
        let len = usize::from(*value.get(0x40)?) * 2;
        Some(Self {
            parent: FileReference::from_raw(u64_le(value, 0)?),
            crtime: time(8)?,
            mtime: time(0x10)?,
            ctime: time(0x18)?,
            atime: time(0x20)?,
            size: u64_le(value, 0x30)?,
            attributes: u32_le(value, 0x38)?,
            namespace: Namespace::from_raw(*value.get(0x41)?),
            name: Name::from_utf16le(window(value, 0x42, len)?),
        })
    }
}

impl Namespace {
    fn from_raw(raw: u8) -> Self {
        match raw {
            0 => Self::Posix,
            1 => Self::Win32,
            2 => Self::Dos,
            3 => Self::Win32AndDos,
            raw => Self::Unknown(raw),
        }
    }
}
