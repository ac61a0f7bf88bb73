use super::Error;
use crate::bytes::{u16_le, u32_le, window};

/// Identifiers of tags.
// Source: ECMA-167 3/7.2.1 and 4/7.2.1.
pub(super) mod tag {
    pub(in crate::udf) const PRIMARY: u16 = 1;
    pub(in crate::udf) const ANCHOR: u16 = 2;
    pub(in crate::udf) const POINTER: u16 = 3;
    pub(in crate::udf) const PARTITION: u16 = 5;
    pub(in crate::udf) const LOGICAL_VOLUME: u16 = 6;
    pub(in crate::udf) const TERMINATING: u16 = 8;
    pub(in crate::udf) const FILE_SET: u16 = 256;
    pub(in crate::udf) const FILE_IDENTIFIER: u16 = 257;
    pub(in crate::udf) const ALLOCATION_EXTENT: u16 = 258;
    pub(in crate::udf) const FILE_ENTRY: u16 = 261;
    pub(in crate::udf) const EXTENDED_FILE_ENTRY: u16 = 266;
}

/// Length of a tag in bytes (3/7.2).
pub(super) const TAG: usize = 16;

/// The identifier of the tag that `bytes` begin with; `None` where they begin with none.
pub(super) fn identifier(bytes: &[u8]) -> Option<u16> {
    let tag = window(bytes, 0, TAG)?;
    let sum = tag.iter().enumerate().filter(|(at, _)| *at != 4);
    let sum = sum.fold(0u8, |sum, (_, byte)| sum.wrapping_add(*byte));
    let id = u16_le(tag, 0)?;
    (tag.get(4) == Some(&sum) && id != 0).then_some(id)
}

/// Where the tag that `bytes` begin with says that it is: a block, of the volume or of a partition.
pub(super) fn location(bytes: &[u8]) -> Option<u32> {
    u32_le(bytes, 12)
}

/// Whether the checksum fits of the descriptor that `bytes` begin with, which lies at `offset`.
pub(super) fn check(bytes: &[u8], offset: u64) -> Result<(), Error> {
    let short = Error::Descriptor { offset, what: "it is cut" };
    let (stated, len) = (u16_le(bytes, 8), u16_le(bytes, 10));
    let (Some(stated), Some(len)) = (stated, len) else { return Err(short) };
    let computed = checksum(window(bytes, TAG, len.into()).ok_or(short)?);
    match computed == stated {
        true => Ok(()),
        false => Err(Error::Checksum { offset, stated, computed }),
    }
}

// Source: ECMA-167 3/7.2.6: x^16 + x^12 + x^5 + 1, from 0.
fn checksum(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0, |sum: u16, byte| {
        let sum = sum ^ u16::from(*byte) << 8;
        (0..8).fold(sum, |sum, _| sum << 1 ^ if sum & 0x8000 == 0 { 0 } else { 0x1021 })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_that_of_the_specification_s_example() {
        // UDF 6.5: of 70 6A 77.
        assert_eq!(checksum(&[0x70, 0x6A, 0x77]), 0x3299);
    }

    #[test]
    fn a_tag_is_known_by_its_checksum() {
        let mut bytes = [0; 40];
        bytes[0] = 2;
        bytes[12] = 7;
        assert_eq!(identifier(&bytes), None);
        bytes[4] = 9;
        assert_eq!((identifier(&bytes), location(&bytes)), (Some(2), Some(7)));
        assert_eq!(identifier(&bytes[..15]), None);
        assert_eq!(identifier(&[0; 16]), None);
    }
}
