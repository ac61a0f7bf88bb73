//! Stored differences as JSON lines or CSV.

use std::io::{self, BufWriter};

use anyhow::Result;
use diskprint::export::Writer;
use diskprint_store::{stored_sequence, write_rows};

use crate::args::ExportArgs;

use crate::{Outcome, database};

/// Prints the stored differences of the sequence that is named.
pub fn run(args: &ExportArgs) -> Result<Outcome> {
    let store = database::open_existing(&args.database)?;
    let sequence = stored_sequence(&*store, &args.sequence)?;
    let mut writer = Writer::new(args.format.into(), BufWriter::new(io::stdout().lock()))?;
    write_rows(&*store, &sequence, &mut writer)?;
    writer.finish()?;
    Ok(Outcome::Clean)
}
