//! Little-endian numbers into bytes, and padding.

pub(crate) fn u16(bytes: &mut [u8], at: usize, value: u16) {
    bytes[at..at + 2].copy_from_slice(&value.to_le_bytes());
}

pub(crate) fn u32(bytes: &mut [u8], at: usize, value: u32) {
    bytes[at..at + 4].copy_from_slice(&value.to_le_bytes());
}

pub(crate) fn u64(bytes: &mut [u8], at: usize, value: u64) {
    bytes[at..at + 8].copy_from_slice(&value.to_le_bytes());
}

/// Fills up to a multiple of eight with zeros.
pub(super) fn pad8(bytes: &mut Vec<u8>) {
    bytes.resize(bytes.len().next_multiple_of(8), 0);
}

/// The name in UTF-16, as [`units`] reads it.
pub(super) fn utf16(name: &str) -> Vec<u8> {
    units(name).into_iter().flat_map(u16::to_le_bytes).collect()
}

/// The UTF-16 units of a name. Text has no unpaired surrogates: U+FD800 to U+FDFFF, which mean
/// nothing (private use), stand for them.
pub fn units(name: &str) -> Vec<u16> {
    let mut units = Vec::new();
    for c in name.chars() {
        match u32::from(c) {
            code @ 0xF_D800..=0xF_DFFF => units.push(code as u16),
            _ => units.extend_from_slice(c.encode_utf16(&mut [0; 2])),
        }
    }
    units
}
