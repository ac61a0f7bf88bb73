use std::collections::HashSet;

use super::allocation::Extent;
use super::descriptor::{TAG, check, identifier, tag};
use super::entry::FileEntry;
use super::volume::Space;
use super::{Error, name};
use crate::bytes::{u16_le, window};
use crate::walked::{Content, File, Found, Hidden, Room, Sink};
use crate::{
    Allocation, Deleted, ExtentsReader, FileKind, FoundBy, Name, ReadAt, ReadAtExt, Remains, Times,
};

/// The longest directory that is read, in bytes.
const LONGEST_DIRECTORY: u64 = 256 << 20;

/// A walk over all directories of a volume.
pub(super) struct Walk<'w> {
    space: Space<'w>,
    room: Room,
    left: Vec<(Name, u64, FileEntry)>,
    /// Where the entries of directories are that were read.
    seen: HashSet<u64>,
    /// How many bytes of directories may still be read.
    bytes: u64,
    found: Sink<'w>,
}

/// A name in a directory.
// Source: ECMA-167 4/14.4, "File Identifier Descriptor".
struct Identifier {
    characteristics: u8,
    place: Extent,
    name: Vec<u8>,
}

/// Bits of file characteristics (4/14.4.3).
const DELETED: u8 = 4;
const PARENT: u8 = 8;
/// Length of the fields before what the implementation uses, and the name.
const FIELDS: usize = 38;

impl Identifier {
    /// Decodes the descriptor that `bytes` begin with, and says how long it is; `None` where it is cut.
    fn parse(bytes: &[u8]) -> Option<(Self, usize)> {
        let own = usize::from(u16_le(bytes, 36)?);
        let name_len = usize::from(*bytes.get(19)?);
        let name = window(bytes, FIELDS + own, name_len)?.to_vec();
        let len = (FIELDS + own + name_len).next_multiple_of(4);
        let (characteristics, place) = (*bytes.get(18)?, Extent::long(bytes, 20)?);
        Some((Self { characteristics, place, name }, len))
    }

    fn is(&self, bit: u8) -> bool {
        self.characteristics & bit != 0
    }
}

/// What is said of a file whose names are not known.
const BELOW: &str = "the files in this directory";

impl<'w> Walk<'w> {
    pub fn new(space: Space<'w>, found: &'w mut dyn FnMut(Found)) -> Self {
        let len = space.reader.len();
        let bytes = len.saturating_mul(2).saturating_add(1 << 20);
        Self {
            space,
            room: Room::new(len),
            left: Vec::new(),
            seen: HashSet::new(),
            bytes,
            found: Sink::new(len, found),
        }
    }

    pub fn run(&mut self, root: Extent, warnings: &[Error]) {
        for warning in warnings {
            self.found.damage(None, None, warning.clone(), "", Hidden::Nothing);
        }
        match FileEntry::read(&self.space, root) {
            Ok(entry) => {
                let inode = self.inode(&entry);
                self.left.push((Name::default(), inode, entry));
            }
            Err(error) => {
                let hidden = Hidden::Below(&Name::default());
                self.found.damage(None, None, error, "every file of this volume", hidden);
            }
        }
        while let Some((path, inode, entry)) = self.left.pop() {
            if let Err(error) = self.directory(&path, inode, &entry) {
                let of = Some(&path).filter(|path| !path.is_empty());
                self.found.damage(Some(inode), of, error, BELOW, Hidden::Below(&path));
            }
        }
    }

    /// The number of a file: the block of the volume that its entry is in.
    fn inode(&self, entry: &FileEntry) -> u64 {
        entry.offset / u64::from(self.space.block_size)
    }

    fn directory(&mut self, path: &Name, inode: u64, entry: &FileEntry) -> Result<(), Error> {
        if !self.seen.insert(entry.offset) {
            return Err(Error::Again);
        }
        let mut folders = Vec::new();
        let result = self.identifiers(entry, &mut |walk, identifier| {
            folders.extend(walk.identifier(path, inode, identifier));
        });
        // The first in the directory is the next to be read.
        self.left.extend(folders.into_iter().rev());
        result
    }

