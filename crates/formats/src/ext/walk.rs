mod orphans;

use std::borrow::Cow;
use std::collections::HashSet;

use super::directory::{self, Entry};
use super::inline_data::inline_data;
use super::inode::{HAS_INDEX, HAS_INLINE_DATA, Inode};
use super::mapping::Mapper;
use super::{Error, Superblock, Volume};
use crate::walked::{Content, File, Found, Hidden, Room, Sink};
use crate::{
    Allocation, Deleted, Extents, ExtentsReader, FileKind, FoundBy, Name, ReadAt, ReadAtExt,
    Remains, Times,
};

const ROOT: u32 = 2;
/// Inodes below this number belong to the file system itself.
const FIRST_OWN: u32 = 11;
/// Longest target of a link that is read, in bytes.
const LONGEST_TARGET: u64 = 4096;

/// A walk over all directories of a volume, then over all inodes.
pub(super) struct Walk<'w, R> {
    volume: &'w Volume<R>,
    mapper: Mapper<'w>,
    room: Room,
    left: Vec<(Name, u32, Source)>,
    /// Inodes that have a name, a bit each.
    named: Vec<u8>,
    directories: HashSet<u32>,
    block_bitmap: Page,
    /// How many blocks of deleted files may still be looked up: those may share blocks.
    effort: u64,
    found: Sink<'w>,
}

/// What a directory's entries are read from.
enum Source {
    Extents(Extents, bool),
    Inline([Vec<u8>; 2]),
}

/// The bitmap of a group that was read last.
#[derive(Default)]
struct Page {
    group: Option<u32>,
    bits: Option<Vec<u8>>,
}

/// What is known of a file but for its name.
struct Told {
    inode: Inode,
    content: Content,
    target: Option<Name>,
}

impl<'w, R: ReadAt> Walk<'w, R> {
    pub fn new(volume: &'w Volume<R>, found: &'w mut dyn FnMut(Found)) -> Self {
        let superblock = &volume.superblock;
        let left = superblock.block_count;
        Self {
            volume,
            mapper: Mapper { reader: &volume.reader, superblock, left },
            room: Room::new(volume.reader.len()),
            left: Vec::new(),
            named: vec![0; superblock.inode_count as usize / 8 + 1],
            directories: HashSet::new(),
            block_bitmap: Page::default(),
            effort: superblock.block_count.saturating_mul(16).saturating_add(1 << 20),
            found: Sink::new(volume.reader.len(), found),
        }
    }

    pub fn run(&mut self) {
        if let Some(block) = self.volume.backup {
            self.found.damage(None, None, Error::FromBackup { block }, "", Hidden::Nothing);
        }
        if self.volume.superblock.needs_recovery {
            self.found.damage(
                None,
                None,
                Error::Journal,
                "changes that are only in it",
                Hidden::Nothing,
            );
        }
        self.directories.insert(ROOT);
        let root = self.volume.inode(ROOT).and_then(|inode| self.source(&inode));
        match root {
            Ok(source) => self.left.push((Name::default(), ROOT, source)),
            Err(error) => {
                let hidden = Hidden::Below(&Name::default());
                self.found.damage(Some(ROOT.into()), None, error, "the names of all files", hidden);
            }
        }
        while let Some((path, inode, source)) = self.left.pop() {
            self.directory(&path, inode, source);
        }
        self.orphans();
    }

    fn source(&mut self, inode: &Inode) -> Result<Source, Error> {
        if inode.flags & HAS_INLINE_DATA != 0 {
            let [block, more] = inline_data(inode);
            // The first four bytes are the directory above.
            let block = block.get(4..).unwrap_or_default();
            return Ok(Source::Inline([block.to_vec(), more.to_vec()]));
        }
        Ok(Source::Extents(self.mapper.extents(inode)?, inode.flags & HAS_INDEX != 0))
    }

