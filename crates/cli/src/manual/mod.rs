//! The manual, made from what the command line is defined by: a man page for each command, and
//! docs/commands.md.

mod man;
mod markdown;
mod page;

use std::fs;

use anyhow::{Context, Error};
use clap::CommandFactory;

use crate::Outcome;
use crate::args::{Cli, ManualArgs, ManualFormat};

/// Writes the manual into a folder.
pub fn run(args: &ManualArgs) -> Result<Outcome, Error> {
    let folder = &args.folder;
    fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
    for (name, text) in files(args.format) {
        let path = folder.join(name);
        fs::write(&path, text).with_context(|| path.display().to_string())?;
    }
    Ok(Outcome::Clean)
}

/// The files of the manual, names and texts.
fn files(format: ManualFormat) -> Vec<(String, String)> {
    let pages = page::all(Cli::command());
    match format {
        ManualFormat::Man => pages
            .iter()
            .map(|page| (format!("{}.1", page.file_name()), man::render(page)))
            .collect(),
        ManualFormat::Markdown => vec![("commands.md".to_owned(), markdown::render(&pages))],
    }
}
