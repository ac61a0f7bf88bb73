use std::sync::Arc;

use super::file_header::FileHeader;
use super::metadata::Metadata;
use super::overlay::Overlay;
use super::region_table::{Region, Regions};
use super::{Error, log};
use crate::{Guid, ReadAt, ReadAtExt};

/// What a VHDX says of itself, its log replayed.
pub struct Header {
    /// How its content is stored.
    pub kind: Kind,
    /// Number of its newer header.
    pub sequence: u64,
    /// Changes when the file is opened for writing.
    pub file_write: Guid,
    /// Changes when the disk is written to; its children know it by this.
    pub data_write: Guid,
    /// The id of what is in the log; nil where that is empty.
    pub log: Guid,
    /// The id that the machine sees.
    pub id: Guid,
    /// Length of the disk in bytes.
    pub size: u64,
    /// Length of a block in bytes.
    pub block_len: u64,
    /// Length of a sector in bytes, as the machine sees it.
    pub sector_len: u64,
    /// Length of a sector in bytes, as the store has it.
    pub physical_sector_len: u64,
    /// Where the block allocation table begins, in bytes.
    pub table_offset: u64,
    /// Its length in bytes.
    pub table_len: u64,
    /// Keys and values that name the disk below.
    pub parent: Vec<(String, String)>,
    /// What is damaged but could be helped.
    pub findings: Vec<Error>,
    /// What the log writes over the file.
    pub(super) overlay: Option<Arc<Overlay>>,
}

/// How a disk's content is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// In blocks, all of them.
    Fixed,
    /// In blocks, those that were written.
    Dynamic,
    /// In blocks, what differs from the disk below.
    Differencing,
}

impl Kind {
    /// The name: `vhdx-fixed`, `vhdx-dynamic`, `vhdx-differencing`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Fixed => "vhdx-fixed",
            Self::Dynamic => "vhdx-dynamic",
            Self::Differencing => "vhdx-differencing",
        }
    }
}

// Source: [MS-VHDX] 2.2.1.
const SIGNATURE: &[u8] = b"vhdxfile";

impl Header {
    /// Reads what `file` says of itself; `None` when it is no VHDX.
    ///
    /// # Errors
    /// When it is one, and damaged beyond help.
    pub fn read(file: &Arc<dyn ReadAt>) -> Result<Option<Self>, Error> {
        let start = file.read_vec_at(0, SIGNATURE.len());
        let structure = "file type identifier";
        let start = start.map_err(|source| Error::Read { structure, offset: 0, source })?;
        if start != SIGNATURE {
            return Ok(None);
        }
        let mut findings = Vec::new();
        let header = FileHeader::read(file, &mut findings)?;
        let overlay = log::replay(file, &header, &mut findings)?.map(Arc::new);
        let file = overlay.clone().map_or_else(|| file.clone(), |it| it as Arc<dyn ReadAt>);
        let Regions { table, metadata } = Regions::read(&file, &mut findings)?;
        let metadata = Metadata::read(&file, metadata)?;
        check_table(table, &metadata, file.len())?;
        Ok(Some(Self {
            kind: match (metadata.has_parent, metadata.leaves_blocks) {
                (true, _) => Kind::Differencing,
                (false, true) => Kind::Fixed,
                (false, false) => Kind::Dynamic,
            },
            sequence: header.sequence,
            file_write: header.file_write,
            data_write: header.data_write,
            log: header.log,
            id: metadata.id,
            size: metadata.size,
            block_len: metadata.block_len,
            sector_len: metadata.sector_len,
            physical_sector_len: metadata.physical_sector_len,
            table_offset: table.offset,
            table_len: table.len,
            parent: metadata.parent,
            findings,
            overlay,
        }))
    }

    /// The value of a key of the parent locator: `parent_linkage`, `relative_path`.
    pub fn parent_value(&self, wanted: &str) -> Option<&str> {
        self.parent.iter().find(|(key, _)| key == wanted).map(|(_, value)| &**value)
    }

    /// Blocks for which there is one bitmap of sectors.
    // Source: [MS-VHDX] 2.5, chunk ratio.
    pub(super) fn chunk_ratio(&self) -> u64 {
        chunk_ratio(self.block_len, self.sector_len)
    }
}

fn chunk_ratio(block_len: u64, sector_len: u64) -> u64 {
    ((1 << 23) * sector_len).checked_div(block_len).unwrap_or(0).max(1)
}

/// The table must have an entry for every block, and lie in the file.
fn check_table(table: Region, metadata: &Metadata, file_len: u64) -> Result<(), Error> {
    let blocks = metadata.size.div_ceil(metadata.block_len.max(1));
    let ratio = chunk_ratio(metadata.block_len, metadata.sector_len);
    let entries = match metadata.has_parent {
        true => blocks.div_ceil(ratio).saturating_mul(ratio.saturating_add(1)),
        false => blocks.saturating_add(blocks.saturating_sub(1) / ratio),
    };
    let (structure, needed) = ("block allocation table", entries.saturating_mul(8));
    if needed > table.len {
        let (field, stated) = ("length", table.len);
        let expected = "room for an entry for every block of the disk";
        return Err(Error::Field { structure, field, stated, expected });
    }
    if table.offset.checked_add(needed).is_none_or(|end| end > file_len) {
        return Err(Error::Outside { structure, offset: table.offset, needed, file_len });
    }
    Ok(())
}

impl std::fmt::Debug for Header {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Header")
            .field("kind", &self.kind)
            .field("size", &self.size)
            .finish_non_exhaustive()
    }
}
