use crate::bytes::{u32_le, window};

use super::super::BaseBlock;
use super::error::LogError;
use super::log_entry::{DirtyPage, SECTOR, check_bins_data_size};

/// A log of the old format: a bitmap of the pages that a write changes, and these pages.
// Source: regf spec, "Old format". A sector is 512 bytes whatever the disk has, as "Sector size
// and clustering factor" says.
#[derive(Debug)]
pub(super) struct OldLog<'a> {
    pub(super) hive_bins_data_size: u32,
    /// In the order of their offsets.
    pub(super) pages: Vec<DirtyPage<'a>>,
}

/// Bytes of the hive bins data that a bit of the dirty vector is for.
const PAGE: u32 = 512;
/// Bytes of the hive bins data that a byte of the dirty vector is for.
const PAGES: u32 = PAGE * 8;
const BIN_ALIGN: u32 = 4096;

impl<'a> OldLog<'a> {
    /// Reads the log that has this base block.
    ///
    /// # Errors
    /// When there is no dirty vector, or a page that it names is not in the file.
    pub(super) fn read(log: &'a [u8], base: &BaseBlock) -> Result<Self, LogError> {
        let hive_bins_data_size = base.hive_bins_data_size;
        check_bins_data_size(0, hive_bins_data_size)?;
        let bitmap = dirty_vector(log, hive_bins_data_size)?;
        let start = SECTOR.saturating_add(4).saturating_add(bitmap.len());
        let start = start.checked_next_multiple_of(SECTOR).unwrap_or(usize::MAX);
        let count = bitmap
            .iter()
            .fold(0, |sum: u64, byte| sum.saturating_add(u64::from(byte.count_ones())));
        let needed = (start as u64).saturating_add(count.saturating_mul(SECTOR as u64));
        if needed > log.len() as u64 {
            return Err(LogError::DirtyPages { needed, len: log.len() as u64 });
        }
        let bytes = log.get(start..).unwrap_or_default().chunks_exact(SECTOR);
        let pages = dirty(bitmap).zip(bytes).map(|(offset, bytes)| DirtyPage { offset, bytes });
        Ok(Self { hive_bins_data_size, pages: pages.collect() })
    }

    /// The first hive bin that begins with a dirty page and is none: it and what follows is not
    /// to be applied.
    ///
    /// `bins` is the hive bins data of the primary file. Where a bin begins follows from the bins
    /// before it, as they will be.
    // Source: regf spec, "Dirty pages". That a size is a multiple of 4096: "Hive bin".
    pub(super) fn bad_bin(&self, bins: &[u8]) -> Option<(u32, LogError)> {
        let mut offset = 0;
        // Whether the bins before lead here; behind a bad one of the primary file nothing does.
        let mut led = true;
        while offset < self.hive_bins_data_size {
            let page = self.pages.binary_search_by_key(&offset, |page| page.offset).ok();
            let page = page.and_then(|index| self.pages.get(index));
            let start = usize::try_from(offset).unwrap_or(usize::MAX);
            let bin = page.map_or_else(|| bins.get(start..).unwrap_or_default(), |page| page.bytes);
            match (bin_size(bin, offset), page) {
                (Ok(size), _) => {
                    offset = offset.saturating_add(size);
                    led = true;
                }
                (Err(error), Some(_)) if led => return Some((offset, error)),
                (Err(_), _) => {
                    offset = offset.saturating_add(BIN_ALIGN);
                    led = false;
                }
            }
        }
        None
    }
}

/// The bitmap, a bit a page and the lowest bit of a byte first.
fn dirty_vector(log: &[u8], hive_bins_data_size: u32) -> Result<&[u8], LogError> {
    let found = window(log, SECTOR, 4).and_then(<[u8]>::first_chunk).copied().unwrap_or_default();
    if found != *b"DIRT" {
        return Err(LogError::DirtyVector { found });
    }
    let len = usize::try_from(hive_bins_data_size / PAGES).unwrap_or(usize::MAX);
    let start = SECTOR.saturating_add(4);
    window(log, start, len).ok_or(LogError::DirtyPages {
        needed: (start as u64).saturating_add(len as u64),
        len: log.len() as u64,
    })
}

/// Offsets of the pages whose bits are set, in order.
fn dirty(bitmap: &[u8]) -> impl Iterator<Item = u32> {
    let bytes = bitmap.iter().zip((0..=u32::MAX).step_by(PAGES as usize));
    bytes.filter(|(byte, _)| **byte != 0).flat_map(|(byte, start)| {
        let set = (0..8).filter(move |bit| byte & (1 << bit) != 0);
        set.map(move |bit: u32| start.saturating_add(bit.saturating_mul(PAGE)))
    })
}

/// Returns the size of the hive bin of which these are the first bytes, in bytes.
fn bin_size(bin: &[u8], offset: u32) -> Result<u32, LogError> {
    let found = bin.first_chunk().copied().unwrap_or_default();
    let stated = u32_le(bin, 4).unwrap_or_default();
    let size = u32_le(bin, 8).unwrap_or_default();
    match size {
        BIN_ALIGN.. if found == *b"hbin" && stated == offset && size.is_multiple_of(BIN_ALIGN) => {
            Ok(size)
        }
        _ => Err(LogError::DirtyBin { offset, found, stated, size }),
    }
}
