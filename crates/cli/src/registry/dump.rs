//! All keys and values of hives.

use std::fs;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use diskprint::registry_text::{reg, text};
use diskprint::{regxml, results};

use super::hives::{self, Found, Hives};
use super::{each, print_faults};
use crate::args::{DumpArgs, DumpFormat, PathsArg};
use crate::summary::printable;

/// Writes hives and returns what is wrong with them.
pub fn run(args: &DumpArgs) -> Result<Vec<String>> {
    let root = match (&args.root, args.format) {
        (None, _) => None,
        (Some(root), DumpFormat::Reg) => {
            Some(reg::Root::new(root).with_context(|| format!("--root {root}"))?)
        }
        (Some(_), _) => bail!("--root is for --format reg"),
    };
    let hives = hives::open(&args.hives)?;
    let several = hives.found.len() > 1;
    if several && root.is_some() {
        bail!("--root is for one hive, and there are {}; name one with --hive", hives.found.len());
    }
    let is_mounted = args.paths == PathsArg::Windows;
    if is_mounted && args.format != DumpFormat::Text {
        bail!("--paths is for --format text");
    }
    let dump = Dump { format: args.format, root, is_mounted };
    match &args.output {
        Some(output) => dump.write_files(&args.hives.image, output, &hives)?,
        None if several && args.format != DumpFormat::Text => bail!(
            "{} hives can be printed one after another as text only; name a folder with -o, or one \
             hive with --hive",
            hives.found.len()
        ),
        None => {
            let mut out = BufWriter::new(io::stdout().lock());
            each(&hives, &mut out, |hive, out| dump.write(hive, out))?;
        }
    }
    print_faults(&hives.faults)?;
    Ok(hives.faults)
}

/// How hives are written.
struct Dump {
    format: DumpFormat,
    root: Option<reg::Root>,
    /// Paths are those that Windows shows.
    is_mounted: bool,
}

impl Dump {
    fn write(&self, hive: &Found, mut out: &mut dyn Write) -> io::Result<()> {
        let Found { tree, path, .. } = hive;
        match self.format {
            DumpFormat::Text => match hive.mounted_at.as_ref().filter(|_| self.is_mounted) {
                Some(root) => text::write_mounted(tree, root, &mut out),
                None => text::write(tree, &mut out),
            },
            DumpFormat::Regxml => regxml::write(tree, &mut out),
            DumpFormat::Reg => {
                let default = || reg::Root::of(tree, &path.to_text());
                let root = self.root.clone().unwrap_or_else(default);
                let left_out = reg::write(tree, &root, &mut out)?;
                if left_out > 0 {
                    let title = printable(&hive.title());
                    writeln!(
                        io::stderr(),
                        "diskprint: {title}: {left_out} keys and values, which Windows could not \
                         import, are comments in the .reg file"
                    )?;
                }
                Ok(())
            }
        }
    }

    fn ending(&self) -> &'static str {
        match self.format {
            DumpFormat::Text => "txt",
            DumpFormat::Reg => "reg",
            DumpFormat::Regxml => "regxml",
        }
    }

    /// Writes to the file or folder `output`, each file whole or not at all.
    fn write_files(&self, image: &Path, output: &Path, hives: &Hives) -> Result<()> {
        let is_folder =
            hives.found.len() > 1 || output.is_dir() || output.to_string_lossy().ends_with('/');
        if is_folder && output.is_file() {
            bail!("{} is a file; several hives need a folder", output.display());
        }
        for hive in &hives.found {
            let path = match is_folder {
                true => output.join(format!("{}.{}", hive.file_name, self.ending())),
                false => output.to_owned(),
            };
            if is_within(&path, image) {
                bail!("{} is evidence: nothing is written there", path.display());
            }
            results::write_file(&path, |out| self.write(hive, out))
                .with_context(|| format!("writing {}", path.display()))?;
        }
        Ok(())
    }
}

/// Whether a file, which may not be there yet, is `image` or in it.
fn is_within(file: &Path, image: &Path) -> bool {
    let Ok(image) = fs::canonicalize(image) else { return false };
    let mut above = file.ancestors().map(|path| match path {
        path if path == Path::new("") => PathBuf::from("."),
        path => path.to_owned(),
    });
    let real = above.find_map(|path| fs::canonicalize(path).ok());
    real.is_some_and(|real| real.starts_with(image))
}
