//! What sparse disks of all formats have in common: they are stretches, each of which lies in the
//! file, in a compressed piece of it, in the disk below, or nowhere.

use std::io;
use std::sync::Arc;

use crate::recent::Recent;
use crate::{Known, ReadAt, ReadAtExt};

/// Where a stretch of a disk lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stored {
    /// In the disk below, at the same offset; zeros where there is none.
    Below,
    /// Nowhere: it is zeros.
    Zeros,
    /// In the file, from this offset on.
    At(u64),
    /// In this piece, which has to be made first, from `within` on.
    Made { piece: u64, within: u64 },
}

/// A disk that is made of stretches.
pub(crate) trait Layered: Send + Sync {
    /// Length of the disk in bytes.
    fn disk_len(&self) -> u64;

    /// The file that it is stored in.
    fn file(&self) -> &dyn ReadAt;

    /// The disk below.
    fn below(&self) -> Option<&Arc<dyn ReadAt>>;

    /// Says where the byte at `offset` lies, and how many bytes from there on lie together, at
    /// least one. `offset` is in the disk.
    fn stretch(&self, offset: u64) -> io::Result<(Stored, u64)>;

    /// Makes the piece of this number.
    fn make(&self, piece: u64) -> io::Result<Arc<[u8]>> {
        let _ = piece;
        Ok(Arc::default())
    }
}

/// The most stretches that are joined: an answer may be shorter than it could be, but takes no
/// longer than to read that many entries of tables.
const MAX_JOINED: usize = 1024;

/// The stretch at `offset`, joined with those behind that go on where it ends, at most `limit`
/// bytes. 0 bytes behind the end of the disk.
fn joined(disk: &dyn Layered, offset: u64, limit: u64) -> io::Result<(Stored, u64)> {
    let limit = limit.min(disk.disk_len().saturating_sub(offset));
    if limit == 0 {
        return Ok((Stored::Zeros, 0));
    }
    let (stored, mut len) = disk.stretch(offset)?;
    for _ in 0..MAX_JOINED {
        if len == 0 || len >= limit {
            break;
        }
        // What is wrong behind is told when it is read itself.
        let Ok((next, more)) = disk.stretch(offset.saturating_add(len)) else { break };
        let goes_on = match (stored, next) {
            (Stored::Below, Stored::Below) | (Stored::Zeros, Stored::Zeros) => true,
            (Stored::At(at), Stored::At(next)) => at.checked_add(len) == Some(next),
            _ => false,
        };
        if !goes_on {
            break;
        }
        len = len.saturating_add(more);
    }
    Ok((stored, len.min(limit)))
}

/// [`ReadAt::read_at`] of the disk.
pub(crate) fn read_at(disk: &dyn Layered, buf: &mut [u8], offset: u64) -> io::Result<usize> {
    let mut done = 0;
    while let Some(rest) = buf.get_mut(done..).filter(|rest| !rest.is_empty()) {
        let offset = offset.saturating_add(done as u64);
        let (stored, len) = joined(disk, offset, rest.len() as u64)?;
        let len = usize::try_from(len).unwrap_or(usize::MAX).min(rest.len());
        let Some(part) = rest.get_mut(..len).filter(|part| !part.is_empty()) else { break };
        read_stored(disk, stored, part, offset)?;
        done = done.saturating_add(len);
    }
    Ok(done)
}

fn read_stored(disk: &dyn Layered, stored: Stored, buf: &mut [u8], offset: u64) -> io::Result<()> {
    match stored {
        Stored::Zeros => buf.fill(0),
        Stored::At(at) => disk.file().read_exact_at(buf, at)?,
        Stored::Below => {
            let got = match disk.below() {
                Some(below) if offset < below.len() => below.read_at(buf, offset)?,
                _ => 0,
            };
            // What is behind the end of the disk below is zeros.
            buf.get_mut(got..).unwrap_or_default().fill(0);
        }
        Stored::Made { piece, within } => {
            let bytes = disk.make(piece)?;
            let from = usize::try_from(within).ok().and_then(|within| bytes.get(within..));
            match from.and_then(|bytes| bytes.get(..buf.len())) {
                Some(bytes) => buf.copy_from_slice(bytes),
                None => return Err(io::ErrorKind::UnexpectedEof.into()),
            }
        }
    }
    Ok(())
}

/// [`ReadAt::known_at`] of the disk.
pub(crate) fn known_at(disk: &dyn Layered, offset: u64, len: u64) -> (Known, u64) {
    let len = len.min(disk.disk_len().saturating_sub(offset));
    match (joined(disk, offset, len), disk.below()) {
        // As much as one entry of a table stands for is not known here.
        (Err(_), _) => (Known::Nothing, len.min(512)),
        (Ok((Stored::Zeros, len)), _) => (Known::Zeros, len),
        (Ok((Stored::At(at), len)), _) => kept_at(disk.file(), at, len),
        (Ok((Stored::Below, len)), Some(below)) if offset < below.len() => {
            below.known_at(offset, len)
        }
        (Ok((Stored::Below, len)), _) => (Known::Zeros, len),
        (Ok((Stored::Made { .. }, len)), _) => (Known::Nothing, len),
    }
}

/// Says what is known of the bytes that a disk keeps at `offset` of `file`; behind its end, that they
/// are to be read, which fails.
pub(crate) fn kept_at(file: &dyn ReadAt, offset: u64, len: u64) -> (Known, u64) {
    match file.known_at(offset, len) {
        (_, 0) => (Known::Nothing, len),
        known => known,
    }
}

/// Entries of tables, read from their file when they are asked for, a page at a time.
pub(crate) struct Pages {
    recent: Recent,
}

/// Length of a page in bytes.
const PAGE: u64 = 16 << 10;

impl Pages {
    pub fn new() -> Self {
        Self { recent: Recent::new(PAGE * 4) }
    }

    /// Reads `N` bytes of `file` at `offset`.
    ///
    /// # Errors
    /// When they cannot be read, or the file ends before.
    pub fn read<const N: usize>(&self, file: &dyn ReadAt, offset: u64) -> io::Result<[u8; N]> {
        let (page, within) = (offset / PAGE, (offset % PAGE) as usize);
        let bytes =
            self.recent.get(page, || file.read_vec_at(page.saturating_mul(PAGE), PAGE as usize))?;
        let found = bytes.get(within..).and_then(|bytes| bytes.first_chunk::<N>());
        if let Some(found) = found {
            return Ok(*found);
        }
        // Across the end of a page, or of the file.
        let mut bytes = [0; N];
        file.read_exact_at(&mut bytes, offset)?;
        Ok(bytes)
    }
}

/// Makes [`ReadAt`] of a [`Layered`] disk.
macro_rules! read_layered {
    ($disk:ty) => {
        impl crate::ReadAt for $disk {
            fn len(&self) -> u64 {
                crate::layered::Layered::disk_len(self)
            }

            fn read_at(&self, buf: &mut [u8], offset: u64) -> std::io::Result<usize> {
                crate::layered::read_at(self, buf, offset)
            }

            fn known_at(&self, offset: u64, len: u64) -> (crate::Known, u64) {
                crate::layered::known_at(self, offset, len)
            }
        }

        impl std::fmt::Debug for $disk {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                let len = crate::layered::Layered::disk_len(self);
                f.debug_struct("Disk").field("len", &len).finish_non_exhaustive()
            }
        }
    };
}
pub(crate) use read_layered;
