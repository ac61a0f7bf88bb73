use crate::bytes::{i32_le, u32_le, window};

use super::base_block::{BASE_BLOCK_LEN, BaseBlock};
use super::error::Error;
use super::fault::Faults;

/// Length of a bin's header in bytes; bins begin and end at multiples of `BIN_ALIGN`.
// Source: regf spec, "Hive bin".
const HEADER_LEN: u32 = 32;
const BIN_ALIGN: u32 = 4096;

/// Checks the headers of all hive bins and that cells fill each. What is wrong goes to `faults`;
/// nothing is left out because of it, as cells are read by their own offsets.
pub(super) fn check(bytes: &[u8], base: &BaseBlock, faults: &mut Faults) {
    let bins = bytes.get(BASE_BLOCK_LEN..).unwrap_or(&[]);
    let stated = base.hive_bins_data_size;
    if u64::from(stated) > bins.len() as u64 {
        faults.push(Error::Truncated { stated, left: bins.len() as u64 });
    }
    let end = u32::try_from(base.bins_len(bytes.len())).unwrap_or(u32::MAX);
    let mut offset = 0;
    while offset < end {
        let found = signature(bins, offset);
        if found != *b"hbin" {
            let next = next_bin(bins, offset, end);
            let len = next.saturating_sub(offset);
            faults.push(Error::BinSignature { offset, found, len });
            offset = next;
            continue;
        }
        match bin_end(bins, offset, end) {
            Ok(next) => {
                check_bin(bins, offset, next, faults);
                offset = next;
            }
            Err(error) => {
                faults.push(error);
                offset = offset.saturating_add(BIN_ALIGN);
            }
        }
    }
}

fn signature(bins: &[u8], offset: u32) -> [u8; 4] {
    let bytes = window(bins, to_usize(offset), 4).and_then(<[u8]>::first_chunk);
    bytes.copied().unwrap_or_default()
}

/// Returns where the first bin behind `offset` begins, or `end`.
fn next_bin(bins: &[u8], offset: u32, end: u32) -> u32 {
    let pages =
        std::iter::successors(offset.checked_add(BIN_ALIGN), |at| at.checked_add(BIN_ALIGN));
    let mut pages = pages.take_while(|at| *at < end);
    pages.find(|at| signature(bins, *at) == *b"hbin").unwrap_or(end)
}

/// Returns where the bin at `offset` ends, always behind `offset`.
fn bin_end(bins: &[u8], offset: u32, end: u32) -> Result<u32, Error> {
    let size = u32_le(bins, to_usize(offset).saturating_add(8)).unwrap_or_default();
    match offset.checked_add(size) {
        Some(next) if next > offset && next <= end && size.is_multiple_of(BIN_ALIGN) => Ok(next),
        _ => {
            let left = u64::from(end.saturating_sub(offset));
            Err(Error::BinSize { offset, stated: size, left })
        }
    }
}

fn check_bin(bins: &[u8], bin: u32, end: u32, faults: &mut Faults) {
    match u32_le(bins, to_usize(bin).saturating_add(4)) {
        Some(stated) if stated != bin => faults.push(Error::BinOffset { offset: bin, stated }),
        _ => {}
    }
    let mut offset = bin.saturating_add(HEADER_LEN);
    while offset < end {
        let stated = i32_le(bins, to_usize(offset)).unwrap_or_default().unsigned_abs();
        match offset.checked_add(stated) {
            Some(next) if stated >= 8 && stated.is_multiple_of(8) && next <= end => offset = next,
            _ => return faults.push(Error::BinCells { bin, offset, stated }),
        }
    }
}

fn to_usize(offset: u32) -> usize {
    usize::try_from(offset).unwrap_or(usize::MAX)
}