    fn directory(&mut self, path: &Name, inode: u32, source: Source) {
        let mut folders = Vec::new();
        match source {
            Source::Inline(parts) => {
                for part in &parts {
                    self.block(path, inode, part, 0, true, &mut folders);
                }
            }
            Source::Extents(extents, has_index) => {
                let size = self.volume.superblock.block_size;
                let reader = ExtentsReader::new(self.mapper.reader, &extents);
                // Holes hold no names.
                let blocks = extents.runs.iter().filter(|run| run.lcn.is_some());
                let blocks = blocks.flat_map(|run| run.vcn..run.end_vcn());
                for block in blocks {
                    let offset = block * u64::from(size);
                    match reader.read_vec_at(offset, size as usize) {
                        Ok(bytes) => {
                            // What hashes lead by is no slack.
                            let stale = !(has_index && block == 0);
                            self.block(path, inode, &bytes, offset, stale, &mut folders);
                        }
                        Err(error) => self.cut(path, inode, error.into()),
                    }
                }
            }
        }
        // The first of them is read next.
        self.left.extend(folders.into_iter().rev());
    }

    fn block(
        &mut self,
        path: &Name,
        inode: u32,
        bytes: &[u8],
        offset: u64,
        stale: bool,
        folders: &mut Vec<(Name, u32, Source)>,
    ) {
        directory::entries(bytes, offset, stale, |entry| match entry {
            Ok(Entry { name: b"." | b"..", .. }) => {}
            Ok(entry) if entry.is_stale => self.stale(path, inode, &entry),
            Ok(entry) => folders.extend(self.entry(path, inode, &entry)),
            Err(error) => self.cut(path, inode, error),
        });
    }

    fn cut(&mut self, path: &Name, inode: u32, error: Error) {
        let (hidden, skipped) = (Hidden::Below(path), "the files behind in it");
        self.found.damage(Some(inode.into()), Some(path), error, skipped, hidden);
    }

    /// Hands out a file that a directory lists, and returns the directory that it is.
    fn entry(
        &mut self,
        folder: &Name,
        parent: u32,
        entry: &Entry<'_>,
    ) -> Option<(Name, u32, Source)> {
        let path = self.path(folder, entry, parent)?;
        let inode = match self.volume.inode(entry.inode) {
            Ok(inode) => inode,
            Err(error) => {
                let (number, hidden) = (Some(entry.inode.into()), Hidden::Below(&path));
                self.found.damage(number, Some(&path), error, "this file", hidden);
                return None;
            }
        };
        self.name(entry.inode);
        let below = self.below(&inode, entry.inode, &path);
        let known = self.known(inode, Some((entry.inode, &path)));
        self.hand_out(path, entry.inode, parent, Allocation::LIVE, None, known);
        below
    }

    fn path(&mut self, folder: &Name, entry: &Entry<'_>, parent: u32) -> Option<Name> {
        let text = String::from_utf8_lossy(entry.name);
        let Some(path) = self.room.join(folder, &Name::from(&*text)) else {
            let (skipped, hidden) = ("a file, and what is in it", Hidden::Below(folder));
            self.found.damage(Some(parent.into()), None, Error::Path, skipped, hidden);
            return None;
        };
        if matches!(text, Cow::Owned(_)) && !entry.is_stale {
            let (inode, skipped) = (Some(entry.inode.into()), "bytes of its name");
            self.found.damage(inode, Some(&path), Error::Name, skipped, Hidden::Nothing);
        }
        Some(path)
    }

    fn below(&mut self, inode: &Inode, number: u32, path: &Name) -> Option<(Name, u32, Source)> {
        if !inode.is_directory() {
            return None;
        }
        let read = match self.directories.insert(number) {
            true => self.source(inode),
            false => Err(Error::Again),
        };
        match read {
            Ok(source) => Some((path.clone(), number, source)),
            Err(error) => {
                let (skipped, hidden) = ("the files in it", Hidden::Below(path));
                self.found.damage(Some(number.into()), Some(path), error, skipped, hidden);
                None
            }
        }
    }

