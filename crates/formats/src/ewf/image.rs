use std::io::{self, Read};
use std::sync::Arc;

use flate2::read::ZlibDecoder;

use super::file_header::segment_number;
use super::section::{Section, walk};
use super::table::Table;
use super::{CaseFields, Error, Volume, adler32, chunks, error2, hashes};
use crate::bytes::u32_le;
use crate::recent::Recent;
use crate::{ReadAt, ReadAtExt};

/// The disk in the segments of an image, itself a reader.
///
/// A chunk whose checksum is wrong cannot be read; all others can.
pub struct Image {
    segments: Vec<Segment>,
    volume: Volume,
    /// Sorted by their first chunk.
    tables: Vec<Table>,
    case_fields: CaseFields,
    stored: StoredHashes,
    findings: Vec<Error>,
    cache: Recent,
}

/// Digests of the whole disk that the image states; `None` where it does not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StoredHashes {
    /// Of the hash section, or else of the digest section.
    pub md5: Option<[u8; 16]>,
    /// Of the digest section.
    pub sha1: Option<[u8; 20]>,
}

struct Segment {
    file: Arc<dyn ReadAt>,
    /// Where its sections begin, sorted: no chunk goes beyond the next of these.
    starts: Vec<u64>,
}

/// What is gathered from one section to the next.
#[derive(Default)]
struct Gathered {
    volume: Option<Volume>,
    /// In the order of their chunks.
    listed: Vec<Listed>,
    case_fields: Option<CaseFields>,
    stored: StoredHashes,
    findings: Vec<Error>,
}

/// What lists chunks.
enum Listed {
    Table(Table),
    /// Nothing is known of it, not even how many it lists.
    Gap,
}

impl Image {
    /// Opens the image in `segments`, which are all of it in their order.
    ///
    /// # Errors
    /// When a file is no segment of this image, one is missing, or no section says how long the
    /// disk is. What else is damaged is among the findings, or fails when it is read.
    pub fn open(segments: Vec<Arc<dyn ReadAt>>) -> Result<Self, Error> {
        let mut gathered = Gathered::default();
        let mut read = Vec::new();
        let mut follows = true;
        for (number, file) in (1..).zip(segments) {
            let stated = segment_number(&file, number)?;
            if stated != number {
                return Err(Error::SegmentNumber { expected: number, stated });
            }
            let sections = walk(&file, number, &mut gathered.findings);
            gathered.segment(&file, number, &sections)?;
            follows = sections.last().is_some_and(|last| last.kind == b"next");
            if !follows && sections.last().is_none_or(|last| last.kind != b"done") {
                gathered.listed.push(Listed::Gap);
            }
            let starts = sections.iter().map(|section| section.offset).collect();
            read.push(Segment { file, starts });
        }
        let segment = u32::try_from(read.len()).unwrap_or(u32::MAX).saturating_add(1);
        if follows {
            return Err(Error::SegmentMissing { segment });
        }
        let volume = gathered.volume.ok_or(Error::NoVolume)?;
        volume.check()?;
        let stated = volume.chunks.into();
        let (tables, listed) = number(gathered.listed, stated);
        if listed != stated {
            gathered.findings.push(Error::ChunkCount { listed, stated });
        }
        Ok(Self {
            segments: read,
            cache: Recent::new(volume.chunk_len()),
            volume,
            tables,
            case_fields: gathered.case_fields.unwrap_or_default(),
            stored: gathered.stored,
            findings: gathered.findings,
        })
    }

    /// What is damaged but could be helped, and what the image itself says was not acquired.
    pub fn findings(&self) -> &[Error] {
        &self.findings
    }

    /// What the volume section says of the disk.
    pub fn volume(&self) -> &Volume {
        &self.volume
    }

    /// What whoever made it said of it.
    pub fn case_fields(&self) -> &CaseFields {
        &self.case_fields
    }

    /// Digests of the disk that it states. They are not compared with its bytes here.
    pub fn stored_hashes(&self) -> StoredHashes {
        self.stored
    }

    /// Reads chunk `chunk` as far as the disk goes.
    fn chunk(&self, chunk: u64) -> Result<Vec<u8>, Error> {
        let at = self.tables.partition_point(|table| table.first <= chunk).checked_sub(1);
        let table = at.and_then(|at| self.tables.get(at)).ok_or(Error::ChunkLost { chunk })?;
        let index = chunk.saturating_sub(table.first);
        if index >= table.count {
            return Err(Error::ChunkLost { chunk });
        }
        let place = table.place(index).ok_or(Error::ChunkLost { chunk })?;
        let number = u32::try_from(table.segment).unwrap_or(u32::MAX).saturating_add(1);
        let segment = self.segments.get(table.segment).ok_or(Error::ChunkLost { chunk })?;
        let next = table.place(index.saturating_add(1)).map(|next| next.offset);
        let stored = Stored {
            chunk,
            segment: number,
            offset: place.offset,
            chunk_len: self.volume.chunk_len(),
            expected: self.expected(chunk),
        };
        let bytes = stored.read(segment, next.filter(|next| *next > place.offset))?;
        match place.is_compressed {
            true => stored.inflate(&bytes),
            false => stored.check(bytes),
        }
    }

