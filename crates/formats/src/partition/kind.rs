use std::fmt;

/// What a partition table says is in a partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PartitionKind {
    /// The type byte of an MBR.
    Mbr(u8),
    /// The type GUID of a GPT.
    Gpt(Guid),
    /// The type of an Apple partition map: text, and zeros behind it.
    Apm([u8; 32]),
    /// The type byte of a label of a BSD.
    Bsd(u8),
}

/// A GUID as stored: its first three fields little-endian.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub struct Guid(pub [u8; 16]);

impl Guid {
    /// Whether all bytes are zero.
    pub fn is_zero(self) -> bool {
        self.0 == [0; 16]
    }
}

// Source: UEFI 2.10, Appendix A, "GUID and Time Formats".
impl fmt::Display for Guid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, e, g, h, i, rest @ ..] = self.0;
        write!(f, "{:08X}-", u32::from_le_bytes([a, b, c, d]))?;
        write!(f, "{:04X}-{:04X}-", u16::from_le_bytes([e, g]), u16::from_le_bytes([h, i]))?;
        rest.iter().enumerate().try_for_each(|(index, byte)| {
            write!(f, "{}{byte:02X}", if index == 2 { "-" } else { "" })
        })
    }
}

impl fmt::Debug for Guid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The type byte in hexadecimal, `7`, the GUID, `EBD0A0A2-B9E5-4433-87C0-68B6B72699C7`, or Apple's text,
/// `Apple_HFS`.
impl fmt::Display for PartitionKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Mbr(byte) | Self::Bsd(byte) => write!(f, "{byte:x}"),
            Self::Apm(text) => {
                let text = text.split(|byte| *byte == 0).next().unwrap_or_default();
                f.write_str(&crate::Name::from_latin1(text).to_text())
            }
            Self::Gpt(guid) => write!(f, "{guid}"),
        }
    }
}

impl PartitionKind {
    /// Whether a file system can be in it: not in swap, nor in what firmware, loaders and Windows keep
    /// for themselves.
    pub fn holds_files(self) -> bool {
        const NONE: [&str; 5] = [
            "BIOS boot",
            "Microsoft reserved",
            "Windows dynamic disk metadata",
            "Linux swap",
            "BSD swap",
        ];
        !self.name().is_some_and(|name| NONE.contains(&name))
    }

    /// Whether it holds volumes of a Windows dynamic disk, whose places its own database tells.
    pub fn is_dynamic(self) -> bool {
        matches!(self.name(), Some("Windows dynamic disk" | "Windows dynamic disk data"))
    }

    /// The name of the type; `None` for one that is not in our short list.
    // Sources: UEFI 2.10 table 5-7; Microsoft, PARTITION_INFORMATION_GPT; Discoverable Partitions
    // Specification; A. Brouwer, "List of partition identifiers for PCs".
    pub fn name(self) -> Option<&'static str> {
        match self {
            Self::Mbr(byte) => mbr_name(byte),
            Self::Bsd(byte) => bsd_name(byte),
            Self::Apm(_) => None,
            Self::Gpt(guid) => {
                let text = guid.to_string();
                GPT_NAMES.iter().find(|(guid, _)| *guid == text).map(|(_, name)| *name)
            }
        }
    }
}

fn mbr_name(byte: u8) -> Option<&'static str> {
    Some(match byte {
        0x01 => "FAT12",
        0x04 | 0x06 | 0x0E => "FAT16",
        0x05 | 0x0F | 0x85 => "extended",
        0x07 => "NTFS or exFAT",
        0x0B | 0x0C => "FAT32",
        0x27 => "Windows recovery",
        0x42 => "Windows dynamic disk",
        0x82 => "Linux swap",
        0x83 => "Linux",
        0x8E => "Linux LVM",
        0xA5 => "FreeBSD",
        0xA6 => "OpenBSD",
        0xA9 => "NetBSD",
        0xAF => "Apple HFS+",
        0xEE => "GPT protective",
        0xEF => "EFI system",
        0xFD => "Linux RAID",
        _ => return None,
    })
}

// Source: sys/disklabel.h of FreeBSD, FS_*.
fn bsd_name(byte: u8) -> Option<&'static str> {
    Some(match byte {
        1 => "BSD swap",
        7 => "BSD UFS",
        14 => "BSD Vinum",
        17 => "Linux ext2",
        27 => "ZFS",
        _ => return None,
    })
}

const GPT_NAMES: [(&str, &str); 13] = [
    ("C12A7328-F81F-11D2-BA4B-00A0C93EC93B", "EFI system"),
    ("21686148-6449-6E6F-744E-656564454649", "BIOS boot"),
    ("EBD0A0A2-B9E5-4433-87C0-68B6B72699C7", "Microsoft basic data"),
    ("E3C9E316-0B5C-4DB8-817D-F92DF00215AE", "Microsoft reserved"),
    ("DE94BBA4-06D1-4D40-A16A-BFD50179D6AC", "Windows recovery"),
    ("5808C8AA-7E8F-42E0-85D2-E1E90434CFB3", "Windows dynamic disk metadata"),
    ("AF9B60A0-1431-4F62-BC68-3311714A69AD", "Windows dynamic disk data"),
    ("E75CAF8F-F680-4CEE-AFA3-B001E56EFC2D", "Windows storage spaces"),
    ("0FC63DAF-8483-4772-8E79-3D69D8477DE4", "Linux"),
    ("0657FD6D-A4AB-43C4-84E5-0933C84B4F4F", "Linux swap"),
    ("E6D6D379-F507-44C2-A23C-238F2A3DF928", "Linux LVM"),
    ("48465300-0000-11AA-AA11-00306543ECAC", "Apple HFS+"),
    ("7C3457EF-0000-11AA-AA11-00306543ECAC", "Apple APFS"),
];
