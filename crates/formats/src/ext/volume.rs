use super::backup::{self, Backup};
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
    /// The block of the copy of the superblock that was read; copies of the group descriptors are behind
    /// it.
    pub(super) backup: Option<u64>,
}

const ROOT: u32 = 2;

impl<R: ReadAt> Volume<R> {
    /// Opens the volume that `reader` holds from its first to its last byte. Where there is no root
    /// directory by its superblock and group descriptors, their copy counts, if there is one by that.
    ///
    /// # Errors
    /// When the superblock is none, or names features that are not read.
    pub fn open(reader: R) -> Result<Self, Error> {
        let first = reader.read_vec_at(1024, 1024).map_err(Error::from);
        let own = first.and_then(|bytes| Superblock::parse(&bytes));
        let backup = match &own {
            Err(Error::Features { .. }) => None,
            Ok(own) if has_root(&reader, own, None) => None,
            _ => backup::find(&reader),
        };
        let copy = backup.and_then(|Backup { block, bytes }| {
            let superblock = Superblock::parse(&bytes);
            // One of newer features is told as such, where there is no other.
            let is_better = |it: &Superblock| has_root(&reader, it, Some(block));
            let is_better = superblock.as_ref().map_or(own.is_err(), is_better);
            is_better.then_some((superblock, Some(block)))
        });
        let (superblock, backup) = copy.unwrap_or((own, None));
        let superblock = bounded(superblock?, reader.len());
        Ok(Self { reader, superblock, backup })
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
        read_group(&self.reader, &self.superblock, self.backup, group)
    }

    /// Reads an inode by its number, from 1.
    pub(super) fn inode(&self, number: u32) -> Result<Inode, Error> {
        read_inode(&self.reader, &self.superblock, self.backup, number)
    }
}

/// Cuts what lies behind the end of the `len` bytes that are there: it cannot be read, nor be asked for.
fn bounded(superblock: Superblock, len: u64) -> Superblock {
    let inodes = u32::try_from(len / u64::from(superblock.inode_size)).unwrap_or(u32::MAX);
    Superblock {
        block_count: superblock.block_count.min(len / u64::from(superblock.block_size)),
        inode_count: superblock.inode_count.min(inodes),
        ..superblock
    }
}

/// Whether the superblock, with its group descriptors, leads to the root directory.
fn has_root(reader: &dyn ReadAt, superblock: &Superblock, backup: Option<u64>) -> bool {
    read_inode(reader, superblock, backup, ROOT).is_ok_and(|inode| inode.is_directory())
}

fn read_group(
    reader: &dyn ReadAt,
    superblock: &Superblock,
    backup: Option<u64>,
    group: u32,
) -> Result<GroupDescriptor, Error> {
    let at = GroupDescriptor::place(superblock, backup, group);
    let bytes = reader.read_vec_at(at, superblock.descriptor_size.into())?;
    let descriptor = GroupDescriptor::parse(&bytes)
        .ok_or(Error::Superblock { field: "group descriptors", found: group.into() })?;
    // What was in use when the copy was written is not what is.
    Ok(match backup {
        Some(_) => GroupDescriptor { has_no_inodes: false, has_no_blocks: false, ..descriptor },
        None => descriptor,
    })
}

fn read_inode(
    reader: &dyn ReadAt,
    superblock: &Superblock,
    backup: Option<u64>,
    number: u32,
) -> Result<Inode, Error> {
    let &Superblock { inode_count, inodes_per_group, inode_size, block_size, .. } = superblock;
    let none = || Error::NoInode { inode: number.into(), count: inode_count.into() };
    let index = number.checked_sub(1).filter(|_| number <= inode_count).ok_or_else(none)?;
    let group = read_group(reader, superblock, backup, index / inodes_per_group)?;
    let within = u64::from(index % inodes_per_group) * u64::from(inode_size);
    let at = group.inode_table.saturating_mul(block_size.into()).saturating_add(within);
    let bytes = reader.read_vec_at(at, inode_size.into())?;
    Inode::parse(&bytes).ok_or_else(none)
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
