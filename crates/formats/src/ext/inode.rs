use crate::bytes::{u16_le, u32_le};
use crate::{FileKind, Filetime, Times};

/// A file but for its name ("Index Nodes").
#[derive(Clone, Debug)]
pub(super) struct Inode {
    pub mode: u16,
    pub owner_id: u32,
    pub size: u64,
    pub times: Times,
    pub link_count: u16,
    /// How many sectors its content takes.
    pub sectors: u32,
    pub flags: u32,
    /// Where the content lies, or the content itself.
    pub block: [u8; 60],
    pub generation: u32,
    /// Where extended attributes lie that are not in the inode.
    pub attribute_block: u32,
    /// What is behind the fields that are known: attributes.
    pub rest: Vec<u8>,
}

pub(super) const HAS_EXTENTS: u32 = 0x8_0000;
pub(super) const HAS_INLINE_DATA: u32 = 0x1000_0000;
pub(super) const HAS_INDEX: u32 = 0x1000;
const ENCRYPTED: u32 = 0x800;
const COMPRESSED: u32 = 0x4;

impl Inode {
    /// Decodes an inode; `None` when it is cut.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let (word, long) = (|offset| u16_le(bytes, offset), |offset| u32_le(bytes, offset));
        let extra_len = if bytes.len() > 128 { usize::from(word(0x80)?) } else { 0 };
        // A field counts when the inode says that it is there.
        let extra = |offset: usize| match offset + 4 <= 128 + extra_len {
            true => long(offset).unwrap_or(0),
            false => 0,
        };
        let time = |seconds: usize, more: usize| Some(time(long(seconds)?, extra(more)));
        Some(Self {
            mode: word(0)?,
            owner_id: u32::from(word(0x78)?) << 16 | u32::from(word(2)?),
            size: u64::from(long(0x6C)?) << 32 | u64::from(long(4)?),
            times: Times {
                atime: time(8, 0x8C)?,
                ctime: time(0x0C, 0x84)?,
                mtime: time(0x10, 0x88)?,
                crtime: match extra(0x90) {
                    0 => Filetime::default(),
                    seconds => self::time(seconds, extra(0x94)),
                },
            },
            link_count: word(0x1A)?,
            sectors: long(0x1C)?,
            flags: long(0x20)?,
            block: *bytes.get(0x28..)?.first_chunk()?,
            generation: long(0x64)?,
            attribute_block: long(0x68)?,
            rest: bytes.get(128 + extra_len..).unwrap_or_default().to_vec(),
        })
    }

    pub fn kind(&self) -> FileKind {
        match self.mode & 0xF000 {
            0x8000 => FileKind::Regular,
            0x4000 => FileKind::Directory,
            0xA000 => FileKind::Link,
            _ => FileKind::Other,
        }
    }

    pub fn is_directory(&self) -> bool {
        self.kind() == FileKind::Directory
    }

    /// Whether it is a link whose target is in the inode.
    pub fn is_fast_link(&self, block_size: u32) -> bool {
        let of_attributes = if self.attribute_block == 0 { 0 } else { block_size / 512 };
        self.kind() == FileKind::Link
            && self.flags & (HAS_EXTENTS | HAS_INLINE_DATA) == 0
            && self.size < 60
            && self.sectors == of_attributes
    }

    /// Which use of the inode it is, as far as 16 bits tell: Linux makes its generation anew each
    /// time, and other programs leave it 0; then the time of creation tells, where there is one.
    pub fn generation(&self) -> u16 {
        let crtime = self.times.crtime.0 / 10_000_000;
        let use_of_it = u64::from(self.generation) ^ crtime;
        let folded = use_of_it ^ use_of_it >> 16 ^ use_of_it >> 32;
        (folded as u16).max(1)
    }

    /// In what way other than plainly the content is stored.
    pub fn stored_as(&self) -> Option<&'static str> {
        match self.flags {
            flags if flags & ENCRYPTED != 0 => Some("encrypted"),
            flags if flags & COMPRESSED != 0 => Some("compressed"),
            _ => None,
        }
    }
}

/// A time; two bits of `extra` count 2^32 seconds, the others nanoseconds.
// Source: "Inode Timestamps".
fn time(seconds: u32, extra: u32) -> Filetime {
    if seconds == 0 && extra == 0 {
        return Filetime::default();
    }
    let seconds = i128::from(seconds.cast_signed()) + (i128::from(extra & 3) << 32);
    Filetime::from_unix_nanos(seconds * 1_000_000_000 + i128::from(extra >> 2)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_before_1970_and_after_2038_are_told() {
        let text = |seconds, extra| time(seconds, extra).text().as_str().to_owned();
        assert_eq!(text(u32::MAX, 0), "1969-12-31T23:59:59.0000000Z");
        assert_eq!(text(0x8000_0000, 1), "2038-01-19T03:14:08.0000000Z");
        assert_eq!(text(1, 1_234_567 << 10), "1970-01-01T00:00:01.3160491Z");
        assert!(time(0, 0).is_unset());
    }
}
