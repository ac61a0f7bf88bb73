use std::collections::HashSet;
use std::sync::Arc;

use super::checksum::without_itself;
use super::file_header::FileHeader;
use super::overlay::{Overlay, Write};
use super::{Error, MIB, read_whole};
use crate::bytes::{u32_le, u64_le, window};
use crate::{Guid, ReadAt};

// Source of all of it: [MS-VHDX] 2.3.

/// Unit of the log in bytes.
const SECTOR: usize = 4096;
/// The longest log read; Hyper-V and QEMU write one of 1 MiB.
const MAX_LEN: u64 = 64 * MIB;
/// How many times the log's length may be read to compare checksums.
const MAX_ROUNDS: usize = 16;
/// Length of an entry's header, and of a descriptor.
const HEADER: usize = 64;
const DESCRIPTOR: usize = 32;

/// Replays the log of `file` in memory; `None` where it is empty, or holds no whole sequence of
/// entries, which is added to `findings`.
///
/// # Errors
/// When the log does not lie in the file, or the file is shorter than its log says.
pub(super) fn replay(
    file: &Arc<dyn ReadAt>,
    header: &FileHeader,
    findings: &mut Vec<Error>,
) -> Result<Option<Overlay>, Error> {
    if header.log.is_nil() {
        return Ok(None);
    }
    let (offset, len) = (header.log_offset, header.log_len);
    if len == 0 || len > MAX_LEN || len % SECTOR as u64 != 0 {
        let (structure, field, stated) = ("header", "LogLength", len);
        let expected = "a multiple of 4 KiB up to 64 MiB";
        return Err(Error::Field { structure, field, stated, expected });
    }
    let log = read_whole(&**file, "log", offset, len)?;
    let sequence = active(&log, header.log);
    let Some(head) = sequence.last() else {
        findings.push(Error::LogLost { offset });
        return Ok(None);
    };
    let file_len = file.len();
    if file_len < head.flushed_len {
        return Err(Error::LogFileLen { expected: head.flushed_len, file_len });
    }
    let mut overlay = Overlay::new(Arc::clone(file), head.last_len.min(file_len + MAX_LEN));
    for entry in &sequence {
        for (offset, write) in entry.writes(&log) {
            overlay.write(offset, write);
        }
    }
    findings.push(Error::LogReplayed { entries: sequence.len() as u64 });
    Ok(Some(overlay))
}

/// A log entry whose checksum is right.
#[derive(Clone, Copy, Debug)]
struct Entry {
    /// Where it begins in the log, which is a ring.
    start: usize,
    len: usize,
    /// Where the first entry of its sequence begins.
    tail: usize,
    number: u64,
    descriptors: usize,
    /// How long the file was at least, and is to become.
    flushed_len: u64,
    last_len: u64,
}

/// The newest sequence of entries that is whole, from its tail to its head.
fn active(log: &[u8], id: Guid) -> Vec<Entry> {
    let mut budget = log.len().saturating_mul(MAX_ROUNDS);
    let starts = (0..log.len()).step_by(SECTOR);
    let entries: Vec<Option<Entry>> =
        starts.map(|start| Entry::read(log, start, id, &mut budget)).collect();
    let at = |start: usize| entries.get(start / SECTOR).copied().flatten();
    let mut newest: Vec<Entry> = Vec::new();
    // A sequence begins at an entry that goes on from no other.
    let behind = |entry: &Entry| ((entry.start + entry.len) % log.len(), entry.number);
    let continued: HashSet<(usize, u64)> = entries.iter().flatten().map(behind).collect();
    let begins = |entry: &&Entry| !continued.contains(&(entry.start, entry.number - 1));
    for first in entries.iter().flatten().filter(begins) {
        let mut sequence = vec![*first];
        let mut last = *first;
        while sequence.len() <= entries.len() {
            let next = at((last.start + last.len) % log.len());
            match next.filter(|next| Some(next.number) == last.number.checked_add(1)) {
                Some(next) => {
                    sequence.push(next);
                    last = next;
                }
                None => break,
            }
        }
        let Some(tail) = sequence.iter().position(|entry| entry.start == last.tail) else {
            continue;
        };
        if newest.last().is_none_or(|head| head.number < last.number) {
            newest = sequence.split_off(tail);
        }
    }
    newest
}

