//! The catalogue of slices, seen and edited.

use anyhow::{Error, bail};
use diskprint::SliceId;

pub mod import;
pub mod os;
pub mod sequence;
pub mod slice;
pub mod table;
pub mod tarball;
pub mod vm;

/// Reads the name of a slice.
pub fn slice_id(text: &str) -> Result<SliceId, Error> {
    let Some(id) = SliceId::from_name(text) else {
        bail!(
            "{text:?} names no slice; its form is OSETID-APPETID-SLICEID, as in 8504-1-7895-1-20"
        );
    };
    Ok(id)
}

/// Reads the name of a sequence.
pub fn sequence_id(text: &str) -> Result<(String, String), Error> {
    let Some(ids) = SliceId::sequence_from_name(text) else {
        bail!("{text:?} names no sequence; its form is OSETID-APPETID, as in 8504-1-7895-1");
    };
    Ok(ids)
}
