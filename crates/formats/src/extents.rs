use std::io;

use crate::{ReadAt, ReadAtExt};

/// Clusters that follow one another in an attribute's value and in the volume.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Run {
    /// First cluster in the value.
    pub vcn: u64,
    /// First cluster in the volume; `None` for a hole.
    pub lcn: Option<u64>,
    /// Number of clusters, never 0.
    pub clusters: u64,
}

impl Run {
    /// First cluster of the value behind the run.
    pub fn end_vcn(&self) -> u64 {
        self.vcn.saturating_add(self.clusters)
    }
}

/// Content in clusters: all its runs and sizes. Sizes are in bytes.
#[derive(Clone, Debug, Default)]
pub struct Extents {
    /// The runs, each beginning where the one before ends, the first at cluster 0.
    pub runs: Vec<Run>,
    /// Cluster size of the volume.
    pub cluster_size: u32,
    /// Length of the content.
    pub data_size: u64,
    /// Length up to which the content was written; it reads as zeros from there.
    pub initialized_size: u64,
    /// Size of a compression unit in clusters; 0 when the content is not compressed.
    pub unit_clusters: u64,
}

impl Extents {
    /// The run that covers cluster `vcn`, and where it is among the runs.
    pub(crate) fn run_at(&self, vcn: u64) -> Option<(usize, &Run)> {
        let index = self.runs.partition_point(|run| run.end_vcn() <= vcn);
        Some((index, self.runs.get(index)?))
    }

    /// Where byte `offset` of the content lies in the volume, and how many bytes follow it there.
    ///
    /// `Ok(None, len)` is a hole of `len` bytes; `None` means that no run covers the offset.
    fn locate(&self, offset: u64) -> Option<(Option<u64>, u64)> {
        let cluster_size = u64::from(self.cluster_size);
        let (vcn, within) = (offset / cluster_size, offset % cluster_size);
        let (_, run) = self.run_at(vcn)?;
        let skipped = vcn.checked_sub(run.vcn)?;
        let left = run.clusters.checked_sub(skipped)?.saturating_mul(cluster_size) - within;
        let start = match run.lcn {
            Some(lcn) => {
                Some(lcn.checked_add(skipped)?.checked_mul(cluster_size)?.checked_add(within)?)
            }
            None => None,
        };
        Some((start, left))
    }

    /// Where byte `offset` of the content lies in the volume; `None` for a hole or past the end.
    pub fn fs_offset(&self, offset: u64) -> Option<u64> {
        self.locate(offset)?.0
    }

    /// Number of bytes that are stored in clusters.
    pub fn stored_len(&self) -> u64 {
        let clusters = self.runs.iter().filter(|run| run.lcn.is_some()).map(|run| run.clusters);
        clusters.fold(0u64, u64::saturating_add).saturating_mul(self.cluster_size.into())
    }
}

/// The bytes of content that is stored as it is, its holes filled.
pub struct ExtentsReader<'a> {
    volume: &'a dyn ReadAt,
    extents: &'a Extents,
}

impl<'a> ExtentsReader<'a> {
    /// Makes a reader of what `extents` cover in the bytes of their volume.
    pub fn new(volume: &'a dyn ReadAt, extents: &'a Extents) -> Self {
        Self { volume, extents }
    }
}

impl ReadAt for ExtentsReader<'_> {
    fn len(&self) -> u64 {
        self.extents.data_size
    }

    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        let left = |end: u64| usize::try_from(end.saturating_sub(offset)).unwrap_or(usize::MAX);
        let len = buf.len().min(left(self.extents.data_size));
        let buf = buf.get_mut(..len).unwrap_or_default();
        let (stored, zeros) = buf.split_at_mut(len.min(left(self.extents.initialized_size)));
        read_runs(self.volume, self.extents, stored, offset)?;
        zeros.fill(0);
        Ok(len)
    }
}

/// Fills `buf` from `offset` of content that is stored as it is.
pub(crate) fn read_runs(
    volume: &dyn ReadAt,
    extents: &Extents,
    mut buf: &mut [u8],
    mut offset: u64,
) -> io::Result<()> {
    while !buf.is_empty() {
        let (start, left) = extents.locate(offset).ok_or_else(|| no_run(offset))?;
        let count = buf.len().min(usize::try_from(left).unwrap_or(usize::MAX));
        let (part, rest) = buf.split_at_mut(count);
        match start {
            Some(start) => volume.read_exact_at(part, start)?,
            None => part.fill(0),
        }
        buf = rest;
        offset += count as u64;
    }
    Ok(())
}

fn no_run(offset: u64) -> io::Error {
    let text = format!("no run covers byte {offset} of the stream");
    io::Error::new(io::ErrorKind::InvalidData, text)
}
