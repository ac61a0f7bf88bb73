use crate::bytes::{u16_le, u32_le, window};

/// The keys and values of a parent locator. One that does not lie in it is left out: `parent_linkage`
/// is looked for by name, and its absence is told.
// Source: [MS-VHDX] 2.6.2.6.
pub(super) fn entries(locator: &[u8]) -> Vec<(String, String)> {
    let count = u16_le(locator, 18).unwrap_or(0);
    let entry = |index: usize| {
        let entry = window(locator, 20 + index * 12, 12)?;
        let text = |offset: u32, len: u16| {
            let bytes = window(locator, usize::try_from(offset).ok()?, len.into())?;
            let (units, _) = bytes.as_chunks::<2>();
            let units: Vec<u16> = units.iter().map(|unit| u16::from_le_bytes(*unit)).collect();
            Some(String::from_utf16_lossy(&units))
        };
        let key = text(u32_le(entry, 0)?, u16_le(entry, 8)?)?;
        Some((key, text(u32_le(entry, 4)?, u16_le(entry, 10)?)?))
    };
    // A locator of a megabyte has room for so many; equal texts may be named often, so that the
    // count is bounded, too.
    const MOST: usize = 64;
    (0..usize::from(count).min(MOST)).filter_map(entry).collect()
}
