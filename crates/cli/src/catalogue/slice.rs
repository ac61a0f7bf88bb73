use std::io::{self, Write};

use anyhow::{Context, Error, bail};
use diskprint::{Hex, SliceId, slicehash};
use diskprint_store::SliceRow;

use crate::args::{SliceAddArgs, SliceArgs, SliceCommand};
use crate::{Outcome, database};

/// Registers slices.
pub fn run(args: &SliceArgs) -> Result<Outcome, Error> {
    match &args.command {
        SliceCommand::Add(args) => add(args),
    }
}

fn add(args: &SliceAddArgs) -> Result<Outcome, Error> {
    let Some(id) = SliceId::from_file_name(&format!("{}.", args.slice)) else {
        bail!(
            "{:?} names no slice; its form is OSETID-APPETID-SLICEID, as in 8504-1-7895-1-20",
            args.slice
        );
    };
    if args.predecessor == Some(id.sliceid) {
        bail!("slice {id} cannot be its own predecessor");
    }
    let tarball = std::path::absolute(&args.tarball)?;
    let hash = slicehash(&tarball, &|_| {}).with_context(|| tarball.display().to_string())?;
    let row = SliceRow {
        id,
        slicetype: args.slicetype.clone(),
        predecessor: args.predecessor,
        location: tarball.to_string_lossy().into_owned(),
        slicehash: Hex(&hash).to_string(),
    };
    let mut store = database::open(&args.database, None)?;
    store.register_slices(std::slice::from_ref(&row), &jiff::Timestamp::now().to_string())?;
    writeln!(io::stdout(), "{} is {}, SHA-256 {}", row.id, row.location, row.slicehash)?;
    Ok(Outcome::Clean)
}
