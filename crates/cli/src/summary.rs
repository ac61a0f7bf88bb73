//! What a run or a comparison found, in numbers: as a table and as JSON.

use std::io::{self, Write};

use diskprint::Fault;
use diskprint::diff::Counts;
pub use diskprint::printable;
use serde::Serialize;

/// Nothing is known of it.
pub const OUTCOME_FAILED: &str = "failed";

/// One step of a sequence, or the first slice, which has no step but may have faults.
#[derive(Clone, Serialize)]
pub struct Step {
    /// The slice before.
    pub from: Option<String>,
    /// The slice after.
    pub to: String,
    /// Tarball or image of the slice after.
    pub tarball: String,
    /// SHA-256 of that file.
    pub slicehash: String,
    /// Files and streams.
    pub files: Files,
    /// Keys and values.
    pub cells: Cells,
    /// Files that were there, or had a name, only in between.
    pub interim_files: u64,
    /// What could not be read or compared.
    pub faults: Vec<String>,
}

#[derive(Clone, Serialize)]
pub struct Files {
    new: u64,
    deleted: u64,
    renamed: u64,
    changed: u64,
    modified: u64,
}

#[derive(Clone, Serialize)]
pub struct Cells {
    new: u64,
    deleted: u64,
    altered: u64,
}

/// Everything could be read and compared.
pub const OUTCOME_CLEAN: &str = "clean";
/// Something could not, and is among the faults.
pub const OUTCOME_FAULTS: &str = "faults";

#[derive(Serialize)]
pub struct Summary {
    pub sequence: Option<String>,
    pub steps: Vec<Step>,
    pub outcome: &'static str,
}

impl Step {
    pub fn new(from: Option<String>, to: String, tarball: String, slicehash: String) -> Self {
        let counts = Counts::default();
        let (files, cells) = split(&counts);
        let (interim_files, faults) = (0, Vec::new());
        Self { from, to, tarball, slicehash, files, cells, interim_files, faults }
    }

    pub fn count(&mut self, counts: &Counts) {
        (self.files, self.cells) = split(counts);
        self.interim_files = counts.interim_files;
    }

    pub fn add_faults<'f>(&mut self, faults: impl IntoIterator<Item = &'f Fault>) {
        self.faults.extend(faults.into_iter().map(Fault::to_string));
    }
}

/// Where a fault was found, down to the hive or file.
fn fault_place(fault: &str) -> &str {
    let place = fault.split(": ").next().unwrap_or(fault);
    place.split(" › key ").next().unwrap_or(place)
}

fn split(counts: &Counts) -> (Files, Cells) {
    let Counts { files_new, files_deleted, files_renamed, files_changed, files_modified, .. } =
        *counts;
    let Counts { cells_new, cells_deleted, cells_altered, .. } = *counts;
    let files = Files {
        new: files_new,
        deleted: files_deleted,
        renamed: files_renamed,
        changed: files_changed,
        modified: files_modified,
    };
    (files, Cells { new: cells_new, deleted: cells_deleted, altered: cells_altered })
}

/// How many faults of one hive, partition or file are printed; the others are counted.
const MOST_FAULTS: usize = 3;

/// Prints the first faults of each hive, partition or file.
pub fn print_faults(out: &mut impl Write, faults: &[String]) -> io::Result<()> {
    for same in faults.chunk_by(|a, b| fault_place(a) == fault_place(b)) {
        for fault in same.iter().take(MOST_FAULTS) {
            writeln!(out, "  {}", printable(fault))?;
        }
        let more = same.len().saturating_sub(MOST_FAULTS);
        if more > 0 {
            let place = printable(fault_place(&same[0]));
            writeln!(out, "  {place}: … and {more} more; --json lists them all")?;
        }
    }
    Ok(())
}

/// Prints the faults of each slice and the table.
pub fn print(out: &mut impl Write, steps: &[Step]) -> io::Result<()> {
    let name = |step: &Step| match &step.from {
        Some(from) => format!("{from} → {}", step.to),
        None => format!("{} (first)", step.to),
    };
    for step in steps.iter().filter(|step| !step.faults.is_empty()) {
        writeln!(out, "Faults, {}:", name(step))?;
        print_faults(out, &step.faults)?;
        writeln!(out)?;
    }
    let width = steps.iter().map(|step| name(step).chars().count()).max().unwrap_or(0);
    writeln!(
        out,
        "{:width$}  files    new deleted renamed changed modified  cells    new deleted altered  faults",
        "step"
    )?;
    for step in steps {
        let (files, cells) = (&step.files, &step.cells);
        writeln!(
            out,
            "{:width$}        {:>6} {:>7} {:>7} {:>7} {:>8}        {:>6} {:>7} {:>7}  {:>6}",
            name(step),
            files.new,
            files.deleted,
            files.renamed,
            files.changed,
            files.modified,
            cells.new,
            cells.deleted,
            cells.altered,
            step.faults.len(),
        )?;
    }
    for step in steps.iter().filter(|step| step.interim_files > 0) {
        let files = if step.interim_files == 1 { "file" } else { "files" };
        let (name, count) = (name(step), step.interim_files);
        writeln!(out, "{name}: {count} {files} came and went, or had other names, in between")?;
    }
    Ok(())
}
