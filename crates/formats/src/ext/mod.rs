//! ext2, ext3 and ext4, deleted files too.
// Source for every structure here: Linux, Documentation/filesystems/ext4.

pub(crate) mod backup;
mod directory;
mod error;
mod group_descriptor;
mod inline_data;
mod inode;
mod mapping;
mod superblock;
mod volume;
mod walk;

pub use error::Error;
pub use superblock::Superblock;
pub use volume::Volume;
