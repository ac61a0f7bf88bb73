//! On-disk formats: bytes to records.
//!
//! Nothing here opens a file, reads a clock, logs, or knows what a slice is. Every structure is
//! read from a [`ReadAt`] and every number that comes from an image is checked before use: image
//! bytes are hostile.
#![forbid(unsafe_code)]

mod bytes;
mod dos_time;
mod extents;
mod file;
mod filetime;
mod guid;
mod joined;
mod layered;
mod read_at;
mod recent;
mod security;
mod taken;
mod text;

pub mod apfs;
pub mod ewf;
pub mod exfat;
pub mod ext;
pub mod fat;
pub mod file_system;
pub mod iso9660;
pub mod ntfs;
pub mod partition;
pub mod qcow2;
pub mod regf;
pub mod udf;
pub mod vdi;
pub mod vhd;
pub mod vhdx;
pub mod vmdk;
pub mod walked;

pub use extents::{Extents, ExtentsReader, Run};
pub use file::{Allocation, Deleted, FileKind, FoundBy, Remains, Times};
pub use filetime::Filetime;
pub use guid::Guid;
pub use joined::Joined;
pub use read_at::{Known, ReadAt, ReadAtExt, Window};
pub use security::{SecurityDescriptor, Sid};
pub use text::{CodePoint, Name};
