use std::io::{self, Read};

use diskprint_formats::vmdk::decode_text;
use thiserror::Error;

use crate::tar_sparse::{self, Segment};

/// Reads the members of a tar archive one after the other, without looking back.
///
/// Nothing that the archive claims is allocated before it is there, and long names and maps have
/// limits, so that a small compressed archive cannot take much memory.
// Source: POSIX.1-2017, pax, "ustar Interchange Format" and "pax Interchange Format"; GNU tar
// manual, "Basic Tar Format" and "Storing Sparse Files".
pub(crate) struct TarReader<R> {
    source: R,
    /// Bytes read so far.
    offset: u64,
    /// Bytes of the current member not yet read, and its padding.
    left: u64,
    padding: u64,
}

/// One member of an archive.
#[derive(Debug)]
pub(crate) struct TarMember {
    /// Its path as stored, with `/` between the parts.
    pub path: String,
    pub kind: MemberKind,
    /// Length of the file it becomes.
    pub len: u64,
    /// Where its stored bytes belong, when it is sparse.
    pub segments: Option<Vec<Segment>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MemberKind {
    File,
    Directory,
    /// A hard or symbolic link.
    Link,
    /// Anything else, by its type byte.
    Other(u8),
}

/// Why an archive cannot be read further. Offsets are bytes of the archive, uncompressed.
#[derive(Debug, Error)]
pub enum TarError {
    /// The bytes below cannot be read: the file is damaged or cut.
    #[error("the archive cannot be read beyond {offset} bytes (uncompressed)")]
    Read {
        /// How far it was read.
        offset: u64,
        /// Why it goes no further.
        source: io::Error,
    },
    /// The archive ends inside of a member or header.
    #[error("the archive is cut: {wanted} bytes are missing after {offset} (uncompressed)")]
    Cut {
        /// Where it ends.
        offset: u64,
        /// How many bytes should follow at least.
        wanted: u64,
    },
    /// There is no sound header where one should be.
    #[error("no tar header at {offset} bytes (uncompressed): its checksum does not fit")]
    Header {
        /// Where it should be.
        offset: u64,
    },
    /// A field of a header or of an extended header is no number or out of bounds.
    #[error("tar header before {offset} bytes (uncompressed): {field} is not usable")]
    Field {
        /// Where the reader stands.
        offset: u64,
        /// Which one.
        field: &'static str,
    },
}

const BLOCK: u64 = 512;
/// The longest name or extended header that is read.
const MAX_EXTENSION: u64 = 1 << 20;

/// What long-name and extended headers say about the member that follows them.
#[derive(Default)]
pub(crate) struct Extension {
    path: Option<String>,
    size: Option<u64>,
    pub sparse: tar_sparse::Pax,
}

impl<R: Read> TarReader<R> {
    pub fn new(source: R) -> Self {
        Self { source, offset: 0, left: 0, padding: 0 }
    }

    /// Goes to the next member; `None` at the end marker, or where the archive ends without one.
    pub fn next(&mut self) -> Result<Option<TarMember>, TarError> {
        let mut extension = Extension::default();
        loop {
            self.skip()?;
            let Some(block) = self.header()? else {
                return Ok(None);
            };
            let size = self.number(&block[124..136], "size")?;
            (self.left, self.padding) = (size, (BLOCK - size % BLOCK) % BLOCK);
            match block[156] {
                // A name too long for the header, ended by a NUL.
                b'L' => extension.path = Some(decode_text(until_nul(&self.extension()?))),
                // A long link target, and what holds for all members: neither is needed.
                b'K' | b'g' => {}
                b'x' => {
                    let records = self.extension()?;
                    self.pax(&records, &mut extension)?;
                }
                kind => return self.member(&block, kind, extension).map(Some),
            }
        }
    }

