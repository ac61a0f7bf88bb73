use std::collections::HashSet;

use super::directory_entry::{self, DirectoryEntry, ENTRY, State, VOLUME_ID, is_long_name};
use super::long_name::LongName;
use super::table::{Differences, Table, extents};
use super::{BootSector, Error};
use crate::walked::{Content, File, Found, Hidden, Room, Sink};
use crate::{
    Allocation, Deleted, Extents, ExtentsReader, FileKind, FoundBy, Name, ReadAt, ReadAtExt,
    Remains, Run,
};

/// The longest directory, in bytes: 65,536 entries.
const LONGEST_DIRECTORY: u64 = 2 << 20;
/// The inode of the root directory, and that of the first entry.
// Source: The Sleuth Kit, tsk_fatfs.h: so icat finds what is listed here.
const ROOT: u64 = 2;
const FIRST: u64 = 3;

/// A walk over all directories of a volume.
pub(super) struct Walk<'w> {
    reader: &'w dyn ReadAt,
    boot_sector: &'w BootSector,
    table: Table<'w>,
    room: Room,
    left: Vec<Directory>,
    /// First clusters of deleted directories that were looked into.
    looked_into: HashSet<u32>,
    /// How many clusters of deleted files may still be looked up: those may share clusters.
    effort: u64,
    found: Sink<'w>,
}

/// A directory that is to be read.
struct Directory {
    path: Name,
    inode: u64,
    extents: Extents,
    is_deleted: bool,
}

impl<'w> Walk<'w> {
    pub fn new(
        reader: &'w dyn ReadAt,
        boot_sector: &'w BootSector,
        found: &'w mut dyn FnMut(Found),
    ) -> Self {
        Self {
            reader,
            boot_sector,
            table: Table::new(reader, boot_sector),
            room: Room::new(reader.len()),
            left: Vec::new(),
            looked_into: HashSet::new(),
            effort: u64::from(boot_sector.cluster_count) * 64 + (1 << 20),
            found: Sink::new(reader.len(), found),
        }
    }

    /// Tells what was wrong and could be made good.
    pub fn warn(&mut self, error: Error) {
        self.found.damage(None, None, error, "", Hidden::Nothing);
    }

    pub fn run(&mut self) {
        let (path, inode) = (Name::default(), ROOT);
        let extents = self.root(&path);
        self.left.push(Directory { path, inode, extents, is_deleted: false });
        while let Some(directory) = self.left.pop() {
            self.read(&directory);
        }
        if let Some(Differences { bytes, first }) = self.table.differences() {
            self.warn(Error::TablesDiffer { bytes, first });
        }
    }

    /// The root directory: behind the tables, or in clusters.
    fn root(&mut self, path: &Name) -> Extents {
        let BootSector { root_cluster, root_len, sector_size, .. } = *self.boot_sector;
        if root_cluster != 0 {
            return self.directory(root_cluster, ROOT, path);
        }
        let in_sectors = |bytes: u64| bytes / u64::from(sector_size);
        let lcn = Some(in_sectors(self.boot_sector.root_start()));
        Extents {
            runs: vec![Run { vcn: 0, lcn, clusters: in_sectors(root_len) }],
            cluster_size: sector_size,
            data_size: root_len,
            initialized_size: root_len,
            unit_clusters: 0,
        }
    }

    /// Where a directory lies, as far as its chain can be followed.
    fn directory(&mut self, first: u32, inode: u64, path: &Name) -> Extents {
        let cluster_size = u64::from(self.boot_sector.cluster_size);
        let most = LONGEST_DIRECTORY.div_ceil(cluster_size);
        let (chain, error) = self.table.chain(first, most, true);
        if let Some(error) = error {
            let (path, hidden) = (Some(path).filter(|it| !it.is_empty()), Hidden::Below(path));
            self.found.damage(Some(inode), path, error, "the files in it from there on", hidden);
        }
        extents(self.boot_sector, &chain, chain.len() as u64 * cluster_size)
    }

