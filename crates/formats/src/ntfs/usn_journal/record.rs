use crate::bytes::{u16_le, u32_le, u64_le, window};
use crate::ntfs::FileReference;
use crate::{Filetime, Name};

/// A record of the change journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UsnRecord {
    /// Its update sequence number: its offset in $J, in bytes.
    pub usn: u64,
    /// The file.
    pub file: FileReference,
    /// The directory that it is in under this name.
    pub parent: FileReference,
    /// When it was written.
    pub time: Filetime,
    /// What happened since the file was opened: bits of [`reason`], unknown ones too.
    pub reason: u32,
    /// Attribute bits.
    pub attributes: u32,
    /// The name, without its path.
    pub name: Name,
}

/// Bits that say what happened to a file.
// Source: winioctl.h, USN_REASON_*.
pub mod reason {
    /// It was made.
    pub const FILE_CREATE: u32 = 0x100;
    /// It was deleted.
    pub const FILE_DELETE: u32 = 0x200;
    /// It gets another name or directory; the record has the one before.
    pub const RENAME_OLD_NAME: u32 = 0x1000;
    /// It got another name or directory; the record has the new one.
    pub const RENAME_NEW_NAME: u32 = 0x2000;
    /// It was closed: the record repeats all that happened since it was opened.
    pub const CLOSE: u32 = 0x8000_0000;
}

/// Records begin at multiples of this.
const ALIGNMENT: usize = 8;
/// Length of a record before its name, for file references of 8 and of 16 bytes.
const HEADER: [usize; 2] = [0x3C, 0x4C];

impl UsnRecord {
    /// Parses what begins with a record at offset `usn` of $J: the record, `None` in one of a version
    /// without a name, and its length in bytes with its padding. `None` for zeros.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(super) fn parse(
        bytes: &[u8],
        usn: u64,
    ) -> Result<Option<(Option<Self>, usize)>, &'static str> {
        let len = u32_le(bytes, 0).ok_or("the page ends")? as usize;
        if len == 0 {
            let is_empty = bytes.iter().all(|byte| *byte == 0);
            return if is_empty { Ok(None) } else { Err("a record of length 0") };
        }
        let record = window(bytes, 0, len).ok_or("its length reaches behind its page")?;
        let step = len.next_multiple_of(ALIGNMENT);
        let wide = match u16_le(record, 4) {
            Some(2) => false,
            Some(3) => true,
            // Ranges of a file that were written: it names no file by name and has no time.
            Some(4) => {
                let is_here = u64_le(record, 0x28) == Some(usn);
                return if is_here { Ok(Some((None, step))) } else { Err(OTHER) };
            }
            _ => return Err("its version is none of 2, 3, 4"),
        };
        let own = Self::fields(record, wide)?;
        if own.usn != usn {
            return Err(OTHER);
        }
        Ok(Some((Some(own), step)))
    }

    fn fields(record: &[u8], wide: bool) -> Result<Self, &'static str> {
        const SHORT: &str = "it is too short for its fields";
        let [narrow_header, wide_header] = HEADER;
        let (header, id) = if wide { (wide_header, 16) } else { (narrow_header, 8) };
        let reference = |at: usize| {
            let raw = u64_le(record, at).ok_or(SHORT)?;
            match u64_le(record, at + 8).filter(|_| wide) {
                None | Some(0) => Ok(FileReference::from_raw(raw)),
                Some(_) => Err("its file reference is none of NTFS"),
            }
        };
        let (file, parent) = (reference(8)?, reference(8 + id)?);
        let rest = 8 + 2 * id;
        let u64_at = |at: usize| u64_le(record, rest + at).ok_or(SHORT);
        let u32_at = |at: usize| u32_le(record, rest + at).ok_or(SHORT);
        let u16_at = |at: usize| u16_le(record, rest + at).ok_or(SHORT);
        let (len, offset) = (usize::from(u16_at(0x20)?), usize::from(u16_at(0x22)?));
        if offset < header {
            return Err("its name begins in its fields");
        }
        Ok(Self {
            usn: u64_at(0)?,
            file,
            parent,
            time: Filetime(u64_at(8)?),
            reason: u32_at(0x10)?,
            attributes: u32_at(0x1C)?,
            name: Name::from_utf16le(window(record, offset, len).ok_or("its name is cut off")?),
        })
    }
}

const OTHER: &str = "its update sequence number is that of another place";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_2_and_4_as_windows_writes_them() {
        // Source: the layouts in winioctl.h, by hand.
        let mut bytes = vec![0; 0x3C];
        bytes[..4].copy_from_slice(&0x44u32.to_le_bytes());
        bytes[4] = 2;
        bytes[8..16].copy_from_slice(&(0x2A | 3u64 << 48).to_le_bytes());
        bytes[16..24].copy_from_slice(&(5 | 5u64 << 48).to_le_bytes());
        bytes[24..32].copy_from_slice(&0x2000u64.to_le_bytes());
        bytes[32..40].copy_from_slice(&132_223_104_000_000_000u64.to_le_bytes());
        bytes[40..44].copy_from_slice(&0x8000_0100u32.to_le_bytes());
        bytes[52] = 0x20;
        (bytes[56], bytes[58]) = (6, 0x3C);
        bytes.extend([b'a', 0, b'.', 0, b'b', 0, 0, 0]);
        let (record, len) = UsnRecord::parse(&bytes, 0x2000).unwrap().unwrap();
        let record = record.unwrap();
        assert_eq!((record.name, len), ("a.b".into(), 0x48));
        assert_eq!((record.file, record.parent), (reference(42, 3), reference(5, 5)));
        assert_eq!((record.reason, record.attributes), (0x8000_0100, 0x20));
        assert_eq!(record.time.seconds_text(), "2020-01-01T00:00:00Z");
        assert_eq!(UsnRecord::parse(&bytes, 0x2008), Err(OTHER));
        for len in 1..bytes.len() {
            assert!(UsnRecord::parse(&bytes[..len], 0x2000).is_err(), "cut to {len} bytes");
        }

        let mut ranges = vec![0; 0x50];
        (ranges[0], ranges[4]) = (0x50, 4);
        ranges[0x28..0x30].copy_from_slice(&0x2000u64.to_le_bytes());
        assert_eq!(UsnRecord::parse(&ranges, 0x2000), Ok(Some((None, 0x50))));
        assert_eq!(UsnRecord::parse(&[0; 64], 0x2000), Ok(None));
    }

    fn reference(record: u64, sequence: u16) -> FileReference {
        FileReference { record, sequence }
    }
}
