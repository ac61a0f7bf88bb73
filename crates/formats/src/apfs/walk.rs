use std::collections::HashSet;

use apfs_core::dir::{self, DirEntry};
use apfs_core::inode::Inode;
use apfs_core::volume::ApfsVolume;
use apfs_core::xattr::{self, Xattr, XattrValue};
use apfs_core::{compression, extent};

use super::content::Extent;
use super::cursor::Cursor;
use super::{Error, content};
use crate::walked::{Content, File, Hidden, Room, Sink};
use crate::{Allocation, FileKind, Filetime, Name, Times};

/// Source: Apple File System Reference, "Inode Numbers", ROOT_DIR_INO_NUM.
const ROOT: u64 = 2;
/// Source: Apple, XNU, bsd/sys/stat.h, UF_COMPRESSED.
const PACKED: u32 = 0x20;

/// A walk over the directories of one volume.
pub(super) struct Walk<'w, 'c> {
    cursor: Cursor<'c>,
    volume: &'w ApfsVolume,
    /// Number of the volume, from 1.
    index: u16,
    block_size: u32,
    /// How many bytes may still be unpacked.
    unpacked: &'w mut u64,
    read: HashSet<u64>,
    room: &'w mut Room,
    found: &'w mut Sink<'c>,
}

impl<'w, 'c> Walk<'w, 'c> {
    pub fn new(
        cursor: Cursor<'c>,
        volume: &'w ApfsVolume,
        index: u16,
        block_size: u32,
        unpacked: &'w mut u64,
        room: &'w mut Room,
        found: &'w mut Sink<'c>,
    ) -> Self {
        Self { cursor, volume, index, block_size, unpacked, read: HashSet::new(), room, found }
    }

    /// Hands out what is in the volume, whose root directory is `root`.
    pub fn run(&mut self, root: Name) {
        let mut left = vec![(root, ROOT)];
        while let Some((path, inode)) = left.pop() {
            let block = self.block();
            let listed = match self.read.insert(inode) {
                true => dir::list_dir(&mut self.cursor, self.volume, inode, block),
                false => {
                    self.damage(inode, &path, Error::Again, "the files in it");
                    continue;
                }
            };
            match listed {
                Ok(entries) => {
                    let below = entries.iter().rev();
                    left.extend(below.filter_map(|entry| self.entry(&path, inode, entry)));
                }
                Err(error) => self.damage(inode, &path, error.into(), "the files in it"),
            }
        }
    }

    fn block(&self) -> usize {
        self.block_size as usize
    }

    /// Hands out a file, and returns the directory that it is.
    fn entry(&mut self, folder: &Name, parent: u64, entry: &DirEntry) -> Option<(Name, u64)> {
        let name = Name::from(entry.name.replace('/', ":").as_str());
        let Some(path) = self.room.join(folder, &name) else {
            self.damage(parent, folder, Error::Path, "a file, and what is in it");
            return None;
        };
        let (block, number) = (self.block(), entry.file_id);
        let inode = match dir::load_inode(&mut self.cursor, self.volume, number, block) {
            Ok(inode) => inode,
            Err(error) => {
                self.damage(number, &path, error.into(), "this file");
                return None;
            }
        };
        let xattrs = xattr::list_xattrs(&mut self.cursor, self.volume, number, block);
        let xattrs = xattrs.unwrap_or_else(|error| {
            self.lost(number, &path, error.into(), "its extended attributes");
            Vec::new()
        });
        let file = self.file(path.clone(), parent, &inode, &xattrs);
        for xattr in xattrs.iter().filter(|xattr| !is_told(xattr, &inode)) {
            let stream = self.stream(&file, xattr);
            self.found.file(stream);
        }
        let is_directory = file.kind == FileKind::Directory;
        self.found.file(file);
        is_directory.then_some((path, number))
    }

    fn file(&mut self, path: Name, parent: u64, inode: &Inode, xattrs: &[Xattr]) -> File {
        let kind = kind(inode.mode);
        let target = match embedded(xattrs, xattr::XATTR_NAME_SYMLINK) {
            Some(target) if kind == FileKind::Link => Some(until_nul(target)),
            None if kind == FileKind::Link => {
                self.lost(inode.oid, &path, Error::NoTarget, "where the link leads to");
                None
            }
            _ => None,
        };
        let content = match &target {
            Some(target) => Content::Inline { bytes: target.clone(), fs_offset: None },
            None if kind == FileKind::Regular => self.content(&path, inode, xattrs),
            None => Content::Lost { len: 0 },
        };
        File {
            path,
            stream: None,
            kind,
            alloc: Allocation::LIVE,
            deleted: None,
            inode: inode.oid,
            // Numbers are not used again, and volumes of one container have the same.
            generation: self.index,
            parent_inode: parent,
            attributes: inode.mode.into(),
            link_count: match kind {
                FileKind::Directory => 1,
                _ => u16::try_from(inode.nlink_or_nchildren).unwrap_or(u16::MAX),
            },
            owner_id: inode.uid,
            times: Times {
                mtime: time(inode.mod_time),
                atime: time(inode.access_time),
                ctime: time(inode.change_time),
                crtime: time(inode.create_time),
            },
            content,
            target: target.map(|target| Name::from(&*String::from_utf8_lossy(&target))),
        }
    }