impl Entry {
    fn read(log: &[u8], start: usize, id: Guid, budget: &mut usize) -> Option<Self> {
        let header = window(log, start, HEADER)?;
        let len = usize::try_from(u32_le(header, 8)?).ok()?;
        let entry = Self {
            start,
            len,
            tail: usize::try_from(u32_le(header, 12)?).ok()?,
            number: u64_le(header, 16)?,
            descriptors: usize::try_from(u32_le(header, 24)?).ok()?,
            flushed_len: u64_le(header, 48)?,
            last_len: u64_le(header, 56)?,
        };
        let is_sound = header.starts_with(b"loge")
            && Guid::at(header, 32)? == id
            && len >= SECTOR
            && len.is_multiple_of(SECTOR)
            && len <= log.len()
            && entry.number > 0
            && entry.tail.is_multiple_of(SECTOR);
        if !is_sound {
            return None;
        }
        *budget = budget.checked_sub(len)?;
        let bytes = ring(log, start, len)?;
        if without_itself(&bytes)? != u32_le(&bytes, 4)? {
            return None;
        }
        // Every descriptor and its data must be there.
        entry.parts(&bytes).map(|_| entry)
    }

    /// What it writes, in its order.
    fn writes(&self, log: &[u8]) -> Vec<(u64, Write)> {
        let bytes = ring(log, self.start, self.len);
        bytes.and_then(|bytes| self.parts(&bytes)).unwrap_or_default()
    }

    fn parts(&self, bytes: &[u8]) -> Option<Vec<(u64, Write)>> {
        let end = self.descriptors.checked_mul(DESCRIPTOR)?.checked_add(HEADER)?;
        let mut data = end.checked_next_multiple_of(SECTOR)?;
        let descriptors = window(bytes, HEADER, end.checked_sub(HEADER)?)?;
        let mut writes = Vec::new();
        for descriptor in descriptors.chunks_exact(DESCRIPTOR) {
            let (offset, number) = (u64_le(descriptor, 16)?, u64_le(descriptor, 24)?);
            let write = match descriptor.first_chunk::<4>()? {
                b"zero" => Write::zeros(u64_le(descriptor, 8)?),
                b"desc" => {
                    let sector = window(bytes, data, SECTOR)?;
                    data = data.checked_add(SECTOR)?;
                    self.sector(descriptor, sector)?
                }
                _ => return None,
            };
            if number != self.number || offset % SECTOR as u64 != 0 {
                return None;
            }
            writes.push((offset, write));
        }
        Some(writes)
    }

    /// Puts a sector together: its first eight and last four bytes are in the descriptor, where
    /// the sector has its number instead.
    // Source: [MS-VHDX] 2.3.1.3, 2.3.1.4.
    fn sector(&self, descriptor: &[u8], sector: &[u8]) -> Option<Write> {
        let high = u64::from(u32_le(sector, 4)?);
        let low = u64::from(u32_le(sector, SECTOR - 4)?);
        if !sector.starts_with(b"data") || high << 32 | low != self.number {
            return None;
        }
        let (first, last) = (window(descriptor, 8, 8)?, window(descriptor, 4, 4)?);
        let middle = sector.get(8..SECTOR - 4)?;
        Some(Write::bytes([first, middle, last].concat().into()))
    }
}

/// `len` bytes of the ring from `start` on.
fn ring(log: &[u8], start: usize, len: usize) -> Option<Vec<u8>> {
    let (before, from) = (log.get(..start)?, log.get(start..)?);
    let first = len.min(from.len());
    Some([from.get(..first)?, before.get(..len.checked_sub(first)?)?].concat())
}
