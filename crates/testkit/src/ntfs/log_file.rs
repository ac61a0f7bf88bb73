//! $LogFile, as version 1.1 or 2.0 (the NTFS driver of Linux, fs/ntfs3/fslog.c).

use super::{Options, Reference, fixup, put};

const PAGE: usize = 4096;
/// Where data begin in a page.
const DATA: usize = 0x40;
/// Length of a record's header.
const HEADER: usize = 0x30;

/// A log being written, which goes around when it is full.
#[derive(Clone, Debug)]
pub struct LogFile {
    is_version_2: bool,
    /// Its pages, update sequences not applied; those that were never written hold 0xFF.
    bytes: Vec<u8>,
    /// Number of the next record.
    next: u64,
    /// Number of the last record, 0 before the first.
    last: u64,
    /// Number of the last record when the restart pages were written.
    current: u64,
}

impl LogFile {
    /// An empty log of version 1.1 or 2.0 with room for `pages` pages of records.
    pub fn new(is_version_2: bool, pages: usize) -> Self {
        let bytes = vec![0xFF; (first_page(is_version_2) + pages) * PAGE];
        let mut log = Self { is_version_2, bytes, next: 0, last: 0, current: 0 };
        log.next = log.number(1, first_page(is_version_2) * PAGE + DATA);
        log
    }

    fn number(&self, round: u64, offset: usize) -> u64 {
        round << self.offset_bits() | (offset as u64) >> 3
    }

    fn offset_bits(&self) -> u32 {
        self.bytes.len().next_power_of_two().trailing_zeros() - 3
    }

    /// Number of the next record.
    pub fn next(&self) -> u64 {
        self.next
    }

    /// How many times the log was gone around, from 1.
    pub fn round(&self) -> u64 {
        self.next >> self.offset_bits()
    }

    /// A file's record is taken, and its directory lists its name.
    pub fn created(&mut self, options: &Options, file: Reference, name_value: &[u8]) -> u64 {
        let lsn = self.listed(file, name_value);
        let record = [vec![0; 0x10], file.sequence.to_le_bytes().to_vec(), vec![0; 0x20]].concat();
        self.on_record(options, file, 0x02, &record);
        self.end();
        lsn
    }

    /// A file's name is no longer listed, and its record is given back.
    pub fn deleted(&mut self, options: &Options, file: Reference, name_value: &[u8]) -> u64 {
        let lsn = self.unlisted(file, name_value);
        self.on_record(options, file, 0x03, &[]);
        self.end();
        lsn
    }

    /// A file's name is no longer listed, and another one is.
    pub fn renamed(&mut self, file: Reference, old: &[u8], new: &[u8]) -> u64 {
        self.unlisted(file, old);
        let lsn = self.listed(file, new);
        self.end();
        lsn
    }

    /// An entry of an index is added.
    pub fn listed(&mut self, file: Reference, name_value: &[u8]) -> u64 {
        self.operation(0x0E, &entry(file, name_value), 0x0F, &[], (0, 0))
    }

    /// An entry of an index is removed.
    pub fn unlisted(&mut self, file: Reference, name_value: &[u8]) -> u64 {
        self.operation(0x0F, &[], 0x0E, &entry(file, name_value), (0, 0))
    }

    /// The transaction ends.
    pub fn end(&mut self) -> u64 {
        self.operation(0x1B, &[], 1, &[], (0, 0))
    }

    fn on_record(&mut self, options: &Options, file: Reference, redo: u16, data: &[u8]) {
        let (size, cluster) = (options.record as u64, options.cluster as u64);
        let at = file.record * size;
        self.operation(redo, data, 0, &[], (at / cluster, (at % cluster / 512) as u16));
    }

    fn operation(
        &mut self,
        redo: u16,
        redo_data: &[u8],
        undo: u16,
        undo_data: &[u8],
        (vcn, block): (u64, u16),
    ) -> u64 {
        let mut data = vec![0; 0x28];
        put::u16(&mut data, 0, redo);
        put::u16(&mut data, 2, undo);
        for (at, part) in [(4, redo_data), (8, undo_data)] {
            let start = data.len();
            put::u16(&mut data, at, u16::try_from(start).expect("small"));
            put::u16(&mut data, at + 2, u16::try_from(part.len()).expect("small"));
            data.extend_from_slice(part);
            put::pad8(&mut data);
        }
        put::u16(&mut data, 0x14, block);
        put::u64(&mut data, 0x18, vcn);
        self.record(&data)
    }