    fn content(&mut self, path: &Name, inode: &Inode, xattrs: &[Xattr]) -> Content {
        let header = embedded(xattrs, xattr::XATTR_NAME_DECMPFS);
        let (len, read) = match header.filter(|_| inode.bsd_flags & PACKED != 0) {
            Some(header) => {
                let len = content::unpacked_len(header).unwrap_or(0);
                (len, self.unpack(inode, header, xattrs, len))
            }
            None => {
                let len = inode.size.unwrap_or(0);
                (len, self.extents(inode.private_id, len))
            }
        };
        read.unwrap_or_else(|error| {
            self.lost(inode.oid, path, error, "its content");
            Content::Lost { len }
        })
    }

    fn extents(&mut self, stream: u64, len: u64) -> Result<Content, Error> {
        let block = self.block();
        let found = match len {
            0 => Vec::new(),
            _ => extent::list_extents(&mut self.cursor, self.volume, stream, block)?,
        };
        let found = found.into_iter().map(|extent| Extent {
            offset: extent.logical_offset,
            len: extent.len,
            first: extent.phys_block_num,
        });
        content::extents(found, len, self.block_size).map(Content::Extents)
    }

    fn unpack(
        &mut self,
        inode: &Inode,
        header: &[u8],
        xattrs: &[Xattr],
        len: u64,
    ) -> Result<Content, Error> {
        let fork = xattrs.iter().find(|it| it.name == xattr::XATTR_NAME_RESOURCE_FORK);
        let packed = fork.map_or(0, |fork| match fork.value {
            XattrValue::Stream { size, .. } => size,
            _ => 0,
        });
        let (longest, left) = (len.max(packed), self.unpacked.checked_sub(len));
        let left = left.filter(|_| longest <= content::LONGEST);
        let most = content::LONGEST.min(*self.unpacked);
        *self.unpacked = left.ok_or(Error::Packed { len: longest, most })?;
        let (cursor, block) = (&mut self.cursor, self.block_size as usize);
        let bytes = compression::read_compressed(cursor, self.volume, inode, header, block)?;
        Ok(Content::Inline { bytes, fs_offset: None })
    }

    /// An extended attribute, a resource fork among them, as a stream of its file.
    fn stream(&mut self, file: &File, xattr: &Xattr) -> File {
        let content = match &xattr.value {
            XattrValue::Embedded(bytes) => {
                Content::Inline { bytes: bytes.clone(), fs_offset: None }
            }
            XattrValue::Stream { dstream_oid, size } => {
                self.extents(*dstream_oid, *size).unwrap_or_else(|error| {
                    self.lost(file.inode, &file.path, error, "the content of a stream");
                    Content::Lost { len: *size }
                })
            }
            _ => {
                self.lost(file.inode, &file.path, Error::Attribute, "the content of a stream");
                Content::Lost { len: 0 }
            }
        };
        let stream = Some(Name::from(xattr.name.as_str()));
        File { stream, content, target: None, kind: FileKind::Regular, ..file.clone() }
    }

    /// Tells what hides files.
    fn damage(&mut self, inode: u64, path: &Name, error: Error, skipped: &'static str) {
        self.found.damage(Some(inode), Some(path), error, skipped, Hidden::Below(path));
    }

    /// Tells what is missing of a file.
    fn lost(&mut self, inode: u64, path: &Name, error: Error, skipped: &'static str) {
        self.found.damage(Some(inode), Some(path), error, skipped, Hidden::Nothing);
    }
}

/// Whether an attribute is told by the file itself: where a link leads to, packed content.
fn is_told(xattr: &Xattr, inode: &Inode) -> bool {
    match xattr.name.as_str() {
        xattr::XATTR_NAME_SYMLINK => kind(inode.mode) == FileKind::Link,
        xattr::XATTR_NAME_DECMPFS | xattr::XATTR_NAME_RESOURCE_FORK => {
            inode.bsd_flags & PACKED != 0
        }
        _ => false,
    }
}

fn embedded<'x>(xattrs: &'x [Xattr], name: &str) -> Option<&'x [u8]> {
    xattrs.iter().find(|xattr| xattr.name == name).and_then(|xattr| match &xattr.value {
        XattrValue::Embedded(bytes) => Some(bytes.as_slice()),
        _ => None,
    })
}

fn until_nul(bytes: &[u8]) -> Vec<u8> {
    bytes.iter().take_while(|byte| **byte != 0).copied().collect()
}

// Source: Apple File System Reference, "File Modes".
fn kind(mode: u16) -> FileKind {
    match mode & 0o170_000 {
        0o100_000 => FileKind::Regular,
        0o040_000 => FileKind::Directory,
        0o120_000 => FileKind::Link,
        _ => FileKind::Other,
    }
}

/// Nanoseconds since 1970, signed as Apple's programs take them.
fn time(nanos: u64) -> Filetime {
    Filetime::from_unix_nanos(nanos.cast_signed().into()).unwrap_or_default()
}
