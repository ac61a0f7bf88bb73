use super::boot_sector::Region;
use super::walk::Walk;
use super::{BootSector, Error};
use crate::ReadAt;
use crate::walked::{self, Found};

/// A volume whose boot sector was read.
pub struct Volume<R> {
    reader: R,
    boot_sector: BootSector,
    region: Region,
}

impl<R: ReadAt> Volume<R> {
    /// Opens the volume that `reader` holds from its first to its last byte.
    ///
    /// # Errors
    /// When the boot sector is not exFAT's, nor its copy.
    pub fn open(reader: R) -> Result<Self, Error> {
        let (boot_sector, region) = BootSector::read(&reader)?;
        // Clusters that lie behind the end of what is there cannot be read, nor be asked for.
        let there = reader.len().saturating_sub(boot_sector.heap_start);
        let there = u32::try_from(there / u64::from(boot_sector.cluster_size)).unwrap_or(u32::MAX);
        let cluster_count = boot_sector.cluster_count.min(there);
        Ok(Self { reader, boot_sector: BootSector { cluster_count, ..boot_sector }, region })
    }

    /// The boot sector.
    pub fn boot_sector(&self) -> &BootSector {
        &self.boot_sector
    }
}

impl<R: ReadAt> walked::Volume for Volume<R> {
    fn block_size(&self) -> u32 {
        self.boot_sector.cluster_size
    }

    fn block_count(&self) -> u64 {
        self.boot_sector.cluster_count.into()
    }

    fn serial(&self) -> u64 {
        self.boot_sector.serial_number.into()
    }

    fn walk(&self, found: &mut dyn FnMut(Found)) {
        let mut walk = Walk::new(&self.reader, &self.boot_sector, found);
        match self.region {
            Region::Main => {}
            Region::Backup => walk.warn(Error::FromBackup),
            Region::Unchecked => walk.warn(Error::BootChecksum),
        }
        walk.run();
    }
}
