//! Virtual disks of Hyper-V, format VHDX: fixed, dynamic, and differencing ones that stand on
//! another disk. What is left in the log is replayed in memory.
// Source of every structure here: Microsoft, [MS-VHDX].

mod checksum;
mod disk;
mod error;
mod file_header;
mod header;
mod log;
mod metadata;
mod overlay;
mod parent_locator;
mod region_table;

pub use checksum::crc32c;
pub use disk::Disk;
pub use error::Error;
pub use header::{Header, Kind};

use crate::{ReadAt, bytes};

/// The unit of regions and blocks in bytes.
const MIB: u64 = 1 << 20;

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
