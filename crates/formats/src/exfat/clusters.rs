use super::{BootSector, Error};
use crate::{Extents, ExtentsReader, ReadAt, ReadAtExt, Run};

/// Which clusters contents have, and which are in use.
pub(super) struct Clusters<'v> {
    reader: &'v dyn ReadAt,
    boot_sector: &'v BootSector,
    /// Where the bitmap of clusters in use lies; `None` where it is not known.
    pub bitmap: Option<Extents>,
    /// The part of the bitmap that was read last, and where it begins.
    page: (u64, Vec<u8>),
    /// Clusters of contents that were looked up, a bit each.
    taken: Vec<u8>,
}

/// How much of the bitmap is read at once, in bytes.
const PAGE: u64 = 4096;

impl<'v> Clusters<'v> {
    pub fn new(reader: &'v dyn ReadAt, boot_sector: &'v BootSector) -> Self {
        let (bitmap, page, taken) = Default::default();
        Self { reader, boot_sector, bitmap, page, taken }
    }

    /// How many clusters so many bytes take.
    pub fn count(&self, len: u64) -> u64 {
        len.div_ceil(self.boot_sector.cluster_size.into())
    }

    /// Where a content of `len` bytes from cluster `first` lies: in one piece, or as its chain says. No
    /// cluster is given out twice, so that all contents together are no longer than the volume.
    ///
    /// # Errors
    /// When clusters are outside the volume or another's, or the chain ends too soon.
    pub fn extents(&mut self, first: u32, len: u64, in_one_piece: bool) -> Result<Extents, Error> {
        let needed = self.count(len);
        if in_one_piece {
            let extents = self.piece(first, len)?;
            for cluster in (first..).take(needed as usize) {
                self.take(cluster)?;
            }
            return Ok(extents);
        }
        let (mut runs, mut found, mut cluster) = (Vec::<Run>::new(), 0, first);
        let per_cluster = self.sectors(self.boot_sector.cluster_size.into());
        while found < needed {
            if cluster == u32::MAX && found > 0 {
                return Err(Error::Short { found, needed });
            }
            self.check(cluster, 1)?;
            self.take(cluster)?;
            let lcn = self.sectors(self.boot_sector.cluster_start(cluster));
            match runs.last_mut() {
                Some(run) if run.lcn.is_some_and(|start| start + run.clusters == lcn) => {
                    run.clusters += per_cluster;
                }
                _ => runs.push(Run {
                    vcn: found * per_cluster,
                    lcn: Some(lcn),
                    clusters: per_cluster,
                }),
            }
            found += 1;
            let mut next = [0; 4];
            let at = self.boot_sector.table_start + u64::from(cluster) * 4;
            self.reader.read_exact_at(&mut next, at)?;
            cluster = u32::from_le_bytes(next);
        }
        Ok(self.of_runs(runs, len))
    }

    /// A directory whose length is not told: to the end of its chain, up to `most` bytes.
    ///
    /// # Errors
    /// As [`Clusters::extents`].
    pub fn chain(&mut self, first: u32, most: u64) -> Result<Extents, Error> {
        let mut len = u64::from(self.boot_sector.cluster_size);
        let mut cluster = first;
        while len < most {
            self.check(cluster, 1)?;
            let mut next = [0; 4];
            let at = self.boot_sector.table_start + u64::from(cluster) * 4;
            self.reader.read_exact_at(&mut next, at)?;
            cluster = u32::from_le_bytes(next);
            if cluster == u32::MAX {
                break;
            }
            len += u64::from(self.boot_sector.cluster_size);
        }
        self.extents(first, len, false)
    }

    /// Where a content lies that is in one piece, whoever has its clusters.
    ///
    /// # Errors
    /// When it is not all in the volume.
    pub fn piece(&self, first: u32, len: u64) -> Result<Extents, Error> {
        let count = self.count(len);
        if count == 0 {
            return Ok(self.of_runs(Vec::new(), 0));
        }
        self.check(first, count)?;
        let lcn = Some(self.sectors(self.boot_sector.cluster_start(first)));
        let clusters = self.sectors(count * u64::from(self.boot_sector.cluster_size));
        Ok(self.of_runs(vec![Run { vcn: 0, lcn, clusters }], len))
    }

    /// Whether no content has these clusters; `None` where the bitmap cannot be read.
    pub fn are_free(&mut self, first: u32, count: u64) -> Option<bool> {
        for cluster in (u64::from(first)..).take(count as usize) {
            let index = cluster.checked_sub(2)?;
            let (at, bit) = (index / 8, index % 8);
            if at < self.page.0 || at >= self.page.0 + self.page.1.len() as u64 {
                let start = at - at % PAGE;
                let bitmap = ExtentsReader::new(self.reader, self.bitmap.as_ref()?);
                self.page = (start, bitmap.read_vec_at(start, PAGE as usize).ok()?);
            }
            let byte = self.page.1.get(usize::try_from(at - self.page.0).ok()?)?;
            if byte & (1 << bit) != 0 {
                return Some(false);
            }
        }
        Some(true)
    }

    fn check(&self, first: u32, count: u64) -> Result<(), Error> {
        let last = self.boot_sector.last_cluster();
        let is_inside = first >= 2
            && u64::from(first).checked_add(count).is_some_and(|end| end <= u64::from(last) + 1);
        if is_inside { Ok(()) } else { Err(Error::Outside { first, count, last }) }
    }

    fn take(&mut self, cluster: u32) -> Result<(), Error> {
        if self.taken.is_empty() {
            self.taken = vec![0; self.boot_sector.last_cluster() as usize / 8 + 1];
        }
        let bit = 1 << (cluster % 8);
        match self.taken.get_mut(cluster as usize / 8) {
            Some(taken) if *taken & bit == 0 => *taken |= bit,
            _ => return Err(Error::Shared { at: cluster }),
        }
        Ok(())
    }

    fn sectors(&self, bytes: u64) -> u64 {
        bytes / u64::from(self.boot_sector.sector_size)
    }

    fn of_runs(&self, runs: Vec<Run>, len: u64) -> Extents {
        Extents {
            runs,
            cluster_size: self.boot_sector.sector_size,
            data_size: len,
            initialized_size: len,
            unit_clusters: 0,
        }
    }
}
