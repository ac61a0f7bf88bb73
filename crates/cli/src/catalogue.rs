//! The catalogue of slices, seen and edited.

use anyhow::{Error, bail};
use diskprint::SliceId;
use diskprint_store::{SliceRow, Store};

pub mod import;
pub mod os;
pub mod sequence;
pub mod slice;
pub mod table;
pub mod tarball;
pub mod vm;

/// Reads the name of a slice.
pub fn slice_id(text: &str) -> Result<SliceId, Error> {
    let Some(id) = SliceId::from_file_name(&format!("{text}.")) else {
        bail!(
            "{text:?} names no slice; its form is OSETID-APPETID-SLICEID, as in 8504-1-7895-1-20"
        );
    };
    Ok(id)
}

/// Reads the name of a sequence.
pub fn sequence_id(text: &str) -> Result<(String, String), Error> {
    let Some(ids) = sequence_name(text) else {
        bail!("{text:?} names no sequence; its form is OSETID-APPETID, as in 8504-1-7895-1");
    };
    Ok(ids)
}

/// The slices of the stored sequence that is named, or of which the last slice is.
pub fn stored_sequence(store: &dyn Store, name: &str) -> Result<Vec<SliceRow>, Error> {
    match slice_id(name) {
        Ok(end) if store.ends(&end.osetid, &end.appetid)?.contains(&end.sliceid) => {
            Ok(store.sequence_ending_at(&end)?)
        }
        Ok(slice) => bail!("slice {slice} is not the end of a sequence"),
        Err(_) => {
            let (osetid, appetid) = sequence_id(name)?;
            Ok(store.sequence(&osetid, &appetid)?)
        }
    }
}

/// The two ids in the name of a sequence, each of two parts.
fn sequence_name(name: &str) -> Option<(String, String)> {
    match name.split('-').collect::<Vec<_>>()[..] {
        [os, os_part, app, app_part] => {
            Some((format!("{os}-{os_part}"), format!("{app}-{app_part}")))
        }
        _ => None,
    }
}
