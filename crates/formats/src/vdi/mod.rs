//! VirtualBox's virtual disks, format VDI: dynamic, static, and differencing ones that stand on
//! another disk.
// Source of every structure here: VirtualBox, src/VBox/Storage/VDICore.h, and the comments of
// QEMU, block/vdi.c; there is no specification.

mod disk;
mod error;
mod header;

pub use disk::Disk;
pub use error::Error;
pub use header::{Header, Kind};

use crate::{ReadAt, bytes};

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