    /// How many bytes of a chunk are of the disk; the last one may be shorter.
    fn expected(&self, chunk: u64) -> u64 {
        let chunk_len = self.volume.chunk_len();
        self.volume.len().saturating_sub(chunk.saturating_mul(chunk_len)).min(chunk_len)
    }
}

impl ReadAt for Image {
    fn len(&self) -> u64 {
        self.volume.len()
    }

    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        let lens = (self.volume.len(), self.volume.chunk_len());
        chunks::read(&self.cache, lens, buf, offset, |chunk| self.chunk(chunk))
    }
}

impl Gathered {
    /// Takes what the sections of a segment say.
    fn segment(
        &mut self,
        file: &Arc<dyn ReadAt>,
        segment: u32,
        sections: &[Section],
    ) -> Result<(), Error> {
        // Of a table that is damaged: what is wrong with it, until its copy comes.
        let mut damaged: Option<(Error, &Section)> = None;
        // Whether a table was read whose copy comes next.
        let mut is_read = false;
        let mut has_sectors = false;
        for section in sections {
            let kind = &section.kind[..];
            if kind != b"table2"
                && let Some((error, section)) = damaged.take()
            {
                self.lost(segment, section, error, has_sectors);
            }
            if section.is_doubtful {
                self.listed.push(Listed::Gap);
                is_read = false;
            }
            match kind {
                b"header" | b"header2" => self.header(file, segment, section),
                b"volume" | b"disk" | b"data" => {
                    let volume = Volume::read(file, segment, section, &mut self.findings);
                    self.volume(segment, volume)?;
                }
                b"sectors" => has_sectors = true,
                b"table" => {
                    is_read = false;
                    match Table::read(file, segment, section, self.is_smart()) {
                        Ok(table) => {
                            self.table(segment, table);
                            is_read = true;
                        }
                        Err(error) => damaged = Some((error, section)),
                    }
                }
                b"table2" if !is_read => {
                    let copy = Table::read(file, segment, section, self.is_smart());
                    match (copy, damaged.take()) {
                        (Ok(table), error) => {
                            let replaced =
                                |(source, _)| Error::TableReplaced { source: Box::new(source) };
                            self.findings.extend(error.map(replaced));
                            self.table(segment, table);
                        }
                        (Err(error), _) => self.lost(segment, section, error, has_sectors),
                    }
                    is_read = true;
                }
                b"hash" => match hashes::hash(file, segment, section) {
                    Ok(md5) => self.stored.md5 = Some(md5),
                    Err(error) => self.findings.push(error),
                },
                b"digest" => match hashes::digest(file, segment, section) {
                    Ok((md5, sha1)) => {
                        self.stored.md5 =
                            self.stored.md5.or(Some(md5).filter(|md5| *md5 != [0; 16]));
                        self.stored.sha1 = Some(sha1).filter(|sha1| *sha1 != [0; 20]);
                    }
                    Err(error) => self.findings.push(error),
                },
                b"error2" => match error2::read(file, segment, section) {
                    Ok(not_acquired) => self.findings.extend(not_acquired),
                    Err(error) => self.findings.push(error),
                },
                // Sessions, sector tables of logical evidence, and what is not known: nothing in
                // them says where a chunk is.
                _ => {}
            }
        }
        if let Some((error, section)) = damaged {
            self.lost(segment, section, error, has_sectors);
        }
        Ok(())
    }

    fn is_smart(&self) -> bool {
        self.volume.as_ref().is_some_and(|volume| volume.is_smart)
    }

    /// The first that can be read counts; EnCase writes the UTF-16 form twice, then the ASCII form.
    fn header(&mut self, file: &Arc<dyn ReadAt>, segment: u32, section: &Section) {
        match CaseFields::read(file, segment, section) {
            Ok(fields) => {
                self.case_fields.get_or_insert(fields);
            }
            Err(error) => self.findings.push(error),
        }
    }

    /// The first counts; the others say which image their segment is of.
    fn volume(&mut self, segment: u32, read: Result<Volume, Error>) -> Result<(), Error> {
        match (&self.volume, read) {
            (None, Ok(volume)) => self.volume = Some(volume),
            (Some(first), Ok(volume)) if first.set != volume.set && !first.is_smart => {
                let (stated, expected) = (volume.set, first.set);
                return Err(Error::OtherSet { segment, stated, expected });
            }
            (Some(_), Ok(_)) => {}
            (_, Err(error)) => self.findings.push(error),
        }
        Ok(())
    }

    fn table(&mut self, segment: u32, mut table: Table) {
        table.segment = usize::try_from(segment).unwrap_or(usize::MAX).saturating_sub(1);
        self.listed.push(Listed::Table(table));
    }

    /// Where neither a table nor its copy can be read, the chunks behind it are found all the same,
    /// if it is known how many it lists.
    fn lost(&mut self, segment: u32, section: &Section, error: Error, has_sectors: bool) {
        let table = Table::lost(section);
        let source = Box::new(error);
        self.findings.push(Error::TableLost { segment, offset: section.offset, source });
        match has_sectors {
            true => self.table(segment, table),
            // Chunks may be in the section, too.
            false => self.listed.push(Listed::Gap),
        }
    }
}

