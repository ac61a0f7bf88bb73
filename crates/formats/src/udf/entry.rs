use super::Error;
use super::allocation::{self, Extent, Form};
use super::descriptor::{check, identifier, tag};
use super::volume::Space;
use crate::bytes::{u16_le, u32_le, u64_le, window};
use crate::dos_time::unix_seconds;
use crate::walked::Content;
use crate::{FileKind, Filetime, Times};

/// What a file entry, or an extended one, says of a file.
// Source: ECMA-167 4/14.9 and 4/14.17.
#[derive(Debug)]
pub(super) struct FileEntry {
    /// Where it is in the volume, in bytes.
    pub offset: u64,
    file_type: u8,
    pub mode: u32,
    pub uid: u32,
    pub link_count: u16,
    pub len: u64,
    pub times: Times,
    /// Where the directory of its streams is.
    pub streams: Option<Extent>,
    /// Its checksum does not fit.
    pub doubt: Option<Error>,
    flags: u16,
    partition: u16,
    /// Where its descriptors, or its content, begin in the entry.
    descriptors_at: usize,
    descriptors: Vec<u8>,
}

/// Types of files (4/14.6.6; UDF 2.3.5.2, 2.2.13.1).
const DIRECTORY: u8 = 4;
const LINK: u8 = 12;
const STREAM_DIRECTORY: u8 = 13;
const REGULAR: [u8; 3] = [0, 5, 249];
/// What follows the fields: attributes, and descriptors or the content itself.
const EMBEDDED: u16 = 3;
/// The strategy that is read: one entry stands for itself (4/A.5).
const DIRECT: u16 = 4;

impl FileEntry {
    /// Reads the entry that is in an extent.
    ///
    /// # Errors
    /// When there is none, or it is of a kind that is not read.
    pub fn read(space: &Space<'_>, place: Extent) -> Result<Self, Error> {
        let (bytes, offset) = space.read(Extent { len: space.block_size, ..place })?;
        Self::parse(&bytes, offset, place.partition)
    }

    /// Decodes the entry that `bytes` begin with, which lie at `offset` and in a partition.
    ///
    /// # Errors
    /// As [`FileEntry::read`].
    pub fn parse(bytes: &[u8], offset: u64, partition: u16) -> Result<Self, Error> {
        let cut = || Error::Descriptor { offset, what: "it is cut" };
        let is_extended = match identifier(bytes) {
            Some(tag::FILE_ENTRY) => false,
            Some(tag::EXTENDED_FILE_ENTRY) => true,
            _ => return Err(Error::Descriptor { offset, what: "no file entry is there" }),
        };
        let word = |at| u16_le(bytes, at).ok_or_else(cut);
        let long = |at| u32_le(bytes, at).ok_or_else(cut);
        let strategy = word(20)?;
        if strategy != DIRECT {
            return Err(Error::Field { field: "Strategy Type", found: strategy.into() });
        }
        let flags = word(34)?;
        let file_type = *bytes.get(27).ok_or_else(cut)?;
        let [times, attributes, streams] =
            if is_extended { [80, 216, 152] } else { [72, 176, usize::MAX] };
        let read = |at: usize| time(window(bytes, at, 12).unwrap_or_default());
        let more = if is_extended { 12 } else { 0 };
        let (attributes_len, len_at) = (long(attributes - 8)? as usize, attributes - 4);
        let stored = window(bytes, attributes, attributes_len).ok_or_else(cut)?;
        let descriptors_at = attributes + attributes_len;
        let descriptors = window(bytes, descriptors_at, long(len_at)? as usize).ok_or_else(cut)?;
        Ok(Self {
            offset,
            file_type,
            mode: mode(file_type, long(44)?, flags),
            uid: long(36)?,
            link_count: word(48)?,
            len: u64_le(bytes, 56).ok_or_else(cut)?,
            times: Times {
                atime: read(times),
                mtime: read(times + 12),
                crtime: if is_extended { read(times + 24) } else { created(stored) },
                ctime: read(times + 24 + more),
            },
            streams: Extent::long(bytes, streams).filter(|it| is_extended && it.len > 0),
            doubt: check(bytes, offset).err(),
            flags,
            partition,
            descriptors_at,
            descriptors: descriptors.to_vec(),
        })
    }

    /// What it is an entry of.
    pub fn kind(&self) -> FileKind {
        match self.file_type {
            DIRECTORY | STREAM_DIRECTORY => FileKind::Directory,
            LINK => FileKind::Link,
            kind if REGULAR.contains(&kind) => FileKind::Regular,
            _ => FileKind::Other,
        }
    }

