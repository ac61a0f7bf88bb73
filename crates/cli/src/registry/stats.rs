//! What hives hold, in numbers.

use std::collections::BTreeMap;
use std::io::{self, BufWriter, Write};

use anyhow::Result;
use diskprint::registry_text::Statistics;
use serde::Serialize;

use super::hives::{self, Found, Hives};
use super::{each, print_faults};
use crate::args::StatsArgs;

/// Prints numbers and returns what is wrong with the hives.
pub fn run(args: &StatsArgs) -> Result<Vec<String>> {
    let hives = hives::open(&args.hives)?;
    let mut out = BufWriter::new(io::stdout().lock());
    match args.json {
        true => print_json(&hives, &mut out)?,
        false => each(&hives, &mut out, |hive, mut out| {
            Statistics::of(&hive.tree).write(&hive.path, &mut out)
        })?,
    }
    print_faults(&hives.faults)?;
    Ok(hives.faults)
}

/// Prints an object for a hive file, a list for an image.
fn print_json(hives: &Hives, out: &mut impl Write) -> Result<()> {
    let counts: Vec<Counts> = hives.found.iter().map(Counts::of).collect();
    match (&counts[..], &hives.found[..]) {
        ([counts], [Found { partition: None, .. }]) => {
            serde_json::to_writer_pretty(&mut *out, counts)?
        }
        (counts, _) => serde_json::to_writer_pretty(&mut *out, counts)?,
    }
    writeln!(out)?;
    Ok(out.flush()?)
}

/// [`Statistics`] as JSON.
#[derive(Serialize)]
struct Counts {
    file_name: String,
    partition: Option<u32>,
    timestamp: Option<String>,
    embedded_filename: String,
    root_key: String,
    keys: u64,
    values: u64,
    types: BTreeMap<String, u64>,
    faults: u64,
}

impl Counts {
    fn of(hive: &Found) -> Self {
        let statistics = Statistics::of(&hive.tree);
        let timestamp = statistics.timestamp;
        Self {
            file_name: hive.path.to_string(),
            partition: hive.partition,
            timestamp: (!timestamp.is_unset()).then(|| timestamp.to_string()),
            embedded_filename: statistics.embedded_filename.to_string(),
            root_key: statistics.root_key.to_string(),
            keys: statistics.keys,
            values: statistics.values,
            types: statistics.types,
            faults: statistics.faults,
        }
    }
}
