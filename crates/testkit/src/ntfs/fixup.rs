//! The update sequence of multi-sector records ("Fixup" of the Linux-NTFS documentation).

use super::put;

/// Number of the update sequence in every record that is written.
const NUMBER: u16 = 0x0007;

/// Length of the update sequence of a record of `len` bytes.
pub(super) fn len(len: usize) -> usize {
    2 + len / 512 * 2
}

/// Puts the update sequence at `offset` of a finished record and replaces the end of each sector.
pub(super) fn apply(record: &mut [u8], offset: usize) {
    let sectors = record.len() / 512;
    put::u16(record, 4, u16::try_from(offset).expect("small"));
    put::u16(record, 6, u16::try_from(sectors + 1).expect("small"));
    put::u16(record, offset, NUMBER);
    for sector in 0..sectors {
        let (own, tail) = (offset + 2 + sector * 2, sector * 512 + 510);
        record.copy_within(tail..tail + 2, own);
        put::u16(record, tail, NUMBER);
    }
}
