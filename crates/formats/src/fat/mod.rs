//! FAT12, FAT16 and FAT32, deleted entries too.
// Source for every structure here: Microsoft, "FAT32 File System Specification" 1.03.

mod boot_sector;
mod directory_entry;
mod error;
mod long_name;
mod table;
mod volume;
mod walk;

pub use boot_sector::{BootSector, Width};
pub use error::Error;
pub use volume::Volume;
