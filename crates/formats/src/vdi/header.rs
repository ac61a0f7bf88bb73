use super::{Error, read_whole};
use crate::bytes::{u32_le, u64_le};
use crate::{Guid, ReadAt, ReadAtExt};

/// What a VDI says of itself.
// Source: VirtualBox, src/VBox/Storage/VDICore.h, VDIPREHEADER and VDIHEADER1PLUS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// The text that the file begins with.
    pub text: String,
    /// How its content is stored.
    pub kind: Kind,
    /// A remark of its owner.
    pub comment: String,
    /// Where the block map begins, in bytes.
    pub map_offset: u64,
    /// Where the blocks begin, in bytes.
    pub data_offset: u64,
    /// Length of the disk in bytes.
    pub size: u64,
    /// Length of a block in bytes.
    pub block_len: u64,
    /// Bytes before each block that are not the disk's.
    pub block_extra: u64,
    /// Number of blocks in the disk.
    pub blocks: u32,
    /// How many of them lie in the file.
    pub blocks_allocated: u32,
    /// By which its children know it.
    pub id: Guid,
    /// Changes when the disk is written to.
    pub modified: Guid,
    /// The id of the disk below.
    pub parent_id: Guid,
    /// What the disk below had as `modified`.
    pub parent_modified: Guid,
}

/// How a disk's content is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// In blocks, those that were written.
    Dynamic,
    /// In blocks, all of them.
    Static,
    /// In blocks, what differs from the disk below; also an undo image.
    Differencing,
}

impl Kind {
    /// The name: `vdi-dynamic`, `vdi-static`, `vdi-differencing`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Dynamic => "vdi-dynamic",
            Self::Static => "vdi-static",
            Self::Differencing => "vdi-differencing",
        }
    }
}

const STRUCTURE: &str = "header";
/// Length of what is read, up to the last id.
const LEN: u64 = 456;
const SIGNATURE: u32 = 0xBEDA_107F;
/// The longest block read; 1 MiB is usual.
const MAX_BLOCK: u64 = 256 << 20;

impl Header {
    /// Reads the header of `file`; `None` when it is no VDI.
    ///
    /// # Errors
    /// When it is one, and a field holds what it may not.
    pub fn read(file: &dyn ReadAt) -> Result<Option<Self>, Error> {
        let start = file.read_vec_at(0, 68);
        let start =
            start.map_err(|source| Error::Read { structure: STRUCTURE, offset: 0, source })?;
        if u32_le(&start, 64) != Some(SIGNATURE) {
            return Ok(None);
        }
        let bytes = read_whole(file, STRUCTURE, 0, LEN)?;
        let outside =
            Error::Outside { structure: STRUCTURE, offset: 0, needed: LEN, file_len: file.len() };
        let (version, kind, mut header) = Self::fields(&bytes).ok_or(outside)?;
        let bad = |field, stated, expected| Error::Field {
            structure: STRUCTURE,
            field,
            stated,
            expected,
        };
        if version >> 16 != 1 {
            return Err(bad("u32Version", version.into(), "0x1xxxx"));
        }
        header.kind = match kind {
            1 => Kind::Dynamic,
            2 => Kind::Static,
            3 | 4 => Kind::Differencing,
            other => return Err(bad("u32Type", other.into(), "1 to 4")),
        };
        let len = header.block_len;
        if !len.is_power_of_two() || !(512..=MAX_BLOCK).contains(&len) {
            return Err(bad("cbBlock", len, "a power of two from 512 to 2^28 bytes"));
        }
        if header.size.div_ceil(len) > header.blocks.into() {
            return Err(bad("cBlocks", header.blocks.into(), "all blocks of the disk"));
        }
        Ok(Some(header))
    }

    fn fields(bytes: &[u8]) -> Option<(u32, u32, Self)> {
        let header = Self {
            text: text(bytes.get(..64)?),
            kind: Kind::Dynamic,
            comment: text(bytes.get(84..340)?),
            map_offset: u32_le(bytes, 340)?.into(),
            data_offset: u32_le(bytes, 344)?.into(),
            size: u64_le(bytes, 368)?,
            block_len: u32_le(bytes, 376)?.into(),
            block_extra: u32_le(bytes, 380)?.into(),
            blocks: u32_le(bytes, 384)?,
            blocks_allocated: u32_le(bytes, 388)?,
            id: Guid::at(bytes, 392)?,
            modified: Guid::at(bytes, 408)?,
            parent_id: Guid::at(bytes, 424)?,
            parent_modified: Guid::at(bytes, 440)?,
        };
        Some((u32_le(bytes, 68)?, u32_le(bytes, 76)?, header))
    }
}

/// Text up to its first NUL, without spaces and line ends around it.
fn text(bytes: &[u8]) -> String {
    let bytes = bytes.split(|byte| *byte == 0).next().unwrap_or_default();
    String::from_utf8_lossy(bytes).trim().to_owned()
}
