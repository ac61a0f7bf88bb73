use std::io::{self, Read};
use std::sync::Arc;

use flate2::read::ZlibDecoder;

use super::super::adler32::{adler32, check};
use super::super::{CaseFields, Error, StoredHashes, chunks};
use super::section::{FileHeader, Section, kind, walk};
use super::table::{Chunk, Table, errors};
use crate::bytes::{u32_le, window};
use crate::recent::Recent;
use crate::{ReadAt, ReadAtExt};

/// The disk in the segments of an image, itself a reader.
///
/// A chunk whose checksum is wrong cannot be read; all others can.
pub struct Image {
    segments: Vec<Arc<dyn ReadAt>>,
    len: u64,
    chunk_len: u64,
    /// Sorted by their first chunk.
    tables: Vec<Table>,
    case_fields: CaseFields,
    stored: StoredHashes,
    findings: Vec<Error>,
    cache: Recent,
}

/// What is gathered from one section to the next.
#[derive(Default)]
struct Gathered {
    device: Option<CaseFields>,
    case: Option<CaseFields>,
    tables: Vec<Table>,
    stored: StoredHashes,
    findings: Vec<Error>,
}

/// The longest chunk that is read, in bytes: 32 times the longest that EnCase offers.
const MOST_CHUNK: u64 = 16 << 20;
/// Methods of compression.
// Source: EWF 2 specification, "Compression methods".
const NONE: u16 = 0;
const DEFLATE: u16 = 1;

impl Image {
    /// Opens the image in `segments`, which are all of it in their order.
    ///
    /// # Errors
    /// When a file is no segment of this image, one is missing, it is encrypted or compressed by bzip2,
    /// or nothing says how long the disk is. What else is damaged is among the findings, or fails
    /// when it is read.
    pub fn open(segments: Vec<Arc<dyn ReadAt>>) -> Result<Self, Error> {
        let mut gathered = Gathered::default();
        let (mut first_set, mut follows) = (None, true);
        for (number, file) in (1..).zip(&segments) {
            let header = FileHeader::read(file, number)?;
            if header.number != number {
                let (expected, stated) = (number, header.number);
                return Err(Error::SegmentNumber { expected, stated });
            }
            let expected = *first_set.get_or_insert(header.set);
            if header.set != expected {
                let (segment, stated) = (number, header.set);
                return Err(Error::OtherSet { segment, stated, expected });
            }
            if !matches!(header.method, NONE | DEFLATE) {
                return Err(unsupported("EnCase Ex01 compressed by bzip2", "convert it to E01"));
            }
            let sections = walk(file, number, &mut gathered.findings);
            gathered.segment(file, number, &sections)?;
            let last = sections.last().map(|last| last.kind);
            follows = last == Some(kind::NEXT);
            if !follows && last != Some(kind::DONE) {
                let end = Error::SectionsEnd { segment: number, offset: file.len() };
                gathered.findings.push(end);
            }
        }
        let segment = u32::try_from(segments.len()).unwrap_or(u32::MAX).saturating_add(1);
        if follows {
            return Err(Error::SegmentMissing { segment });
        }
        Self::finish(segments, gathered)
    }

    fn finish(segments: Vec<Arc<dyn ReadAt>>, gathered: Gathered) -> Result<Self, Error> {
        let Gathered { device, case, mut tables, stored, mut findings } = gathered;
        let (device, case) = device.zip(case).ok_or(Error::NoVolume)?;
        let sectors = number(&device, "ts", "a number of sectors")?;
        let sector_len = number(&device, "bp", "a number of bytes")?;
        let chunk_sectors = number(&case, "sb", "a number of sectors")?;
        let len = sectors.checked_mul(sector_len).ok_or_else(|| field("ts", sectors))?;
        let chunk_len = sector_len.saturating_mul(chunk_sectors);
        if !(1..=MOST_CHUNK).contains(&chunk_len) {
            return Err(field("sb", chunk_sectors));
        }
        tables.sort_by_key(|table| table.first);
        let listed = tables.iter().map(|table| table.chunks.len() as u64).sum();
        let stated = len.div_ceil(chunk_len);
        if listed != stated {
            findings.push(Error::ChunkCount { listed, stated });
        }
        let cache = Recent::new(chunk_len);
        Ok(Self { segments, len, chunk_len, tables, case_fields: case, stored, findings, cache })
    }

