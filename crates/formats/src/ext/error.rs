use std::io;

/// What is wrong with a structure of an ext volume.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The superblock does not describe a volume that can be read.
    #[error("superblock: {field} is {found:#x}")]
    Superblock {
        /// The field, as Linux names it.
        field: &'static str,
        /// What it holds.
        found: u64,
    },
    /// The superblock and the group descriptors were taken from their copy.
    #[error("superblock or group descriptors are damaged; their copy at block {block} was used")]
    FromBackup {
        /// Where that is.
        block: u64,
    },
    /// Inodes of groups, or what tells which are in use, cannot be read.
    #[error("{count} groups of inodes, the first is {first}: {what}")]
    Groups {
        /// How many they are.
        count: u32,
        /// The number of the first, from 0.
        first: u32,
        /// What cannot be read.
        what: &'static str,
    },
    /// A name is not UTF-8.
    #[error("its name is not UTF-8; what is not is shown as U+FFFD")]
    Name,
    /// The volume has features that are not known here.
    #[error("the volume has features that are not read: {names} ({bits:#x})")]
    Features {
        /// Those that have names.
        names: String,
        /// All of them.
        bits: u32,
    },
    /// The volume was not closed.
    #[error("the journal was not replayed: what it holds is not shown")]
    Journal,
    /// An inode is outside the volume.
    #[error("there is no inode {inode}; the volume has {count}")]
    NoInode {
        /// The number asked for.
        inode: u64,
        /// How many there are.
        count: u64,
    },
    /// A block is outside the volume.
    #[error("block {block:#x}; the volume has {count}")]
    Outside {
        /// The block.
        block: u64,
        /// How many there are.
        count: u64,
    },
    /// A node of an extent tree is not one.
    #[error("extent tree: {what}")]
    ExtentTree {
        /// What is wrong there.
        what: &'static str,
    },
    /// Blocks that map others are more than the volume has.
    #[error("the blocks that say where contents lie are more together than the volume has")]
    TooMuch,
    /// The content is encrypted, or kept in a way that is not read.
    #[error("content is {how}; its digests are of what is stored")]
    Stored {
        /// How it is kept.
        how: &'static str,
    },
    /// An entry of a directory does not fit into its block.
    #[error("directory entry at byte {offset:#x}: {what}")]
    Entry {
        /// Where it is in the directory.
        offset: u64,
        /// What is wrong with it.
        what: &'static str,
    },
    /// A directory is in itself, or in two places.
    #[error("the directory is listed in another place, too")]
    Again,
    /// No directory lists a file that is in use.
    #[error("a file in use has no name")]
    NoName,
    /// A path is too long, or all paths together are.
    #[error("its path is too long")]
    Path,
    /// The bytes below could not be read.
    #[error("cannot be read")]
    Io(#[from] io::Error),
}
