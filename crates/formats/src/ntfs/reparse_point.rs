use super::wof;
use crate::Name;
use crate::bytes::{u16_le, u32_le, window};

/// $REPARSE_POINT: what stands in a file's stead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReparsePoint {
    /// What kind it is, by number.
    pub tag: u32,
    /// Where a link or junction leads to, as the system follows it (its substitute name); of an alias
    /// of an application the program that it stands for.
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
    /// A symbolic link of the Windows Subsystem for Linux.
    pub const LX_SYMLINK: u32 = 0xA000_001D;
    /// An alias of an application from the store.
    pub const APPEXECLINK: u32 = 0x8000_001B;

    /// Decodes the value of the attribute, or `None` when it is too short.
    // Source: [MS-FSCC] 2.1.2.1 (tags), 2.1.2.4 (symbolic link), 2.1.2.5 (mount point).
    pub fn parse(value: &[u8]) -> Option<Self> {
        let tag = u32_le(value, 0)?;
        let data = value.get(8..).unwrap_or_default();
        let target = match tag {
            Self::MOUNT_POINT => substitute_name(value, 16),
            Self::SYMLINK => substitute_name(value, 20),
            // Source: [MS-FSCC] 2.1.2.7: a version, then UTF-8 up to the end.
            Self::LX_SYMLINK => data.get(4..).map(|path| String::from_utf8_lossy(path)[..].into()),
            Self::APPEXECLINK => application(data),
            _ => None,
        };
        let compression = (tag == Self::WOF).then(|| wof::Algorithm::of_reparse_data(data));
        Some(Self { tag, target, compression: compression.flatten() })
    }

    /// The tag's name, without `IO_REPARSE_TAG_`; `None` for a number that Microsoft has not
    /// published.
    // Source: [MS-FSCC] 2.1.2.1; the sixteen tags of clouds differ in four bits.
    pub fn name(&self) -> Option<&'static str> {
        Some(match self.tag {
            Self::MOUNT_POINT => "MOUNT_POINT",
            Self::SYMLINK => "SYMLINK",
            Self::WOF => "WOF",
            Self::DEDUP => "DEDUP",
            Self::LX_SYMLINK => "LX_SYMLINK",
            Self::APPEXECLINK => "APPEXECLINK",
            tag if tag & 0xFFFF_0FFF == 0x9000_001A => "CLOUD",
            0xC000_0004 => "HSM",
            0x8000_0005 => "DRIVE_EXTENDER",
            0x8000_0006 => "HSM2",
            0x8000_0007 => "SIS",
            0x8000_0008 => "WIM",
            0x8000_0009 => "CSV",
            0x8000_000A => "DFS",
            0x8000_0012 => "DFSR",
            0x8000_0014 => "NFS",
            0x8000_0015 => "FILE_PLACEHOLDER",
            0x8000_0018 => "WCI",
            0x9000_1018 => "WCI_1",
            0xA000_0027 => "WCI_LINK",
            0xA000_1027 => "WCI_LINK_1",
            0xA000_001F => "WCI_TOMBSTONE",
            0xA000_0019 => "GLOBAL_REPARSE",
            0x9000_001C => "PROJFS",
            0xA000_0022 => "PROJFS_TOMBSTONE",
            0x8000_001E => "STORAGE_SYNC",
            0x8000_0020 => "UNHANDLED",
            0x8000_0021 => "ONEDRIVE",
            0x8000_0023 => "AF_UNIX",
            0x8000_0024 => "LX_FIFO",
            0x8000_0025 => "LX_CHR",
            0x8000_0026 => "LX_BLK",
            _ => return None,
        })
    }

    /// Whether holes in the content of a file with it are content that is kept elsewhere, and not
    /// zeros.
    pub fn keeps_content_elsewhere(&self) -> bool {
        let names = [
            "CLOUD",
            "HSM",
            "HSM2",
            "SIS",
            "WIM",
            "FILE_PLACEHOLDER",
            "WCI",
            "WCI_1",
            "PROJFS",
            "STORAGE_SYNC",
            "ONEDRIVE",
            "DEDUP",
            "DFSR",
        ];
        self.name().is_some_and(|name| names.contains(&name))
    }

    /// Whether it is a symbolic link or a junction.
    pub fn is_link(&self) -> bool {
        matches!(self.tag, Self::MOUNT_POINT | Self::SYMLINK | Self::LX_SYMLINK)
    }
}

/// The substitute name of a link; `names` is where the names begin.
fn substitute_name(value: &[u8], names: usize) -> Option<Name> {
    let start = usize::from(u16_le(value, 8)?).checked_add(names)?;
    window(value, start, u16_le(value, 10)?.into()).map(Name::from_utf16le)
}

/// The program that an alias of an application stands for: the third of its strings.
// Observed in aliases of Windows 10 and 11: a version, then UTF-16 strings that end in 0: package,
// entry point, program, kind.
fn application(data: &[u8]) -> Option<Name> {
    let (units, _) = data.get(4..)?.as_chunks();
    let units: Vec<u16> = units.iter().map(|unit| u16::from_le_bytes(*unit)).collect();
    let program = units.split(|unit| *unit == 0).nth(2)?;
    Some(Name::from_utf16(program.iter().copied())).filter(|program| !program.is_empty())
}
