use std::cell::Cell;
use std::collections::BTreeMap;

use super::Error;
use super::allocation::Extent;
use super::descriptor::{check, identifier, location, tag};
use super::entry::FileEntry;
use super::name;
use super::partition::{Map, Piece, Stretch, sparing};
use super::walk::Walk;
use crate::bytes::{u16_le, u32_le, window};
use crate::walked::{self, Content, Found};
use crate::{ExtentsReader, Known, ReadAt, ReadAtExt};

/// A volume whose descriptors were read.
pub struct Volume<R> {
    pub(super) reader: R,
    block_size: u32,
    block_count: u64,
    serial: u64,
    maps: Vec<Map>,
    /// Where the entry of the root directory is.
    pub(super) root: Extent,
    pub(super) warnings: Vec<Error>,
}

/// The blocks of a volume and its partitions.
#[derive(Clone, Copy)]
pub(super) struct Space<'v> {
    pub reader: &'v dyn ReadAt,
    pub block_size: u32,
    maps: &'v [Map],
    /// How many blocks may still be read or looked up: names may share entries, and contents blocks.
    effort: &'v Cell<u64>,
}

/// Sizes of sectors that are tried: a disc's, a disk's, and others.
const SECTORS: [u32; 4] = [2048, 512, 4096, 1024];
/// More descriptors of a volume, and parts of their sequence, are not looked at.
const MOST_DESCRIPTORS: usize = 1024;
/// More maps of partitions are refused: each may bring a table as long as the volume, and writers make
/// one or two.
const MOST_MAPS: u32 = 8;
/// The most that is read of an extent of metadata, in bytes.
const MOST_EXTENT: u32 = 1 << 20;
/// How many of the last blocks may hold the entry of a table of virtual blocks, and how many are read at
/// once.
const LAST_BLOCKS: usize = 64;
const AT_ONCE: u64 = 512;
/// What may be read of the smallest volume, in bytes.
const LEAST_EFFORT: u64 = 64 << 20;

impl Space<'_> {
    /// Where an extent is in the volume, in blocks.
    pub fn pieces(&self, extent: Extent) -> Result<Vec<Piece>, Error> {
        let Extent { len, block, partition, .. } = extent;
        let count = u64::from(len.div_ceil(self.block_size));
        let map = self.maps.get(usize::from(partition));
        self.spend(if matches!(map, Some(Map::Plain(_))) { 1 } else { count })?;
        let pieces = map.and_then(|map| map.pieces(block, count, self.block_size));
        let end = self.reader.len() / u64::from(self.block_size);
        let is_inside = |pieces: &Vec<Piece>| {
            pieces.iter().all(|(start, len)| start.checked_add(*len).is_some_and(|it| it <= end))
        };
        pieces.filter(is_inside).ok_or(Error::Outside { partition, block, count })
    }

    /// Takes what so many blocks, or as many descriptors, cost from what is left.
    pub fn spend(&self, count: u64) -> Result<(), Error> {
        let left = self.effort.get().checked_sub(count);
        self.effort.set(left.ok_or(Error::Effort)?);
        Ok(())
    }

    /// The bytes of an extent, and where it begins in the volume.
    pub fn read(&self, extent: Extent) -> Result<(Vec<u8>, u64), Error> {
        let len = extent.len.min(MOST_EXTENT);
        self.spend(len.div_ceil(self.block_size).into())?;
        let size = u64::from(self.block_size);
        let pieces = self.pieces(Extent { len, ..extent })?;
        let offset = pieces.first().map_or(0, |(start, _)| start * size);
        let mut bytes = Vec::new();
        for (start, count) in pieces {
            bytes.extend(self.reader.read_vec_at(start * size, (count * size) as usize)?);
        }
        bytes.truncate(len as usize);
        Ok((bytes, offset))
    }
}

/// Descriptors of a volume that count: of several of one kind the last.
#[derive(Default)]
struct Sequence {
    serial: u64,
    partitions: BTreeMap<u16, (u32, Stretch)>,
    logical: Option<(u32, Vec<u8>)>,
    /// Whether there are more than were looked at.
    is_cut: bool,
}

