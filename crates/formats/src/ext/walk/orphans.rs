//! Inodes that no directory names.

use std::collections::BTreeMap;
use std::ops::Range;

use super::{FIRST_OWN, Walk, is_set};
use crate::ext::inode::Inode;
use crate::ext::{Error, Superblock};
use crate::walked::Hidden;
use crate::{Allocation, Deleted, FoundBy, Known, Name, ReadAt, ReadAtExt};

/// Where files go that no directory names; the name is The Sleuth Kit's.
const ORPHANS: &str = "$OrphanFiles";
/// How many inodes are read at once to find those without a name.
const INODES: usize = 256;

impl<R: ReadAt> Walk<'_, R> {
    /// Hands out files that no directory names.
    pub(super) fn orphans(&mut self) {
        let mut unread = BTreeMap::new();
        let mut note = |group, what| {
            let (_, count) = unread.entry(what).or_insert((group, 0));
            *count += 1;
        };
        for group in 0..self.volume.group_count() {
            let Superblock { inodes_per_group, inode_count, .. } = self.volume.superblock;
            let descriptor = match self.volume.group(group) {
                Ok(descriptor) if descriptor.has_no_inodes => continue,
                Ok(descriptor) => descriptor,
                Err(_) => {
                    note(group, "their descriptors cannot be read");
                    continue;
                }
            };
            let bits = self.bitmap(descriptor.inode_bitmap);
            if bits.is_none() {
                note(group, "their bitmaps cannot be read; none of the inodes counts as in use");
            }
            let first = u64::from(group) * u64::from(inodes_per_group) + 1;
            let last = (first + u64::from(inodes_per_group)).min(u64::from(inode_count) + 1);
            let is_in_use =
                |number: u64| bits.as_deref().is_some_and(|bits| is_set(bits, number - first));
            let (table, mut is_whole) = (descriptor.inode_table, true);
            for start in (first..last).step_by(INODES) {
                let part = start..last.min(start + INODES as u64);
                for inode in self.nameless(table, first, part) {
                    match inode {
                        Some((number, inode)) => {
                            self.orphan(number, inode, is_in_use(number.into()));
                        }
                        None => is_whole = false,
                    }
                }
            }
            if !is_whole {
                note(group, "not all of their inodes can be read");
            }
        }
        for (what, (first, count)) in unread {
            let skipped = "files in them that no directory names, deleted ones too";
            let error = Error::Groups { count, first, what };
            self.found.damage(None, None, error, skipped, Hidden::Nothing);
        }
    }

    /// The inodes that no directory names and that are not empty, of some of a group; its table of
    /// inodes begins at block `table`, with inode `first`. `None` stands for one that cannot be read. What
    /// is known to be zeros is not read.
    fn nameless(&self, table: u64, first: u64, part: Range<u64>) -> Vec<Option<(u32, Inode)>> {
        let Superblock { inode_size, block_size, .. } = self.volume.superblock;
        let size = u64::from(inode_size);
        let at =
            table.saturating_mul(block_size.into()).saturating_add((part.start - first) * size);
        let len = (part.end - part.start) * size;
        let wanted = |number: &u32| *number >= FIRST_OWN && !self.is_named(*number);
        let numbers = part.clone().filter_map(|number| u32::try_from(number).ok());
        if numbers.clone().all(|number| !wanted(&number)) {
            return Vec::new();
        }
        if matches!(self.volume.reader.known_at(at, len), (Known::Zeros, known) if known == len) {
            return Vec::new();
        }
        let bytes = self.volume.reader.read_vec_at(at, len as usize).unwrap_or_default();
        let inode = |number: u32| {
            let start = ((u64::from(number) - part.start) * size) as usize;
            match bytes.get(start..start + usize::from(inode_size)) {
                Some(bytes) => Inode::parse(bytes),
                // What is around it cannot be read, or is not there.
                None => self.volume.inode(number).ok(),
            }
        };
        let inodes = numbers.filter(wanted).map(|number| Some((number, inode(number)?)));
        inodes.filter(|it| it.as_ref().is_none_or(|(_, inode)| inode.mode != 0)).collect()
    }

    fn orphan(&mut self, number: u32, inode: Inode, in_use: bool) {
        let name = Name::from(&*format!("OrphanFile-{number}"));
        let folder = Name::from(ORPHANS);
        let Some(path) = self.room.join(&folder, &name) else {
            let (skipped, hidden) = ("a file that no directory names", Hidden::Below(&folder));
            return self.found.damage(Some(number.into()), None, Error::Path, skipped, hidden);
        };
        if in_use && inode.link_count > 0 {
            let (number, skipped) = (Some(number.into()), "the file among those in use");
            self.found.damage(number, Some(&path), Error::NoName, skipped, Hidden::Nothing);
        }
        let known = self.known(inode, None);
        let remains = self.remains(&known);
        let deleted = (!in_use).then_some(Deleted { found_by: FoundBy::Record, remains });
        let alloc = Allocation { name: false, inode: in_use };
        self.hand_out(path, number, 0, alloc, deleted, known);
    }
}
