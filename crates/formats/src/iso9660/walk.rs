use std::collections::HashSet;

use super::record::{ASSOCIATED, DIRECTORY, HIDDEN, MORE, Record};
use super::rock_ridge::RockRidge;
use super::volume::{Names, SECTOR};
use super::{Error, Volume};
use crate::walked::{Content, File, Found, Hidden, Room, Sink, Volume as _};
use crate::{Allocation, Extents, FileKind, Name, ReadAt, ReadAtExt, Run, Times};

/// A walk over all directories of a volume.
pub(super) struct Walk<'w, R> {
    volume: &'w Volume<R>,
    room: Room,
    left: Vec<(Name, Extent)>,
    /// First blocks of directories that were read.
    seen: HashSet<u64>,
    /// How many bytes of directories may still be read, and of what continues their records.
    bytes: u64,
    area_bytes: u64,
    found: Sink<'w>,
}

/// A directory that is to be read.
#[derive(Clone, Copy)]
struct Extent {
    block: u64,
    len: u64,
    /// Its inode: where its record is.
    inode: u64,
}

/// Bits of attributes that stand for what a record has.
// Source: [MS-FSCC] 2.6.
const IS_HIDDEN: u32 = 2;
const IS_DIRECTORY: u32 = 0x10;
/// Kinds of files in a mode of POSIX.
const KIND: u32 = 0xF000;

impl<'w, R: ReadAt> Walk<'w, R> {
    pub fn new(volume: &'w Volume<R>, found: &'w mut dyn FnMut(Found)) -> Self {
        let len = volume.reader.len();
        let (room, bytes) = (Room::new(len), len.saturating_mul(2).saturating_add(1 << 20));
        let area_bytes = len.saturating_add(1 << 20);
        Self {
            volume,
            room,
            left: Vec::new(),
            seen: HashSet::new(),
            bytes,
            area_bytes,
            found: Sink::new(len, found),
        }
    }

    pub fn run(&mut self) {
        for warning in &self.volume.warnings {
            self.found.damage(None, None, warning.clone(), "", Hidden::Nothing);
        }
        let Record { block, len, place, .. } = self.volume.root;
        self.left.push((Name::default(), Extent { block, len, inode: place }));
        while let Some((path, extent)) = self.left.pop() {
            if let Err(error) = self.directory(&path, extent) {
                let of = Some(&path).filter(|path| !path.is_empty());
                let skipped = "files in this directory";
                self.found.damage(Some(extent.inode), of, error, skipped, Hidden::Below(&path));
            }
        }
    }

    fn at(&self, block: u64) -> u64 {
        block.saturating_mul(self.volume.block_size().into())
    }

    /// Reads a directory, a sector at a time: no record goes beyond its own.
    fn directory(&mut self, path: &Name, extent: Extent) -> Result<(), Error> {
        let Extent { block, len, inode } = extent;
        if !self.seen.insert(block) {
            return Err(Error::Again { block });
        }
        self.outside(block, len)?;
        let limit = self.volume.reader.len().saturating_mul(2).saturating_add(1 << 20);
        self.bytes = self.bytes.checked_sub(len).ok_or(Error::LongDirectories { limit })?;
        let (mut folders, mut whole) = (Vec::new(), Vec::new());
        let mut result = Ok(());
        for start in (0..len).step_by(SECTOR as usize) {
            let at = self.at(block).saturating_add(start);
            let sector = self.volume.reader.read_vec_at(at, (len - start).min(SECTOR) as usize);
            let sector = match sector {
                Ok(sector) => sector,
                // What comes in the next sector can be read.
                Err(error) => {
                    result = Err(error.into());
                    continue;
                }
            };
            let mut within = 0;
            while let Some(rest) = sector.get(within..).filter(|it| it.first() > Some(&0)) {
                match Record::parse(rest, at + within as u64) {
                    Ok((record, len)) => {
                        within += len;
                        self.record(path, inode, record, &mut whole, &mut folders);
                    }
                    Err(error) => {
                        result = Err(error);
                        break;
                    }
                }
            }
        }
        if !whole.is_empty() {
            result = result.and(Err(Error::NoLastExtent));
        }
        // The first in the directory is the next to be read.
        self.left.extend(folders.into_iter().rev());
        result
    }

    /// Takes a record, with those before it that are of the same file.
    fn record(
        &mut self,
        folder: &Name,
        parent: u64,
        record: Record,
        before: &mut Vec<Record>,
        folders: &mut Vec<(Name, Extent)>,
    ) {
        if record.is_dot() {
            return;
        }
        let has_more = record.has(MORE);
        before.push(record);
        if has_more {
            return;
        }
        let parts = std::mem::take(before);
        let Some(first) = parts.first() else { return };
        let inode = first.place;
        let (ridge, broken) = self.ridge(first);
        if ridge.is_moved {
            return;
        }
        let is_joliet = self.volume.names == Names::Joliet;
        let name = ridge.name().unwrap_or_else(|| first.name(is_joliet));
        let Some(path) = self.room.join(folder, &name) else {
            let skipped = "this file, and what is in it";
            let hidden = Hidden::Below(folder);
            return self.found.damage(Some(inode), None, Error::LongPath, skipped, hidden);
        };
        if let Some(error) = broken {
            // Its name may be another one, too.
            let hidden = Hidden::Below(folder);
            let skipped = "what else Rock Ridge says of this file";
            self.found.damage(Some(inode), Some(&path), error, skipped, hidden);
        }
        if let Some((field, little, big)) = parts.iter().find_map(|part| part.doubt) {
            let error = Error::Halves { field, little, big };
            self.found.damage(Some(inode), Some(&path), error, "", Hidden::Nothing);
        }
        if let Some(block) = ridge.child {
            match self.moved(block) {
                Ok(len) => folders.push((path.clone(), Extent { block, len, inode })),
                Err(error) => {
                    let hidden = Hidden::Below(&path);
                    let skipped = "files in this directory";
                    self.found.damage(Some(inode), Some(&path), error, skipped, hidden);
                }
            }
        } else if first.has(DIRECTORY) {
            folders.push((path.clone(), Extent { block: first.block, len: first.len, inode }));
        }
        self.file(path, parent, &parts, &ridge);
    }

