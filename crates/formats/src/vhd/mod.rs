//! Virtual disks of Virtual PC and Hyper-V, format VHD: fixed, dynamic, and differencing ones that
//! stand on another disk.
// Source of every structure here: Microsoft, "Virtual Hard Disk Image Format Specification" 1.0
// (2006).

mod disk;
mod dynamic_header;
mod error;
mod footer;
mod header;

pub use disk::Disk;
pub use dynamic_header::DynamicHeader;
pub use error::Error;
pub use footer::{Footer, Kind};
pub use header::Header;

use crate::{ReadAt, bytes};

/// Length of a sector in bytes.
const SECTOR: u64 = 512;

/// Reads `needed` bytes of `structure`, which must all be there.
fn read_whole(
    file: &dyn ReadAt,
    structure: &'static str,
    offset: u64,
    needed: u64,
) -> Result<Vec<u8>, Error> {
    let bytes = bytes::read_whole(file, offset, needed);
    let bytes = bytes.map_err(|source| Error::Read { structure, offset, source })?;
    bytes.ok_or(Error::Outside { structure, offset, needed, file_len: file.len() })
}
