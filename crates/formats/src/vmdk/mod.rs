//! VMware virtual disks, format VMDK: what the hosted products write (monolithic, split in 2 GB
//! extents, flat, sparse, stream-optimized) and chains of snapshots of them.
//!
//! Disks of ESX that need its own sparse extents (`VMFSSPARSE`, `SESPARSE`) are refused by name.
// Source of every structure here: VMware, "Virtual Disk Format 5.0", Technical Note (2011).

mod descriptor;
mod disk;
mod error;
mod grain_table;
mod sparse_extent;
mod sparse_header;

pub use descriptor::{Access, Descriptor, ExtentKind, ExtentLine, decode_text};
pub use disk::Disk;
pub use error::Error;

/// Length of a sector in bytes; every size and offset in a VMDK counts sectors.
// Source: "Virtual Disk Format 5.0", "Terminology".
const SECTOR: u64 = 512;