/// Numbers the chunks of all tables: those before the first gap from the start, those behind the
/// last one from the end, of `stated` chunks. Those between two gaps cannot be numbered, and are
/// left out. Returns also how many are listed.
fn number(listed: Vec<Listed>, stated: u64) -> (Vec<Table>, u64) {
    let mut parts: Vec<Vec<Table>> = vec![Vec::new()];
    for listed in listed {
        match (listed, parts.last_mut()) {
            (Listed::Table(table), Some(part)) if table.count > 0 => part.push(table),
            (Listed::Table(_), _) => {}
            (Listed::Gap, _) => parts.push(Vec::new()),
        }
    }
    let behind = if parts.len() > 1 { parts.pop().unwrap_or_default() } else { Vec::new() };
    let before = parts.into_iter().next().unwrap_or_default();
    let count =
        |part: &[Table]| part.iter().fold(0u64, |count, table| count.saturating_add(table.count));
    let listed = count(&before).saturating_add(count(&behind));
    let mut first = 0;
    let mut tables = Vec::new();
    let number = |mut table: Table, first: &mut u64| {
        table.first = *first;
        *first = first.saturating_add(table.count);
        table
    };
    tables.extend(before.into_iter().map(|table| number(table, &mut first)));
    // Where they do not fit together, it is not known which are wrong; those before count.
    if listed <= stated {
        let mut first = stated.saturating_sub(count(&behind));
        tables.extend(behind.into_iter().map(|table| number(table, &mut first)));
    }
    (tables, listed)
}

/// A chunk as it is stored.
struct Stored {
    chunk: u64,
    /// Number of its segment.
    segment: u32,
    offset: u64,
    /// Length of a full chunk.
    chunk_len: u64,
    /// Length of this one, as the disk has it.
    expected: u64,
}

impl Stored {
    /// Reads its bytes up to where something else begins.
    fn read(&self, segment: &Segment, next: Option<u64>) -> Result<Vec<u8>, Error> {
        let after = segment.starts.partition_point(|start| *start <= self.offset);
        let end = segment.starts.get(after).copied().unwrap_or_else(|| segment.file.len());
        let end = next.map_or(end, |next| next.min(end));
        let held = end.saturating_sub(self.offset);
        if held == 0 {
            return Err(self.len_error(held, 1));
        }
        // Deflate adds less than a thousandth to what it cannot compress.
        let most = self.chunk_len.saturating_mul(2).saturating_add(1024);
        let (structure, offset) = ("chunk", self.offset);
        let len = usize::try_from(held.min(most)).unwrap_or(usize::MAX);
        segment.file.read_vec_at(offset, len).map_err(|source| Error::Read {
            segment: self.segment,
            structure,
            offset,
            source,
        })
    }

    // Source: EWF specification, "Data chunk", compressed.
    fn inflate(&self, stored: &[u8]) -> Result<Vec<u8>, Error> {
        let mut bytes = Vec::new();
        // One byte more is asked for, so that the decoder comes to its checksum and compares it.
        let mut decoder = ZlibDecoder::new(stored).take(self.chunk_len.saturating_add(1));
        let inflated = decoder.read_to_end(&mut bytes);
        let len = bytes.len() as u64;
        if let (Ok(_), true) = (&inflated, len >= self.expected && len <= self.chunk_len) {
            bytes.truncate(usize::try_from(self.expected).unwrap_or(usize::MAX));
            return Ok(bytes);
        }
        Err(Error::Inflate {
            chunk: self.chunk,
            segment: self.segment,
            offset: self.offset,
            inflated: len,
            expected: self.expected,
            source: inflated.err(),
        })
    }

    // Source: EWF specification, "Data chunk", uncompressed. The last one may be stored in full, or
    // as far as the disk goes.
    fn check(&self, mut stored: Vec<u8>) -> Result<Vec<u8>, Error> {
        let expected = usize::try_from(self.expected).unwrap_or(usize::MAX);
        let full = usize::try_from(self.chunk_len).unwrap_or(usize::MAX);
        let is_right = |len: usize| match (stored.get(..len), u32_le(&stored, len)) {
            (Some(bytes), Some(stated)) => Some((adler32(bytes), stated)),
            _ => None,
        };
        let (as_far, in_full) = (is_right(expected), is_right(full));
        let right = |sums: Option<(u32, u32)>| sums.is_some_and(|(is, stated)| is == stated);
        if right(as_far) || (full != expected && right(in_full)) {
            stored.truncate(expected);
            return Ok(stored);
        }
        let Some((computed, stated)) = as_far else {
            return Err(self.len_error(stored.len() as u64, self.expected.saturating_add(4)));
        };
        let Self { chunk, segment, offset, .. } = *self;
        Err(Error::ChunkChecksum { chunk, segment, offset, stated, computed })
    }

    fn len_error(&self, held: u64, expected: u64) -> Error {
        let Self { chunk, segment, offset, .. } = *self;
        Error::ChunkLen { chunk, segment, offset, held, expected }
    }
}