impl<R: ReadAt> Volume<R> {
    /// Opens the volume that `reader` holds from its first to its last byte.
    ///
    /// # Errors
    /// When no anchor leads to the descriptors of a volume, or they say what is not read.
    pub fn open(reader: R) -> Result<Self, Error> {
        let mut warnings = Vec::new();
        let sequence = find(&reader, &mut warnings)?;
        let missing = |missing| Error::NoVolume { missing };
        let (_, logical) = sequence.logical.ok_or(missing("logical volume"))?;
        let block_size = u32_le(&logical, 212).unwrap_or(0);
        if !block_size.is_power_of_two() || !(512..=32_768).contains(&block_size) {
            let found = block_size.into();
            return Err(Error::Field { field: "Logical Block Size", found });
        }
        let plain = maps(&reader, &logical, &sequence.partitions, block_size)?;
        let mut volume = Self {
            block_count: reader.len() / u64::from(block_size),
            reader,
            block_size,
            serial: sequence.serial,
            maps: plain.iter().map(|(map, _)| Map::Plain(*map)).collect(),
            root: Extent::default(),
            warnings,
        };
        for (index, (stretch, special)) in plain.iter().enumerate() {
            if let Some(map) = volume.special(*stretch, special, &plain)? {
                volume.maps[index] = map;
            }
        }
        let file_set = Extent::long(&logical, 248).ok_or(missing("file set"))?;
        let effort = volume.effort();
        let (bytes, offset) = volume.space(&effort).read(Extent { len: block_size, ..file_set })?;
        if identifier(&bytes) != Some(tag::FILE_SET) {
            return Err(Error::Descriptor { offset, what: "no file set is there" });
        }
        volume.warnings.extend(check(&bytes, offset).err());
        volume.root = Extent::long(&bytes, 400).ok_or(missing("root directory"))?;
        Ok(volume)
    }

    fn space<'s>(&'s self, effort: &'s Cell<u64>) -> Space<'s> {
        Space { reader: &self.reader, block_size: self.block_size, maps: &self.maps, effort }
    }

    /// Each block as often as several times, whatever names and contents share, and a floor for small
    /// volumes.
    fn effort(&self) -> Cell<u64> {
        let floor = LEAST_EFFORT / u64::from(self.block_size);
        Cell::new(self.block_count.saturating_mul(16).saturating_add(floor))
    }

    /// The map of a partition that is not what it seems.
    fn special(
        &mut self,
        stretch: Stretch,
        special: &Special,
        plain: &[(Stretch, Special)],
    ) -> Result<Option<Map>, Error> {
        Ok(match special {
            Special::None => None,
            Special::Virtual => Some(Map::Virtual(stretch, self.virtual_table()?)),
            Special::Sparable { packet, tables } => {
                let size = u64::from(self.block_size);
                let mut read = tables.iter().map(|at| sparing(&self.reader, u64::from(*at) * size));
                let first = read.next().ok_or(Error::NoVolume { missing: "sparing table" })?;
                let moved = first.or_else(|error| read.next().ok_or(error)?)?;
                Some(Map::Sparable { stretch, packet: *packet, moved })
            }
            Special::Metadata { file, mirror, number } => {
                // The partition of this number that is what it seems has the file.
                let is_plain =
                    |(_, it): &(Stretch, Special)| !matches!(it, Special::Metadata { .. });
                let of = plain.iter().position(|it| is_plain(it) && it.0.start == stretch.start);
                let partition = of.map_or(*number, |of| of as u16);
                let open = |block| self.metadata(block, partition);
                match open(*file) {
                    Ok(map) => Some(map),
                    Err(error) => {
                        let map = open(*mirror).map_err(|_| error)?;
                        self.warnings.push(Error::FromMirror);
                        Some(map)
                    }
                }
            }
        })
    }

    fn metadata(&self, block: u32, partition: u16) -> Result<Map, Error> {
        let place = Extent { len: self.block_size, block, partition, ..Extent::default() };
        let effort = self.effort();
        let space = self.space(&effort);
        let entry = FileEntry::read(&space, place)?;
        match entry.content(&space)? {
            Content::Extents(extents) => Ok(Map::Metadata(extents)),
            _ => Err(Error::Allocation { what: "the metadata is in its own entry" }),
        }
    }

    /// The table of virtual blocks, whose entry is the last that was written.
    // Source: UDF 2.2.11 of revision 2.01 and later, and 2.2.10 of 1.50.
    fn virtual_table(&self) -> Result<Vec<u32>, Error> {
        let effort = self.effort();
        let space = self.space(&effort);
        for block in self.last_blocks()? {
            let offset = block * u64::from(self.block_size);
            let bytes = self.reader.read_vec_at(offset, self.block_size as usize)?;
            let is_table = bytes.get(27).is_some_and(|kind| matches!(kind, 0 | 248));
            let Ok(entry) = FileEntry::parse(&bytes, offset, 0) else { continue };
            match entry.content(&space) {
                Ok(content) if is_table => return Ok(virtual_blocks(&self.whole(content)?)),
                _ => {}
            }
        }
        Err(Error::NoVolume { missing: "table of virtual blocks" })
    }

