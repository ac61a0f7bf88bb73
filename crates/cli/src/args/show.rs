use clap::{Args, ColorChoice};

use super::DatabaseArgs;

/// Show in the terminal what a stored sequence did
///
/// Prints what each step changed in numbers, the verdict in words, what the steps registered, what
/// stayed behind, and what could not be read. --tree prints where the changes are instead, and
/// --follow the life of one file, key or value.
#[derive(Args)]
#[command(after_help = "\
Examples:
  diskprint show 8504-1-7895-1 --db sqlite:results/diskprint.db
  diskprint show 8504-1-7895-1 --tree --depth 5 --below 'Program Files'
  diskprint show 8504-1-7895-1 --tree --slice 20 --below 'HKLM\\SOFTWARE'
  diskprint show 8504-1-7895-1 --follow 'C:\\Program Files\\PackRat\\PackRat.exe'
  diskprint show 8504-1-7895-1 --follow 'HKLM\\SOFTWARE\\PackRat'
  diskprint show 8504-1-7895-1 --tree --json | jq '.places[] | select(.deleted > 10)'

Signs: + new, ~ altered, − deleted, ? recovered (deleted keys and values that are still found).
Exit code 1 where nothing changed at what --follow or --below names.")]
pub struct ShowArgs {
    /// The sequence, OSETID-APPETID; one of several by its last slice, OSETID-APPETID-SLICEID
    pub sequence: String,
    #[command(flatten)]
    pub database: DatabaseArgs,
    /// Print where the changes are: the places, those with the most changes first
    #[arg(long, conflicts_with = "follow")]
    pub tree: bool,
    /// Of the tree: how many levels are unfolded [default: 3; with --json: all]
    #[arg(long, value_name = "N", requires = "tree")]
    pub depth: Option<usize>,
    /// Of the tree: this place alone, a folder or file, a key or value
    #[arg(long, value_name = "PLACE", requires = "tree")]
    pub below: Option<String>,
    /// Of the tree: what this slice changed alone
    #[arg(long, value_name = "ID", requires = "tree")]
    pub slice: Option<String>,
    /// Print the life of the file, key or value that is or was at this path, also under its other
    /// names; of a key, that of the values directly in it, too
    ///
    /// Case does not matter, and / is as good as \. Keys may be given as Windows shows them
    /// (HKLM\SOFTWARE\…, HKEY_LOCAL_MACHINE\SOFTWARE\…) or by their paths in the hive.
    #[arg(long, value_name = "PATH")]
    pub follow: Option<String>,
    /// How many lines of a list, or children of a place, are printed; the others are counted; 0
    /// for all [default: 10, of the tree 25]
    #[arg(long, value_name = "N")]
    pub most: Option<usize>,
    /// Print it as JSON, with nothing left out
    #[arg(long)]
    pub json: bool,
    /// Whether to use colours; auto: on a terminal, unless NO_COLOR is set
    #[arg(long, value_name = "WHEN", default_value_t = ColorChoice::Auto)]
    pub color: ColorChoice,
}
