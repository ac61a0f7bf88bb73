use crate::bytes::{i32_le, u32_le};
use crate::regf::base_block::BASE_BLOCK_LEN;
use crate::regf::cell::Span;
use crate::regf::hive::Hive;

use super::Place;
use super::candidate::{Candidate, Candidates};
use super::in_use::InUse;

/// Length of a bin's header in bytes; bins begin at multiples of `BIN_ALIGN`.
// Source: regf spec, "Hive bin".
const BIN_HEADER_LEN: usize = 32;
const BIN_ALIGN: usize = 4096;
/// Cells begin at multiples of this.
const CELL_ALIGN: usize = 8;

/// Finds what looks like a key node or key value and is not in use.
pub(super) fn candidates(hive: &Hive, in_use: &InUse) -> Candidates {
    let mut scan = Scan { hive, in_use, found: Candidates::default() };
    let bytes = hive.bytes();
    let end = BASE_BLOCK_LEN.saturating_add(hive.base_block().bins_len(bytes.len()));
    let mut at = BASE_BLOCK_LEN;
    while at < end {
        match bin_len(bytes, at, end) {
            Some(len) => {
                scan.bin(at.saturating_add(BIN_HEADER_LEN), at.saturating_add(len));
                at = at.saturating_add(len);
            }
            None => {
                let next = at.saturating_add(BIN_ALIGN).min(end);
                scan.stretch(at, next, next, Place::Outside);
                at = next;
            }
        }
    }
    scan.stretch(end, bytes.len(), bytes.len(), Place::Outside);
    scan.found
}

/// Length of the bin at `at`; `None` when there is none.
fn bin_len(bytes: &[u8], at: usize, end: usize) -> Option<usize> {
    let signed = bytes.get(at..)?.starts_with(b"hbin");
    let len = usize::try_from(u32_le(bytes, at.checked_add(8)?)?).ok()?;
    let fits = len >= BIN_ALIGN && len.is_multiple_of(BIN_ALIGN) && len <= end.checked_sub(at)?;
    (signed && fits).then_some(len)
}

struct Scan<'a> {
    hive: &'a Hive,
    in_use: &'a InUse,
    found: Candidates,
}

impl Scan<'_> {
    /// Searches the cells of a bin. Where one has an impossible size, the rest of the bin is
    /// searched as one stretch.
    fn bin(&mut self, start: usize, end: usize) {
        let mut at = start;
        while at < end {
            let size = i32_le(self.hive.bytes(), at).unwrap_or_default();
            let len = usize::try_from(size.unsigned_abs()).unwrap_or(usize::MAX);
            let next = at.saturating_add(len);
            if len < CELL_ALIGN || !len.is_multiple_of(CELL_ALIGN) || next > end {
                self.stretch(at, end, end, Place::Outside);
                return;
            }
            if size > 0 {
                self.stretch(at, next, next, Place::Free);
            } else {
                let first = at.saturating_add(CELL_ALIGN);
                let behind = self.stretch(at, first, next, Place::Unreferenced);
                self.stretch(behind, next, next, Place::Slack);
            }
            at = next;
        }
    }

    /// Searches from `start` to `end` for records that end at or before `limit`, and returns
    /// where the last one ends, or `end`.
    fn stretch(&mut self, start: usize, end: usize, limit: usize, place: Place) -> usize {
        let mut at = start.next_multiple_of(CELL_ALIGN);
        while at < end {
            at = at.saturating_add(self.record(at, limit, place).unwrap_or(CELL_ALIGN));
        }
        at
    }

    /// Notes the record at `at`, if there is one, and returns its length.
    fn record(&mut self, at: usize, limit: usize, place: Place) -> Option<usize> {
        let signature = self.hive.bytes().get(at.checked_add(4)?..at.checked_add(6)?)?;
        if signature != b"nk" && signature != b"vk" {
            return None;
        }
        let candidate = Candidate::read(self.hive, at, limit)?;
        let span: Span = candidate.span();
        if self.in_use.any(span) {
            return None;
        }
        self.found.push(candidate, place);
        Some(usize::try_from(span.len).ok()?.next_multiple_of(CELL_ALIGN))
    }
}
