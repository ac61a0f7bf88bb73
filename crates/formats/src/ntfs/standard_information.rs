use crate::Filetime;
use crate::bytes::{u32_le, u64_le};

/// $STANDARD_INFORMATION: what Windows shows of a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StandardInformation {
    /// When the file was created.
    pub crtime: Filetime,
    /// When its content was last changed.
    pub mtime: Filetime,
    /// When its record was last changed.
    pub ctime: Filetime,
    /// When it was last read.
    pub atime: Filetime,
    /// Attribute bits, unknown ones too.
    pub attributes: u32,
    /// Owner for quotas; `None` in the short form of NTFS 1.2.
    pub owner_id: Option<u32>,
    /// Index of its security descriptor in $Secure; `None` in the short form.
    pub security_id: Option<u32>,
    /// Where its last entry in the change journal begins; `None` in the short form.
    pub usn: Option<u64>,
}

impl StandardInformation {
    /// Decodes the value of the attribute, or `None` when it is too short.
    pub fn parse(value: &[u8]) -> Option<Self> {
        let time = |offset| u64_le(value, offset).map(Filetime);
        Some(Self {
            crtime: time(0)?,
            mtime: time(8)?,
            ctime: time(0x10)?,
            atime: time(0x18)?,
            attributes: u32_le(value, 0x20)?,
            owner_id: u32_le(value, 0x30),
            security_id: u32_le(value, 0x34),
            usn: u64_le(value, 0x40),
        })
    }
}
