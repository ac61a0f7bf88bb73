//! QEMU's virtual disks, format qcow2 in its versions 2 and 3: compressed clusters, backing files,
//! internal snapshots, extended L2 entries.
//!
//! Encrypted disks and those whose data lie in another file are refused by name. Reference counts
//! are not read: nothing that is read depends on them.
// Source of every structure here: QEMU, docs/interop/qcow2.rst.

mod disk;
mod error;
mod header;
mod inflate;
mod snapshot;

pub use disk::Disk;
pub use error::Error;
pub use header::{Compression, Header};
pub use snapshot::Snapshot;

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
