use std::collections::HashSet;

use super::clusters::Clusters;
use super::file_set::{ENTRY, FILE, FileSet, IN_USE};
use super::{BootSector, Error};
use crate::bytes::{u32_le, u64_le};
use crate::walked::{Content, File, Found, Hidden, Room, Sink};
use crate::{
    Allocation, Deleted, Extents, ExtentsReader, FileKind, FoundBy, Name, ReadAt, ReadAtExt,
    Remains,
};

/// The longest directory, in bytes ("File Directory Entry": 256 MiB).
const LONGEST_DIRECTORY: u64 = 256 << 20;
/// How much of a directory is read at once, in bytes.
const PART: usize = 1 << 20;
/// A set has at most this many bytes: a file entry and 255 others.
const LONGEST_SET: usize = 256 * ENTRY;
/// What is missing of a directory that can be followed in part.
const BEHIND: &str = "the files in it from there on";
/// The inode of the root directory, and that of the first entry.
// Source: The Sleuth Kit, tsk_fatfs.h: so icat finds what is listed here.
const ROOT: u64 = 2;
const FIRST: u64 = 3;

/// A walk over all directories of a volume.
pub(super) struct Walk<'w> {
    reader: &'w dyn ReadAt,
    boot_sector: &'w BootSector,
    clusters: Clusters<'w>,
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
            clusters: Clusters::new(reader, boot_sector),
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
        let (path, inode, first) = (Name::default(), ROOT, self.boot_sector.root_cluster);
        let (extents, error) = self.clusters.chain(first, LONGEST_DIRECTORY, true);
        if let Some(error) = error {
            let hidden = Hidden::Below(&path);
            self.found.damage(Some(ROOT), None, error, BEHIND, hidden);
        }
        self.find_bitmap(&extents);
        self.left.push(Directory { path, inode, extents, is_deleted: false });
        while let Some(directory) = self.left.pop() {
            self.read(&directory);
        }
    }

    /// Finds the bitmap of clusters in use, which the root directory names.
    // Source: "Allocation Bitmap Directory Entry".
    fn find_bitmap(&mut self, root: &Extents) {
        let reader = ExtentsReader::new(self.reader, root);
        let bytes = reader.read_vec_at(0, PART).unwrap_or_default();
        let (entries, _) = bytes.as_chunks::<ENTRY>();
        // BitmapFlags, BitmapIdentifier: TexFAT has two.
        let active = u8::from(self.boot_sector.second_is_active);
        let mut bitmaps = entries.iter().filter(|entry| entry.starts_with(&[0x81]));
        let bitmap = bitmaps.find(|[_, flags, ..]| flags & 1 == active);
        let place = bitmap.and_then(|entry| Some((u32_le(entry, 20)?, u64_le(entry, 24)?)));
        let extents = place.map(|(first, len)| self.clusters.extents(first, len, false, false));
        self.clusters.bitmap =
            extents.and_then(|(extents, error)| error.is_none().then_some(extents));
        if self.clusters.bitmap.is_none() {
            let error = Error::NotWhole;
            self.found.damage(
                Some(ROOT),
                None,
                error,
                "which clusters are in use",
                Hidden::Nothing,
            );
        }
    }

    fn read(&mut self, directory: &Directory) {
        let reader = ExtentsReader::new(self.reader, &directory.extents);
        let (mut at, mut folders, mut has_ended) = (0u64, Vec::new(), false);
        // A part of the directory, and where it begins.
        let (mut start, mut part) = (0u64, Vec::<u8>::new());
        while at < reader.len() {
            let mut within = usize::try_from(at - start).unwrap_or(usize::MAX);
            // A set may go on behind the part.
            let ends = start.saturating_add(part.len() as u64) >= reader.len();
            if !ends && part.get(within.saturating_add(LONGEST_SET)).is_none() {
                part = match reader.read_vec_at(at, PART) {
                    Ok(bytes) => bytes,
                    Err(error) => {
                        let (inode, path) = (Some(directory.inode), Some(&directory.path));
                        let hidden = Hidden::Below(&directory.path);
                        self.found.damage(
                            inode,
                            path,
                            Error::from(error),
                            "the files behind",
                            hidden,
                        );
                        break;
                    }
                };
                (start, within) = (at, 0);
            }
            let bytes = part.get(within..).unwrap_or_default();
            let step = self.entry(directory, bytes, at, &mut has_ended, &mut folders);
            at += (step * ENTRY) as u64;
        }
        // The first of them is read next.
        self.left.extend(folders.into_iter().rev());
    }

    /// Takes the entry that `bytes` begin with, at byte `at` of its directory, and says how many
    /// entries belong to it.
    fn entry(
        &mut self,
        directory: &Directory,
        bytes: &[u8],
        at: u64,
        has_ended: &mut bool,
        folders: &mut Vec<Directory>,
    ) -> usize {
        let kind = bytes.first().copied().unwrap_or(0);
        *has_ended |= kind == 0;
        if kind & !IN_USE != FILE {
            // Bit 5 is clear where whoever does not know the type may not go on.
            let is_known = matches!(kind, 0x81..=0x83 | 0xA0..=0xBF | 0xC0 | 0xC1 | 0xE0..);
            if kind & IN_USE != 0 && !is_known && !*has_ended && !directory.is_deleted {
                let error = Error::Unknown { kind };
                let inode = Some(self.inode(&directory.extents, at));
                self.found.damage(inode, None, error, "what it stands for", Hidden::Nothing);
            }
            return 1;
        }
        let inode = self.inode(&directory.extents, at);
        // What lies behind the end of a directory is left from before.
        let is_deleted = kind & IN_USE == 0 || *has_ended || directory.is_deleted;
        let Some(set) = FileSet::parse(bytes) else {
            if !is_deleted {
                let hidden = Hidden::Below(&directory.path);
                self.found.damage(Some(inode), None, Error::NotWhole, "this file", hidden);
            }
            return 1;
        };
        let (stated, found) = set.checksums;
        if is_deleted && *has_ended && stated != found {
            return 1;
        }
        folders.extend(self.add(directory, &set, is_deleted, inode));
        set.entries
    }

    /// The number of the entry at byte `at` of a directory.
    fn inode(&self, directory: &Extents, at: u64) -> u64 {
        let offset = directory.fs_offset(at).unwrap_or(0);
        let from = offset.saturating_sub(self.boot_sector.heap_start);
        FIRST.saturating_add(from / ENTRY as u64)
    }

    /// Hands out a file, and returns the directory that it is.
    fn add(
        &mut self,
        directory: &Directory,
        set: &FileSet,
        is_deleted: bool,
        inode: u64,
    ) -> Option<Directory> {
        let Some(path) = self.room.join(&directory.path, &set.name) else {
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
        let (stated, found) = set.checksums;
        if !is_deleted && stated != found {
            let error = Error::Checksum { stated, found };
            self.found.damage(Some(inode), Some(&path), error, "", Hidden::Nothing);
        }
        let (content, remains) = match is_deleted {
            true => self.deleted_content(set),
            false => (self.content(set, inode, &path), Remains::Unknown),
        };
        let is_looked_into =
            !is_deleted || (remains == Remains::All && self.looked_into.insert(set.first_cluster));
        let below = match &content {
            Content::Extents(extents) if set.is_directory() && is_looked_into => {
                let (path, extents) = (path.clone(), extents.clone());
                Some(Directory { path, inode, extents, is_deleted })
            }
            _ => None,
        };
        let deleted = Deleted { found_by: FoundBy::DirectoryEntry, remains };
        self.found.file(File {
            path,
            stream: None,
            kind: if set.is_directory() { FileKind::Directory } else { FileKind::Regular },
            alloc: if is_deleted { Allocation::DELETED } else { Allocation::LIVE },
            deleted: is_deleted.then_some(deleted),
            inode,
            generation: 0,
            parent_inode: directory.inode,
            attributes: set.attributes.into(),
            link_count: 1,
            owner_id: 0,
            times: set.times,
            content,
            target: None,
        });
        below
    }

    /// The content of a file in use, of a directory as far as it can be followed.
    fn content(&mut self, set: &FileSet, inode: u64, path: &Name) -> Content {
        let is_directory = set.is_directory();
        let len = if set.has_clusters { set.len } else { 0 };
        let len = if is_directory { len.min(LONGEST_DIRECTORY) } else { len };
        let (extents, error) =
            self.clusters.extents(set.first_cluster, len, set.in_one_piece, is_directory);
        let is_whole = extents.data_size == len;
        if let Some(error) = error {
            let (skipped, hidden) = match is_directory {
                true => (BEHIND, Hidden::Below(path)),
                false if is_whole => ("", Hidden::Nothing),
                false => ("byte runs and digests of its content", Hidden::Nothing),
            };
            self.found.damage(Some(inode), Some(path), error, skipped, hidden);
        }
        match is_whole || is_directory {
            true => {
                let initialized_size = set.valid_len.min(extents.data_size);
                Content::Extents(Extents { initialized_size, ..extents })
            }
            false => Content::Lost { len: set.len },
        }
    }

    /// Where the content of a deleted file lay. Its chain may be another's by now: then it is only
    /// known where it lay when that was one piece.
    fn deleted_content(&mut self, set: &FileSet) -> (Content, Remains) {
        if set.len == 0 || !set.has_clusters {
            let nothing =
                Extents { cluster_size: self.boot_sector.sector_size, ..Extents::default() };
            return (Content::Extents(nothing), Remains::All);
        }
        let lost = (Content::Lost { len: set.len }, Remains::Unknown);
        let count = self.clusters.count(set.len);
        if !set.in_one_piece && count > 1 {
            return lost;
        }
        let Ok(lay) = self.clusters.piece(set.first_cluster, set.len) else { return lost };
        let lay = Content::Extents(Extents { initialized_size: set.valid_len.min(set.len), ..lay });
        let Some(left) = self.effort.checked_sub(count) else { return (lay, Remains::Unknown) };
        self.effort = left;
        let remains = match self.clusters.are_free(set.first_cluster, count) {
            Some(true) => Remains::All,
            Some(false) => Remains::Part,
            None => Remains::Unknown,
        };
        (lay, remains)
    }
}
