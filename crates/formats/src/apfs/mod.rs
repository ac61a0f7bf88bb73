//! APFS: the files of all volumes of a container, in use.
//!
//! The crate `apfs-core` reads the trees and checks every node's checksum; what is here turns that
//! into files, and bounds how much is read. Snapshots, encrypted volumes and Fusion drives are not
//! read.

mod checkpoints;
mod content;
mod cursor;
mod error;
mod volume;
mod walk;

pub use error::Error;
pub use volume::Volume;
