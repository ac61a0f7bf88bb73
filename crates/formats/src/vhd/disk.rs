use std::io;
use std::sync::Arc;

use super::{Error, Header, Kind, SECTOR};
use crate::ReadAt;
use crate::layered::{Layered, Pages, Stored, read_layered};

/// A VHD, itself a reader.
pub struct Disk {
    file: Arc<dyn ReadAt>,
    below: Option<Arc<dyn ReadAt>>,
    len: u64,
    /// `None` for a fixed disk.
    blocks: Option<Blocks>,
    pages: Pages,
}

struct Blocks {
    /// Where the table is that says where they lie.
    table: u64,
    block_len: u64,
    /// Length of the bitmap before each block.
    bitmap_len: u64,
    /// Whether a sector whose bit is 0 is the parent's.
    is_differencing: bool,
}

/// A block that was never written.
// Source: "Virtual Hard Disk Image Format Specification", "Block Allocation Table and Data
// Blocks".
const UNUSED: u32 = u32::MAX;

impl Disk {
    /// Opens the disk in `file` on top of `below`, which a differencing disk needs.
    ///
    /// The length is the footer's current size. QEMU takes that of the geometry instead where the
    /// creator is none that it knows to write the size.
    ///
    /// # Errors
    /// When the table does not lie in the file, or the disk below was not given.
    pub fn open(
        file: &Arc<dyn ReadAt>,
        header: &Header,
        below: Option<Arc<dyn ReadAt>>,
    ) -> Result<Self, Error> {
        let (kind, len) = (header.footer.kind, header.footer.current_size);
        if kind == Kind::Differencing && below.is_none() {
            let names = header.dynamic.iter().flat_map(|dynamic| &dynamic.parent_names);
            let name = names.clone().next().cloned().unwrap_or_default();
            return Err(Error::ParentMissing { name });
        }
        let outside = |structure, offset, needed| Error::Outside {
            structure,
            offset,
            needed,
            file_len: file.len(),
        };
        let blocks = match &header.dynamic {
            None => None,
            Some(dynamic) => {
                let block_len = u64::from(dynamic.block_len);
                let (count, table) = (len.div_ceil(block_len.max(1)), dynamic.table_offset);
                if count > dynamic.table_entries.into() {
                    let (structure, field) = ("dynamic disk header", "max table entries");
                    let (stated, expected) =
                        (dynamic.table_entries.into(), "an entry for every block of the disk");
                    return Err(Error::Field { structure, field, stated, expected });
                }
                let needed = count.saturating_mul(4);
                if table.checked_add(needed).is_none_or(|end| end > file.len()) {
                    return Err(outside("block allocation table", table, needed));
                }
                let bitmap_len = (block_len / SECTOR).div_ceil(8).next_multiple_of(SECTOR);
                let is_differencing = kind == Kind::Differencing;
                Some(Blocks { table, block_len, bitmap_len, is_differencing })
            }
        };
        Ok(Self { file: Arc::clone(file), below, len, blocks, pages: Pages::new() })
    }

    fn in_block(&self, blocks: &Blocks, offset: u64) -> io::Result<(Stored, u64)> {
        let (block, within) = (offset / blocks.block_len, offset % blocks.block_len);
        let left = blocks.block_len.saturating_sub(within);
        let entry = blocks.table.saturating_add(block.saturating_mul(4));
        let structure = "block allocation table";
        let read = self.pages.read(&*self.file, entry);
        let sector = read.map_err(|source| Error::Read { structure, offset: entry, source })?;
        let sector = u32::from_be_bytes(sector);
        if sector == UNUSED {
            return Ok((Stored::Below, left));
        }
        let bitmap = u64::from(sector).saturating_mul(SECTOR);
        let start = bitmap.saturating_add(blocks.bitmap_len);
        let file_len = self.file.len();
        if sector == 0 || start.saturating_add(within) >= file_len {
            return Err(Error::Block { block, offset: bitmap, file_len }.into());
        }
        let at = Stored::At(start.saturating_add(within));
        if !blocks.is_differencing {
            // The bits of a dynamic disk say which sectors were written; the others are zeros in
            // the block, too.
            return Ok((at, left));
        }
        let (is_own, len) = self.sectors(bitmap, within, left)?;
        Ok((if is_own { at } else { Stored::Below }, len))
    }

    /// Whether the sector at `within` of a block is the disk's own, and how many bytes from there
    /// on are alike, at most `left`.
    // Source: "Virtual Hard Disk Image Format Specification", "Data Block Bitmap"; the first
    // sector is the highest bit, as Virtual PC, QEMU and libvhdi have it.
    fn sectors(&self, bitmap: u64, within: u64, left: u64) -> io::Result<(bool, u64)> {
        let bit = |sector: u64| {
            let at = bitmap.saturating_add(sector / 8);
            let [byte]: [u8; 1] = self.pages.read(&*self.file, at)?;
            io::Result::Ok(byte >> (7 - sector % 8) & 1 == 1)
        };
        let first = within / SECTOR;
        let is_own = bit(first)?;
        let mut next = first.saturating_add(1);
        while next.saturating_mul(SECTOR) < within.saturating_add(left) && bit(next)? == is_own {
            next = next.saturating_add(1);
        }
        Ok((is_own, next.saturating_mul(SECTOR).saturating_sub(within).min(left)))
    }
}

impl Layered for Disk {
    fn disk_len(&self) -> u64 {
        self.len
    }

    fn file(&self) -> &dyn ReadAt {
        &*self.file
    }

    fn below(&self) -> Option<&Arc<dyn ReadAt>> {
        self.below.as_ref().filter(|_| self.blocks.as_ref().is_some_and(|it| it.is_differencing))
    }

    fn stretch(&self, offset: u64) -> io::Result<(Stored, u64)> {
        match &self.blocks {
            Some(blocks) => self.in_block(blocks, offset),
            None => Ok((Stored::At(offset), self.len.saturating_sub(offset))),
        }
    }
}

read_layered!(Disk);
