use super::wof;
use crate::Name;
use crate::bytes::{u16_le, u32_le, window};

/// $REPARSE_POINT: what stands in a file's stead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReparsePoint {
    /// What kind it is, by number.
    pub tag: u32,
    /// Where a link or junction leads to, as the system follows it (its substitute name).
    pub target: Option<Name>,
    /// How the content is compressed that the Windows Overlay Filter keeps beside the file; `None`
    /// for any other tag, and where that is elsewhere or not known.
    pub compression: Option<wof::Algorithm>,
}

impl ReparsePoint {
    /// A directory that stands for another, or for a volume.
    pub const MOUNT_POINT: u32 = 0xA000_0003;
    /// A symbolic link.
    pub const SYMLINK: u32 = 0xA000_000C;
    /// Content kept compressed beside the file (Windows Overlay Filter).
    pub const WOF: u32 = 0x8000_0017;
    /// Content kept in the store of data deduplication.
    pub const DEDUP: u32 = 0x8000_0013;

    /// Decodes the value of the attribute, or `None` when it is too short.
    // Source: [MS-FSCC] 2.1.2.1 (tags), 2.1.2.4 (symbolic link), 2.1.2.5 (mount point).
    pub fn parse(value: &[u8]) -> Option<Self> {
        let tag = u32_le(value, 0)?;
        let names = match tag {
            Self::MOUNT_POINT => 16,
            Self::SYMLINK => 20,
            tag => {
                let data = value.get(8..).filter(|_| tag == Self::WOF);
                let compression = data.and_then(wof::Algorithm::of_reparse_data);
                return Some(Self { tag, target: None, compression });
            }
        };
        let target = (|| {
            let start = usize::from(u16_le(value, 8)?).checked_add(names)?;
            window(value, start, u16_le(value, 10)?.into())
        })();
        Some(Self { tag, target: target.map(Name::from_utf16le), compression: None })
    }

    /// Whether it is a symbolic link or a junction.
    pub fn is_link(&self) -> bool {
        matches!(self.tag, Self::MOUNT_POINT | Self::SYMLINK)
    }
}