    fn member(
        &mut self,
        block: &[u8; 512],
        kind: u8,
        extension: Extension,
    ) -> Result<TarMember, TarError> {
        if let Some(size) = extension.size {
            (self.left, self.padding) = (size, (BLOCK - size % BLOCK) % BLOCK);
        }
        let path = match extension.sparse.name.clone().or(extension.path) {
            Some(path) => path,
            None => header_path(block),
        };
        let (mut len, mut segments) = (self.left, None);
        if kind == b'S' {
            let (real, map) = tar_sparse::gnu(self, block)?;
            (len, segments) = (real, Some(map));
        } else if extension.sparse.is_sparse() {
            let (real, map) = extension.sparse.resolve(self)?;
            (len, segments) = (real, Some(map));
        }
        if let Some(segments) = &segments {
            tar_sparse::check(segments, len, self.left)
                .map_err(|field| TarError::Field { offset: self.offset, field })?;
        }
        let kind = match kind {
            // Before POSIX, a directory was a file whose name ends with a slash.
            b'0' | 0 if path.ends_with('/') => MemberKind::Directory,
            b'0' | 0 | b'7' | b'S' => MemberKind::File,
            b'5' => MemberKind::Directory,
            b'1' | b'2' => MemberKind::Link,
            other => MemberKind::Other(other),
        };
        Ok(TarMember { path, kind, len, segments })
    }

    /// Reads stored bytes of the current member; 0 at its end.
    pub fn read_data(&mut self, buf: &mut [u8]) -> Result<usize, TarError> {
        let count = buf.len().min(usize::try_from(self.left).unwrap_or(usize::MAX));
        self.fill(&mut buf[..count])?;
        self.left -= count as u64;
        Ok(count)
    }

    /// Reads on to the end of all bytes, and returns how many there were, and where behind the end
    /// marker the first byte lies that is not zero.
    pub fn finish(mut self) -> Result<(u64, Option<u64>), TarError> {
        let (mut buf, mut found) = (vec![0; 64 << 10], None);
        loop {
            let count = self.some(&mut buf)?;
            if count == 0 {
                return Ok((self.offset, found));
            }
            let other = buf[..count].iter().position(|byte| *byte != 0);
            found = found.or(other.map(|at| self.offset - count as u64 + at as u64));
        }
    }

    /// Skips what is left of the current member.
    fn skip(&mut self) -> Result<(), TarError> {
        let mut buf = [0; 16 << 10];
        while self.left > 0 {
            self.read_data(&mut buf)?;
        }
        let padding = usize::try_from(std::mem::take(&mut self.padding)).unwrap_or(0);
        self.fill(&mut buf[..padding])
    }

    /// Reads a header block; `None` at a block of zeros or the end of all bytes.
    fn header(&mut self) -> Result<Option<[u8; 512]>, TarError> {
        let (mut block, mut got) = ([0; 512], 0);
        while got < block.len() {
            match self.some(&mut block[got..])? {
                0 if got == 0 => return Ok(None),
                0 => return Err(self.cut(BLOCK - got as u64)),
                count => got += count,
            }
        }
        if block.iter().all(|byte| *byte == 0) {
            return Ok(None);
        }
        match is_header(&block) {
            true => Ok(Some(block)),
            false => Err(TarError::Header { offset: self.offset - BLOCK }),
        }
    }

    /// Reads one block of the current member's map, which is not part of its stored bytes.
    pub fn map_block(&mut self) -> Result<[u8; 512], TarError> {
        let mut block = [0; 512];
        self.fill(&mut block)?;
        Ok(block)
    }

    fn extension(&mut self) -> Result<Vec<u8>, TarError> {
        if self.left > MAX_EXTENSION {
            return Err(self.field("the length of a name or extended header"));
        }
        let mut bytes = vec![0; usize::try_from(self.left).unwrap_or(0)];
        self.read_data(&mut bytes)?;
        Ok(bytes)
    }

