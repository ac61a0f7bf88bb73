use std::io;
use std::sync::Arc;

use super::{Error, Header, Kind, MIB};
use crate::ReadAt;
use crate::layered::{Layered, Pages, Stored, read_layered};

/// A VHDX, itself a reader.
pub struct Disk {
    file: Arc<dyn ReadAt>,
    below: Option<Arc<dyn ReadAt>>,
    is_differencing: bool,
    size: u64,
    block_len: u64,
    sector_len: u64,
    chunk_ratio: u64,
    table: u64,
    pages: Pages,
}

// States of a payload block.
// Source: [MS-VHDX] 2.5.1.1.
const NOT_PRESENT: u64 = 0;
const UNDEFINED: u64 = 1;
const ZERO: u64 = 2;
const UNMAPPED: u64 = 3;
const FULLY_PRESENT: u64 = 6;
const PARTIALLY_PRESENT: u64 = 7;
/// The bits of an entry that are a state, those that are a number of MiB, all others reserved.
const STATE: u64 = 7;

impl Disk {
    /// Opens the disk in `file` on top of `below`, which a differencing disk needs.
    ///
    /// # Errors
    /// When the disk below was not given.
    pub fn open(
        file: &Arc<dyn ReadAt>,
        header: &Header,
        below: Option<Arc<dyn ReadAt>>,
    ) -> Result<Self, Error> {
        let is_differencing = header.kind == Kind::Differencing;
        if is_differencing && below.is_none() {
            let name = header.parent_value("relative_path").unwrap_or_default().to_owned();
            return Err(Error::ParentMissing { name });
        }
        let overlay = header.overlay.clone();
        Ok(Self {
            file: overlay.map_or_else(|| Arc::clone(file), |overlay| overlay as Arc<dyn ReadAt>),
            below: below.filter(|_| is_differencing),
            is_differencing,
            size: header.size,
            block_len: header.block_len,
            sector_len: header.sector_len,
            chunk_ratio: header.chunk_ratio(),
            table: header.table_offset,
            pages: Pages::new(),
        })
    }

    /// State and place of an entry of the table.
    fn entry(&self, index: u64) -> io::Result<(u64, u64)> {
        let (structure, offset) =
            ("block allocation table", self.table.saturating_add(index.saturating_mul(8)));
        let read = self.pages.read(&*self.file, offset);
        let entry = read.map_err(|source| Error::Read { structure, offset, source })?;
        let entry = u64::from_le_bytes(entry);
        Ok((entry & STATE, entry & !(MIB - 1)))
    }

    /// Whether the sector at `within` of a block that is partly there is the disk's own, and how
    /// many bytes from there on are alike.
    // Source: [MS-VHDX] 2.4: one bit for each sector of a chunk, from the lowest bit of a byte on.
    fn sectors(&self, block: u64, within: u64) -> io::Result<(bool, u64)> {
        let (chunk, ratio) = (block / self.chunk_ratio, self.chunk_ratio);
        let index = chunk.saturating_add(1).saturating_mul(ratio).saturating_add(chunk);
        let (state, bitmap) = self.entry(index)?;
        if state != FULLY_PRESENT {
            let (structure, field, stated) = ("sector bitmap's entry", "state", state);
            let expected = "6, present, where a block is partly there";
            return Err(Error::Field { structure, field, stated, expected }.into());
        }
        let per_block = self.block_len / self.sector_len;
        let before = (block % ratio).saturating_mul(per_block);
        let bit = |sector: u64| {
            let bit = before.saturating_add(sector);
            let offset = bitmap.saturating_add(bit / 8);
            let structure = "sector bitmap";
            let read = self.pages.read(&*self.file, offset);
            let [byte]: [u8; 1] =
                read.map_err(|source| Error::Read { structure, offset, source })?;
            io::Result::Ok(byte >> (bit % 8) & 1 == 1)
        };
        let first = within / self.sector_len;
        let is_own = bit(first)?;
        let mut next = first.saturating_add(1);
        while next < per_block && bit(next)? == is_own {
            next = next.saturating_add(1);
        }
        Ok((is_own, next.saturating_mul(self.sector_len).saturating_sub(within)))
    }
}

impl Layered for Disk {
    fn disk_len(&self) -> u64 {
        self.size
    }

    fn file(&self) -> &dyn ReadAt {
        &*self.file
    }

    fn below(&self) -> Option<&Arc<dyn ReadAt>> {
        self.below.as_ref()
    }

    fn stretch(&self, offset: u64) -> io::Result<(Stored, u64)> {
        let (block, within) = (offset / self.block_len, offset % self.block_len);
        let left = self.block_len.saturating_sub(within);
        let (state, start) = self.entry(block.saturating_add(block / self.chunk_ratio))?;
        let file_len = self.file.len();
        let at = || {
            let at = start.saturating_add(within);
            if start < MIB || at >= file_len {
                return Err(Error::Block { block, offset: start, file_len });
            }
            Ok(Stored::At(at))
        };
        Ok(match state {
            NOT_PRESENT => (Stored::Below, left),
            UNDEFINED | ZERO | UNMAPPED => (Stored::Zeros, left),
            FULLY_PRESENT => (at()?, left),
            PARTIALLY_PRESENT if self.is_differencing => match self.sectors(block, within)? {
                (true, len) => (at()?, len),
                (false, len) => (Stored::Below, len),
            },
            stated => {
                let (structure, field) = ("block allocation table", "state");
                let expected = "0 to 3 or 6, or 7 in a differencing disk";
                return Err(Error::Field { structure, field, stated, expected }.into());
            }
        })
    }
}

read_layered!(Disk);
