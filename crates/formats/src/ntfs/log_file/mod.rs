//! The log of changes to a volume's metadata, $LogFile: the last of what was done to its files.
//!
//! It is written around and around. A record's log sequence number (LSN) is where it is in the file
//! and how many times around that is. What NTFS has not yet written elsewhere is not replayed.
// Source: the NTFS driver of Linux, fs/ntfs3/fslog.c, for structures and operations.

mod record;
mod restart;

pub use record::{LogRecord, Operation};

use std::cell::OnceCell;
use std::collections::HashMap;

use record::Sizes;
use restart::Restart;

use super::file_record::undo_fixup;
use super::{BootSector, Error, StreamReader};
use crate::bytes::{u32_le, u64_le};
use crate::{ReadAt, ReadAtExt};

/// Length of a page's header without its update sequence.
const PAGE_HEADER: u64 = 0x28;
/// The longest data of a record, in bytes: far more than an operation on a file record needs.
const MOST_DATA: u64 = 1 << 20;

/// A log.
pub struct LogFile<'v> {
    reader: StreamReader<'v>,
    restart: Restart,
    sizes: Sizes,
    /// Where a later copy of a page is, by the page's own place.
    copies: HashMap<u64, u64>,
    starts: OnceCell<Vec<u64>>,
}

/// Number of the log's file record.
pub const RECORD: u64 = 2;
/// What fills a log that was never written, or was made empty.
const UNWRITTEN: [u8; 4] = [0xFF; 4];

impl<'v> LogFile<'v> {
    /// Opens the log that the main stream of record 2 holds, in a volume of these sizes; `None` where
    /// nothing was written to it.
    ///
    /// # Errors
    /// When both of its restart pages cannot be read.
    pub fn open(reader: StreamReader<'v>, boot_sector: &BootSector) -> Result<Option<Self>, Error> {
        let first = reader.read_vec_at(0, 4)?;
        if first.is_empty() || first == UNWRITTEN || first.iter().all(|byte| *byte == 0) {
            return Ok(None);
        }
        let sizes = Sizes {
            cluster: boot_sector.cluster_size.into(),
            file_record: boot_sector.file_record_size.into(),
        };
        let mut restart = Self::restart(&reader)?;
        restart.file_size =
            restart.file_size.min(reader.len() / restart.page_size * restart.page_size);
        let (copies, starts) = (HashMap::new(), OnceCell::new());
        let mut log = Self { reader, restart, sizes, copies, starts };
        log.find_copies()?;
        Ok(Some(log))
    }

    /// The later one of the restart pages that can be read.
    fn restart(reader: &StreamReader<'_>) -> Result<Restart, Error> {
        let first = reader.read_vec_at(0, 4096)?;
        // The second one is behind the first, whose size it says itself.
        let size = u32_le(&first, 0x10).filter(|size| (512..=65_536).contains(size));
        let second = reader.read_vec_at(size.unwrap_or(4096).into(), 4096)?;
        match (Restart::parse(&first), Restart::parse(&second)) {
            (Ok(first), Ok(second)) if second.current_lsn > first.current_lsn => Ok(second),
            (Ok(first), _) => Ok(first),
            (Err(_), Ok(second)) => Ok(second),
            (Err(error), Err(_)) => Err(error),
        }
    }

    /// The last pages are written to a place of their own first.
    fn find_copies(&mut self) -> Result<(), Error> {
        let Restart { page_size, copies, start, file_size, is_version_2, .. } = self.restart;
        let mut latest: HashMap<u64, u64> = HashMap::new();
        for at in (copies..start.min(file_size)).step_by(page_size as usize) {
            let Ok(page) = self.stored_page(at) else { continue };
            let place = match is_version_2 {
                true => u32_le(&page, 0x3C).map(u64::from),
                false => u64_le(&page, 8),
            };
            let (Some(place), Some(end)) = (place, u64_le(&page, LAST_END_LSN)) else { continue };
            let home = self.stored_page(place).ok();
            let newest = home.and_then(|home| u64_le(&home, LAST_END_LSN)).unwrap_or(0);
            if end > newest.max(latest.get(&place).copied().unwrap_or(0)) {
                latest.insert(place, end);
                self.copies.insert(place, at);
            }
        }
        Ok(())
    }

