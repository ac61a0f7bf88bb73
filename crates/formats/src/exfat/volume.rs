use super::walk::Walk;
use super::{BootSector, Error};
use crate::walked::{self, Found};
use crate::{ReadAt, ReadAtExt};

/// A volume whose boot sector was read.
pub struct Volume<R> {
    reader: R,
    boot_sector: BootSector,
    from_backup: bool,
}

impl<R: ReadAt> Volume<R> {
    /// Opens the volume that `reader` holds from its first to its last byte.
    ///
    /// # Errors
    /// When the boot sector is not exFAT's, nor its copy.
    pub fn open(reader: R) -> Result<Self, Error> {
        let (boot_sector, from_backup) = match BootSector::parse(&reader.read_vec_at(0, 512)?) {
            Ok(boot_sector) => (boot_sector, false),
            Err(error) => {
                let copies = [512, 1024, 2048, 4096].into_iter().filter_map(|sector: u64| {
                    let copy =
                        BootSector::parse(&reader.read_vec_at(12 * sector, 512).ok()?).ok()?;
                    (u64::from(copy.sector_size) == sector).then_some(copy)
                });
                (copies.into_iter().next().ok_or(error)?, true)
            }
        };
        // Clusters that lie behind the end of what is there cannot be read, nor be asked for.
        let there = reader.len().saturating_sub(boot_sector.heap_start);
        let there = u32::try_from(there / u64::from(boot_sector.cluster_size)).unwrap_or(u32::MAX);
        let cluster_count = boot_sector.cluster_count.min(there);
        Ok(Self { reader, boot_sector: BootSector { cluster_count, ..boot_sector }, from_backup })
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
        if self.from_backup {
            walk.warn(Error::FromBackup);
        }
        walk.run();
    }
}