    /// Hands out a file of which a directory has kept the name.
    fn stale(&mut self, folder: &Name, parent: u32, entry: &Entry<'_>) {
        if entry.inode < FIRST_OWN || entry.inode > self.volume.superblock.inode_count {
            return;
        }
        let Some(path) = self.path(folder, entry, parent) else { return };
        let found_by = FoundBy::DirectoryEntry;
        let inode = self.volume.inode(entry.inode).ok();
        let in_use = self.is_inode_in_use(entry.inode).unwrap_or(true);
        match inode.filter(|inode| !in_use && inode.mode != 0) {
            Some(inode) => {
                self.name(entry.inode);
                let known = self.known(inode, None);
                let deleted = Deleted { found_by, remains: self.remains(&known) };
                let alloc = Allocation::DELETED;
                self.hand_out(path, entry.inode, parent, alloc, Some(deleted), known);
            }
            // The inode is another file's by now, or holds nothing.
            None => {
                let deleted = Deleted { found_by, remains: Remains::Unknown };
                let alloc = Allocation { name: false, inode: in_use };
                self.found.file(File {
                    path,
                    stream: None,
                    kind: FileKind::Other,
                    alloc,
                    deleted: Some(deleted),
                    inode: entry.inode.into(),
                    generation: 1,
                    parent_inode: parent.into(),
                    attributes: 0,
                    link_count: 0,
                    owner_id: 0,
                    times: Times::default(),
                    content: Content::Lost { len: 0 },
                    target: None,
                });
            }
        }
    }

    /// What an inode tells; damage is told where it is that of a file in use, by number and path.
    fn known(&mut self, inode: Inode, of: Option<(u32, &Name)>) -> Told {
        let block_size = self.volume.superblock.block_size;
        if inode.is_fast_link(block_size) {
            let target = inode.block.get(..inode.size as usize).unwrap_or_default();
            let content = Content::Inline { bytes: target.to_vec(), fs_offset: None };
            let target = Some(Name::from(&*String::from_utf8_lossy(target)));
            return Told { inode, content, target };
        }
        let kind = inode.kind();
        let content = if inode.flags & HAS_INLINE_DATA != 0 {
            let mut bytes = inline_data(&inode).concat();
            bytes.truncate(usize::try_from(inode.size).unwrap_or(usize::MAX));
            Content::Inline { bytes, fs_offset: None }
        } else if kind == FileKind::Other {
            // Of devices the numbers are where others have blocks.
            Content::Inline { bytes: Vec::new(), fs_offset: None }
        } else {
            match self.mapper.extents(&inode) {
                Ok(extents) => Content::Extents(extents),
                Err(error) => {
                    if let Some((number, path)) = of {
                        let skipped = "byte runs and digests of its content";
                        let (number, hidden) = (Some(number.into()), Hidden::Nothing);
                        self.found.damage(number, Some(path), error, skipped, hidden);
                    }
                    Content::Lost { len: inode.size }
                }
            }
        };
        if let (Some(how), Some((number, path))) = (inode.stored_as(), of) {
            let skipped = "digests of the plain content";
            let (number, error) = (Some(number.into()), Error::Stored { how });
            self.found.damage(number, Some(path), error, skipped, Hidden::Nothing);
        }
        let target = match (&content, kind) {
            (Content::Extents(extents), FileKind::Link) if inode.size <= LONGEST_TARGET => {
                let reader = ExtentsReader::new(self.mapper.reader, extents);
                let bytes = reader.read_vec_at(0, LONGEST_TARGET as usize).unwrap_or_default();
                Some(Name::from(&*String::from_utf8_lossy(&bytes)))
            }
            (Content::Inline { bytes, .. }, FileKind::Link) => {
                Some(Name::from(&*String::from_utf8_lossy(bytes)))
            }
            _ => None,
        };
        Told { inode, content, target }
    }

