use std::io;
use std::sync::Arc;

use crate::{Known, ReadAt};

/// Several readers one after the other, themselves a reader: a raw disk that was split.
pub struct Joined {
    /// Each part and where it ends, in bytes.
    parts: Vec<(u64, Arc<dyn ReadAt>)>,
}

impl Joined {
    /// Joins `parts` in their order.
    pub fn new(parts: impl IntoIterator<Item = Arc<dyn ReadAt>>) -> Self {
        let mut end = 0u64;
        let parts = parts.into_iter().map(|part| {
            end = end.saturating_add(part.len());
            (end, part)
        });
        Self { parts: parts.collect() }
    }

    /// The part at `offset`, and the offset in it.
    fn at(&self, offset: u64) -> Option<(&Arc<dyn ReadAt>, u64)> {
        let index = self.parts.partition_point(|(end, _)| *end <= offset);
        let (end, part) = self.parts.get(index)?;
        Some((part, offset.saturating_sub(end.saturating_sub(part.len()))))
    }
}

impl ReadAt for Joined {
    fn len(&self) -> u64 {
        self.parts.last().map_or(0, |(end, _)| *end)
    }

    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        let mut done = 0;
        while let Some(rest) = buf.get_mut(done..).filter(|rest| !rest.is_empty()) {
            let Some((part, within)) = self.at(offset.saturating_add(done as u64)) else { break };
            match part.read_at(rest, within)? {
                0 => break,
                len => done = done.saturating_add(len),
            }
        }
        Ok(done)
    }

    fn known_at(&self, offset: u64, len: u64) -> (Known, u64) {
        match self.at(offset) {
            Some((part, within)) => part.known_at(within, len),
            None => (Known::Nothing, 0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ReadAtExt;

    #[test]
    fn parts_are_read_as_one() {
        let parts = [&b"abc"[..], b"", b"defg", b"h"].map(|part| Arc::new(part.to_vec()) as _);
        let joined = Joined::new(parts);
        assert_eq!((joined.len(), &*joined.read_vec_at(2, 10).unwrap()), (8, &b"cdefgh"[..]));
        assert_eq!((joined.known_at(3, 10).1, joined.known_at(8, 10).1), (4, 0));
    }
}
