use super::section::Section;
use super::{Error, adler32};
use crate::ReadAt;
use crate::bytes::{u32_le, u64_le, window};

/// What the volume, disk or data section says of the disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Volume {
    /// Kind of medium: 0 removable, 1 fixed, 3 optical, 0x10 memory.
    pub media_type: u8,
    /// Bits: 1 image, 2 physical device, 4 and 8 write blockers.
    pub media_flags: u8,
    /// Number of chunks in all segments.
    pub chunks: u32,
    /// Sectors in a chunk.
    pub chunk_sectors: u32,
    /// Length of a sector in bytes.
    pub sector_len: u32,
    /// Sectors of the disk.
    pub sectors: u64,
    /// Which image the segment is of; zeros where it is not said.
    pub set: [u8; 16],
    /// Whether it has the form of SMART, whose tables have no checksum behind their entries.
    pub is_smart: bool,
}

/// Length in bytes, and that of the form before EnCase.
// Source: EWF specification, "Volume section".
const LEN: usize = 1052;
const SMART_LEN: usize = 94;

/// The longest chunk that is read in bytes: 32,768 sectors of 4096 bytes.
// Source: EWF specification, "Sectors section"; `ewfacquire -b` takes no more.
const MOST_CHUNK: u64 = 1 << 27;

impl Volume {
    /// Reads the section; one whose checksum is wrong is read, and that added to `findings`.
    pub(super) fn read(
        file: &dyn ReadAt,
        segment: u32,
        section: &Section,
        findings: &mut Vec<Error>,
    ) -> Result<Self, Error> {
        let (structure, offset) = ("volume section", section.data());
        let bytes = section.read(file, segment, structure, LEN)?;
        let short = || {
            let (held, expected) = (bytes.len() as u64, SMART_LEN as u64);
            Error::Short { segment, structure, offset, held, expected }
        };
        let is_smart = bytes.len() < LEN;
        let checksum_at = if is_smart { SMART_LEN - 4 } else { LEN - 4 };
        let body = window(&bytes, 0, checksum_at).ok_or_else(short)?;
        let stated = u32_le(&bytes, checksum_at).ok_or_else(short)?;
        let computed = adler32(body);
        // Logicube's devices of before 2013 leave it 0.
        // Source: EWF specification, "Data section", note.
        if computed != stated && stated != 0 {
            findings.push(Error::Checksum { segment, structure, offset, stated, computed });
        }
        let volume = match is_smart {
            true => Self::of_smart(body),
            false => Self::of_encase(body),
        };
        volume.ok_or_else(short)
    }

    fn of_encase(body: &[u8]) -> Option<Self> {
        Some(Self {
            media_type: *body.first()?,
            chunks: u32_le(body, 4)?,
            chunk_sectors: u32_le(body, 8)?,
            sector_len: u32_le(body, 12)?,
            sectors: u64_le(body, 16)?,
            media_flags: *body.get(36)?,
            set: *body.get(64..)?.first_chunk()?,
            is_smart: false,
        })
    }

    fn of_smart(body: &[u8]) -> Option<Self> {
        Some(Self {
            // The form does not say.
            media_type: 1,
            media_flags: 1,
            chunks: u32_le(body, 4)?,
            chunk_sectors: u32_le(body, 8)?,
            sector_len: u32_le(body, 12)?,
            sectors: u32_le(body, 16)?.into(),
            set: [0; 16],
            is_smart: true,
        })
    }

    /// Length of a chunk in bytes.
    pub fn chunk_len(&self) -> u64 {
        u64::from(self.chunk_sectors).saturating_mul(self.sector_len.into())
    }

    /// Length of the disk in bytes.
    pub fn len(&self) -> u64 {
        self.sectors.saturating_mul(self.sector_len.into())
    }

    /// Whether the disk has no bytes.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Checks that the disk can be as it says.
    pub(super) fn check(&self) -> Result<(), Error> {
        let wrong = |field, stated, expected| Err(Error::VolumeField { field, stated, expected });
        if self.sector_len == 0 || self.sector_len > 1 << 16 {
            return wrong("bytes per sector", self.sector_len.into(), "1 to 65536");
        }
        if self.chunk_sectors == 0 || self.chunk_len() > MOST_CHUNK {
            let stated = self.chunk_sectors.into();
            return wrong("sectors per chunk", stated, "chunks of 1 byte to 128 MiB");
        }
        let room = u64::from(self.chunks).saturating_mul(self.chunk_sectors.into());
        if self.sectors > room {
            return wrong("number of sectors", self.sectors, "no more than its chunks have");
        }
        Ok(())
    }
}