    /// Hands over what a directory lists. Behind a descriptor that is damaged the next is looked for.
    fn identifiers(
        &mut self,
        entry: &FileEntry,
        take: &mut dyn FnMut(&mut Self, &Identifier),
    ) -> Result<(), Error> {
        let limit = self.space.reader.len().saturating_mul(2).saturating_add(1 << 20);
        let left = self.bytes.checked_sub(entry.len).filter(|_| entry.len <= LONGEST_DIRECTORY);
        self.bytes = left.ok_or(Error::LongDirectories { limit })?;
        let bytes = match entry.content(&self.space)? {
            Content::Inline { bytes, .. } => bytes,
            Content::Extents(extents) => {
                let reader = ExtentsReader::new(self.space.reader, &extents);
                reader.read_vec_at(0, usize::try_from(reader.len()).unwrap_or(0))?
            }
            _ => Vec::new(),
        };
        let (mut at, mut result) = (0, Ok(()));
        while let Some(rest) = bytes.get(at..).filter(|rest| rest.get(..TAG).is_some()) {
            let is_one = identifier(rest) == Some(tag::FILE_IDENTIFIER);
            match is_one.then(|| Identifier::parse(rest)).flatten() {
                Some((found, len)) => {
                    let offset = entry.offset;
                    // What follows is no part of it: of as much again and again would be computed.
                    match check(rest.get(..len).unwrap_or(rest), at as u64) {
                        Ok(()) => take(self, &found),
                        // It may have another name, or lead to another file.
                        Err(error) => {
                            take(self, &found);
                            let inode = Some(offset / u64::from(self.space.block_size));
                            self.found.damage(inode, None, error, "", Hidden::Nothing);
                        }
                    }
                    at += len;
                }
                None => {
                    let (offset, what) = (at as u64, "no file identifier is there");
                    result = result.and(Err(Error::Descriptor { offset, what }));
                    at += 4;
                }
            }
        }
        result
    }

    /// Hands out a file that a directory lists, with its streams, and returns the directory that it is.
    fn identifier(
        &mut self,
        folder: &Name,
        parent: u64,
        identifier: &Identifier,
    ) -> Option<(Name, u64, FileEntry)> {
        if identifier.is(PARENT) {
            return None;
        }
        let is_deleted = identifier.is(DELETED);
        let own = match name::characters(&identifier.name) {
            Ok(own) => own,
            Err(_) if is_deleted => return None,
            Err(error) => {
                let (parent, hidden) = (Some(parent), Hidden::Below(folder));
                self.found.damage(parent, Some(folder), error, "a file", hidden);
                return None;
            }
        };
        if own.is_empty() && is_deleted {
            return None;
        }
        let Some(path) = self.room.join(folder, &own) else {
            let (skipped, hidden) = ("a file, and what is in it", Hidden::Below(folder));
            self.found.damage(Some(parent), Some(folder), Error::LongPath, skipped, hidden);
            return None;
        };
        let entry = FileEntry::read(&self.space, identifier.place);
        match entry {
            Ok(entry) if is_deleted => {
                self.deleted(path, parent, Some(&entry));
                None
            }
            Err(error) if is_deleted => {
                self.unread(&path, error);
                self.deleted(path, parent, None);
                None
            }
            Ok(entry) => self.file(path, parent, entry),
            Err(error) => {
                let hidden = Hidden::Below(&path);
                self.found.damage(None, Some(&path), error, "this file", hidden);
                None
            }
        }
    }

    /// Tells of what is not read of a deleted file because too much was; that nothing is left of one
    /// is no damage.
    fn unread(&mut self, path: &Name, error: Error) {
        if matches!(error, Error::Effort) {
            let skipped = "what is left of a deleted file";
            self.found.damage(None, Some(path), error, skipped, Hidden::Nothing);
        }
    }

    /// A file whose name is marked as deleted. Whether others have its blocks by now is not known.
    fn deleted(&mut self, path: Name, parent: u64, entry: Option<&FileEntry>) {
        let lost = Content::Lost { len: entry.map_or(0, |entry| entry.len) };
        let content = match entry.map(|entry| entry.content(&self.space)) {
            Some(Ok(content)) => content,
            Some(Err(error)) => {
                self.unread(&path, error);
                lost
            }
            None => lost,
        };
        let deleted = Deleted { found_by: FoundBy::DirectoryEntry, remains: Remains::Unknown };
        let file = File {
            path,
            stream: None,
            kind: entry.map_or(FileKind::Other, FileEntry::kind),
            alloc: Allocation::DELETED,
            deleted: Some(deleted),
            inode: entry.map_or(0, |entry| self.inode(entry)),
            generation: 1,
            parent_inode: parent,
            attributes: entry.map_or(0, |entry| entry.mode),
            link_count: entry.map_or(0, |entry| entry.link_count),
            owner_id: entry.map_or(0, |entry| entry.uid),
            times: entry.map_or_else(Times::default, |entry| entry.times),
            content,
            target: None,
        };
        self.found.file(file);
    }