    /// What is damaged but could be helped, and what the image itself says was not acquired.
    pub fn findings(&self) -> &[Error] {
        &self.findings
    }

    /// What whoever made it said of it: `cn` case number, `en` evidence number, `ex` examiner, `nt`
    /// notes, `nm` name, `av` version.
    pub fn case_fields(&self) -> &CaseFields {
        &self.case_fields
    }

    /// Digests of the disk that it states. They are not compared with its bytes here.
    pub fn stored_hashes(&self) -> StoredHashes {
        self.stored
    }

    /// Reads chunk `number` as far as the disk goes.
    fn chunk(&self, number: u64) -> Result<Vec<u8>, Error> {
        let lost = || Error::ChunkLost { chunk: number };
        let at = self.tables.partition_point(|table| table.first <= number).checked_sub(1);
        let table = at.and_then(|at| self.tables.get(at)).ok_or_else(lost)?;
        let index = usize::try_from(number.saturating_sub(table.first)).map_err(|_| lost())?;
        let chunk = table.chunks.get(index).ok_or_else(lost)?;
        let left = self.len.saturating_sub(number.saturating_mul(self.chunk_len));
        let expected = usize::try_from(left.min(self.chunk_len)).unwrap_or(usize::MAX);
        if chunk.is_pattern() {
            let pattern = chunk.offset.to_le_bytes();
            return Ok(pattern.into_iter().cycle().take(expected).collect());
        }
        let segment = u32::try_from(table.segment).unwrap_or(u32::MAX).saturating_add(1);
        let file = self.segments.get(table.segment).ok_or_else(lost)?;
        Stored { file, number, segment, chunk, expected }.read(self.chunk_len)
    }
}

fn unsupported(name: &'static str, help: &'static str) -> Error {
    Error::Unsupported { name, help }
}

fn field(field: &'static str, stated: u64) -> Error {
    Error::VolumeField { field, stated, expected: "less" }
}

/// A field that is a number.
fn number(fields: &CaseFields, name: &'static str, expected: &'static str) -> Result<u64, Error> {
    let found = fields.get(name).and_then(|text| text.trim().parse().ok());
    found.ok_or(Error::VolumeField { field: name, stated: 0, expected })
}

/// A chunk that is stored.
struct Stored<'i> {
    file: &'i Arc<dyn ReadAt>,
    number: u64,
    segment: u32,
    chunk: &'i Chunk,
    /// How many bytes of it are of the disk.
    expected: usize,
}

impl Stored<'_> {
    fn read(&self, chunk_len: u64) -> Result<Vec<u8>, Error> {
        let &Self { number: chunk, segment, expected, .. } = self;
        let (offset, structure) = (self.chunk.offset, "chunk");
        // Deflate adds less than a thousandth to what it cannot compress.
        let most = chunk_len.saturating_mul(2).saturating_add(1024);
        let len = usize::try_from(u64::from(self.chunk.len).min(most)).unwrap_or(usize::MAX);
        let mut bytes = self.file.read_vec_at(offset, len).map_err(|source| Error::Read {
            segment,
            structure,
            offset,
            source,
        })?;
        if self.chunk.is_compressed() {
            return self.inflate(&bytes, chunk_len);
        }
        let tail = if self.chunk.has_checksum() { 4 } else { 0 };
        let data = bytes.len().saturating_sub(tail);
        if data < expected {
            let (held, expected) = (bytes.len() as u64, (expected + tail) as u64);
            return Err(Error::ChunkLen { chunk, segment, offset, held, expected });
        }
        if let (true, Some(own), Some(stated)) =
            (tail > 0, window(&bytes, 0, data), u32_le(&bytes, data))
        {
            let computed = adler32(own);
            if computed != stated {
                return Err(Error::ChunkChecksum { chunk, segment, offset, stated, computed });
            }
        }
        bytes.truncate(expected);
        Ok(bytes)
    }

    fn inflate(&self, stored: &[u8], chunk_len: u64) -> Result<Vec<u8>, Error> {
        let mut bytes = Vec::new();
        // One byte more is asked for, so that the decoder comes to its checksum and compares it.
        let mut decoder = ZlibDecoder::new(stored).take(chunk_len.saturating_add(1));
        let inflated = decoder.read_to_end(&mut bytes);
        if inflated.is_ok() && bytes.len() >= self.expected && bytes.len() as u64 <= chunk_len {
            bytes.truncate(self.expected);
            return Ok(bytes);
        }
        Err(Error::Inflate {
            chunk: self.number,
            segment: self.segment,
            offset: self.chunk.offset,
            inflated: bytes.len() as u64,
            expected: self.expected as u64,
            source: inflated.err(),
        })
    }
}

