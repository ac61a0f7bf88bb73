use std::fmt;
use std::io;
use std::sync::Arc;

use super::descriptor::{Descriptor, ExtentKind, ExtentLine};
use super::sparse_extent::{SparseExtent, Stored};
use super::{Error, SECTOR};
use crate::layered::kept_at;
use crate::{Known, ReadAt, ReadAtExt};

/// A virtual disk over all its extents and those of its parents, itself a reader.
pub struct Disk {
    extents: Vec<Placed>,
    len: u64,
    parent: Option<Arc<dyn ReadAt>>,
    findings: Vec<Error>,
}

/// An extent and where it lies in the disk, in bytes.
struct Placed {
    start: u64,
    len: u64,
    extent: Extent,
}

enum Extent {
    Flat { file: Arc<dyn ReadAt>, offset: u64 },
    Sparse(Box<SparseExtent>),
    Zero,
}

impl Disk {
    /// Opens the disk that `descriptor`, found in `file`, describes.
    ///
    /// `parent` is the disk below when this one is a snapshot. `open` opens an extent by the name
    /// that the descriptor gives it; it is not called for a sparse extent around its own
    /// descriptor, which may have been renamed.
    ///
    /// # Errors
    /// When an extent or the parent is missing, or headers and tables are damaged beyond help.
    pub fn open(
        file: &Arc<dyn ReadAt>,
        descriptor: &Descriptor,
        parent: Option<Arc<dyn ReadAt>>,
        open: &mut dyn FnMut(&str) -> io::Result<Arc<dyn ReadAt>>,
    ) -> Result<Self, Error> {
        if let (Some(_), None) = (descriptor.parent_cid, &parent) {
            let hint = descriptor.parent_hint.clone().unwrap_or_default();
            return Err(Error::ParentMissing { hint });
        }
        let mut disk = Self { extents: Vec::new(), len: 0, parent, findings: Vec::new() };
        let own = descriptor.embedded && descriptor.extents.len() == 1;
        for line in &descriptor.extents {
            let in_extent =
                |source| Error::InExtent { file: line.file.clone(), source: Box::new(source) };
            let (extent, sectors) = match (&line.kind, own) {
                (ExtentKind::Sparse, true) => disk.sparse(line, Arc::clone(file), true),
                (ExtentKind::Sparse, false) => disk.sparse(line, opened(line, open)?, false),
                (ExtentKind::Flat, _) => Ok(disk.flat(line, opened(line, open)?)),
                (ExtentKind::Zero, _) => Ok((Extent::Zero, line.size_sectors)),
                (ExtentKind::Other(kind), _) => {
                    Err(Error::Unsupported { what: "extent kind", kind: kind.clone() })
                }
            }
            .map_err(in_extent)?;
            let len = sectors.checked_mul(SECTOR).ok_or(Error::DiskLen)?;
            disk.extents.push(Placed { start: disk.len, len, extent });
            disk.len = disk.len.checked_add(len).ok_or(Error::DiskLen)?;
        }
        Ok(disk)
    }

    /// What is damaged but could be helped: tables taken from their twins, extents of another
    /// length than stated. Reading what could not be helped fails.
    pub fn findings(&self) -> &[Error] {
        &self.findings
    }

    /// Takes the findings out.
    pub fn take_findings(&mut self) -> Vec<Error> {
        std::mem::take(&mut self.findings)
    }

    fn sparse(
        &mut self,
        line: &ExtentLine,
        file: Arc<dyn ReadAt>,
        own: bool,
    ) -> Result<(Extent, u64), Error> {
        let mut findings = Vec::new();
        let extent = SparseExtent::open(file, &mut findings)?;
        let (held, stated) = (extent.capacity(), line.size_sectors);
        if held != stated {
            findings.push(Error::ExtentLen { held, stated });
        }
        self.find(line, findings);
        // An extent around its own descriptor knows better how long it is.
        Ok((Extent::Sparse(Box::new(extent)), if own { held } else { stated }))
    }

    fn flat(&mut self, line: &ExtentLine, file: Arc<dyn ReadAt>) -> (Extent, u64) {
        let (offset, stated) = (line.offset_sectors.saturating_mul(SECTOR), line.size_sectors);
        let held = file.len().saturating_sub(offset) / SECTOR;
        if held < stated {
            self.find(line, vec![Error::ExtentLen { held, stated }]);
        }
        (Extent::Flat { file, offset }, stated)
    }

