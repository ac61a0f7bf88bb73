use std::io::{self, Read};
use std::sync::Arc;

use flate2::read::ZlibDecoder;

use super::grain_table::{Grain, GrainTables};
use super::sparse_header::{DIRECTORY_AT_END, SparseHeader};
use super::{Error, SECTOR};
use crate::bytes::{u32_le, u64_le};
use crate::recent::Recent;
use crate::{ReadAt, ReadAtExt};

/// An extent that holds only the grains that were written, as they are or compressed.
// Source: "Virtual Disk Format 5.0", "Hosted Sparse Extents", "Stream-Optimized Compressed
// Sparse Extents".
pub(super) struct SparseExtent {
    file: Arc<dyn ReadAt>,
    header: SparseHeader,
    tables: GrainTables,
    cache: Option<Recent>,
}

/// What a stretch of an extent is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stored {
    /// Never written: as in the parent.
    Absent,
    /// Zeros.
    Zeros,
    /// Bytes of the file from this offset on.
    At(u64),
    /// Bytes of this compressed grain, whose marker lies at `offset`, from `within` on.
    Compressed { grain: u64, offset: u64, within: u64 },
    /// This grain, whose table at `offset` is lost.
    Lost { grain: u64, offset: u64 },
}

/// Length of a marker before the compressed bytes: sector (8 bytes) and length (4).
// Source: "Virtual Disk Format 5.0", "Stream-Optimized Compressed Sparse Extents", Marker.
const MARKER_LEN: usize = 12;

impl SparseExtent {
    /// Opens the extent in `file`; what is damaged but could be helped is added to `findings`.
    ///
    /// # Errors
    /// When `file` is no sparse extent, its header is damaged, or its grain directories are.
    pub fn open(file: Arc<dyn ReadAt>, findings: &mut Vec<Error>) -> Result<Self, Error> {
        let mut header = read_header(&*file, 0)?;
        if header.directory == DIRECTORY_AT_END {
            // The file ends with the footer, a header again, and the end-of-stream marker.
            header = read_header(&*file, file.len().saturating_sub(2 * SECTOR))?;
        }
        let tables = GrainTables::load(&*file, &header, findings)?;
        let cache = header.is_compressed().then(|| Recent::new(header.grain_len()));
        Ok(Self { file, header, tables, cache })
    }

    /// The file that holds it.
    pub fn file(&self) -> &dyn ReadAt {
        &*self.file
    }

    /// Length in sectors as the header says.
    pub fn capacity(&self) -> u64 {
        self.header.capacity
    }

    /// Says what lies at `offset` in the extent and how far that goes, at most to `limit` bytes.
    pub fn stretch(&self, offset: u64, limit: u64) -> (Stored, u64) {
        let grain_len = self.header.grain_len().max(1);
        let (mut grain, within) = (offset / grain_len, offset % grain_len);
        if grain >= self.header.grains() {
            return (Stored::Lost { grain, offset: 0 }, limit);
        }
        let (first, mut alike) = self.tables.grain(grain);
        let stored = self.stored(first, grain, within);
        let mut len = alike.saturating_mul(grain_len).saturating_sub(within);
        // Neighbours are read together, absent ones skipped together.
        while len < limit {
            grain = grain.saturating_add(alike);
            if grain >= self.header.grains() {
                break;
            }
            let (next, count) = self.tables.grain(grain);
            if !continues(stored, len, self.stored(next, grain, 0)) {
                break;
            }
            alike = count;
            len = len.saturating_add(count.saturating_mul(grain_len));
        }
        (stored, len.min(limit))
    }

    fn stored(&self, entry: Grain, grain: u64, within: u64) -> Stored {
        let at = |sector: u32| u64::from(sector).saturating_mul(SECTOR);
        match entry {
            Grain::Absent => Stored::Absent,
            Grain::Zeros => Stored::Zeros,
            Grain::Lost(sector) => Stored::Lost { grain, offset: at(sector) },
            Grain::At(sector) if self.cache.is_some() => {
                Stored::Compressed { grain, offset: at(sector), within }
            }
            Grain::At(sector) => Stored::At(at(sector).saturating_add(within)),
        }
    }

