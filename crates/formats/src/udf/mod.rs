//! UDF, the file system of DVDs and of larger discs, sticks and disks that were formatted so.
// Sources: ECMA-167, third edition, cited by its parts and clauses; OSTA, "Universal Disk Format
// Specification" 2.60, cited as UDF.

mod allocation;
mod descriptor;
mod entry;
mod error;
mod name;
mod partition;
mod volume;
mod walk;

pub use error::Error;
pub use volume::Volume;
