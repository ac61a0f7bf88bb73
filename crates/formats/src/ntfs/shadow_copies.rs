use super::Error;
use crate::bytes::{u32_le, u64_le, window};
use crate::guid::Guid;
use crate::{Filetime, ReadAt, ReadAtExt};

/// A shadow copy of a volume, as the volume's own catalog lists it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ShadowCopy {
    /// Identifier of its store, by which a file in `System Volume Information` is called.
    pub store: Guid,
    /// When it was made.
    pub created: Filetime,
    /// Length of the volume then, in bytes.
    pub volume_len: u64,
}

/// Where a volume says that it has shadow copies, in bytes.
// Source for all here: J. Metz, "Volume Shadow Snapshot (VSS) format" (libvshadow).
const HEADER: u64 = 0x1E00;
/// What each structure begins with: {3808876B-C176-4E48-B7AE-04046E6CC752}.
const IDENTIFIER: [u8; 16] = [
    0x6B, 0x87, 0x08, 0x38, 0x76, 0xC1, 0x48, 0x4E, 0xB7, 0xAE, 0x04, 0x04, 0x6E, 0x6C, 0xC7, 0x52,
];
const CATALOG_BLOCK: u64 = 0x4000;
const ENTRY: usize = 128;
/// Types of structures, and of an entry that describes a copy.
const IS_HEADER: u32 = 1;
const IS_CATALOG: u32 = 2;
const IS_COPY: u64 = 2;
/// Windows keeps at most 512 copies of a volume, of which a block holds 63.
const MOST_BLOCKS: usize = 64;

/// Lists the shadow copies of the volume that `volume` holds, in the order of its catalog.
///
/// # Errors
/// When the volume says that there are some, and its catalog cannot be read to the end.
pub fn shadow_copies(volume: &dyn ReadAt) -> Result<Vec<ShadowCopy>, Error> {
    let mut copies = Vec::new();
    let header = volume.read_vec_at(HEADER, ENTRY)?;
    if !is(&header, IS_HEADER) {
        return Ok(copies);
    }
    let mut at = u64_le(&header, 0x30).unwrap_or(0);
    for _ in 0..MOST_BLOCKS {
        if at == 0 {
            return Ok(copies);
        }
        let block = volume.read_vec_at(at, CATALOG_BLOCK as usize)?;
        if !is(&block, IS_CATALOG) {
            return Err(Error::ShadowCopies { offset: at, what: "no catalog is there" });
        }
        copies.extend(block.chunks_exact(ENTRY).skip(1).filter_map(copy));
        at = u64_le(&block, 0x28).unwrap_or(0);
    }
    Err(Error::ShadowCopies { offset: at, what: "the catalog does not end" })
}

fn is(bytes: &[u8], kind: u32) -> bool {
    bytes.starts_with(&IDENTIFIER) && u32_le(bytes, 20) == Some(kind)
}

fn copy(entry: &[u8]) -> Option<ShadowCopy> {
    if u64_le(entry, 0)? != IS_COPY {
        return None;
    }
    Some(ShadowCopy {
        store: Guid(window(entry, 16, 16)?.try_into().ok()?),
        created: Filetime(u64_le(entry, 48)?),
        volume_len: u64_le(entry, 8)?,
    })
}
