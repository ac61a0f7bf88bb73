use super::checksum::without_itself;
use super::{Error, read_whole};
use crate::bytes::{u16_le, u32_le, u64_le};
use crate::{Guid, ReadAt};

/// One of the two headers.
// Source: [MS-VHDX] 2.2.2.
#[derive(Clone, Debug)]
pub(super) struct FileHeader {
    pub sequence: u64,
    pub file_write: Guid,
    pub data_write: Guid,
    /// Nil where the log is empty.
    pub log: Guid,
    pub version: u16,
    pub log_len: u64,
    pub log_offset: u64,
}

const STRUCTURE: &str = "header";
const OFFSETS: [u64; 2] = [64 << 10, 128 << 10];
const LEN: u64 = 4096;

impl FileHeader {
    /// Reads both headers and returns the newer one. When one is damaged, that is added to
    /// `findings`.
    ///
    /// # Errors
    /// When both are damaged.
    pub fn read(file: &dyn ReadAt, findings: &mut Vec<Error>) -> Result<Self, Error> {
        let header = match OFFSETS.map(|offset| Self::read_at(file, offset)) {
            [Ok(first), Ok(second)] if first.sequence >= second.sequence => first,
            [Ok(_), Ok(second)] => second,
            [Ok(header), Err(source)] | [Err(source), Ok(header)] => {
                findings.push(Error::CopyDamaged { source: source.into() });
                header
            }
            [Err(error), Err(_)] => return Err(error),
        };
        if header.version != 1 {
            let (structure, field, stated) = (STRUCTURE, "Version", header.version.into());
            return Err(Error::Field { structure, field, stated, expected: "1" });
        }
        Ok(header)
    }

    fn read_at(file: &dyn ReadAt, offset: u64) -> Result<Self, Error> {
        let bytes = read_whole(file, STRUCTURE, offset, LEN)?;
        check(STRUCTURE, b"head", &bytes, offset)?;
        let fields = || {
            Some(Self {
                sequence: u64_le(&bytes, 8)?,
                file_write: Guid::at(&bytes, 16)?,
                data_write: Guid::at(&bytes, 32)?,
                log: Guid::at(&bytes, 48)?,
                version: u16_le(&bytes, 66)?,
                log_len: u32_le(&bytes, 68)?.into(),
                log_offset: u64_le(&bytes, 72)?,
            })
        };
        let (structure, file_len) = (STRUCTURE, file.len());
        fields().ok_or(Error::Outside { structure, offset, needed: LEN, file_len })
    }
}

/// Checks a signature of four bytes and the checksum behind it.
pub(super) fn check(
    structure: &'static str,
    signature: &'static [u8; 4],
    bytes: &[u8],
    offset: u64,
) -> Result<(), Error> {
    if !bytes.starts_with(signature) {
        let stated = u32_le(bytes, 0).unwrap_or(0).into();
        let expected = std::str::from_utf8(signature).unwrap_or_default();
        return Err(Error::Field { structure, field: "Signature", stated, expected });
    }
    let (stated, expected) =
        (u32_le(bytes, 4).unwrap_or(0), without_itself(bytes).unwrap_or_default());
    if stated == expected {
        Ok(())
    } else {
        Err(Error::Checksum { structure, offset, stated, expected })
    }
}
