//! The change journal ([MS-FSCC] 2.3 for the records, "$UsnJrnl" of the Linux-NTFS documentation).

use super::{File, ROOT, Reference, Volume, kind, put, resident};

/// Records do not cross the borders of pages of this size.
const PAGE: usize = 4096;

/// It was made.
pub const CREATE: u32 = 0x100;
/// It was deleted.
pub const DELETE: u32 = 0x200;
/// The name before a rename.
pub const OLD_NAME: u32 = 0x1000;
/// The name after a rename.
pub const NEW_NAME: u32 = 0x2000;
/// It was closed.
pub const CLOSE: u32 = 0x8000_0000;

/// A name of a file: the directory, and the name in it.
pub type Link<'n> = (Reference, &'n str);

/// A change journal being written.
#[derive(Clone, Debug)]
pub struct UsnJournal {
    /// Which journal it is.
    pub id: u64,
    /// Offset in $J of what is stored; before it is a hole. A multiple of 4096.
    pub start: usize,
    /// The records and their padding, from `start` on.
    pub bytes: Vec<u8>,
    /// Seconds since 2020, of the next record.
    pub seconds: u64,
}

impl UsnJournal {
    /// A journal without records, whose first one is to have USN `start`.
    pub fn new(id: u64, start: usize) -> Self {
        Self { id, start, bytes: Vec::new(), seconds: 0 }
    }

    /// USN of the next record.
    pub fn next(&self) -> u64 {
        (self.start + self.bytes.len()) as u64
    }

    /// Adds a record of version 2 and gives its USN.
    pub fn record(&mut self, file: Reference, (parent, name): Link<'_>, reason: u32) -> u64 {
        let mut record = vec![0; 0x3C];
        record[4] = 2;
        put::u64(&mut record, 0x08, file.raw());
        put::u64(&mut record, 0x10, parent.raw());
        put::u64(&mut record, 0x20, (132_223_104_000 + self.seconds * 10) * 1_000_000);
        put::u32(&mut record, 0x28, reason);
        put::u32(&mut record, 0x34, 0x20);
        let name = put::utf16(name);
        put::u16(&mut record, 0x38, u16::try_from(name.len()).expect("short name"));
        put::u16(&mut record, 0x3A, 0x3C);
        record.extend(name);
        put::pad8(&mut record);
        let len = record.len();
        put::u32(&mut record, 0, u32::try_from(len).expect("small"));
        if self.bytes.len() % PAGE + len > PAGE {
            self.bytes.resize(self.bytes.len().next_multiple_of(PAGE), 0);
        }
        let usn = self.next();
        put::u64(&mut record, 0x18, usn);
        self.bytes.extend(record);
        self.seconds += 1;
        usn
    }

    /// The records of a file that is made, written to and closed.
    pub fn created(&mut self, file: Reference, link: Link<'_>) -> u64 {
        let usn = self.record(file, link, CREATE);
        self.record(file, link, CREATE | 2);
        self.record(file, link, CREATE | 2 | CLOSE);
        usn
    }

    /// The records of a file that gets another name.
    pub fn renamed(&mut self, file: Reference, old: Link<'_>, new: Link<'_>) -> u64 {
        self.record(file, old, OLD_NAME);
        let usn = self.record(file, new, NEW_NAME);
        self.record(file, new, NEW_NAME | CLOSE);
        usn
    }

    /// The record of a file that is deleted.
    pub fn deleted(&mut self, file: Reference, link: Link<'_>) -> u64 {
        self.record(file, link, DELETE | CLOSE)
    }

    /// Makes what comes before `start` a hole.
    pub fn trim(&mut self, start: usize) {
        self.bytes.drain(..start - self.start);
        self.start = start;
    }

    /// The bytes of $J.
    pub fn stream(&self) -> Vec<u8> {
        [vec![0; self.start], self.bytes.clone()].concat()
    }
}

impl Volume {
    /// Adds $Extend/$UsnJrnl with this journal.
    pub fn usn_journal(&mut self, journal: &UsnJournal) -> Reference {
        let mut extend = File::directory(ROOT, "$Extend");
        extend.sequence = 11;
        let extend = self.put(11, &extend);
        let mut max = vec![0; 32];
        put::u64(&mut max, 0x00, 32 << 20);
        put::u64(&mut max, 0x08, 4 << 20);
        put::u64(&mut max, 0x10, journal.id);
        let records = self.sparse("$J", &journal.stream());
        let file = File::new(extend, "$UsnJrnl").data("", &[]).with(records);
        self.add(&file.with(resident(kind::DATA, "$Max", &max)))
    }
}
