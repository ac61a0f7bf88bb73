use std::io;
use std::sync::Arc;

use super::{Error, Header, Kind};
use crate::ReadAt;
use crate::layered::{Layered, Pages, Stored, read_layered};

/// A VDI, itself a reader.
pub struct Disk {
    file: Arc<dyn ReadAt>,
    below: Option<Arc<dyn ReadAt>>,
    header: Header,
    pages: Pages,
}

/// A block that was never written.
// Source: VirtualBox, src/VBox/Storage/VDICore.h, VDI_IMAGE_BLOCK_FREE, VDI_IMAGE_BLOCK_ZERO.
const FREE: u32 = u32::MAX;
/// A block of zeros, whatever the disk below has.
const ZERO: u32 = u32::MAX - 1;

impl Disk {
    /// Opens the disk in `file` on top of `below`, which a differencing disk needs.
    ///
    /// # Errors
    /// When the block map does not lie in the file, or the disk below was not given.
    pub fn open(
        file: &Arc<dyn ReadAt>,
        header: &Header,
        below: Option<Arc<dyn ReadAt>>,
    ) -> Result<Self, Error> {
        let is_differencing = header.kind == Kind::Differencing;
        if is_differencing && below.is_none() {
            return Err(Error::ParentMissing { name: header.parent_id.to_string() });
        }
        let (structure, offset, file_len) = ("block map", header.map_offset, file.len());
        let needed = header.size.div_ceil(header.block_len.max(1)).saturating_mul(4);
        if offset.checked_add(needed).is_none_or(|end| end > file_len) {
            return Err(Error::Outside { structure, offset, needed, file_len });
        }
        let below = below.filter(|_| is_differencing);
        Ok(Self { file: Arc::clone(file), below, header: header.clone(), pages: Pages::new() })
    }
}

impl Layered for Disk {
    fn disk_len(&self) -> u64 {
        self.header.size
    }

    fn file(&self) -> &dyn ReadAt {
        &*self.file
    }

    fn below(&self) -> Option<&Arc<dyn ReadAt>> {
        self.below.as_ref()
    }

    fn stretch(&self, offset: u64) -> io::Result<(Stored, u64)> {
        let Header { map_offset, data_offset, block_len, block_extra, .. } = self.header;
        let (block, within) = (offset / block_len.max(1), offset % block_len.max(1));
        let left = block_len.saturating_sub(within);
        let entry = map_offset.saturating_add(block.saturating_mul(4));
        let structure = "block map";
        let read = self.pages.read(&*self.file, entry);
        let read = read.map_err(|source| Error::Read { structure, offset: entry, source })?;
        let number = match u32::from_le_bytes(read) {
            FREE => return Ok((Stored::Below, left)),
            ZERO => return Ok((Stored::Zeros, left)),
            number => u64::from(number),
        };
        let start = number.saturating_mul(block_len.saturating_add(block_extra));
        let start = start.saturating_add(data_offset).saturating_add(block_extra);
        let (at, file_len) = (start.saturating_add(within), self.file.len());
        if at >= file_len {
            return Err(Error::Block { block, offset: start, file_len }.into());
        }
        Ok((Stored::At(at), left))
    }
}

read_layered!(Disk);
