use super::group_descriptor::GroupDescriptor;
use super::inode::Inode;
use super::walk::Walk;
use super::{Error, Superblock};
use crate::walked::{self, Found};
use crate::{ReadAt, ReadAtExt};

/// A volume whose superblock was read.
pub struct Volume<R> {
    pub(super) reader: R,
    pub(super) superblock: Superblock,
}

impl<R: ReadAt> Volume<R> {
    /// Opens the volume that `reader` holds from its first to its last byte.
    ///
    /// # Errors
    /// When the superblock is none, or names features that are not read.
    pub fn open(reader: R) -> Result<Self, Error> {
        let mut superblock = Superblock::parse(&reader.read_vec_at(1024, 1024)?)?;
        // What lies behind the end of what is there cannot be read, nor be asked for.
        let there = reader.len() / u64::from(superblock.block_size);
        superblock.block_count = superblock.block_count.min(there);
        let inodes = reader.len() / u64::from(superblock.inode_size);
        let inodes = u32::try_from(inodes).unwrap_or(u32::MAX);
        superblock.inode_count = superblock.inode_count.min(inodes);
        Ok(Self { reader, superblock })
    }

    /// The superblock.
    pub fn superblock(&self) -> &Superblock {
        &self.superblock
    }

    /// Number of groups of blocks.
    pub(super) fn group_count(&self) -> u32 {
        self.superblock.inode_count.div_ceil(self.superblock.inodes_per_group)
    }

    pub(super) fn group(&self, group: u32) -> Result<GroupDescriptor, Error> {
        let Superblock { descriptor_size, .. } = self.superblock;
        let at = GroupDescriptor::place(&self.superblock, group);
        let bytes = self.reader.read_vec_at(at, descriptor_size.into())?;
        GroupDescriptor::parse(&bytes)
            .ok_or(Error::Superblock { field: "group descriptors", found: group.into() })
    }

    /// Reads an inode by its number, from 1.
    pub(super) fn inode(&self, number: u32) -> Result<Inode, Error> {
        let Superblock { inode_count, inodes_per_group, inode_size, block_size, .. } =
            self.superblock;
        let none = || Error::NoInode { inode: number.into(), count: inode_count.into() };
        let index = number.checked_sub(1).filter(|_| number <= inode_count).ok_or_else(none)?;
        let group = self.group(index / inodes_per_group)?;
        let within = u64::from(index % inodes_per_group) * u64::from(inode_size);
        let at = group.inode_table.saturating_mul(block_size.into()).saturating_add(within);
        let bytes = self.reader.read_vec_at(at, inode_size.into())?;
        Inode::parse(&bytes).ok_or_else(none)
    }
}

impl<R: ReadAt> walked::Volume for Volume<R> {
    fn block_size(&self) -> u32 {
        self.superblock.block_size
    }

    fn block_count(&self) -> u64 {
        self.superblock.block_count
    }

    fn serial(&self) -> u64 {
        self.superblock.uuid_start
    }

    fn walk(&self, found: &mut dyn FnMut(Found)) {
        Walk::new(self, found).run();
    }
}