    fn stored_page(&self, at: u64) -> Result<Vec<u8>, Error> {
        let mut page = self.reader.read_vec_at(at, self.restart.page_size as usize)?;
        undo_fixup(&mut page, "RCRD")?;
        Ok(page)
    }

    fn page(&self, at: u64) -> Result<Vec<u8>, Error> {
        match self.copies.get(&at) {
            Some(copy) => self.stored_page(*copy).or_else(|_| self.stored_page(at)),
            None => self.stored_page(at),
        }
    }

    /// The log sequence number that the next record would have had.
    pub fn next(&self) -> u64 {
        self.chain(self.restart.current_lsn, &mut |_| ())
    }

    /// Whether records are there from that number on: one has it, or ends right before it.
    pub fn reaches(&self, lsn: u64) -> bool {
        Cursor::new(self, lsn).record().is_some() || self.ends_at(lsn)
    }

    /// Whether the last record of a page ends where one of that number would begin.
    fn ends_at(&self, lsn: u64) -> bool {
        let Restart { page_size, data_offset, .. } = self.restart;
        let last = |at: u64| {
            let page = self.page(at / page_size * page_size).ok()?;
            let last = u64_le(&page, LAST_END_LSN)?;
            let mut cursor = Cursor::new(self, last);
            let len = cursor.record()?.data.len() as u64;
            Some(cursor.advance(len) && cursor.lsn == lsn)
        };
        let at = self.restart.offset(lsn);
        // The last record may end in the page before, or have been too long for what was left of it.
        let before = at.checked_sub(page_size).filter(|_| at % page_size == data_offset);
        last(at) == Some(true) || before.and_then(last) == Some(true)
    }

    /// The smallest number that a record has which can be found without those before it; `None` where
    /// there is no record.
    pub fn first(&self) -> Option<u64> {
        self.starts().first().copied()
    }

    /// Hands out what is told of names in the records from `from` on, in order.
    ///
    /// When a volume is mounted, the log may begin anew at a later number.
    pub fn walk(&self, from: u64, take: &mut dyn FnMut(LogRecord)) {
        let mut at = from;
        loop {
            let end = self.chain(at, take);
            if end > self.restart.current_lsn {
                return;
            }
            let starts = self.starts();
            let next = starts.get(starts.partition_point(|start| *start <= end.max(at)));
            match next {
                Some(next) => at = *next,
                None => return,
            }
        }
    }

    /// Hands out the records that follow one another from `from` on; returns the number that the
    /// next one would have.
    fn chain(&self, from: u64, take: &mut dyn FnMut(LogRecord)) -> u64 {
        let mut cursor = Cursor::new(self, from);
        let most = self.restart.file_size / self.restart.header_len;
        for _ in 0..most {
            let Some(Raw { transaction, data }) = cursor.record() else { break };
            if let Some(operation) = Operation::parse(&data, self.sizes) {
                take(LogRecord { lsn: cursor.lsn, transaction, operation });
            }
            if !cursor.advance(data.len() as u64) {
                break;
            }
        }
        cursor.lsn
    }

    /// The numbers of the records that begin where their page does, in order.
    fn starts(&self) -> &[u64] {
        self.starts.get_or_init(|| {
            let Restart { page_size, data_offset, start, file_size, .. } = self.restart;
            let pages = (start..file_size).step_by(page_size as usize);
            let first = pages.filter_map(|at| {
                let lsn = u64_le(&self.page(at).ok()?, data_offset as usize)?;
                (lsn != 0 && self.restart.offset(lsn) == at + data_offset).then_some(lsn)
            });
            let mut starts: Vec<u64> = first.collect();
            starts.sort_unstable();
            starts.dedup();
            starts
        })
    }
}

