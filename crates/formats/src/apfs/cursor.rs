use std::cell::Cell;
use std::io::{self, Read, Seek, SeekFrom};

use crate::ReadAt;

/// How much of a volume of that length is read at most, in bytes: a tree can be made so that each
/// search leads through all of it.
pub(super) fn most(len: u64) -> u64 {
    len.saturating_mul(128).saturating_add(1 << 30)
}

/// Bytes as a stream with a position, of which only so many may be read.
pub(super) struct Cursor<'c> {
    bytes: &'c dyn ReadAt,
    at: u64,
    left: &'c Cell<u64>,
}

impl<'c> Cursor<'c> {
    pub(super) fn new(bytes: &'c dyn ReadAt, left: &'c Cell<u64>) -> Self {
        Self { bytes, at: 0, left }
    }
}

impl Read for Cursor<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let left = self.left.get().checked_sub(buf.len() as u64);
        self.left.set(left.ok_or_else(|| io::Error::other("more is read than is plausible"))?);
        let count = self.bytes.read_at(buf, self.at)?;
        self.at = self.at.saturating_add(count as u64);
        Ok(count)
    }
}

impl Seek for Cursor<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let at = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
            SeekFrom::End(by) => self.bytes.len().checked_add_signed(by),
        };
        self.at = at.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.at)
    }
}