    /// Fills `buf` with a stretch of stored bytes; absent stretches are not for here.
    pub fn read(&self, stored: Stored, buf: &mut [u8]) -> io::Result<()> {
        match stored {
            Stored::Absent | Stored::Zeros => buf.fill(0),
            Stored::At(offset) => self.file.read_exact_at(buf, offset)?,
            Stored::Lost { grain, offset } => {
                return Err(Error::Grain { grain, offset, file_len: self.file.len() }.into());
            }
            Stored::Compressed { grain, offset, within } => {
                let bytes = match &self.cache {
                    Some(cache) => cache.get(grain, || self.inflate(grain, offset))?,
                    None => self.inflate(grain, offset)?.into(),
                };
                let from = usize::try_from(within).ok().and_then(|within| bytes.get(within..));
                match from.and_then(|bytes| bytes.get(..buf.len())) {
                    Some(bytes) => buf.copy_from_slice(bytes),
                    None => return Err(self.inflate_error(grain, bytes.len(), None).into()),
                }
            }
        }
        Ok(())
    }

    /// Inflates the compressed grain whose marker lies at `offset`.
    fn inflate(&self, grain: u64, offset: u64) -> Result<Vec<u8>, Error> {
        let (structure, grain_len) = ("compressed grain", self.header.grain_len());
        let read = |offset, len: u64| {
            let len = usize::try_from(len).unwrap_or(usize::MAX);
            let bytes = self.file.read_vec_at(offset, len);
            bytes.map_err(|source| Error::Read { structure, offset, source })
        };
        let marker = read(offset, MARKER_LEN as u64)?;
        let (Some(sector), Some(len)) = (u64_le(&marker, 0), u32_le(&marker, 8)) else {
            return Err(Error::Grain { grain, offset, file_len: self.file.len() });
        };
        let expected = grain.saturating_mul(self.header.grain_sectors);
        // Deflate adds less than a thousandth to what it cannot compress.
        if sector != expected || len == 0 || u64::from(len) > grain_len.saturating_mul(2) {
            return Err(Error::Marker { grain, sector, len, expected });
        }
        let deflated = read(offset.saturating_add(MARKER_LEN as u64), len.into())?;
        let mut bytes = Vec::with_capacity(usize::try_from(grain_len).unwrap_or(0));
        // One byte more is asked for, so that the decoder comes to its checksum and compares it.
        let mut decoder = ZlibDecoder::new(&deflated[..]).take(grain_len.saturating_add(1));
        match decoder.read_to_end(&mut bytes) {
            Ok(len) if len as u64 <= grain_len => Ok(bytes),
            Ok(len) => Err(self.inflate_error(grain, len as u64, None)),
            Err(error) => Err(self.inflate_error(grain, bytes.len() as u64, Some(error))),
        }
    }

    fn inflate_error(&self, grain: u64, inflated: u64, source: Option<io::Error>) -> Error {
        Error::Inflate { grain, inflated, expected: self.header.grain_len(), source }
    }
}

/// Whether `next` goes on where `len` bytes of `stored` end.
fn continues(stored: Stored, len: u64, next: Stored) -> bool {
    match (stored, next) {
        (Stored::Absent, Stored::Absent) | (Stored::Zeros, Stored::Zeros) => true,
        (Stored::At(offset), Stored::At(next)) => offset.checked_add(len) == Some(next),
        _ => false,
    }
}

fn read_header(file: &dyn ReadAt, offset: u64) -> Result<SparseHeader, Error> {
    let structure = "sparse header";
    let sector = file.read_vec_at(offset, SECTOR as usize);
    let sector = sector.map_err(|source| Error::Read { structure, offset, source })?;
    SparseHeader::parse(&sector)?.ok_or_else(|| {
        let stated = u32_le(&sector, 0).unwrap_or(0).into();
        Error::HeaderField { field: "magicNumber", stated, expected: "KDMV" }
    })
}