    /// Where the content lies.
    ///
    /// # Errors
    /// When that is not told, or outside.
    pub fn content(&self, space: &Space<'_>) -> Result<Content, Error> {
        let form = match self.flags & 7 {
            0 => Form::Short,
            1 => Form::Long,
            2 => Form::Extended,
            EMBEDDED => {
                let len = usize::try_from(self.len).unwrap_or(usize::MAX);
                let bytes = self.descriptors.get(..len);
                let what = "the content is longer than what is in the entry";
                let bytes = bytes.ok_or(Error::Allocation { what })?.to_vec();
                let fs_offset = Some(self.offset + self.descriptors_at as u64);
                return Ok(Content::Inline { bytes, fs_offset });
            }
            other => return Err(Error::Field { field: "ICB flags", found: other.into() }),
        };
        let (descriptors, partition) = (&self.descriptors, self.partition);
        allocation::extents(space, form, descriptors, partition, self.len).map(Content::Extents)
    }
}

/// The bits of a mode of POSIX.
// Source: ECMA-167 4/14.9.5: five bits each for others, the group and the owner, the lowest three to
// execute, write and read; 4/14.6.8, bits 6 to 8: setuid, setgid, sticky.
fn mode(file_type: u8, permissions: u32, flags: u16) -> u32 {
    let kind = match file_type {
        DIRECTORY | STREAM_DIRECTORY => 0o040_000,
        6 => 0o060_000,
        7 => 0o020_000,
        9 => 0o010_000,
        10 => 0o140_000,
        LINK => 0o120_000,
        _ => 0o100_000,
    };
    let of = |at: u32| permissions >> at & 7;
    let special = [(6, 0o4000), (7, 0o2000), (8, 0o1000)];
    let special = special.iter().filter(|(bit, _)| flags & 1 << bit != 0).map(|(_, it)| it);
    kind | of(10) << 6 | of(5) << 3 | of(0) | special.sum::<u32>()
}

/// When the file was created, where attributes say so.
// Source: ECMA-167 4/14.10.5, "File Times Extended Attribute"; they are behind a header of 24 bytes.
fn created(attributes: &[u8]) -> Filetime {
    const TIMES: u32 = 5;
    let mut rest = attributes.get(24..).unwrap_or_default();
    while let (Some(kind), Some(len)) = (u32_le(rest, 0), u32_le(rest, 8)) {
        let is_created = u32_le(rest, 16).is_some_and(|which| which & 1 != 0);
        if kind == TIMES && is_created {
            return time(window(rest, 20, 12).unwrap_or_default());
        }
        let len = usize::try_from(len).unwrap_or(usize::MAX).max(12);
        rest = rest.get(len..).unwrap_or_default();
    }
    Filetime::default()
}

/// A time of twelve bytes; unset where it is none. One without a zone is taken as UTC.
// Source: ECMA-167 1/7.3.
fn time(bytes: &[u8]) -> Filetime {
    let &[low, high, y0, y1, month, day, hour, minute, second, hundredths, more, micros] = bytes
    else {
        return Filetime::default();
    };
    // The lower twelve bits are minutes from UTC, signed; -2047 stands for none.
    let zone = i16::from_le_bytes([low, high]) << 4 >> 4;
    let zone = if (-1440..=1440).contains(&zone) { i64::from(zone) } else { 0 };
    let year = i64::from(i16::from_le_bytes([y0, y1]));
    let parts = [month, day, hour, minute, second].map(u16::from);
    let Some(seconds) = unix_seconds(year, parts) else { return Filetime::default() };
    let micros = i128::from(hundredths) * 10_000 + i128::from(more) * 100 + i128::from(micros);
    let nanos = i128::from(seconds - zone * 60) * 1_000_000_000 + micros * 1000;
    Filetime::from_unix_nanos(nanos).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_their_zone() {
        let text = |bytes: &[u8]| time(bytes).text().as_str().to_owned();
        let local = [0x3C, 0x10, 0xE4, 7, 2, 29, 23, 30, 1, 50, 2, 3];
        assert_eq!(text(&local), "2020-02-29T22:30:01.5002030Z");
        let west = [0xC4, 0x1F, 0xE4, 7, 2, 29, 23, 30, 1, 0, 0, 0];
        assert_eq!(text(&west), "2020-03-01T00:30:01.0000000Z");
        let none = [0x01, 0x18, 0xB2, 7, 1, 1, 0, 0, 0, 0, 0, 1];
        assert_eq!(text(&none), "1970-01-01T00:00:00.0000010Z");
        assert!(time(&[0; 12]).is_unset());
        assert!(time(&[]).is_unset());
    }

    #[test]
    fn permissions_are_those_of_posix() {
        let permissions = 0b111 << 10 | 0b101 << 5 | 0b100;
        assert_eq!(mode(5, permissions, 1 << 6), 0o104_754);
        assert_eq!(mode(DIRECTORY, 0x7FFF, 0), 0o040_777);
    }
}