/// Offset of the number of the last record that ends in a page.
const LAST_END_LSN: usize = 0x20;

/// A place in a log.
struct Cursor<'l, 'v> {
    log: &'l LogFile<'v>,
    lsn: u64,
    /// The page that was read last, and where it is.
    page: Option<(u64, Vec<u8>)>,
}

/// A record as stored.
struct Raw {
    transaction: u32,
    data: Vec<u8>,
}

impl<'l, 'v> Cursor<'l, 'v> {
    fn new(log: &'l LogFile<'v>, lsn: u64) -> Self {
        Self { log, lsn, page: None }
    }

    /// The record at this place; `None` where there is none of that number.
    fn record(&mut self) -> Option<Raw> {
        let header_len = self.log.restart.header_len;
        let start = self.log.restart.offset(self.lsn);
        let header = self.bytes(start, header_len)?;
        let data_len = u64::from(u32_le(&header, 0x18)?);
        if u64_le(&header, 0)? != self.lsn || data_len > MOST_DATA {
            return None;
        }
        let transaction = u32_le(&header, 0x24)?;
        let data = self.bytes(self.behind(start, header_len)?, data_len)?;
        Some(Raw { transaction, data })
    }

    /// Goes to where the next record begins; false where no number is left.
    fn advance(&mut self, data_len: u64) -> bool {
        let Restart { page_size, header_len, .. } = self.log.restart;
        let start = self.log.restart.offset(self.lsn);
        let end = self.behind(start, header_len + data_len.next_multiple_of(8));
        let Some(mut end) = end else { return false };
        if page_size - end % page_size < header_len || end % page_size == 0 {
            end = self.page_behind(end.saturating_sub(1));
        }
        let round = self.log.restart.round(self.lsn) + u64::from(end <= start);
        let next = self.log.restart.lsn(round, end);
        self.lsn = next.unwrap_or(self.lsn);
        next.is_some()
    }

    /// Where the data of the page behind the one with byte `at` begin.
    fn page_behind(&self, at: u64) -> u64 {
        let Restart { page_size, data_offset, start, file_size, .. } = self.log.restart;
        let next = (at / page_size + 1) * page_size;
        (if next >= file_size { start } else { next }) + data_offset
    }

    /// Where it goes on after `len` bytes from `at`: the end of a page where one ends there.
    fn behind(&self, mut at: u64, mut len: u64) -> Option<u64> {
        let page_size = self.log.restart.page_size;
        loop {
            let left = page_size.checked_sub(at % page_size)?;
            if len <= left {
                return Some(at + len);
            }
            len -= left;
            at = self.page_behind(at);
        }
    }

    /// The `len` bytes from `at`, the headers of pages left out.
    fn bytes(&mut self, mut at: u64, len: u64) -> Option<Vec<u8>> {
        let Restart { page_size, data_offset, start, file_size, .. } = self.log.restart;
        let mut bytes = Vec::new();
        while (bytes.len() as u64) < len {
            if at.is_multiple_of(page_size) && at > start {
                at = self.page_behind(at - 1);
            }
            let (page, within) = (at / page_size * page_size, at % page_size);
            if !(start..file_size).contains(&page) || within < data_offset {
                return None;
            }
            self.load(page)?;
            let (_, stored) = self.page.as_ref()?;
            let count = (len - bytes.len() as u64).min(page_size - within);
            let (from, to) = (within as usize, (within + count) as usize);
            bytes.extend_from_slice(stored.get(from..to)?);
            at += count;
        }
        Some(bytes)
    }

    fn load(&mut self, page: u64) -> Option<()> {
        if self.page.as_ref().is_none_or(|(at, _)| *at != page) {
            self.page = Some((page, self.log.page(page).ok()?));
        }
        Some(())
    }
}
