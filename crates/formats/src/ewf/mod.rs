//! Forensic images of disks, format EWF version 1: what EnCase 1 to 7, FTK Imager, linen and
//! ewfacquire write as `.E01`, `.E02`…, and SMART as `.s01`.
//!
//! Version 2 is read by [`ex01`]; logical evidence (`.L01`, `.Lx01`) is refused by name.
// Source of every structure here: J. Metz, "Expert Witness Compression Format specification",
// of the libewf project; cited as "EWF specification".

mod adler32;
mod chunks;
mod error;
mod error2;
pub mod ex01;
mod extension;
mod file_header;
mod hashes;
mod header;
mod image;
mod section;
mod table;
mod volume;

pub use adler32::adler32;
pub use error::Error;
pub use extension::extension;
pub use file_header::{is_segment, segment_number};
pub use header::CaseFields;
pub use image::{Image, StoredHashes};
pub use volume::Volume;