    fn file(
        &mut self,
        path: Name,
        parent: u64,
        entry: FileEntry,
    ) -> Option<(Name, u64, FileEntry)> {
        let inode = self.inode(&entry);
        if let Some(error) = &entry.doubt {
            self.found.damage(Some(inode), Some(&path), error.clone(), "", Hidden::Nothing);
        }
        let kind = entry.kind();
        let content = match kind {
            // What is wrong with it is told where it is read.
            FileKind::Directory => {
                entry.content(&self.space).unwrap_or(Content::Lost { len: entry.len })
            }
            _ => self.content(&path, inode, &entry),
        };
        let target = self.target(&path, inode, kind, &content);
        let mut file = File {
            path: path.clone(),
            stream: None,
            kind,
            alloc: Allocation::LIVE,
            deleted: None,
            inode,
            generation: 1,
            parent_inode: parent,
            attributes: entry.mode,
            link_count: entry.link_count,
            owner_id: entry.uid,
            times: entry.times,
            content: Content::Lost { len: 0 },
            target: None,
        };
        // They have all but these two in common with it.
        self.streams(&file, &entry);
        (file.content, file.target) = (content, target);
        self.found.file(file);
        (kind == FileKind::Directory).then_some((path, inode, entry))
    }

    fn content(&mut self, path: &Name, inode: u64, entry: &FileEntry) -> Content {
        entry.content(&self.space).unwrap_or_else(|error| {
            let skipped = "byte runs and digests of its content";
            self.found.damage(Some(inode), Some(path), error, skipped, Hidden::Nothing);
            Content::Lost { len: entry.len }
        })
    }

    fn target(
        &mut self,
        path: &Name,
        inode: u64,
        kind: FileKind,
        content: &Content,
    ) -> Option<Name> {
        const LONGEST: u64 = 64 << 10;
        if kind != FileKind::Link {
            return None;
        }
        let bytes = match content {
            Content::Inline { bytes, .. } => Ok(bytes.clone()),
            Content::Extents(extents) => {
                let reader = ExtentsReader::new(self.space.reader, extents);
                let len = reader.len().min(LONGEST) as usize;
                reader.read_vec_at(0, len).map_err(Error::from)
            }
            _ => return None,
        };
        let target = bytes.and_then(|bytes| name::target(&bytes));
        target
            .inspect_err(|error| {
                let skipped = "where the link leads to";
                self.found.damage(Some(inode), Some(path), error.clone(), skipped, Hidden::Nothing);
            })
            .ok()
    }

    /// Hands out the streams of a file, which a directory of their own lists.
    // Source: ECMA-167 4/9.2; UDF 3.3.5.
    fn streams(&mut self, file: &File, entry: &FileEntry) {
        let Some(place) = entry.streams else { return };
        let read = FileEntry::read(&self.space, place).and_then(|streams| {
            if !self.seen.insert(streams.offset) && entry.link_count < 2 {
                return Err(Error::Again);
            }
            self.identifiers(&streams, &mut |walk, identifier| walk.stream(file, identifier))
        });
        if let Err(error) = read {
            let (inode, path) = (Some(file.inode), Some(&file.path));
            self.found.damage(inode, path, error, "its streams", Hidden::Nothing);
        }
    }

    fn stream(&mut self, file: &File, identifier: &Identifier) {
        if identifier.is(PARENT) || identifier.is(DELETED) {
            return;
        }
        let entry = FileEntry::read(&self.space, identifier.place);
        let path = self.room.again(&file.path);
        let read = name::characters(&identifier.name).and_then(|name| Ok((name, entry?)));
        let (path, read) = match path {
            Some(path) => (path, read),
            None => (Name::default(), Err(Error::LongPath)),
        };
        let (name, entry) = match read {
            Ok(read) => read,
            Err(error) => {
                let (inode, path) = (Some(file.inode), Some(&path).filter(|path| !path.is_empty()));
                let skipped = "one of its streams";
                return self.found.damage(inode, path, error, skipped, Hidden::Nothing);
            }
        };
        let content = self.content(&path, file.inode, &entry);
        let (stream, kind) = (Some(name), FileKind::Regular);
        self.found.file(File { path, stream, kind, content, ..file.clone() });
    }
}
