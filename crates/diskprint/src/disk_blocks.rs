use std::io;

use diskprint_formats::{Known, ReadAt, ReadAtExt};

use crate::pipeline::{self, Ahead};

/// Blocks of a disk in their order, made ahead on the threads of the pool.
pub(crate) struct Blocks<'b, 'a, 'scope, T> {
    ahead: &'b mut Ahead<'a, 'scope, T>,
    next: usize,
    count: usize,
}

/// Does `work` with what `make` gives of each `block_len` bytes of a disk of `len` bytes: it is told
/// the offset and the length of each.
pub(crate) fn with_blocks<T: Send, R: Send>(
    len: u64,
    block_len: u64,
    make: impl Fn(u64, usize) -> T + Sync,
    work: impl FnOnce(&mut Blocks<'_, '_, '_, T>) -> R + Send,
) -> R {
    let count = usize::try_from(len.div_ceil(block_len)).unwrap_or(usize::MAX);
    let make = |index: usize| {
        let offset = block_len.saturating_mul(index as u64);
        let len = len.saturating_sub(offset).min(block_len);
        make(offset, usize::try_from(len).unwrap_or(usize::MAX))
    };
    pipeline::with_ahead(count, make, |ahead| work(&mut Blocks { ahead, next: 0, count }))
}

impl<T: Send> Iterator for Blocks<'_, '_, '_, T> {
    type Item = T;

    fn next(&mut self) -> Option<T> {
        if self.next >= self.count {
            return None;
        }
        // Two for each thread: nobody waits, and few of them are there.
        let ahead = pipeline::threads().saturating_mul(2);
        let until = self.next.saturating_add(ahead).min(self.count.saturating_sub(1));
        (self.next..=until).for_each(|index| self.ahead.begin(index));
        let made = self.ahead.take(self.next);
        self.next = self.next.saturating_add(1);
        Some(made)
    }
}

/// Reads `len` bytes of a disk, or knows without reading that they are zeros.
///
/// # Errors
/// The reader's own.
pub(crate) fn read(disk: &dyn ReadAt, offset: u64, len: usize) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; len];
    let end = offset.saturating_add(len as u64);
    let mut at = offset;
    while at < end {
        let (known, known_len) = disk.known_at(at, end.saturating_sub(at));
        if known_len == 0 {
            break;
        }
        if known != Known::Zeros {
            let from = usize::try_from(at.saturating_sub(offset)).unwrap_or(usize::MAX);
            let to = from.saturating_add(usize::try_from(known_len).unwrap_or(usize::MAX)).min(len);
            disk.read_exact_at(bytes.get_mut(from..to).unwrap_or_default(), at)?;
        }
        at = at.saturating_add(known_len);
    }
    Ok(bytes)
}