    fn read(&mut self, directory: &Directory) {
        let reader = ExtentsReader::new(self.reader, &directory.extents);
        // Bounded by the longest directory, or the root's number of entries in 16 bits.
        let bytes = match reader.read_vec_at(0, reader.len() as usize) {
            Ok(bytes) => bytes,
            Err(error) => {
                let (inode, path) = (Some(directory.inode), Some(&directory.path));
                let hidden = Hidden::Below(&directory.path);
                return self.found.damage(
                    inode,
                    path,
                    Error::from(error),
                    "the files in it",
                    hidden,
                );
            }
        };
        let (mut long_name, mut folders) = (LongName::default(), Vec::new());
        // What lies behind the end of a directory is left from before: deleted, if anything.
        let mut has_ended = false;
        for (at, entry) in (0..).step_by(ENTRY).zip(bytes.chunks_exact(ENTRY)) {
            let state = match directory_entry::state(entry) {
                State::End => {
                    has_ended = true;
                    long_name = LongName::default();
                    continue;
                }
                State::InUse if has_ended || directory.is_deleted => State::Deleted,
                state => state,
            };
            if is_long_name(entry) {
                long_name.add(entry, state);
                continue;
            }
            let Some(parsed) = DirectoryEntry::parse(entry) else { continue };
            let long = long_name.take(&parsed, state);
            if parsed.is_dots() || (has_ended && !is_plausible(&parsed)) {
                continue;
            }
            if parsed.attributes & VOLUME_ID != 0 {
                continue;
            }
            let inode = self.inode(&directory.extents, at);
            folders.extend(self.add(directory, &parsed, long, state, inode));
        }
        if long_name.is_pending() {
            self.found.damage(Some(directory.inode), None, Error::LongName, "", Hidden::Nothing);
        }
        // The first of them is read next.
        self.left.extend(folders.into_iter().rev());
    }

    /// The number of the entry at byte `at` of a directory.
    fn inode(&self, directory: &Extents, at: u64) -> u64 {
        let offset = directory.fs_offset(at).unwrap_or(0);
        let from = offset.saturating_sub(self.boot_sector.root_start());
        FIRST.saturating_add(from / ENTRY as u64)
    }

    /// Hands out a file, and returns the directory that it is.
    fn add(
        &mut self,
        directory: &Directory,
        entry: &DirectoryEntry,
        long: Option<Result<Name, ()>>,
        state: State,
        inode: u64,
    ) -> Option<Directory> {
        let is_deleted = state == State::Deleted;
        let (name, is_stray) = match long {
            Some(Ok(name)) => (name, false),
            Some(Err(())) => (entry.short_name(), !is_deleted),
            None => (entry.short_name(), false),
        };
        let Some(path) = self.room.join(&directory.path, &name) else {
            let hidden = Hidden::Below(&directory.path);
            self.found.damage(
                Some(inode),
                None,
                Error::Path,
                "this file and what is in it",
                hidden,
            );
            return None;
        };
        if is_stray {
            self.found.damage(Some(inode), Some(&path), Error::LongName, "", Hidden::Nothing);
        }
        let (content, remains) = match is_deleted {
            true => self.deleted_content(entry),
            false => (self.content(entry, inode, &path), Remains::Unknown),
        };
        let below = match (&content, entry.is_directory()) {
            (Content::Extents(extents), true) if self.may_hold_files(entry, is_deleted) => {
                let (path, extents) = (path.clone(), extents.clone());
                Some(Directory { path, inode, extents, is_deleted })
            }
            _ => None,
        };
        let deleted = Deleted { found_by: FoundBy::DirectoryEntry, remains };
        self.found.file(File {
            path,
            stream: None,
            kind: if entry.is_directory() { FileKind::Directory } else { FileKind::Regular },
            alloc: if is_deleted { Allocation::DELETED } else { Allocation::LIVE },
            deleted: is_deleted.then_some(deleted),
            inode,
            generation: 0,
            parent_inode: directory.inode,
            attributes: entry.attributes.into(),
            link_count: 1,
            owner_id: 0,
            times: entry.times,
            content,
            target: None,
        });
        below
    }