    /// Reads records `LENGTH KEY=VALUE\n`, the length being that of the whole record.
    fn pax(&self, mut records: &[u8], extension: &mut Extension) -> Result<(), TarError> {
        let damaged = || self.field("a record of an extended header");
        while !until_nul(records).is_empty() {
            let space = records.iter().position(|byte| *byte == b' ').ok_or_else(damaged)?;
            let len = decimal(&records[..space]).ok_or_else(damaged)?;
            let len = usize::try_from(len).map_err(|_| damaged())?;
            let record = records.get(space + 1..len).ok_or_else(damaged)?;
            let record = record.strip_suffix(b"\n").ok_or_else(damaged)?;
            let equals = record.iter().position(|byte| *byte == b'=').ok_or_else(damaged)?;
            let (key, value) = (&record[..equals], &record[equals + 1..]);
            match key {
                b"path" => extension.path = Some(decode_text(value)),
                b"size" => extension.size = Some(decimal(value).ok_or_else(damaged)?),
                _ => extension.sparse.record(key, value).ok_or_else(damaged)?,
            }
            records = &records[len..];
        }
        Ok(())
    }

    /// Reads a number: octal digits, or binary where the first bit is set.
    pub fn number(&self, field: &[u8], name: &'static str) -> Result<u64, TarError> {
        number(field).ok_or_else(|| self.field(name))
    }

    pub fn field(&self, field: &'static str) -> TarError {
        TarError::Field { offset: self.offset, field }
    }

    fn cut(&self, wanted: u64) -> TarError {
        TarError::Cut { offset: self.offset, wanted }
    }

    fn fill(&mut self, buf: &mut [u8]) -> Result<(), TarError> {
        let mut got = 0;
        while got < buf.len() {
            match self.some(&mut buf[got..])? {
                0 => return Err(self.cut((buf.len() - got) as u64)),
                count => got += count,
            }
        }
        Ok(())
    }

    fn some(&mut self, buf: &mut [u8]) -> Result<usize, TarError> {
        loop {
            match self.source.read(buf) {
                Ok(count) => {
                    self.offset += count as u64;
                    return Ok(count);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(source) => return Err(TarError::Read { offset: self.offset, source }),
            }
        }
    }
}

/// Whether `block` is a header with a sound checksum.
pub(crate) fn is_header(block: &[u8]) -> bool {
    let Some(block) = block.first_chunk::<512>() else {
        return false;
    };
    let sum: u64 = block.iter().map(|byte| u64::from(*byte)).sum();
    let stored: u64 = block[148..156].iter().map(|byte| u64::from(*byte)).sum();
    // The checksum counts its own field as spaces.
    number(&block[148..156]) == Some(sum - stored + 8 * u64::from(b' ')) && sum > 0
}

pub(crate) fn number(field: &[u8]) -> Option<u64> {
    let (first, rest) = field.split_first()?;
    if first & 0x80 != 0 {
        // Only the last eight bytes may hold anything; a set second bit would be a sign.
        let (high, low) = rest.split_at(rest.len().checked_sub(8)?);
        let fits = first & 0x7F == 0 && high.iter().all(|byte| *byte == 0);
        return fits.then(|| low.iter().fold(0, |value, byte| value << 8 | u64::from(*byte)));
    }
    let text = std::str::from_utf8(until_nul(field)).ok()?.trim_matches(' ');
    if text.is_empty() { Some(0) } else { u64::from_str_radix(text, 8).ok() }
}

pub(crate) fn decimal(bytes: &[u8]) -> Option<u64> {
    std::str::from_utf8(bytes).ok()?.parse().ok()
}

fn until_nul(bytes: &[u8]) -> &[u8] {
    bytes.split(|byte| *byte == 0).next().unwrap_or_default()
}

fn header_path(block: &[u8; 512]) -> String {
    let (name, prefix) = (until_nul(&block[..100]), until_nul(&block[345..500]));
    // GNU's own format keeps other things where POSIX has the prefix.
    if &block[257..263] != b"ustar\0" || prefix.is_empty() {
        return decode_text(name);
    }
    decode_text(&[prefix, b"/", name].concat())
}
