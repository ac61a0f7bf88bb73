use std::fs::File;
use std::io;
use std::path::Path;

use diskprint_formats::ReadAt;

/// A file of the host, opened for reading only.
#[derive(Debug)]
pub struct FileReader {
    file: File,
    len: u64,
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
        Ok(Self { file, len })
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
}

#[cfg(unix)]
fn fill(file: &File, buf: &mut [u8], offset: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, buf, offset)
}

#[cfg(windows)]
fn fill(file: &File, mut buf: &mut [u8], mut offset: u64) -> io::Result<()> {
    while !buf.is_empty() {
        match std::os::windows::fs::FileExt::seek_read(file, buf, offset)? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            count => (buf, offset) = (&mut buf[count..], offset + count as u64),
        }
    }
    Ok(())
}
