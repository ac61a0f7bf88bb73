use super::Error;
use crate::{Extents, Run};

/// Longest content that is unpacked, in bytes, and the longest that it is unpacked from.
pub(super) const LONGEST: u64 = 64 << 20;

/// How much is unpacked of a container of that length, in bytes.
pub(super) fn most(len: u64) -> u64 {
    len.saturating_mul(32)
}

/// A part of a content.
pub(super) struct Extent {
    /// Where it begins in the content, in bytes.
    pub offset: u64,
    /// Its length in bytes.
    pub len: u64,
    /// The block that it begins at; 0 for a hole.
    pub first: u64,
}

/// The extents of a content of `len` bytes; they tell all of it, holes too.
// Source: Apple File System Reference, "j_file_extent_val_t": a hole has the block number 0.
pub(super) fn extents(
    found: impl IntoIterator<Item = Extent>,
    len: u64,
    block_size: u32,
) -> Result<Extents, Error> {
    let block = u64::from(block_size);
    let (mut runs, mut end) = (Vec::new(), 0u64);
    for Extent { offset, len, first } in found.into_iter().filter(|extent| extent.len > 0) {
        let is_next = offset == end && len.is_multiple_of(block);
        let next = end.checked_add(len).filter(|_| is_next);
        let vcn = end / block;
        end = next.ok_or(Error::Extents { offset: end })?;
        let lcn = Some(first).filter(|block| *block != 0);
        runs.push(Run { vcn, lcn, clusters: len / block });
    }
    if end < len {
        return Err(Error::Extents { offset: end });
    }
    let (cluster_size, unit_clusters) = (block_size, 0);
    Ok(Extents { runs, cluster_size, data_size: len, initialized_size: len, unit_clusters })
}

/// Length of a packed content when it is unpacked.
// Source: Apple, XNU, bsd/sys/decmpfs.h: uncompressed_size at 8.
pub(super) fn unpacked_len(header: &[u8]) -> Option<u64> {
    header.get(8..16)?.try_into().ok().map(u64::from_le_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(extents: &[(u64, u64, u64)], len: u64) -> Option<Vec<(u64, Option<u64>, u64)>> {
        let found = extents.iter().map(|&(offset, len, first)| Extent { offset, len, first });
        let runs = super::extents(found, len, 4096).ok()?.runs;
        Some(runs.iter().map(|run| (run.vcn, run.lcn, run.clusters)).collect())
    }

    #[test]
    fn extents_tell_all_of_a_content_or_nothing() {
        let both = [(0, 8192, 7), (8192, 4096, 0)];
        assert_eq!(of(&both, 9000), Some(vec![(0, Some(7), 2), (2, None, 1)]));
        assert_eq!(of(&both, 12_289), None);
        assert_eq!(of(&[(4096, 4096, 7)], 5000), None);
        assert_eq!(of(&[(0, 4096, 7), (0, 4096, 8)], 5000), None);
        assert_eq!(of(&[(0, 5000, 7)], 5000), None);
        assert_eq!(of(&[(0, 1 << 63, 7), (1 << 63, 1 << 63, 8)], 5000), None);
        assert_eq!(of(&[], 0), Some(vec![]));
    }
}