    /// The content of a file in use.
    fn content(&mut self, entry: &DirectoryEntry, inode: u64, path: &Name) -> Content {
        if entry.is_directory() {
            return Content::Extents(self.directory(entry.first_cluster, inode, path));
        }
        let size = u64::from(entry.size);
        let needed = size.div_ceil(self.boot_sector.cluster_size.into());
        let (chain, error) = self.table.chain(entry.first_cluster, needed, false);
        let found = chain.len() as u64;
        let is_whole = found == needed;
        let error = error.or((!is_whole).then_some(Error::Short { found, needed }));
        if let Some(error) = error {
            let skipped = if is_whole { "" } else { "byte runs and digests of its content" };
            self.found.damage(Some(inode), Some(path), error, skipped, Hidden::Nothing);
        }
        match is_whole {
            true => Content::Extents(extents(self.boot_sector, &chain, size)),
            false => Content::Lost { len: size },
        }
    }

    /// Where the content of a deleted file lay, if it lay in one piece: its chain is gone.
    fn deleted_content(&mut self, entry: &DirectoryEntry) -> (Content, Remains) {
        let cluster_size = u64::from(self.boot_sector.cluster_size);
        let (size, first) = match entry.is_directory() {
            true => (cluster_size, entry.first_cluster),
            false => (u64::from(entry.size), entry.first_cluster),
        };
        if size == 0 {
            return (Content::Extents(extents(self.boot_sector, &[], 0)), Remains::All);
        }
        let count = u32::try_from(size.div_ceil(cluster_size)).unwrap_or(u32::MAX);
        let last = first.saturating_add(count - 1);
        if !self.boot_sector.has(first) || !self.boot_sector.has(last) {
            return (Content::Lost { len: size }, Remains::Unknown);
        }
        let BootSector { sector_size, .. } = *self.boot_sector;
        let in_sectors = |bytes: u64| bytes / u64::from(sector_size);
        let lcn = Some(in_sectors(self.boot_sector.cluster_start(first)));
        let clusters = u64::from(count) * in_sectors(cluster_size);
        let lay = Extents {
            runs: vec![Run { vcn: 0, lcn, clusters }],
            cluster_size: sector_size,
            data_size: size,
            initialized_size: size,
            unit_clusters: 0,
        };
        let Some(left) = self.effort.checked_sub(count.into()) else {
            return (Content::Extents(lay), Remains::Unknown);
        };
        self.effort = left;
        let is_free = (first..=last).all(|cluster| self.table.is_free(cluster));
        (Content::Extents(lay), if is_free { Remains::All } else { Remains::Part })
    }

    /// Whether a directory is to be looked into: a deleted one only where its first cluster is free,
    /// still begins as a directory does, and was not looked into before.
    fn may_hold_files(&mut self, entry: &DirectoryEntry, is_deleted: bool) -> bool {
        let first = entry.first_cluster;
        if !is_deleted {
            return true;
        }
        let start = self.boot_sector.cluster_start(first);
        self.table.is_free(first)
            && self
                .reader
                .read_vec_at(start, ENTRY)
                .is_ok_and(|bytes| bytes.starts_with(b".          "))
            && self.looked_into.insert(first)
    }
}

/// Whether what lies behind the end of a directory looks like an entry.
fn is_plausible(entry: &DirectoryEntry) -> bool {
    let is_of_name = |byte: &u8| *byte >= 0x20 && !b"\"*+,/:;<=>?[\\]|".contains(byte);
    entry.raw_name.iter().all(is_of_name)
        && entry.attributes & 0xC0 == 0
        && !entry.times.mtime.is_unset()
}
