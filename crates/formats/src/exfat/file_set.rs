use crate::bytes::{u16_le, u32_le, u64_le};
use crate::dos_time::date_time;
use crate::{Filetime, Name, Times};

/// Length of an entry of a directory, in bytes.
pub(super) const ENTRY: usize = 32;

/// Types of entries; in one that is not in use the highest bit is clear.
pub(super) const IN_USE: u8 = 0x80;
pub(super) const FILE: u8 = 0x05;
const STREAM_EXTENSION: u8 = 0x40;
const FILE_NAME: u8 = 0x41;

/// The entries of one file: itself, its stream, and its name ("File Directory Entry", "Stream Extension
/// Directory Entry", "File Name Directory Entry").
#[derive(Clone, Debug)]
pub(super) struct FileSet {
    pub name: Name,
    pub attributes: u16,
    pub times: Times,
    pub first_cluster: u32,
    /// Whether it has clusters at all, and whether these follow each other and are in no chain.
    pub has_clusters: bool,
    pub in_one_piece: bool,
    pub len: u64,
    /// Length up to which it was written.
    pub valid_len: u64,
    /// How many entries it takes.
    pub entries: usize,
    /// The sum that it states, and that of its entries.
    pub checksums: (u16, u16),
}

impl FileSet {
    /// Decodes the set that `bytes` begin with, a file entry first; `None` when it is not whole.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let (all, _) = bytes.as_chunks::<ENTRY>();
        let (file, rest) = all.split_first()?;
        let secondaries = rest.get(..usize::from(*file.get(1)?))?;
        let (stream, names) = secondaries.split_first()?;
        let in_use = file.first()? & IN_USE;
        let is = |entry: &[u8; ENTRY], kind: u8| entry.first() == Some(&(kind | in_use));
        if !is(stream, STREAM_EXTENSION) {
            return None;
        }
        let name_len = usize::from(*stream.get(3)?);
        let names = names.get(..name_len.div_ceil(15))?;
        if name_len == 0 || !names.iter().all(|entry| is(entry, FILE_NAME)) {
            return None;
        }
        let units = names.iter().flat_map(|entry| {
            let units = entry.get(2..).unwrap_or_default().as_chunks::<2>().0;
            units.iter().map(|unit| u16::from_le_bytes(*unit)).collect::<Vec<_>>()
        });
        let flags = *stream.get(1)?;
        let time = |at, tenths: Option<usize>, zone: usize| {
            let tenths = tenths.and_then(|at| file.get(at).copied()).unwrap_or(0);
            Some(time(u32_le(file, at)?, tenths, *file.get(zone)?))
        };
        let entries = 1 + secondaries.len();
        Some(Self {
            name: Name::from_utf16(units.take(name_len)),
            attributes: u16_le(file, 4)?,
            times: Times {
                crtime: time(8, Some(20), 22)?,
                mtime: time(12, Some(21), 23)?,
                atime: time(16, None, 24)?,
                ..Times::default()
            },
            first_cluster: u32_le(stream, 20)?,
            has_clusters: flags & 1 != 0,
            in_one_piece: flags & 2 != 0,
            valid_len: u64_le(stream, 8)?,
            len: u64_le(stream, 24)?,
            entries,
            checksums: (u16_le(file, 2)?, checksum(bytes.get(..entries * ENTRY)?)),
        })
    }

    pub fn is_directory(&self) -> bool {
        self.attributes & 0x10 != 0
    }
}

/// A time; with an offset from UTC that is valid it is that time, else it is taken as UTC.
// Source: "Timestamp Fields" and "UtcOffset Fields": steps of 15 minutes in seven bits with a sign.
fn time(stamp: u32, tenths: u8, zone: u8) -> Filetime {
    let local = date_time((stamp >> 16) as u16, stamp as u16, tenths);
    if zone & 0x80 == 0 || local.is_unset() {
        return local;
    }
    let quarters = i128::from((zone << 1).cast_signed() >> 1);
    let nanos = local.unix_nanos() - quarters * 15 * 60 * 1_000_000_000;
    Filetime::from_unix_nanos(nanos).unwrap_or(local)
}

// Source: "SetChecksum Field": the field itself is left out.
fn checksum(set: &[u8]) -> u16 {
    let counted = set.iter().enumerate().filter(|(at, _)| !matches!(at, 2 | 3));
    counted.fold(0u16, |sum, (_, byte)| sum.rotate_right(1).wrapping_add((*byte).into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_with_a_zone_are_told_in_utc() {
        let stamp = (40 << 9 | 3 << 5 | 1) << 16 | 1 << 11;
        let text = |zone| time(stamp, 0, zone).text().as_str().to_owned();
        assert_eq!(text(0), "2020-03-01T01:00:00.0000000Z");
        assert_eq!(text(0x80 | 8), "2020-02-29T23:00:00.0000000Z");
        assert_eq!(text(0x80 | (128 - 20)), "2020-03-01T06:00:00.0000000Z");
    }
}