impl ReadAt for Image {
    fn len(&self) -> u64 {
        self.len
    }

    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        chunks::read(&self.cache, (self.len, self.chunk_len), buf, offset, |it| self.chunk(it))
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
        for section in sections {
            if section.is_encrypted || section.kind == kind::KEYS {
                return Err(unsupported("an encrypted EnCase Ex01", "decrypt it with EnCase"));
            }
            if let Err(error) = self.section(file, segment, section) {
                self.findings.push(error);
            }
        }
        Ok(())
    }

    fn section(
        &mut self,
        file: &Arc<dyn ReadAt>,
        segment: u32,
        section: &Section,
    ) -> Result<(), Error> {
        match section.kind {
            // Each segment has them; the first counts.
            kind::DEVICE if self.device.is_none() => {
                self.device = Some(CaseFields::of_object(file, segment, section)?);
            }
            kind::CASE if self.case.is_none() => {
                self.case = Some(CaseFields::of_object(file, segment, section)?);
            }
            kind::TABLE => self.tables.push(Table::read(file, segment, section)?),
            kind::ERRORS => self.findings.extend(errors(file, segment, section)?),
            kind::MD5 => self.stored.md5 = digest(file, segment, section)?,
            kind::SHA1 => self.stored.sha1 = digest(file, segment, section)?,
            // Sectors, sessions, what is restarted: nothing in them says where a chunk is.
            _ => {}
        }
        Ok(())
    }
}

/// A digest and its checksum; `None` where it is zeros, which stand for none.
fn digest<const N: usize>(
    file: &dyn ReadAt,
    segment: u32,
    section: &Section,
) -> Result<Option<[u8; N]>, Error> {
    let (structure, offset) = ("digest", section.data);
    let bytes = section.read(file, segment, structure, N + 4)?;
    let (Some(digest), Some(stated)) = (bytes.first_chunk::<N>(), u32_le(&bytes, N)) else {
        let (held, expected) = (bytes.len() as u64, N as u64 + 4);
        return Err(Error::Short { segment, structure, offset, held, expected });
    };
    check(segment, structure, offset, digest, stated)?;
    Ok(Some(*digest).filter(|digest| *digest != [0; N]))
}

impl CaseFields {
    /// Reads the object in a section: text that is compressed, or not.
    // Source: EWF 2 specification, "Device information", "Case data".
    fn of_object(file: &dyn ReadAt, segment: u32, section: &Section) -> Result<Self, Error> {
        const MOST: usize = 1 << 20;
        let (structure, offset) = ("device or case data", section.data);
        let stored = section.read(file, segment, structure, MOST)?;
        let mut bytes = Vec::new();
        let mut decoder = ZlibDecoder::new(&stored[..]).take(MOST as u64);
        let inflated = decoder.read_to_end(&mut bytes).is_ok();
        let bytes = if inflated { bytes } else { stored };
        Self::of_text(&super::super::header::text(&bytes))
            .ok_or(Error::CaseFields { segment, offset })
    }
}
