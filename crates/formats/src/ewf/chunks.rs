use std::io;

use super::Error;
use crate::recent::Recent;

/// Fills `buf` from `offset` of a disk that is kept in chunks, of which `chunk` gives those that are not
/// in `cache`; `lens` are the disk's length and that of a chunk, in bytes.
pub(super) fn read(
    cache: &Recent,
    lens: (u64, u64),
    buf: &mut [u8],
    offset: u64,
    chunk: impl Fn(u64) -> Result<Vec<u8>, Error>,
) -> io::Result<usize> {
    let (disk_len, chunk_len) = (lens.0, lens.1.max(1));
    let mut done = 0;
    while let Some(rest) = buf.get_mut(done..).filter(|rest| !rest.is_empty()) {
        let at = offset.saturating_add(done as u64);
        if at >= disk_len {
            break;
        }
        let number = at / chunk_len;
        let bytes = cache.get(number, || chunk(number))?;
        let within = usize::try_from(at % chunk_len).unwrap_or(usize::MAX);
        let bytes = bytes.get(within..).unwrap_or_default();
        let count = bytes.len().min(rest.len());
        match (rest.get_mut(..count), bytes.get(..count)) {
            (Some(to), Some(from)) if count > 0 => to.copy_from_slice(from),
            _ => break,
        }
        done = done.saturating_add(count);
    }
    Ok(done)
}
