//! The NT file system, read in the order of its master file table.
//!
//! [`Volume::open`] finds the $MFT, [`Volume::files`] walks its records from first to last and
//! puts each file together from its base record and its extension records. [`Volume::scan`] and
//! [`Joiner`] are the two halves of that, of which the first can be spread over threads.
//! Directories are not walked: their indexes are read only to tell which names are in use.
// Source for every structure here: the NTFS documentation of the Linux-NTFS project
// (https://flatcap.github.io/linux-ntfs/ntfs/) and [MS-FSCC] where it covers the same ground.

mod attribute;
mod attribute_list;
mod bitmap;
mod boot_sector;
mod content;
mod directory;
mod error;
mod extensions;
mod file;
mod file_name;
mod file_record;
mod files;
mod index;
pub mod log_file;
mod lznt1;
mod reparse_point;
mod run_list;
mod security_descriptors;
mod shadow_copies;
mod standard_information;
pub mod usn_journal;
mod volume;
pub mod wof;

pub use attribute::{Attribute, AttributeType, Form};
pub use attribute_list::ListEntry;
pub use bitmap::Bitmap;
pub use boot_sector::BootSector;
pub use content::{Content, StreamReader};
pub use directory::Names;
pub use error::Error;
pub use file::{File, Stream};
pub use file_name::{FileName, Namespace};
pub use file_record::{FileRecord, FileReference};
pub use files::{Found, Joiner};
pub use index::{IndexEntry, root_entries};
pub use reparse_point::ReparsePoint;
pub use security_descriptors::{SharedDescriptor, security_descriptors};
pub use shadow_copies::{ShadowCopy, shadow_copies};
pub use standard_information::StandardInformation;
pub use volume::Volume;
