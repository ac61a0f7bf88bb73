use std::io;

use super::{BootSector, Error};
use crate::taken::Taken;
use crate::{Extents, ExtentsReader, ReadAt, ReadAtExt, Run};

/// Which clusters contents have, and which are in use.
pub(super) struct Clusters<'v> {
    reader: &'v dyn ReadAt,
    boot_sector: &'v BootSector,
    /// Where the bitmap of clusters in use lies; `None` where it is not known.
    pub bitmap: Option<Extents>,
    /// The part of the bitmap that was read last, and where it begins.
    page: (u64, Vec<u8>),
    /// Clusters of contents that were looked up.
    taken: Taken,
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

    /// Where a content of `len` bytes from cluster `first` lies, in one piece or as its chain says, and
    /// what is wrong with it: behind the last of the runs or, where they are as long as that, that others
    /// have clusters of it, too.
    pub fn extents(
        &mut self,
        first: u32,
        len: u64,
        in_one_piece: bool,
        is_directory: bool,
    ) -> (Extents, Option<Error>) {
        let needed = self.count(len);
        if !in_one_piece || needed == 0 {
            let (extents, error) = self.chain(first, len, is_directory);
            let found = self.count(extents.data_size);
            return (extents, error.or((found < needed).then_some(Error::Short { found, needed })));
        }
        let nothing = self.of_runs(Vec::new(), 0);
        match self.piece(first, len) {
            Ok(extents) => match self.taken.take(first..first + needed as u32, is_directory) {
                Some(true) => (extents, None),
                Some(false) => (extents, Some(Error::Shared { at: first })),
                None => (nothing, Some(Error::Shared { at: first })),
            },
            Err(error) => (nothing, Some(error)),
        }
    }

    /// Where a content lies whose length is not told: to the end of its chain, up to `most` bytes.
    /// Else as [`Clusters::extents`].
    pub fn chain(&mut self, first: u32, most: u64, is_directory: bool) -> (Extents, Option<Error>) {
        let (needed, mut taken) = (self.count(most), std::mem::take(&mut self.taken));
        let (chain, error) = taken.chain(needed, is_directory, |from| {
            let to = from.map_or(Ok(first), |from| self.next(from))?;
            match self.check(to, 1) {
                Err(_) if from.is_some() && to == u32::MAX => Ok(None),
                checked => checked.map(|()| Some(to)),
            }
        });
        self.taken = taken;
        let len = chain.len() as u64 * u64::from(self.boot_sector.cluster_size);
        (self.of_runs(self.runs(&chain), len.min(most)), error)
    }

    /// What the table says comes behind a cluster.
    fn next(&self, cluster: u32) -> io::Result<u32> {
        let mut next = [0; 4];
        let at = self.boot_sector.table_start + u64::from(cluster) * 4;
        self.reader.read_exact_at(&mut next, at)?;
        Ok(u32::from_le_bytes(next))
    }

    fn runs(&self, chain: &[u32]) -> Vec<Run> {
        let clusters = self.sectors(self.boot_sector.cluster_size.into());
        let mut runs = Vec::<Run>::new();
        for (vcn, cluster) in (0..).step_by(clusters as usize).zip(chain) {
            let lcn = self.sectors(self.boot_sector.cluster_start(*cluster));
            match runs.last_mut() {
                Some(run) if run.lcn.is_some_and(|start| start + run.clusters == lcn) => {
                    run.clusters += clusters;
                }
                _ => runs.push(Run { vcn, lcn: Some(lcn), clusters }),
            }
        }
        runs
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
