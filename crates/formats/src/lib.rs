//! On-disk formats: bytes to records.
//!
//! Nothing here opens a file, reads a clock, logs, or knows what a slice is. Every structure is
//! read from a [`ReadAt`] and every number that comes from an image is checked before use: image
//! bytes are hostile.
#![forbid(unsafe_code)]

mod bytes;
mod filetime;
mod read_at;
mod recent;
mod security;
mod text;

pub mod file_system;
pub mod ntfs;
pub mod partition;
pub mod regf;
pub mod vmdk;

pub use filetime::Filetime;
pub use read_at::{Known, ReadAt, ReadAtExt, Window};
pub use security::{SecurityDescriptor, Sid};
pub use text::{CodePoint, Name};
