use std::fs::File;
use std::io;
use std::path::Path;

use diskprint_formats::{Known, ReadAt};

use crate::source::{self, FileIdentity};

/// A file of the host, opened for reading only.
#[derive(Debug)]
pub struct FileReader {
    file: File,
    len: u64,
    /// Its number as a source, where it is known to be the same file again.
    source: Option<u64>,
}

impl FileReader {
    /// Opens the file at `path`. Its length is taken once: evidence does not change.
    ///
    /// # Errors
    /// When it cannot be opened for reading.
    pub fn open(path: &Path) -> io::Result<Self> {
        let file = File::open(path)?;
        let metadata = file.metadata()?;
        if !metadata.is_file() && metadata.len() == 0 {
            let what = "cannot be read from any place of it, as a pipe; save it to a file first";
            return Err(io::Error::new(io::ErrorKind::NotSeekable, what));
        }
        let len = metadata.len();
        Ok(Self { file, len, source: None })
    }

    /// Opens the file at `path`, and knows it again where it was last changed long enough before
    /// `now`, in seconds since 1970.
    ///
    /// # Errors
    /// When it cannot be opened for reading.
    pub(crate) fn open_known(path: &Path, now: u64) -> io::Result<Self> {
        let reader = Self::open(path)?;
        let identity = FileIdentity::of(&reader.file.metadata()?);
        let source = identity.filter(|identity| identity.is_settled(now)).map(source::of);
        Ok(Self { source, ..reader })
    }
}

impl ReadAt for FileReader {
    fn len(&self) -> u64 {
        self.len
    }

    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        let left = usize::try_from(self.len.saturating_sub(offset)).unwrap_or(usize::MAX);
        let buf = match buf.len().min(left) {
            0 => return Ok(0),
            count => &mut buf[..count],
        };
        fill(&self.file, buf, offset)?;
        Ok(buf.len())
    }

    fn known_at(&self, offset: u64, len: u64) -> (Known, u64) {
        let known = self.source.map_or(Known::Nothing, |source| Known::At { source, offset });
        (known, len.min(self.len.saturating_sub(offset)))
    }
}

/// Fills `buf` from `offset` of a file.
#[cfg(unix)]
pub(crate) fn fill(file: &File, buf: &mut [u8], offset: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, buf, offset)
}

/// Writes `bytes` at `offset` of a file.
#[cfg(unix)]
pub(crate) fn write_at(file: &File, bytes: &[u8], offset: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::write_all_at(file, bytes, offset)
}

/// Fills `buf` from `offset` of a file.
#[cfg(windows)]
pub(crate) fn fill(file: &File, mut buf: &mut [u8], mut offset: u64) -> io::Result<()> {
    while !buf.is_empty() {
        match std::os::windows::fs::FileExt::seek_read(file, buf, offset)? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            count => (buf, offset) = (&mut buf[count..], offset + count as u64),
        }
    }
    Ok(())
}

/// Writes `bytes` at `offset` of a file.
#[cfg(windows)]
pub(crate) fn write_at(file: &File, mut bytes: &[u8], mut offset: u64) -> io::Result<()> {
    while !bytes.is_empty() {
        match std::os::windows::fs::FileExt::seek_write(file, bytes, offset)? {
            0 => return Err(io::ErrorKind::WriteZero.into()),
            count => (bytes, offset) = (&bytes[count..], offset + count as u64),
        }
    }
    Ok(())
}
