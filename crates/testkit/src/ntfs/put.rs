//! Little-endian numbers into bytes, and padding.

pub(super) fn u16(bytes: &mut [u8], at: usize, value: u16) {
    bytes[at..at + 2].copy_from_slice(&value.to_le_bytes());
}

pub(super) fn u32(bytes: &mut [u8], at: usize, value: u32) {
    bytes[at..at + 4].copy_from_slice(&value.to_le_bytes());
}

pub(super) fn u64(bytes: &mut [u8], at: usize, value: u64) {
    bytes[at..at + 8].copy_from_slice(&value.to_le_bytes());
}

/// Fills up to a multiple of eight with zeros.
pub(super) fn pad8(bytes: &mut Vec<u8>) {
    bytes.resize(bytes.len().next_multiple_of(8), 0);
}

/// The name in UTF-16.
pub(super) fn utf16(name: &str) -> Vec<u8> {
    name.encode_utf16().flat_map(|unit| unit.to_le_bytes()).collect()
}
