use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// Write the manual: a man page for each command, or all commands as Markdown
#[derive(Args)]
#[command(after_help = "\
Examples:
  diskprint manual ~/.local/share/man/man1   # then: man diskprint-run
  diskprint manual --format markdown docs")]
pub struct ManualArgs {
    /// The folder to write into; what it has by the same names is replaced
    pub folder: PathBuf,
    /// The form
    #[arg(long, value_enum, default_value_t = ManualFormat::Man)]
    pub format: ManualFormat,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ManualFormat {
    /// Man pages, diskprint.1, diskprint-run.1 and so on
    Man,
    /// One page, commands.md
    Markdown,
}
