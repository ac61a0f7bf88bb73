use crate::bytes::{u32_le, u64_le, window};
use crate::{Filetime, Name};

use super::{CellOffset, Error};

/// The base block, also called file header: what a hive says about itself.
// Source: regf spec, "Base block".
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BaseBlock {
    /// Counted up when a write begins.
    pub primary_sequence_number: u32,
    /// Counted up when a write is complete; then equal to the primary one.
    pub secondary_sequence_number: u32,
    /// When the hive was last written.
    pub last_written: Filetime,
    /// Major version of the writer.
    pub major_version: u32,
    /// Minor version of the writer.
    pub minor_version: u32,
    /// 0 in primary files; transaction logs have 1, 2 or 6.
    pub file_type: u32,
    /// 1 in files of this format.
    pub file_format: u32,
    /// Where the root key is.
    pub root_cell: CellOffset,
    /// Size of the hive bins data in bytes.
    pub hive_bins_data_size: u32,
    /// Sector size of the disk divided by 512.
    pub clustering_factor: u32,
    /// The end of the path the hive had, up to the first NUL.
    pub file_name: Name,
    /// Checksum as stored.
    pub checksum: u32,
    /// Whether the stored checksum is that of the block.
    pub checksum_valid: bool,
}

/// The latest minor version that is known.
const LATEST_MINOR: u32 = 6;

/// Length of the base block in bytes.
pub(super) const BASE_BLOCK_LEN: usize = 4096;

impl BaseBlock {
    /// Reads the base block from the first 512 bytes of a hive; `None` when there are fewer.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let stored = u32_le(bytes, 508)?;
        Some(Self {
            primary_sequence_number: u32_le(bytes, 4)?,
            secondary_sequence_number: u32_le(bytes, 8)?,
            last_written: Filetime(u64_le(bytes, 12)?),
            major_version: u32_le(bytes, 20)?,
            minor_version: u32_le(bytes, 24)?,
            file_type: u32_le(bytes, 28)?,
            file_format: u32_le(bytes, 32)?,
            root_cell: CellOffset(u32_le(bytes, 36)?),
            hive_bins_data_size: u32_le(bytes, 40)?,
            clustering_factor: u32_le(bytes, 44)?,
            file_name: until_nul(window(bytes, 48, 64)?),
            checksum: stored,
            checksum_valid: stored == checksum(bytes),
        })
    }

    /// Whether a write was not completed, so that the transaction logs hold newer cells.
    // Source: regf spec, "Dirty state of a hive".
    pub fn is_dirty(&self) -> bool {
        !self.checksum_valid || self.primary_sequence_number != self.secondary_sequence_number
    }

    /// The minor version, or the latest where the block says none that is known.
    pub(super) fn likely_minor_version(&self) -> u32 {
        match self.minor_version {
            known @ 1..=LATEST_MINOR => known,
            _ => LATEST_MINOR,
        }
    }

    /// Length of the hive bins data in a file of `file_len` bytes: as stated, or all behind the
    /// block where no data can have the stated length.
    pub(super) fn bins_len(&self, file_len: usize) -> usize {
        let there = file_len.saturating_sub(BASE_BLOCK_LEN);
        match usize::try_from(self.hive_bins_data_size) {
            Ok(stated) if stated > 0 && stated.is_multiple_of(4096) => stated.min(there),
            _ => there,
        }
    }

    /// What is wrong in the block's own fields.
    pub(super) fn check(&self) -> impl Iterator<Item = Error> {
        let (major, minor) = (self.major_version, self.minor_version);
        let version = (major != 1 || !(1..=LATEST_MINOR).contains(&minor))
            .then_some(Error::Version { major, minor });
        let found = self.file_type;
        let file_type = (found != 0).then_some(Error::FileType { found });
        version.into_iter().chain(file_type)
    }
}

/// Whether these first bytes of a file, 512 or fewer, begin a primary hive file.
///
/// Transaction logs begin with the same signature, but have another file type.
pub fn is_hive(first: &[u8]) -> bool {
    first.starts_with(b"regf") && u32_le(first, 28) == Some(0)
}

/// Whether these first bytes of a file begin a transaction log.
// Source: regf spec, "Base block" of the old and of the new format.
pub fn is_transaction_log(first: &[u8]) -> bool {
    first.starts_with(b"regf") && matches!(u32_le(first, 28), Some(1 | 2 | 6))
}

/// The XOR-32 checksum of a base block, over its first 508 bytes. Two of its values are never stored: 0 becomes 1, `u32::MAX` one less.
// Source: regf spec, "Base block", notes on the checksum; the two exceptions in its later revisions.
pub fn checksum(block: &[u8]) -> u32 {
    let bytes = block.get(..508).unwrap_or(block);
    let (words, _) = bytes.as_chunks::<4>();
    match words.iter().fold(0, |sum, word| sum ^ u32::from_le_bytes(*word)) {
        0 => 1,
        u32::MAX => u32::MAX - 1,
        sum => sum,
    }
}

fn until_nul(bytes: &[u8]) -> Name {
    let (units, _) = bytes.as_chunks::<2>();
    Name::from_utf16(
        units.iter().map(|unit| u16::from_le_bytes(*unit)).take_while(|unit| *unit != 0),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_is_no_hive() {
        let mut first = [0; 512];
        assert!(!is_hive(&first));
        first[..4].copy_from_slice(b"regf");
        assert!(is_hive(&first) && !is_transaction_log(&first));
        for log in [1, 2, 6] {
            first[28] = log;
            assert!(!is_hive(&first) && is_transaction_log(&first));
        }
        assert!(!is_hive(b"regf"));
    }

    #[test]
    fn a_block_of_zeros_has_checksum_one() {
        assert_eq!(checksum(&[0; 508]), 1);
        let mut all = [0; 508];
        all[..4].fill(0xFF);
        assert_eq!(checksum(&all), 0xFFFF_FFFE);
    }
}
