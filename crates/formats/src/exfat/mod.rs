//! exFAT, deleted entries too.
// Source for every structure here: Microsoft, "exFAT file system specification".

mod boot_sector;
mod clusters;
mod error;
mod file_set;
mod volume;
mod walk;

pub use boot_sector::BootSector;
pub use error::Error;
pub use volume::Volume;
