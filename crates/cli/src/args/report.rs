use std::path::PathBuf;

use clap::Args;

use super::DatabaseArgs;

/// Write what a stored sequence did as one page to look at and to hand over
///
/// The page needs no network and no other file, and opens in any browser. It has the verdict in
/// words, the life of the application slice by slice, where changes are, every change before and
/// after, what stayed behind, and what could not be read. Changes at places that other sequences of
/// the database change, too, are noise, and can be hidden. The same results give the same bytes.
#[derive(Args)]
#[command(after_help = "\
Examples:
  diskprint report 8504-1-7895-1 --db sqlite:results/diskprint.db -o packrat.html
  diskprint report 8504-1-7895-1-40 --config differ.cfg --most-changes 20000")]
pub struct ReportArgs {
    /// The sequence, OSETID-APPETID; one of several by its last slice, OSETID-APPETID-SLICEID
    pub sequence: String,
    #[command(flatten)]
    pub database: DatabaseArgs,
    /// The file to write; SEQUENCE.html where it is not given
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// How many changes the page may carry; more are counted, and the page says so
    #[arg(long, value_name = "N", default_value_t = 200_000)]
    pub most_changes: usize,
    /// Do not look at which places other sequences of the database change, too
    #[arg(long)]
    pub alone: bool,
    /// Print nothing
    #[arg(long, short)]
    pub quiet: bool,
}