    fn find(&mut self, line: &ExtentLine, findings: Vec<Error>) {
        let named = |source| Error::InExtent { file: line.file.clone(), source };
        self.findings.extend(findings.into_iter().map(Box::new).map(named));
    }

    /// Returns the extent at `offset` and the offset in it.
    fn extent_at(&self, offset: u64) -> Option<(&Placed, u64)> {
        let behind = self.extents.partition_point(|extent| extent.start <= offset);
        // Empty extents share their start with the next one: the last of them is the right one.
        let placed = self.extents.get(behind.checked_sub(1)?)?;
        let within = offset.checked_sub(placed.start)?;
        (within < placed.len).then_some((placed, within))
    }

    /// Fills `buf` as the disk below has it; what is behind its end is zeros.
    fn read_parent(&self, buf: &mut [u8], offset: u64) -> io::Result<()> {
        let got = match &self.parent {
            Some(parent) if offset < parent.len() => parent.read_at(buf, offset)?,
            _ => 0,
        };
        buf.get_mut(got..).unwrap_or_default().fill(0);
        Ok(())
    }

    /// Reads one stretch at the start of `buf` and returns its length.
    fn read_stretch(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        let Some((placed, within)) = self.extent_at(offset) else {
            return Ok(0);
        };
        let limit = placed.len.saturating_sub(within).min(buf.len() as u64);
        let (stored, len) = match &placed.extent {
            Extent::Sparse(extent) => extent.stretch(within, limit),
            Extent::Flat { .. } | Extent::Zero => (Stored::Zeros, limit),
        };
        let len = usize::try_from(len).unwrap_or(usize::MAX).min(buf.len());
        let buf = buf.get_mut(..len).unwrap_or_default();
        match (&placed.extent, stored) {
            (Extent::Zero, _) => buf.fill(0),
            (Extent::Flat { file, offset }, _) => {
                file.read_exact_at(buf, offset.saturating_add(within))?;
            }
            (Extent::Sparse(_), Stored::Absent) => self.read_parent(buf, offset)?,
            (Extent::Sparse(extent), stored) => extent.read(stored, buf)?,
        }
        Ok(len)
    }
}

fn opened(
    line: &ExtentLine,
    open: &mut dyn FnMut(&str) -> io::Result<Arc<dyn ReadAt>>,
) -> Result<Arc<dyn ReadAt>, Error> {
    open(&line.file).map_err(|source| Error::Extent { file: line.file.clone(), source })
}

impl ReadAt for Disk {
    fn len(&self) -> u64 {
        self.len
    }

    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        let mut done = 0;
        while let Some(rest) = buf.get_mut(done..).filter(|rest| !rest.is_empty()) {
            match self.read_stretch(rest, offset.saturating_add(done as u64))? {
                0 => break,
                len => done = done.saturating_add(len),
            }
        }
        Ok(done)
    }

    fn known_at(&self, offset: u64, len: u64) -> (Known, u64) {
        let Some((placed, within)) = self.extent_at(offset) else {
            return (Known::Nothing, 0);
        };
        let len = len.min(placed.len.saturating_sub(within));
        match &placed.extent {
            Extent::Zero => (Known::Zeros, len),
            Extent::Flat { file, offset } => kept_at(file, offset.saturating_add(within), len),
            Extent::Sparse(extent) => match (extent.stretch(within, len), &self.parent) {
                ((Stored::Zeros, len), _) => (Known::Zeros, len),
                ((Stored::Absent, len), Some(parent)) if offset < parent.len() => {
                    parent.known_at(offset, len)
                }
                ((Stored::Absent, len), _) => (Known::Zeros, len),
                ((Stored::At(offset), len), _) => kept_at(extent.file(), offset, len),
                ((Stored::Compressed { .. } | Stored::Lost { .. }, len), _) => {
                    (Known::Nothing, len)
                }
            },
        }
    }
}

impl fmt::Debug for Disk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let extents = self.extents.len();
        f.debug_struct("Disk").field("len", &self.len).field("extents", &extents).finish()
    }
}
