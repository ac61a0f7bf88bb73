use super::inode::{HAS_EXTENTS, Inode};
use super::{Error, Superblock};
use crate::bytes::{u16_le, u32_le, window};
use crate::{Extents, ReadAt, ReadAtExt, Run};

/// Finds where contents lie.
pub(super) struct Mapper<'v> {
    pub reader: &'v dyn ReadAt,
    pub superblock: &'v Superblock,
    /// How many blocks that map others may still be read: no two files share them, so a volume has
    /// no more than its blocks.
    pub left: u64,
}

/// Where a content lies so far.
struct Runs {
    runs: Vec<Run>,
    /// The first block of the content that is not told yet, and the first behind its end.
    next: u64,
    end: u64,
}

/// Deepest tree of extents.
// Source: "Extent Tree": a tree of depth 5 holds all blocks that there can be.
const DEEPEST: u16 = 5;
/// Longest run of an extent; what is more says that it was not written.
const LONGEST: u16 = 0x8000;

impl Mapper<'_> {
    /// Where the content of an inode lies.
    ///
    /// # Errors
    /// When what says so is damaged.
    pub fn extents(&mut self, inode: &Inode) -> Result<Extents, Error> {
        let cluster_size = self.superblock.block_size;
        let mut runs = Runs::new(inode.size.div_ceil(cluster_size.into()));
        if inode.flags & HAS_EXTENTS != 0 {
            self.node(&inode.block, DEEPEST + 1, &mut runs)?;
        } else {
            self.block_map(&inode.block, &mut runs)?;
        }
        runs.hole_to(runs.end);
        Ok(Extents {
            runs: runs.runs,
            cluster_size,
            data_size: inode.size,
            initialized_size: inode.size,
            unit_clusters: 0,
        })
    }

    /// A node of a tree of extents, whose depth is less than `above`.
    fn node(&mut self, node: &[u8], above: u16, runs: &mut Runs) -> Result<(), Error> {
        let damaged = |what| Error::ExtentTree { what };
        let cut = || damaged("a node is cut");
        let word = |offset| u16_le(node, offset).ok_or_else(cut);
        if word(0)? != 0xF30A {
            return Err(damaged("a node does not begin with its mark"));
        }
        let (count, depth) = (word(2)?, word(6)?);
        if depth >= above {
            return Err(damaged("a node is not below the one that names it"));
        }
        for index in 1..=usize::from(count) {
            let entry = window(node, index * 12, 12).ok_or_else(cut)?;
            let first = u64::from(u32_le(entry, 0).ok_or_else(cut)?);
            if depth > 0 {
                let high = u16_le(entry, 8).ok_or_else(cut)?;
                let low = u32_le(entry, 4).ok_or_else(cut)?;
                let below = self.block(u64::from(high) << 32 | u64::from(low))?;
                self.node(&below, depth, runs)?;
                continue;
            }
            let len = u16_le(entry, 4).ok_or_else(cut)?;
            let high = u16_le(entry, 6).ok_or_else(cut)?;
            let start = u64::from(high) << 32 | u64::from(u32_le(entry, 8).ok_or_else(cut)?);
            if first < runs.next {
                return Err(damaged("extents overlap"));
            }
            let is_written = len <= LONGEST;
            let count = u64::from(if is_written { len } else { len - LONGEST });
            self.check(start, count)?;
            runs.hole_to(first);
            runs.add(is_written.then_some(start), count);
        }
        Ok(())
    }

    /// Twelve blocks, then a block of blocks, and so on to three levels.
    // Source: "Direct/Indirect Block Addressing".
    fn block_map(&mut self, map: &[u8], runs: &mut Runs) -> Result<(), Error> {
        for (index, level) in (0..12).map(|index| (index, 0)).chain([(12, 1), (13, 2), (14, 3)]) {
            let block = u32_le(map, index * 4).unwrap_or(0);
            self.pointed(block, level, runs)?;
        }
        Ok(())
    }

    /// What a pointer covers that is `level` blocks of pointers above the content.
    fn pointed(&mut self, block: u32, level: u32, runs: &mut Runs) -> Result<(), Error> {
        if runs.next >= runs.end {
            return Ok(());
        }
        let per_block = u64::from(self.superblock.block_size / 4);
        if block == 0 {
            runs.hole_to(runs.next.saturating_add(per_block.saturating_pow(level)));
            return Ok(());
        }
        if level == 0 {
            self.check(block.into(), 1)?;
            runs.add(Some(block.into()), 1);
            return Ok(());
        }
        let pointers = self.block(block.into())?;
        for pointer in pointers.as_chunks().0 {
            self.pointed(u32::from_le_bytes(*pointer), level - 1, runs)?;
        }
        Ok(())
    }

    fn block(&mut self, block: u64) -> Result<Vec<u8>, Error> {
        self.check(block, 1)?;
        self.left = self.left.checked_sub(1).ok_or(Error::TooMuch)?;
        let size = self.superblock.block_size;
        Ok(self.reader.read_vec_at(block * u64::from(size), size as usize)?)
    }

    fn check(&self, block: u64, count: u64) -> Result<(), Error> {
        let total = self.superblock.block_count;
        match block.checked_add(count) {
            Some(end) if end <= total => Ok(()),
            _ => Err(Error::Outside { block, count: total }),
        }
    }
}

impl Runs {
    fn new(end: u64) -> Self {
        Self { runs: Vec::new(), next: 0, end }
    }

    /// What follows up to block `to` of the content is not stored.
    fn hole_to(&mut self, to: u64) {
        let to = to.min(self.end);
        if to > self.next {
            self.add(None, to - self.next);
        }
    }

    fn add(&mut self, lcn: Option<u64>, clusters: u64) {
        // What lies behind the end was taken in advance.
        let clusters = clusters.min(self.end.saturating_sub(self.next));
        if clusters == 0 {
            return;
        }
        match self.runs.last_mut() {
            Some(run)
                if run.lcn.map(|first| first + run.clusters) == lcn
                    && run.lcn.is_some() == lcn.is_some() =>
            {
                run.clusters += clusters;
            }
            _ => self.runs.push(Run { vcn: self.next, lcn, clusters }),
        }
        self.next += clusters;
    }
}