    /// The last blocks that are not zeros, the very last first.
    fn last_blocks(&self) -> Result<Vec<u64>, Error> {
        let size = u64::from(self.block_size);
        let (mut found, mut end) = (Vec::new(), self.block_count);
        while end > 0 && found.len() < LAST_BLOCKS {
            let start = end.saturating_sub(AT_ONCE);
            let (offset, len) = (start * size, (end - start) * size);
            let known = self.reader.known_at(offset, len);
            if !matches!(known, (Known::Zeros, known) if known == len) {
                let bytes = self.reader.read_vec_at(offset, len as usize)?;
                let blocks = (start..).zip(bytes.chunks(self.block_size as usize));
                let used = blocks.filter(|(_, bytes)| bytes.iter().any(|byte| *byte != 0));
                let mut used: Vec<u64> = used.map(|(block, _)| block).collect();
                used.reverse();
                found.append(&mut used);
            }
            end = start;
        }
        Ok(found)
    }

    fn whole(&self, content: Content) -> Result<Vec<u8>, Error> {
        match content {
            Content::Inline { bytes, .. } => Ok(bytes),
            Content::Extents(extents) => {
                let reader = ExtentsReader::new(&self.reader, &extents);
                let len = reader.len().min(self.reader.len());
                Ok(reader.read_vec_at(0, usize::try_from(len).unwrap_or(0))?)
            }
            _ => Ok(Vec::new()),
        }
    }
}

/// The blocks in a table of virtual ones: behind a header, or before what says whose table it is.
fn virtual_blocks(table: &[u8]) -> Vec<u32> {
    let of_old = table.len().checked_sub(36);
    let is_old = |at: &usize| window(table, at + 1, 22) == Some(b"*UDF Virtual Alloc Tbl");
    let range = match of_old.filter(is_old) {
        Some(end) => table.get(..end),
        None => u16_le(table, 0).and_then(|start| table.get(start.into()..)),
    };
    let (words, _) = range.unwrap_or_default().as_chunks();
    words.iter().map(|word| u32::from_le_bytes(*word)).collect()
}

/// What a partition is beside blocks that follow one another.
enum Special {
    None,
    Virtual,
    Sparable { packet: u32, tables: Vec<u32> },
    Metadata { file: u32, mirror: u32, number: u16 },
}

/// The partitions that a logical volume maps.
// Source: ECMA-167 3/10.7; UDF 2.2.8 to 2.2.10.
fn maps(
    reader: &dyn ReadAt,
    logical: &[u8],
    partitions: &BTreeMap<u16, (u32, Stretch)>,
    block_size: u32,
) -> Result<Vec<(Stretch, Special)>, Error> {
    const MAPS: usize = 440;
    let count = u32_le(logical, 268).unwrap_or(0);
    if count > MOST_MAPS {
        return Err(Error::Field { field: "Number of Partition Maps", found: count.into() });
    }
    let blocks = reader.len() / u64::from(block_size);
    let (mut at, mut found) = (MAPS, Vec::new());
    for index in 0..count {
        let field = |field| Error::Field { field, found: index.into() };
        let bad = || field("Partition Map");
        let len = usize::from(*logical.get(at + 1).ok_or_else(bad)?);
        let map = window(logical, at, len).ok_or_else(bad)?;
        let long = |at| u32_le(map, at).ok_or_else(bad);
        let identifier = window(map, 5, 23).unwrap_or_default();
        let is = |name: &str| identifier.starts_with(name.as_bytes());
        let (number_at, special) = match map.first() {
            Some(1) => (4, Special::None),
            Some(2) if is("*UDF Virtual Partition") => (38, Special::Virtual),
            Some(2) if is("*UDF Sparable Partition") => {
                let packet = u16_le(map, 40).filter(|packet| *packet > 0).ok_or_else(bad)?.into();
                let tables = usize::from(*map.get(42).ok_or_else(bad)?).min(4);
                let tables = (0..tables).filter_map(|index| u32_le(map, 48 + 4 * index)).collect();
                (38, Special::Sparable { packet, tables })
            }
            Some(2) if is("*UDF Metadata Partition") => {
                let number = u16_le(map, 38).ok_or_else(bad)?;
                (38, Special::Metadata { file: long(40)?, mirror: long(44)?, number })
            }
            _ => return Err(field("Partition Map Type")),
        };
        let number = u16_le(map, number_at).ok_or_else(bad)?;
        let stretch = partitions.get(&number).map(|(_, stretch)| *stretch);
        let stretch = stretch.ok_or(Error::NoVolume { missing: "partition" })?;
        // What lies behind the end of what is there cannot be read, nor be asked for.
        let there = blocks.saturating_sub(stretch.start.into());
        let len = stretch.len.min(u32::try_from(there).unwrap_or(u32::MAX));
        found.push((Stretch { len, ..stretch }, special));
        at += len_of(map);
    }
    match found.is_empty() {
        true => Err(Error::NoVolume { missing: "partition map" }),
        false => Ok(found),
    }
}

