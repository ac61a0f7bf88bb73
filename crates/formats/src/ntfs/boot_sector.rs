use std::io;

use super::Error;
use crate::bytes::{u16_le, u64_le, window};
use crate::{ReadAt, ReadAtExt};

/// The first sector of a volume, which says where the $MFT is and how large things are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BootSector {
    /// Sector size in bytes.
    pub sector_size: u32,
    /// Cluster size in bytes, 512 to 2 MiB.
    pub cluster_size: u32,
    /// Size of the volume in sectors, the backup boot sector behind it left out.
    pub total_sectors: u64,
    /// First cluster of the $MFT.
    pub mft_lcn: u64,
    /// First cluster of the $MFTMirr.
    pub mft_mirror_lcn: u64,
    /// Size of a file record in bytes.
    pub file_record_size: u32,
    /// Size of an index block in bytes.
    pub index_block_size: u32,
    /// Serial number of the volume.
    pub serial_number: u64,
}

impl BootSector {
    /// Decodes and checks the boot sector at the start of `bytes`.
    ///
    /// # Errors
    /// [`Error::BootSector`] with the field that cannot be.
    pub fn parse(bytes: &[u8]) -> Result<Self, Error> {
        let bad = |field, found, expected| Error::BootSector { field, found, expected };
        let short = || bad("length", bytes.len() as u64, "512 bytes");
        if window(bytes, 3, 8).ok_or_else(short)? != b"NTFS    " {
            let found = u64_le(bytes, 3).unwrap_or(0);
            return Err(bad("OEM id", found, "\"NTFS    \""));
        }
        let sector_size = u32::from(u16_le(bytes, 0x0B).ok_or_else(short)?);
        if !sector_size.is_power_of_two() || !(256..=4096).contains(&sector_size) {
            return Err(bad("bytes per sector", sector_size.into(), "a power of two, 256 to 4096"));
        }
        let raw = *bytes.get(0x0D).ok_or_else(short)?;
        // Above 0x80 the byte is a negative power of two: 0xF4 is 2^12 sectors. Needed for
        // clusters over 64 KiB, which came with Windows 10 1709.
        let sectors =
            if raw > 0x80 { 1u32.checked_shl(256 - u32::from(raw)) } else { Some(raw.into()) };
        let cluster_size = sectors
            .and_then(|sectors| sectors.checked_mul(sector_size))
            .filter(|size| size.is_power_of_two() && (256..=2 << 20).contains(size))
            .ok_or_else(|| bad("sectors per cluster", raw.into(), "a power of two, up to 2 MiB"))?;
        let record = |field, offset| {
            let raw = *bytes.get(offset).ok_or_else(short)?;
            record_size(raw, cluster_size)
                .ok_or_else(|| bad(field, raw.into(), "a size of 512 bytes to 64 KiB"))
        };
        Ok(Self {
            sector_size,
            cluster_size,
            total_sectors: u64_le(bytes, 0x28).ok_or_else(short)?,
            mft_lcn: u64_le(bytes, 0x30).ok_or_else(short)?,
            mft_mirror_lcn: u64_le(bytes, 0x38).ok_or_else(short)?,
            file_record_size: record("clusters per file record", 0x40)?,
            index_block_size: record("clusters per index block", 0x44)?,
            serial_number: u64_le(bytes, 0x48).ok_or_else(short)?,
        })
    }

    /// The copy in the last sector of a partition, which is behind the volume; `None` where none is
    /// there, or it is of a volume of another size.
    ///
    /// # Errors
    /// When the sector cannot be read.
    pub(crate) fn backup(partition: &dyn ReadAt) -> io::Result<Option<Self>> {
        for sector_size in [512, 4096] {
            let Some(at) = partition.len().checked_sub(sector_size) else { break };
            let copy = Self::parse(&partition.read_vec_at(at, 512)?).ok();
            let is_last =
                |it: &Self| u64::from(it.sector_size) == sector_size && it.volume_len() == at;
            if let Some(copy) = copy.filter(is_last) {
                return Ok(Some(copy));
            }
        }
        Ok(None)
    }

    /// Size of the volume in bytes.
    pub fn volume_len(&self) -> u64 {
        self.total_sectors.saturating_mul(self.sector_size.into())
    }

    /// Number of whole clusters of the volume.
    pub fn total_clusters(&self) -> u64 {
        self.volume_len() / u64::from(self.cluster_size)
    }
}

/// A positive byte counts clusters, a negative one is the exponent of a size in bytes.
fn record_size(raw: u8, cluster_size: u32) -> Option<u32> {
    let signed = raw.cast_signed();
    let size = if signed > 0 {
        cluster_size.checked_mul(signed.unsigned_abs().into())
    } else {
        1u32.checked_shl(signed.unsigned_abs().into())
    };
    size.filter(|size| size.is_power_of_two() && (512..=64 << 10).contains(size))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sector() -> Vec<u8> {
        let mut bytes = vec![0; 512];
        bytes[3..11].copy_from_slice(b"NTFS    ");
        bytes[0x0B..0x0D].copy_from_slice(&512u16.to_le_bytes());
        bytes[0x0D] = 8;
        bytes[0x40] = 0xF6;
        bytes[0x44] = 1;
        bytes
    }

    #[test]
    fn sizes_are_counts_or_powers() {
        let mut bytes = sector();
        let boot = BootSector::parse(&bytes).unwrap();
        assert_eq!(
            (boot.cluster_size, boot.file_record_size, boot.index_block_size),
            (4096, 1024, 4096)
        );
        bytes[0x0D] = 0xF4; // 2^12 sectors: 2 MiB clusters
        bytes[0x44] = 0xF4;
        let boot = BootSector::parse(&bytes).unwrap();
        assert_eq!((boot.cluster_size, boot.index_block_size), (2 << 20, 4096));
    }

    #[test]
    fn sizes_that_cannot_be_are_refused() {
        for (offset, value) in [
            (3, b'X'),
            (0x0B, 1),
            (0x0D, 3),
            (0x0D, 0),
            (0x0D, 0x81),
            (0x40, 0),
            (0x40, 0x80),
            (0x44, 0x7F),
        ] {
            let mut bytes = sector();
            bytes[offset] = value;
            assert!(BootSector::parse(&bytes).is_err(), "{offset:#x} = {value:#x}");
        }
        assert!(BootSector::parse(&sector()[..0x4A]).is_err());
    }
}
