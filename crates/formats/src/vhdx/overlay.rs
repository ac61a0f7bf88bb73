use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

use crate::{Known, ReadAt};

/// A file with what its log writes over it.
pub(super) struct Overlay {
    file: Arc<dyn ReadAt>,
    len: u64,
    /// What is written, by offset; no two overlap.
    writes: BTreeMap<u64, Write>,
}

/// Bytes that are written.
#[derive(Clone, Debug)]
pub(super) struct Write {
    pub len: u64,
    /// `None` for zeros.
    pub bytes: Option<Arc<[u8]>>,
    /// Where in `bytes` it begins.
    from: u64,
}

impl Write {
    pub fn bytes(bytes: Arc<[u8]>) -> Self {
        Self { len: bytes.as_ref().len() as u64, bytes: Some(bytes), from: 0 }
    }

    pub fn zeros(len: u64) -> Self {
        Self { len, bytes: None, from: 0 }
    }

    /// What is left of it behind its first `skip` bytes, at most `len` bytes.
    fn part(&self, skip: u64, len: u64) -> Self {
        let left = self.len.saturating_sub(skip);
        Self { len: left.min(len), bytes: self.bytes.clone(), from: self.from.saturating_add(skip) }
    }
}

impl Overlay {
    /// A file as it is, made at least `len` bytes long by zeros.
    pub fn new(file: Arc<dyn ReadAt>, len: u64) -> Self {
        let len = len.max(file.len());
        Self { file, len, writes: BTreeMap::new() }
    }

    /// Writes over what was written before. The file becomes longer where it must.
    pub fn write(&mut self, offset: u64, write: Write) {
        let end = offset.saturating_add(write.len);
        let covered = self.writes.range(..end).rev();
        let covered = covered.take_while(|(start, it)| start.saturating_add(it.len) > offset);
        let covered: Vec<u64> = covered.map(|(start, _)| *start).collect();
        for start in covered {
            let Some(before) = self.writes.remove(&start) else { continue };
            if start < offset {
                self.writes.insert(start, before.part(0, offset.saturating_sub(start)));
            }
            if start.saturating_add(before.len) > end {
                let rest = before.part(end.saturating_sub(start), u64::MAX);
                self.writes.insert(end, rest);
            }
        }
        if write.len > 0 {
            self.len = self.len.max(end);
            self.writes.insert(offset, write);
        }
    }

    /// What is written at `offset`, and for how many bytes that is so, at most `limit`.
    fn at(&self, offset: u64, limit: u64) -> (Option<Write>, u64) {
        let limit = limit.min(self.len.saturating_sub(offset));
        let before = self.writes.range(..=offset).next_back();
        let within = before.and_then(|(start, write)| {
            let skip = offset.saturating_sub(*start);
            (skip < write.len).then(|| write.part(skip, limit))
        });
        if let Some(write) = within {
            let len = write.len;
            return (Some(write), len);
        }
        let next = self.writes.range(offset..).next().map_or(u64::MAX, |(start, _)| *start);
        (None, limit.min(next.saturating_sub(offset)))
    }
}

impl ReadAt for Overlay {
    fn len(&self) -> u64 {
        self.len
    }

    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        let mut done = 0;
        while let Some(rest) = buf.get_mut(done..).filter(|rest| !rest.is_empty()) {
            let offset = offset.saturating_add(done as u64);
            let (write, len) = self.at(offset, rest.len() as u64);
            let len = usize::try_from(len).unwrap_or(usize::MAX).min(rest.len());
            let Some(part) = rest.get_mut(..len).filter(|part| !part.is_empty()) else { break };
            let from = write.as_ref().map_or(0, |write| write.from);
            match write {
                Some(Write { bytes: Some(bytes), .. }) => {
                    bytes.read_at(part, from)?;
                }
                Some(Write { bytes: None, .. }) => part.fill(0),
                None => {
                    let got = self.file.read_at(part, offset)?;
                    part.get_mut(got..).unwrap_or_default().fill(0);
                }
            }
            done = done.saturating_add(len);
        }
        Ok(done)
    }

    fn known_at(&self, offset: u64, len: u64) -> (Known, u64) {
        let (write, len) = self.at(offset, len);
        match write {
            Some(Write { bytes: None, .. }) => (Known::Zeros, len),
            Some(_) => (Known::Nothing, len),
            None => match self.file.known_at(offset, len) {
                (_, 0) => (Known::Zeros, len),
                known => known,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ReadAtExt;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_written_last_is_read(
            writes in prop::collection::vec((0usize..200, 0usize..60, any::<u8>()), 0..30),
        ) {
            let file: Vec<u8> = (0..150).collect();
            let mut expected = file.clone();
            let mut overlay = Overlay::new(Arc::new(file), 0);
            for (offset, len, byte) in writes {
                if len > 0 && expected.len() < offset + len {
                    expected.resize(offset + len, 0);
                }
                let bytes: Vec<u8> = (0..len).map(|it| byte.wrapping_add(it as u8)).collect();
                if byte < 128 {
                    overlay.write(offset as u64, Write::zeros(len as u64));
                    expected.iter_mut().skip(offset).take(len).for_each(|it| *it = 0);
                } else {
                    expected.iter_mut().skip(offset).zip(&bytes).for_each(|(it, new)| *it = *new);
                    overlay.write(offset as u64, Write::bytes(bytes.into()));
                }
            }
            prop_assert_eq!(overlay.read_vec_at(0, 1000).unwrap(), expected);
        }
    }
}