fn len_of(map: &[u8]) -> usize {
    map.len().max(1)
}

/// The descriptors that an anchor leads to, its main sequence or its reserve.
// Source: ECMA-167 3/8.4.2: anchors are in sector 256, in the last one, and 256 before that; UDF 2.2.3.
fn find(reader: &dyn ReadAt, warnings: &mut Vec<Error>) -> Result<Sequence, Error> {
    for sector in SECTORS {
        let last = (reader.len() / u64::from(sector)).saturating_sub(1);
        for at in [256, last, last.saturating_sub(256), 512] {
            let offset = at * u64::from(sector);
            let anchor = reader.read_vec_at(offset, 512).unwrap_or_default();
            let is_here = location(&anchor).map(u64::from) == Some(at);
            if identifier(&anchor) != Some(tag::ANCHOR) || !is_here {
                continue;
            }
            let extent = |at| Some((u32_le(&anchor, at)?, u32_le(&anchor, at + 4)?));
            for (is_reserve, extent) in [(false, extent(16)), (true, extent(24))] {
                let Some(extent) = extent else { continue };
                let read = sequence(reader, sector, extent);
                if read.logical.is_some() && !read.partitions.is_empty() {
                    warnings.extend(is_reserve.then_some(Error::FromReserve));
                    let most = MOST_DESCRIPTORS;
                    warnings.extend(read.is_cut.then_some(Error::LongSequence { most }));
                    return Ok(read);
                }
            }
        }
    }
    Err(Error::NoVolume { missing: "logical volume" })
}

/// Reads a sequence of volume descriptors that begins with an extent: its length in bytes, and sector.
fn sequence(reader: &dyn ReadAt, sector: u32, extent: (u32, u32)) -> Sequence {
    let mut found = Sequence::default();
    let (mut left, mut next) = (MOST_DESCRIPTORS, Some(extent));
    while let Some((len, start)) = next.take() {
        for index in 0..len / sector {
            let Some(fewer) = left.checked_sub(1) else {
                found.is_cut = true;
                return found;
            };
            left = fewer;
            let offset = (u64::from(start) + u64::from(index)) * u64::from(sector);
            let Ok(bytes) = reader.read_vec_at(offset, sector as usize) else { continue };
            // A descriptor that is damaged is in the other sequence, too.
            let id = identifier(&bytes).filter(|_| check(&bytes, offset).is_ok());
            match id {
                Some(tag::TERMINATING) => return found,
                Some(tag::POINTER) => {
                    next = u32_le(&bytes, 20).zip(u32_le(&bytes, 24));
                    break;
                }
                Some(id) => found.add(id, bytes),
                None => {}
            }
        }
    }
    found
}

impl Sequence {
    fn add(&mut self, id: u16, bytes: Vec<u8>) {
        let Some(number) = u32_le(&bytes, 16) else { return };
        match id {
            tag::PRIMARY => {
                // Volume Set Identifier: sixteen digits that no other volume has (UDF 2.2.2.5).
                let set = name::string(window(&bytes, 72, 128).unwrap_or_default());
                let unique = set.to_text().get(..16).map(str::to_owned).unwrap_or_default();
                self.serial = u64::from_str_radix(&unique, 16).unwrap_or(0);
            }
            tag::PARTITION => {
                let fields = (u16_le(&bytes, 22), u32_le(&bytes, 188), u32_le(&bytes, 192));
                let (Some(partition), Some(start), Some(len)) = fields else { return };
                let is_older = |(other, _): &(u32, Stretch)| *other > number;
                if !self.partitions.get(&partition).is_some_and(is_older) {
                    self.partitions.insert(partition, (number, Stretch { start, len }));
                }
            }
            tag::LOGICAL_VOLUME
                if self.logical.as_ref().is_none_or(|(other, _)| *other <= number) =>
            {
                self.logical = Some((number, bytes));
            }
            _ => {}
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
        let effort = self.effort();
        Walk::new(self.space(&effort), found).run(self.root, &self.warnings);
    }
}
