use std::cell::Cell;

use apfs_core::container::{NX_MINIMUM_BLOCK_SIZE, NxSuperblock};
use apfs_core::volume::ApfsVolume;
use apfs_core::{ApfsContainer, ApfsError};

use super::checkpoints::Checkpoints;
use super::cursor::{self, Cursor};
use super::walk::Walk;
use super::{Error, content};
use crate::bytes::u64_le;
use crate::walked::{self, Found, Hidden, Room, Sink};
use crate::{Name, ReadAt, ReadAtExt};

// Source: Apple File System Reference, apfs_superblock_t and "Volume Flags". The crate's own `fs_flags`
// is what stands before it, apfs_last_mod_time.
const FLAGS: usize = 264;
const UNENCRYPTED: u64 = 1;

/// A container that was opened. Each of its volumes is a folder of its name.
pub struct Volume<R> {
    reader: R,
    block_size: u32,
    block_count: u64,
    serial: u64,
    checkpoints: Checkpoints,
    /// The blocks of the volumes' superblocks.
    volumes: Vec<u64>,
}

impl<R: ReadAt> Volume<R> {
    /// Opens the container in `reader`.
    ///
    /// # Errors
    /// When its superblocks or its object map are damaged, or it is of a kind that is not read.
    pub fn open(reader: R) -> Result<Self, Error> {
        // Where the checkpoints are is taken as it stands by the crate.
        let first = reader.read_vec_at(0, NX_MINIMUM_BLOCK_SIZE as usize);
        let first = first.map_err(ApfsError::from)?;
        let NxSuperblock { block_count, xp_desc_base: base, xp_desc_blocks: blocks, .. } =
            NxSuperblock::parse(&first)?;
        if base.checked_add(blocks.into()).is_none_or(|end| end > block_count) {
            return Err(Error::NoCheckpoints { base, blocks });
        }
        let left = Cell::new(cursor::most(reader.len()));
        let mut container = ApfsContainer::open(Cursor::new(&reader, &left))?;
        let superblock = container.superblock();
        let (block_size, block_count) = (superblock.block_size, superblock.block_count);
        let (base, blocks) = (superblock.xp_desc_base, superblock.xp_desc_blocks);
        let checkpoints = Checkpoints { base, blocks };
        let serial = superblock.uuid.first_chunk().copied().map_or(0, u64::from_be_bytes);
        // Source: Apple File System Reference, NX_MINIMUM_BLOCK_SIZE, NX_MAXIMUM_BLOCK_SIZE.
        if !(4096..=65_536).contains(&block_size) || !block_size.is_power_of_two() {
            return Err(Error::BlockSize(block_size));
        }
        let volumes = container.volume_superblock_addrs()?;
        drop(container);
        Ok(Self { reader, block_size, block_count, serial, checkpoints, volumes })
    }

    /// The superblock of a volume, whose number is from 1.
    fn superblock(&self, index: u16, block: u64) -> Result<ApfsVolume, Error> {
        let (len, missing) = (self.block_size as usize, Error::NoVolume { index, block });
        let at = block.checked_mul(u64::from(self.block_size));
        let bytes = at.and_then(|at| self.reader.read_vec_at(at, len).ok());
        let bytes = bytes.filter(|it| it.len() == len).ok_or(missing)?;
        let volume = ApfsVolume::parse(&bytes)?;
        match u64_le(&bytes, FLAGS).unwrap_or(0) & UNENCRYPTED {
            0 => Err(Error::Encrypted),
            _ => Ok(volume),
        }
    }
}

impl<R: ReadAt> walked::Volume for Volume<R> {
    fn block_size(&self) -> u32 {
        self.block_size
    }

    fn block_count(&self) -> u64 {
        self.block_count
    }

    fn serial(&self) -> u64 {
        self.serial
    }

    fn walk(&self, found: &mut dyn FnMut(Found)) {
        let len = self.reader.len();
        let (mut room, mut found) = (Room::new(len), Sink::new(len, found));
        // What may hide any file.
        let any = Name::default();
        if let Some(block) = self.checkpoints.damaged(&self.reader, self.block_size) {
            let (error, skipped) = (Error::Checkpoint(block), "what was changed since");
            found.damage(None, None, error, skipped, Hidden::Below(&any));
        }
        let left = Cell::new(cursor::most(len));
        let mut unpacked = content::most(len);
        let mut names: Vec<Name> = Vec::new();
        for (index, block) in (1..).zip(&self.volumes) {
            let volume = match self.superblock(index, *block) {
                Ok(volume) => volume,
                Err(error) => {
                    let error = VolumeError { index, source: error };
                    let skipped = "the files of a volume";
                    found.damage(None, None, error, skipped, Hidden::Below(&any));
                    continue;
                }
            };
            let name = folder(volume.name(), index, &names);
            names.push(name.clone());
            let cursor = Cursor::new(&self.reader, &left);
            let block_size = self.block_size;
            let (unpacked, room) = (&mut unpacked, &mut room);
            Walk::new(cursor, &volume, index, block_size, unpacked, room, &mut found).run(name);
        }
    }
}

/// The folder of a volume, whose name may be that of another one, or no name of a file.
fn folder(name: &str, index: u16, others: &[Name]) -> Name {
    let own = Name::from(name.replace('/', ":").as_str());
    match own.is_empty() || others.contains(&own) {
        true => Name::from(format!("{name}#{index}").replace('/', ":").as_str()),
        false => own,
    }
}

#[derive(Debug, thiserror::Error)]
#[error("volume {index} of the container")]
struct VolumeError {
    index: u16,
    source: Error,
}
