//! ISO 9660, with the names of Joliet and the files of Rock Ridge.
// Sources: ECMA-119 for the volume, cited by its clauses; Microsoft, "Joliet Specification"; SUSP 1.12
// (IEEE P1281) and RRIP 1.12 (IEEE P1282) for Rock Ridge.

mod error;
mod record;
mod rock_ridge;
mod volume;
mod walk;

pub use error::Error;
pub use volume::Volume;
