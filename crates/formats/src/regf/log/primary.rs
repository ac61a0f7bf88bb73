use std::borrow::Cow;

use crate::bytes::u32_le;

use super::super::base_block::{BASE_BLOCK_LEN, checksum};
use super::error::LogError;
use super::log_entry::{DirtyPage, LogEntry, SECTOR};

/// A primary file while logs are applied to its bytes; a copy is made when the first is.
#[derive(Debug)]
pub(super) struct PrimaryFile<'a> {
    bytes: Cow<'a, [u8]>,
    /// The largest size of the hive bins data that is believed.
    most_bins: u64,
}

/// No hive is larger; offsets have 31 bits, the highest is for volatile cells.
const MOST_BINS: u64 = 1 << 31;

// Source of the offsets: regf spec, "Base block".
const PRIMARY_SEQUENCE_NUMBER: usize = 4;
const SECONDARY_SEQUENCE_NUMBER: usize = 8;
const FILE_TYPE: usize = 28;
const HIVE_BINS_DATA_SIZE: usize = 40;
const FLAGS: usize = 144;
const CHECKSUM: usize = 508;

impl<'a> PrimaryFile<'a> {
    /// Begins with the bytes of the file.
    ///
    /// The hive may grow by as much as its logs are long, `logs_len` bytes: every block of a new bin
    /// is in a log before it is in the hive, as observed in the logs of real-hives.
    pub(super) fn new(bytes: &'a [u8], logs_len: u64) -> Self {
        let bins = (bytes.len() as u64).saturating_sub(BASE_BLOCK_LEN as u64);
        let most_bins = bins.saturating_add(logs_len).min(MOST_BINS);
        Self { bytes: Cow::Borrowed(bytes), most_bins }
    }

    /// The hive bins data, and what lies behind.
    pub(super) fn bins(&self) -> &[u8] {
        self.bytes.get(BASE_BLOCK_LEN..).unwrap_or_default()
    }

    /// Applies a log entry.
    ///
    /// # Errors
    /// When the hive would grow too much; then nothing is applied.
    // Source: regf spec, "Log entries", notes 9 and 11. Hive bins that are not sound, which
    // Windows replaces (note 10), are left for the reader to tell.
    pub(super) fn apply(&mut self, entry: &LogEntry) -> Result<(), LogError> {
        self.grow(entry.offset as u64, entry.header.hive_bins_data_size)?;
        entry.pages.iter().for_each(|page| self.write(*page));
        let flags = u32_le(&self.bytes, FLAGS).unwrap_or_default();
        self.put(FLAGS, (flags & !1) | (entry.header.flags & 1));
        Ok(())
    }

    /// Sets the size of the hive bins data, and lengthens the file with zeros where it must be;
    /// `offset` is that of the log entry that wants it.
    pub(super) fn grow(&mut self, offset: u64, bins: u32) -> Result<(), LogError> {
        if u64::from(bins) > self.most_bins {
            return Err(LogError::Growth { offset, stated: bins, most: self.most_bins });
        }
        let len = usize::try_from(bins).unwrap_or(usize::MAX).saturating_add(BASE_BLOCK_LEN);
        if len > self.bytes.len() {
            self.bytes.to_mut().resize(len, 0);
        }
        self.put(HIVE_BINS_DATA_SIZE, bins);
        Ok(())
    }

    /// Writes a page to its place in the hive bins data, which are there.
    pub(super) fn write(&mut self, page: DirtyPage) {
        let start = usize::try_from(page.offset).unwrap_or(usize::MAX);
        let start = start.saturating_add(BASE_BLOCK_LEN);
        let end = start.saturating_add(page.bytes.len());
        if let Some(place) = self.bytes.to_mut().get_mut(start..end) {
            place.copy_from_slice(page.bytes);
        }
    }

    /// Replaces the first sector by that of a log.
    // Source: regf spec, "Old format", "Base block", note 4.
    pub(super) fn replace_base_block(&mut self, log: &[u8]) {
        let place = self.bytes.to_mut().first_chunk_mut::<SECTOR>();
        if let (Some(place), Some(first)) = (place, log.first_chunk()) {
            *place = *first;
        }
    }

    /// Makes the base block that of a clean primary file, and returns the bytes of it all.
    pub(super) fn complete(mut self, sequence_number: u32) -> Vec<u8> {
        self.put(PRIMARY_SEQUENCE_NUMBER, sequence_number);
        self.put(SECONDARY_SEQUENCE_NUMBER, sequence_number);
        self.put(FILE_TYPE, 0);
        self.put(CHECKSUM, checksum(&self.bytes));
        self.bytes.into_owned()
    }

    fn put(&mut self, offset: usize, value: u32) {
        let field = self.bytes.to_mut().get_mut(offset..).and_then(|rest| rest.first_chunk_mut());
        if let Some(field) = field {
            *field = value.to_le_bytes();
        }
    }
}
