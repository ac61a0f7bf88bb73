use clap::{Args, ValueEnum};

use super::DatabaseArgs;

/// Print all differences of a stored sequence
#[derive(Args)]
#[command(after_help = "\
Example:
  diskprint export 8504-1-7895-1 --db sqlite:results/diskprint.db --format jsonl")]
pub struct ExportArgs {
    /// The sequence, OSETID-APPETID; one of several by its last slice, OSETID-APPETID-SLICEID
    pub sequence: String,
    #[command(flatten)]
    pub database: DatabaseArgs,
    /// How to print them
    #[arg(long, value_enum, default_value_t = Format::Jsonl)]
    pub format: Format,
}

/// The form of rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// One JSON object a line
    Jsonl,
    /// Comma-separated values
    Csv,
}

impl From<Format> for diskprint::export::Format {
    fn from(format: Format) -> Self {
        match format {
            Format::Jsonl => Self::Jsonl,
            Format::Csv => Self::Csv,
        }
    }
}