    /// What is left of the content of a deleted file.
    fn remains(&mut self, known: &Told) -> Remains {
        let extents = match &known.content {
            Content::Inline { .. } => return Remains::All,
            Content::Extents(extents) => extents,
            _ => return Remains::Unknown,
        };
        let mut stored = extents.runs.iter().filter_map(|run| Some((run.lcn?, run.clusters)));
        let Some(first) = stored.next() else {
            // Deleting takes the places of blocks away.
            return if known.inode.size == 0 { Remains::All } else { Remains::Unknown };
        };
        for (start, count) in [first].into_iter().chain(stored) {
            let per_bit = u64::from(self.volume.superblock.blocks_per_bit);
            let Some(left) = self.effort.checked_sub(count) else { return Remains::Unknown };
            self.effort = left;
            for block in (start..start.saturating_add(count)).step_by(per_bit as usize) {
                match self.is_block_in_use(block) {
                    Some(false) => {}
                    Some(true) => return Remains::Part,
                    None => return Remains::Unknown,
                }
            }
        }
        Remains::All
    }

    fn is_block_in_use(&mut self, block: u64) -> Option<bool> {
        let Superblock { first_data_block, blocks_per_group, blocks_per_bit, .. } =
            self.volume.superblock;
        let index = block.checked_sub(first_data_block.into())?;
        let group = u32::try_from(index / u64::from(blocks_per_group)).ok()?;
        if self.block_bitmap.group != Some(group) {
            let descriptor = self.volume.group(group).ok()?;
            let bits = match descriptor.has_no_blocks {
                true => Some(Vec::new()),
                false => self.bitmap(descriptor.block_bitmap),
            };
            self.block_bitmap = Page { group: Some(group), bits };
        }
        let bit = index % u64::from(blocks_per_group) / u64::from(blocks_per_bit);
        self.block_bitmap.bits.as_deref().map(|bits| is_set(bits, bit))
    }

    fn is_inode_in_use(&mut self, number: u32) -> Option<bool> {
        let index = number.checked_sub(1)?;
        let per_group = self.volume.superblock.inodes_per_group;
        let descriptor = self.volume.group(index / per_group).ok()?;
        if descriptor.has_no_inodes {
            return Some(false);
        }
        let size = u64::from(self.volume.superblock.block_size);
        let at = descriptor.inode_bitmap.checked_mul(size)?;
        let bit = index % per_group;
        let byte = self.volume.reader.read_vec_at(at.checked_add((bit / 8).into())?, 1).ok()?;
        byte.first().map(|byte| byte & (1 << (bit % 8)) != 0)
    }

    fn bitmap(&self, block: u64) -> Option<Vec<u8>> {
        let size = self.volume.superblock.block_size;
        let at = block.checked_mul(size.into())?;
        let bits = self.volume.reader.read_vec_at(at, size as usize).ok();
        bits.filter(|bits| bits.len() == size as usize)
    }

    fn hand_out(
        &mut self,
        path: Name,
        number: u32,
        parent: u32,
        alloc: Allocation,
        deleted: Option<Deleted>,
        Told { inode, content, target }: Told,
    ) {
        self.found.file(File {
            path,
            stream: None,
            kind: inode.kind(),
            alloc,
            deleted,
            inode: number.into(),
            generation: inode.generation(),
            parent_inode: parent.into(),
            attributes: inode.mode.into(),
            link_count: inode.link_count,
            owner_id: inode.owner_id,
            times: inode.times,
            content,
            target,
        });
    }

    fn name(&mut self, number: u32) {
        if let Some(byte) = self.named.get_mut(number as usize / 8) {
            *byte |= 1 << (number % 8);
        }
    }

    fn is_named(&self, number: u32) -> bool {
        is_set(&self.named, number.into())
    }
}

fn is_set(bits: &[u8], bit: u64) -> bool {
    let byte = usize::try_from(bit / 8).ok().and_then(|at| bits.get(at));
    byte.is_some_and(|byte| byte & (1 << (bit % 8)) != 0)
}
