use std::io;
use std::sync::Arc;

/// Positioned reads from bytes whose length does not change.
///
/// Readers stack: a file, a virtual disk over files, a partition of it, a file's data in a volume.
pub trait ReadAt: Send + Sync {
    /// Length in bytes.
    fn len(&self) -> u64;

    /// Fills `buf` from `offset`, both in bytes; short only at the end.
    ///
    /// # Errors
    /// When the bytes below cannot be read; what was read before the failure is not returned.
    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize>;

    /// Whether there are no bytes at all.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Says what is known of the bytes from `offset` without reading them, and for how many of
    /// them, at most `len`: 0 behind the end. A sparse disk answers from its grain tables.
    fn known_at(&self, offset: u64, len: u64) -> (Known, u64) {
        (Known::Nothing, len.min(self.len().saturating_sub(offset)))
    }
}

/// What is known of a stretch of bytes without reading it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Known {
    /// They are zeros.
    Zeros,
    /// They are kept here, one after the other, and do not change while the program runs: two
    /// stretches of one length that are kept at the same place are the same bytes.
    At {
        /// Which file or store, by a number that no other has.
        source: u64,
        /// Offset in it, in bytes.
        offset: u64,
    },
    /// Nothing: they are to be read.
    Nothing,
}

/// What every reader can do on top of [`ReadAt`].
pub trait ReadAtExt: ReadAt {
    /// Fills the whole of `buf` from `offset` in bytes.
    ///
    /// # Errors
    /// [`io::ErrorKind::UnexpectedEof`] when the end comes first, or the reader's own error.
    fn read_exact_at(&self, buf: &mut [u8], offset: u64) -> io::Result<()> {
        let wanted = buf.len();
        match self.read_at(buf, offset)? {
            got if got == wanted => Ok(()),
            got => Err(io::Error::new(
                io::ErrorKind::UnexpectedEof,
                format!("{got} of {wanted} bytes at offset {offset}: the end comes first"),
            )),
        }
    }

    /// Returns `len` bytes from `offset`, fewer at the end.
    ///
    /// The caller bounds `len`: it is allocated at once.
    ///
    /// # Errors
    /// The reader's own error.
    fn read_vec_at(&self, offset: u64, len: usize) -> io::Result<Vec<u8>> {
        let left = usize::try_from(self.len().saturating_sub(offset)).unwrap_or(usize::MAX);
        let mut bytes = vec![0; len.min(left)];
        let got = self.read_at(&mut bytes, offset)?;
        bytes.truncate(got);
        Ok(bytes)
    }
}

impl<R: ReadAt + ?Sized> ReadAtExt for R {}

impl ReadAt for [u8] {
    fn len(&self) -> u64 {
        <[u8]>::len(self) as u64
    }

    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        let rest = usize::try_from(offset).ok().and_then(|from| self.get(from..)).unwrap_or(&[]);
        let count = rest.len().min(buf.len());
        if let (Some(to), Some(from)) = (buf.get_mut(..count), rest.get(..count)) {
            to.copy_from_slice(from);
        }
        Ok(count)
    }
}

macro_rules! forward {
    ($(($($generic:tt)*) $type:ty;)*) => {$(
        impl<$($generic)*> ReadAt for $type {
            fn len(&self) -> u64 {
                (**self).len() as u64
            }

            fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
                (**self).read_at(buf, offset)
            }

            fn known_at(&self, offset: u64, len: u64) -> (Known, u64) {
                (**self).known_at(offset, len)
            }
        }
    )*};
}

forward! {
    () Vec<u8>;
    (R: ReadAt + ?Sized) &R;
    (R: ReadAt + ?Sized) Arc<R>;
    (R: ReadAt + ?Sized) Box<R>;
}

/// A byte range of a reader, itself a reader: a partition of a disk, an extent of a file.
#[derive(Clone, Debug)]
pub struct Window<R> {
    inner: R,
    start: u64,
    len: u64,
}

impl<R: ReadAt> Window<R> {
    /// Makes a window of `len` bytes from `start`, cut at the end of `inner`.
    pub fn new(inner: R, start: u64, len: u64) -> Self {
        let len = len.min(inner.len().saturating_sub(start));
        Self { inner, start, len }
    }

    /// Offset of the window in the reader below, in bytes.
    pub fn start(&self) -> u64 {
        self.start
    }
}

impl<R: ReadAt> ReadAt for Window<R> {
    fn len(&self) -> u64 {
        self.len
    }

    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        let left = usize::try_from(self.len.saturating_sub(offset)).unwrap_or(usize::MAX);
        let count = buf.len().min(left);
        match buf.get_mut(..count) {
            Some(buf) if count > 0 => self.inner.read_at(buf, self.start.saturating_add(offset)),
            _ => Ok(0),
        }
    }

    fn known_at(&self, offset: u64, len: u64) -> (Known, u64) {
        let len = len.min(self.len.saturating_sub(offset));
        self.inner.known_at(self.start.saturating_add(offset), len)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_is_cut_at_the_end_of_what_it_looks_into() {
        let bytes: Vec<u8> = (0..10).collect();
        let window = Window::new(&bytes[..], 6, 100);
        assert_eq!(window.len(), 4);
        assert_eq!(window.read_vec_at(1, 100).unwrap(), [7, 8, 9]);
        assert_eq!(window.read_vec_at(9, 1).unwrap(), [] as [u8; 0]);
        assert!(window.read_exact_at(&mut [0; 5], 0).is_err());
        assert_eq!(Window::new(&bytes[..], 11, 1).len(), 0);
    }
}
