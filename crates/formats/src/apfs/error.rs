/// What is wrong with a container, or with a file of it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A structure is damaged, or asks for what is not read.
    #[error("a structure is damaged or not known")]
    Structure(#[from] apfs_core::ApfsError),
    /// The superblock states no size of blocks that there can be.
    #[error("superblock: blocks of {0} bytes")]
    BlockSize(u32),
    /// The superblock places the checkpoints where they cannot be.
    #[error(
        "superblock: {blocks} blocks of checkpoints from {base:#x} on are not in the container"
    )]
    NoCheckpoints {
        /// Where they are said to begin, in blocks.
        base: u64,
        /// How many there are.
        blocks: u32,
    },
    /// The last state may be damaged.
    #[error("block {0:#x} of the checkpoints is damaged: what is shown may be an older state")]
    Checkpoint(u64),
    /// A volume's superblock is not in the container.
    #[error("the superblock of volume {index} is not in the container: block {block:#x}")]
    NoVolume {
        /// Number of the volume, from 1.
        index: u16,
        /// Where it should be.
        block: u64,
    },
    /// A volume's metadata and contents are encrypted.
    #[error("the volume is encrypted")]
    Encrypted,
    /// A path is too long, or all of them are longer than is plausible.
    #[error("a path is too long, or all are together")]
    Path,
    /// A directory is in a directory that it holds, or in several.
    #[error("the directory was read under another path")]
    Again,
    /// The extents do not tell all of a content.
    #[error("the extents of its content leave out bytes or tell them twice, at {offset:#x}")]
    Extents {
        /// Where in the content, in bytes.
        offset: u64,
    },
    /// A link does not say where it leads to.
    #[error("the link has no attribute that says where it leads to")]
    NoTarget,
    /// An extended attribute is kept in a way that is not known.
    #[error("an extended attribute is kept in a way that is not known")]
    Attribute,
    /// A packed content is too long to be unpacked.
    #[error("its content is packed, {len} bytes; {most} are unpacked at most")]
    Packed {
        /// Its length.
        len: u64,
        /// The most.
        most: u64,
    },
}