    /// What Rock Ridge says of a record's file, and why that may not be all.
    fn ridge(&mut self, record: &Record) -> (RockRidge, Option<Error>) {
        let Names::RockRidge(skip) = self.volume.names else { return Default::default() };
        let area = record.system_use.get(skip..).unwrap_or_default();
        let block_size = self.volume.block_size();
        RockRidge::read(&self.volume.reader, block_size, area, &mut self.area_bytes)
    }

    /// Length of a directory that was moved: its own record has it.
    // Source: RRIP 1.12, 4.1.5.1.
    fn moved(&self, block: u64) -> Result<u64, Error> {
        let at = self.at(block);
        let bytes = self.volume.reader.read_vec_at(at, SECTOR as usize)?;
        Record::parse(&bytes, at).map(|(own, _)| own.len)
    }

    fn file(&mut self, path: Name, parent: u64, parts: &[Record], ridge: &RockRidge) {
        let Some(first) = parts.first() else { return };
        let is_directory = first.has(DIRECTORY) || ridge.child.is_some();
        let kind = match (is_directory, ridge.mode.map(|(mode, ..)| mode & KIND)) {
            (true, _) => FileKind::Directory,
            (_, Some(0xA000)) => FileKind::Link,
            (_, Some(0x8000) | None) => FileKind::Regular,
            _ => FileKind::Other,
        };
        let target = ridge.target().filter(|_| kind == FileKind::Link);
        let content = match &target {
            Some(target) => Content::Inline { bytes: target.as_bytes().to_vec(), fs_offset: None },
            None => self.content(&path, parts, ridge),
        };
        let flags = [(HIDDEN, IS_HIDDEN), (DIRECTORY, IS_DIRECTORY)];
        let of_flags = flags.iter().filter(|(flag, _)| first.has(*flag)).map(|(_, bit)| bit).sum();
        let (attributes, links, owner_id) = ridge.mode.unwrap_or((of_flags, 1, 0));
        let mut times = ridge.times;
        if times == Times::default() {
            times.mtime = first.time;
        }
        let stream = first.has(ASSOCIATED).then(|| Name::from("associated"));
        self.found.file(File {
            path,
            stream,
            kind,
            alloc: Allocation::LIVE,
            deleted: None,
            inode: first.place,
            generation: 0,
            parent_inode: parent,
            attributes,
            link_count: u16::try_from(links).unwrap_or(u16::MAX),
            owner_id,
            times,
            content,
            target,
        });
    }

    fn content(&mut self, path: &Name, parts: &[Record], ridge: &RockRidge) -> Content {
        let (inode, len) = (parts.first().map(|first| first.place), total(parts));
        let mut lose = |error, skipped: &'static str| {
            self.found.damage(inode, Some(path), error, skipped, Hidden::Nothing);
        };
        if ridge.is_compressed {
            let how = "compressed (zisofs) and digested as it is stored";
            lose(Error::Stored { how }, "digests of the plain content");
        }
        if parts.iter().any(|part| part.is_interleaved) {
            let error = Error::Stored { how: "interleaved with others" };
            lose(error, "byte runs and digests of its content");
            return Content::Lost { len };
        }
        match self.extents(parts, len) {
            Ok(extents) => Content::Extents(extents),
            Err(error) => {
                let skipped = "byte runs and digests of its content";
                self.found.damage(inode, Some(path), error, skipped, Hidden::Nothing);
                Content::Lost { len }
            }
        }
    }

    fn extents(&self, parts: &[Record], len: u64) -> Result<Extents, Error> {
        let cluster_size = self.volume.block_size();
        let size = u64::from(cluster_size);
        let (mut runs, mut vcn) = (Vec::new(), 0);
        for (index, part) in parts.iter().enumerate() {
            self.outside(part.block, part.len)?;
            if part.len % size != 0 && index + 1 < parts.len() {
                return Err(Error::Stored { how: "in extents that are not whole blocks" });
            }
            let clusters = part.len.div_ceil(size);
            if clusters > 0 {
                runs.push(Run { vcn, lcn: Some(part.block), clusters });
            }
            vcn += clusters;
        }
        Ok(Extents { runs, cluster_size, data_size: len, initialized_size: len, unit_clusters: 0 })
    }

    /// Whether an extent is in the volume.
    fn outside(&self, block: u64, len: u64) -> Result<(), Error> {
        let total = self.volume.reader.len();
        // An empty file lies nowhere, whatever its record says.
        match len == 0 || self.at(block).checked_add(len).is_some_and(|end| end <= total) {
            true => Ok(()),
            false => Err(Error::Outside { block, len, total }),
        }
    }
}

fn total(parts: &[Record]) -> u64 {
    parts.iter().fold(0, |len: u64, part| len.saturating_add(part.len))
}
