//! Writes small NTFS volumes from the specification (the NTFS documentation of the Linux-NTFS
//! project, [MS-FSCC]), damaged ones too.
//!
//! Volumes are made by tests, so a mistake in using this panics.

mod attribute;
mod attribute_list;
mod boot_sector;
mod directories;
mod file;
mod file_name;
mod file_record;
mod fixup;
mod index;
mod log_file;
mod lznt1;
mod mft;
pub(crate) mod put;
mod reparse_point;
mod run_list;
mod secure;
mod shadow_copies;
mod standard_information;
pub mod usn_journal;
mod volume;
mod wof;

pub use attribute::{Attribute, COMPRESSED, Clusters, SPARSE, kind, non_resident, resident};
pub use attribute_list::entry as list_entry;
pub use boot_sector::boot_sector;
pub use file::File;
pub use file_name::{file_name, namespace};
pub use file_record::{DIRECTORY, IN_USE, Record, Reference};
pub use index::{Entry, Index, block as index_block};
pub use log_file::LogFile;
pub use lznt1::{Chunks, pack};
pub use put::units;
pub use reparse_point::{junction, reparse_point, symlink};
pub use run_list::{Run, encode as run_list, part};
pub use secure::{sds, security_descriptor};
pub use standard_information::{Times, standard_information};
pub use usn_journal::UsnJournal;
pub use volume::{Built, Options, ROOT, Volume};
pub use wof::{pack_xpress4k, wof};
