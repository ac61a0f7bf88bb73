//! $FILE_NAME.

use super::{Reference, Times, put};

/// Name spaces by number.
pub mod namespace {
    /// Any characters.
    pub const POSIX: u8 = 0;
    /// Long names.
    pub const WIN32: u8 = 1;
    /// Short names.
    pub const DOS: u8 = 2;
    /// Long names that are short enough.
    pub const BOTH: u8 = 3;
}

/// Returns the value of the attribute.
pub fn file_name(
    parent: Reference,
    name: &str,
    space: u8,
    times: Times,
    size: u64,
    attributes: u32,
) -> Vec<u8> {
    let units = put::utf16(name);
    let mut bytes = vec![0; 0x42];
    put::u64(&mut bytes, 0, parent.raw());
    times.put(&mut bytes, 8);
    put::u64(&mut bytes, 0x28, size.next_multiple_of(8));
    put::u64(&mut bytes, 0x30, size);
    put::u32(&mut bytes, 0x38, attributes);
    bytes[0x40] = u8::try_from(units.len() / 2).expect("short name");
    bytes[0x41] = space;
    bytes.extend(units);
    bytes
}