    /// Adds a record with this data and gives its number.
    pub fn record(&mut self, data: &[u8]) -> u64 {
        let lsn = self.next;
        let mut record = vec![0; HEADER];
        put::u64(&mut record, 0, lsn);
        put::u64(&mut record, 8, self.last);
        put::u32(&mut record, 0x18, u32::try_from(data.len()).expect("small"));
        put::u32(&mut record, 0x20, 1);
        put::u32(&mut record, 0x24, 0x18);
        record.extend_from_slice(data);
        put::pad8(&mut record);
        let mut round = lsn >> self.offset_bits();
        let mut at = ((lsn & ((1 << self.offset_bits()) - 1)) << 3) as usize;
        let mut rest = &record[..];
        loop {
            let page = at / PAGE * PAGE;
            if at % PAGE == DATA {
                self.begin_page(page);
            }
            let (part, behind) = rest.split_at(rest.len().min(page + PAGE - at));
            self.bytes[at..at + part.len()].copy_from_slice(part);
            at += part.len();
            rest = behind;
            let is_done = rest.is_empty();
            self.end_page(page, lsn, is_done.then_some(at - page));
            let is_full = page + PAGE - at < HEADER || at == page + PAGE;
            if is_done && !is_full {
                break;
            }
            at = page + PAGE + DATA;
            if page + PAGE >= self.bytes.len() {
                (at, round) = (first_page(self.is_version_2) * PAGE + DATA, round + 1);
            }
            if is_done {
                break;
            }
        }
        (self.last, self.next) = (lsn, self.number(round, at));
        lsn
    }

    fn begin_page(&mut self, page: usize) {
        let bytes = &mut self.bytes[page..page + PAGE];
        bytes.fill(0);
        bytes[..4].copy_from_slice(b"RCRD");
    }

    /// Notes in the header that a record has a part in the page, and where it ends if it does there.
    fn end_page(&mut self, page: usize, lsn: u64, end: Option<usize>) {
        let bytes = &mut self.bytes[page..page + PAGE];
        put::u64(bytes, 0x08, lsn);
        if let Some(end) = end {
            put::u32(bytes, 0x10, 1);
            put::u16(bytes, 0x18, end as u16);
            put::u64(bytes, 0x20, lsn);
        }
    }

    /// Notes in the restart pages which record is the last.
    pub fn restart(&mut self) {
        self.current = self.last;
    }

    /// Begins anew at the next page, as mounting does.
    pub fn begin_anew(&mut self) {
        let offset = (self.next & ((1 << self.offset_bits()) - 1)) << 3;
        let page = offset as usize / PAGE + 1;
        assert!((page + 1) * PAGE <= self.bytes.len(), "room in the log");
        self.next = self.number(self.next >> self.offset_bits(), page * PAGE + DATA);
    }

    /// The log as stored. With `is_copied` the last page is only where copies are, and what is in
    /// its own place is older.
    pub fn stream(&self, is_copied: bool) -> Vec<u8> {
        let mut bytes = self.bytes.clone();
        let last = ((self.last & ((1 << self.offset_bits()) - 1)) << 3) as usize / PAGE * PAGE;
        if is_copied {
            let copy = if self.is_version_2 { 7 * PAGE } else { 3 * PAGE };
            bytes.copy_within(last..last + PAGE, copy);
            match self.is_version_2 {
                true => put::u32(&mut bytes, copy + 0x3C, last as u32),
                false => put::u64(&mut bytes, copy + 0x08, last as u64),
            }
            bytes[last..last + PAGE].fill(0xFF);
        }
        for page in bytes.chunks_mut(PAGE).filter(|page| page.starts_with(b"RCRD")) {
            fixup::apply(page, 0x28);
        }
        for page in bytes.chunks_mut(PAGE).take(2) {
            page.copy_from_slice(&self.restart_page());
        }
        bytes
    }

    fn restart_page(&self) -> Vec<u8> {
        let mut page = vec![0; PAGE];
        page[..4].copy_from_slice(b"RSTR");
        put::u32(&mut page, 0x10, PAGE as u32);
        put::u32(&mut page, 0x14, PAGE as u32);
        put::u16(&mut page, 0x18, 0x30);
        let (major, minor) = if self.is_version_2 { (2, 0) } else { (1, 1) };
        put::u16(&mut page, 0x1A, minor);
        put::u16(&mut page, 0x1C, major);
        put::u64(&mut page, 0x30, self.current);
        put::u32(&mut page, 0x40, 64 - self.offset_bits());
        put::u16(&mut page, 0x44, 0xE0);
        put::u16(&mut page, 0x46, 0x40);
        put::u64(&mut page, 0x48, self.bytes.len() as u64);
        put::u16(&mut page, 0x54, HEADER as u16);
        put::u16(&mut page, 0x56, DATA as u16);
        fixup::apply(&mut page, 0x1E);
        page
    }
}

/// The first page of records, behind the restart pages and copies of last pages.
fn first_page(is_version_2: bool) -> usize {
    if is_version_2 { 34 } else { 4 }
}

/// An entry of an index of names.
fn entry(file: Reference, name_value: &[u8]) -> Vec<u8> {
    let mut entry = vec![0; 0x10];
    put::u64(&mut entry, 0, file.raw());
    let len = (0x10 + name_value.len()).next_multiple_of(8);
    put::u16(&mut entry, 8, len as u16);
    put::u16(&mut entry, 0x0A, name_value.len() as u16);
    entry.extend_from_slice(name_value);
    put::pad8(&mut entry);
    entry
}
