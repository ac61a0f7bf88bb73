//! File records ("FILE Record" of the Linux-NTFS documentation).

use super::{Attribute, fixup, put};

/// Names a record: its number and how often it was used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reference {
    /// Number.
    pub record: u64,
    /// Sequence number.
    pub sequence: u16,
}

impl Reference {
    /// The eight bytes of the reference as a number.
    pub fn raw(self) -> u64 {
        self.record | u64::from(self.sequence) << 48
    }
}

/// Flag of records in use.
pub const IN_USE: u16 = 1;
/// Flag of directories.
pub const DIRECTORY: u16 = 2;

/// A record to be written.
#[derive(Clone, Debug, Default)]
pub struct Record {
    /// Sequence number.
    pub sequence: u16,
    /// Flag bits.
    pub flags: u16,
    /// Number of names.
    pub links: u16,
    /// The base record of an extension record.
    pub base: Reference,
    /// The attributes; they are sorted by type and their ids are their places.
    pub attributes: Vec<Attribute>,
}

/// Where the first attribute is: behind the header of NTFS 3.1 and the update sequence.
pub(super) fn first_attribute(size: usize) -> usize {
    (0x30 + fixup::len(size)).next_multiple_of(8)
}

impl Record {
    /// Returns the record as stored, `size` bytes, as record `number`.
    ///
    /// # Panics
    /// When the attributes do not fit.
    pub fn encode(&self, number: u64, size: usize) -> Vec<u8> {
        let mut bytes = vec![0; first_attribute(size)];
        bytes[..4].copy_from_slice(b"FILE");
        put::u16(&mut bytes, 0x10, self.sequence);
        put::u16(&mut bytes, 0x12, self.links);
        let first = first_attribute(size) as u16;
        put::u16(&mut bytes, 0x14, first);
        put::u16(&mut bytes, 0x16, self.flags);
        put::u32(&mut bytes, 0x1C, u32::try_from(size).expect("small"));
        put::u64(&mut bytes, 0x20, self.base.raw());
        put::u16(&mut bytes, 0x28, self.attributes.len() as u16);
        put::u32(&mut bytes, 0x2C, number as u32);
        for (id, attribute) in self.attributes.iter().enumerate() {
            let mut stored = attribute.bytes.clone();
            put::u16(&mut stored, 0x0E, id as u16);
            bytes.extend(stored);
        }
        bytes.extend([0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0]);
        let used = u32::try_from(bytes.len()).expect("small");
        assert!(bytes.len() <= size, "record {number} needs {used} bytes");
        put::u32(&mut bytes, 0x18, used);
        bytes.resize(size, 0);
        fixup::apply(&mut bytes, 0x30);
        bytes
    }
}
