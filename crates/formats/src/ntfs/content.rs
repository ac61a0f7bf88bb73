use std::io;

use super::wof::{Algorithm, Inflated};
use super::{Error, lznt1};
use crate::extents::read_runs;
use crate::{Extents, ReadAt};

/// What an attribute holds, wherever it lies.
#[derive(Clone, Debug)]
pub enum Content {
    /// In a file record.
    Resident {
        /// The bytes.
        value: Vec<u8>,
        /// Where they begin in the volume, in bytes; `None` where the $MFT has a hole.
        fs_offset: Option<u64>,
    },
    /// In clusters.
    NonResident(Extents),
    /// Compressed in another stream, by the Windows Overlay Filter.
    Overlaid {
        /// The content of that stream.
        packed: Box<Self>,
        /// How it is compressed.
        algorithm: Algorithm,
        /// Length in bytes once it is inflated.
        len: u64,
    },
}

impl Content {
    /// Length in bytes.
    pub fn len(&self) -> u64 {
        match self {
            Self::Resident { value, .. } => value.len() as u64,
            Self::NonResident(extents) => extents.data_size,
            Self::Overlaid { len, .. } => *len,
        }
    }

    /// Whether there are no bytes.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// The bytes of a [`Content`], inflated and with its holes filled.
pub struct StreamReader<'a> {
    volume: &'a dyn ReadAt,
    content: &'a Content,
}

impl<'a> StreamReader<'a> {
    /// Makes a reader of `content` over the bytes of its volume.
    pub fn new(volume: &'a dyn ReadAt, content: &'a Content) -> Self {
        Self { volume, content }
    }
}

impl ReadAt for StreamReader<'_> {
    fn len(&self) -> u64 {
        self.content.len()
    }

    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        let extents = match self.content {
            Content::Resident { value, .. } => return value.read_at(buf, offset),
            Content::NonResident(extents) => extents,
            Content::Overlaid { packed, algorithm, len } => {
                let packed = StreamReader::new(self.volume, packed);
                return Inflated::new(packed, *algorithm, *len).read_at(buf, offset);
            }
        };
        let left = usize::try_from(extents.data_size.saturating_sub(offset)).unwrap_or(usize::MAX);
        let len = buf.len().min(left);
        let buf = buf.get_mut(..len).unwrap_or_default();
        let written = extents.initialized_size.saturating_sub(offset);
        let (stored, zeros) = buf.split_at_mut(len.min(usize::try_from(written).unwrap_or(len)));
        if extents.unit_clusters > 0 {
            read_units(self.volume, extents, stored, offset)?;
        } else {
            read_runs(self.volume, extents, stored, offset)?;
        }
        zeros.fill(0);
        Ok(len)
    }
}

/// Fills `buf` from `offset` of compressed content, unit by unit.
fn read_units(
    volume: &dyn ReadAt,
    extents: &Extents,
    mut buf: &mut [u8],
    mut offset: u64,
) -> io::Result<()> {
    let unit_len = extents.unit_clusters.saturating_mul(extents.cluster_size.into());
    while !buf.is_empty() {
        let within = offset % unit_len;
        let count = buf.len().min(usize::try_from(unit_len - within).unwrap_or(usize::MAX));
        let (part, rest) = buf.split_at_mut(count);
        read_unit(volume, extents, offset - within, unit_len, part, within)?;
        buf = rest;
        offset += count as u64;
    }
    Ok(())
}

/// Fills `part` from byte `within` of the unit that begins at byte `start` of the content.
///
/// A unit all of whose clusters are stored is not compressed; one without any is zeros; one that
/// is stored in part is compressed in these clusters, which come first.
fn read_unit(
    volume: &dyn ReadAt,
    extents: &Extents,
    start: u64,
    unit_len: u64,
    part: &mut [u8],
    within: u64,
) -> io::Result<()> {
    let vcn = start / u64::from(extents.cluster_size);
    let stored = stored_clusters(extents, vcn);
    if stored == 0 {
        part.fill(0);
        return Ok(());
    }
    if stored >= extents.unit_clusters {
        return read_runs(volume, extents, part, start + within);
    }
    // Both sizes are bounded by a unit, 64 KiB; see `file::join`.
    let mut packed = vec![0; (stored * u64::from(extents.cluster_size)) as usize];
    read_runs(volume, extents, &mut packed, start)?;
    let plain =
        lznt1::inflate(&packed, unit_len as usize).map_err(|what| Error::Lznt1 { vcn, what })?;
    for (index, byte) in part.iter_mut().enumerate() {
        *byte = plain.get(within as usize + index).copied().unwrap_or(0);
    }
    Ok(())
}

/// Number of clusters of the unit at `vcn` that are stored before its first hole.
fn stored_clusters(extents: &Extents, vcn: u64) -> u64 {
    let end = vcn.saturating_add(extents.unit_clusters);
    let mut at = vcn;
    while at < end {
        match extents.run_at(at) {
            Some((_, run)) if run.lcn.is_some() => at = run.end_vcn(),
            _ => break,
        }
    }
    at.min(end) - vcn
}
