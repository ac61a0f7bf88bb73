//! The hives that a command is about.

use std::ffi::OsString;
use std::fs;
use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Error, Result, bail};
use diskprint::registry_path::Mounts;
use diskprint::registry_text::reg;
use diskprint::{
    Fault, FileReader, Hive, HiveReport, HiveState, Image, Known, OpenError, Snapshot, Step,
    pipeline, read_hive, registry_text, survey,
};
use diskprint_formats::regf::is_transaction_log;
use diskprint_formats::regf::log::LogFile;
use diskprint_formats::{Name, ReadAt, ReadAtExt, regf};

use super::print_faults;
use crate::args::HivesArgs;
use crate::fiwalk;
use crate::progress::Progress;
use crate::summary::printable;

/// Hives and what is wrong with them.
pub struct Hives {
    pub found: Vec<Found>,
    pub faults: Vec<String>,
}

/// A hive that is to be shown.
pub struct Found {
    /// Its path in the volume; of a hive file, that on the command line.
    pub path: Name,
    /// The partition that it is in; `None` for a hive file.
    pub partition: Option<u32>,
    /// Its name in results, without an ending.
    pub file_name: String,
    pub tree: Arc<regf::Hive>,
    /// The path of its root key as Windows shows it; `None` where Windows does not mount it, or
    /// where that is not known.
    pub mounted_at: Option<Name>,
}

impl Found {
    /// What it is called where there are several.
    pub fn title(&self) -> String {
        match self.partition {
            Some(number) => format!("p{number} {}", self.path),
            None => self.path.to_string(),
        }
    }
}

/// Largest hive that is read, in bytes; Windows keeps them far below.
const MOST_HIVE: u64 = 2 << 30;

/// Reads the hives that `args` name.
pub fn open(args: &HivesArgs) -> Result<Hives> {
    let path = &args.image;
    if !begins_as_hive(path) {
        return of_image(path, &args.hive, args.hive_state.into());
    }
    if !args.hive.is_empty() {
        bail!("{} is a hive itself; --hive chooses among those of an image", path.display());
    }
    of_file(path, args.hive_state.into()).with_context(|| path.display().to_string())
}

fn begins_as_hive(path: &Path) -> bool {
    let begins = |offset, signature: &[u8]| {
        let found = FileReader::open(path).and_then(|file| file.read_vec_at(offset, 4));
        found.is_ok_and(|found| found == signature)
    };
    // Where its first block was overwritten, a hive is known by the first of its bins.
    path.is_file() && (begins(0, b"regf") || begins(4096, b"hbin"))
}

/// Reads a hive file, with the transaction logs that lie beside it.
fn of_file(path: &Path, state: HiveState) -> Result<Hives> {
    let logs = logs_beside(path)?;
    let logs: Vec<(LogFile, &[u8])> = logs.iter().map(|(log, bytes)| (*log, &**bytes)).collect();
    let primary = bytes_of(path)?;
    if is_transaction_log(&primary) {
        bail!("a transaction log; name the hive that it belongs to, and it is applied to that");
    }
    let (tree, report) = read_hive(primary, &logs, state)?;
    note(&path.display().to_string(), &report)?;
    let shown = path.to_string_lossy();
    let of_logs = report.faults().into_iter();
    let of_logs = of_logs.map(|(what, skipped)| format!("{what} (left out: {skipped})"));
    let faults = of_logs.chain(registry_text::fault_lines(&tree));
    let faults = faults.map(|fault| format!("{shown}: {fault}")).collect();
    let name = path.file_name().map(|name| name.to_string_lossy().as_ref().into());
    let found = Found {
        path: shown.as_ref().into(),
        partition: None,
        file_name: survey::hive_file_name(0, &name.unwrap_or_default()),
        mounted_at: reg::Root::mounted(&tree, &shown),
        tree: tree.into(),
    };
    Ok(Hives { found: vec![found], faults })
}

/// Says of a dirty hive what became of its logs.
fn note(hive: &str, report: &HiveReport) -> io::Result<()> {
    if report.is_clean() {
        return Ok(());
    }
    writeln!(io::stderr(), "note: {}: {}", printable(hive), printable(&report.lines().join("; ")))
}

fn bytes_of(path: &Path) -> Result<Vec<u8>> {
    let file = FileReader::open(path)?;
    if file.len() > MOST_HIVE {
        bail!("{} bytes long; files of up to {MOST_HIVE} are read", file.len());
    }
    Ok(file.read_vec_at(0, usize::try_from(file.len())?)?)
}

/// The transaction logs of a hive file: files beside it that have its name and an ending of
/// logs, without regard to case; of several the first by name.
fn logs_beside(path: &Path) -> Result<Vec<(LogFile, Vec<u8>)>> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let name = path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
    let folder = folder.unwrap_or(Path::new("."));
    let beside = fs::read_dir(folder)
        .and_then(|entries| entries.map(|entry| Ok(entry?.file_name())).collect());
    let mut beside: Vec<OsString> = beside.with_context(|| {
        format!("looking for the hive's transaction logs in {}", folder.display())
    })?;
    beside.sort();
    let mut logs = Vec::new();
    for log in [LogFile::Log, LogFile::Log1, LogFile::Log2] {
        let wanted = format!("{name}.{}", log.to_string().to_lowercase());
        let found = beside.iter().find(|it| it.to_string_lossy().to_lowercase() == wanted);
        let Some(found) = found.map(|name| path.with_file_name(name)) else { continue };
        let bytes = bytes_of(&found).with_context(|| format!("log {}", found.display()))?;
        logs.push((log, bytes));
    }
    Ok(logs)
}

/// Reads the hives of a tarball, folder or disk image: those `wanted`, or all.
fn of_image(path: &Path, wanted: &[String], state: HiveState) -> Result<Hives> {
    let scratch = tempfile::Builder::new().prefix("diskprint-").tempdir()?;
    let len = fs::metadata(path).map_or(0, |metadata| metadata.len());
    let progress = Progress::new(&path.display().to_string(), len, false);
    let survey = pipeline::with_threads(0, || {
        let opened = Image::open(path, scratch.path(), &|bytes| progress.read(bytes))?;
        let opened = opened.with_fiwalk(fiwalk::find(scratch.path()));
        Ok(survey::of(opened, &Known::in_state(state)))
    })?
    .map_err(|error: OpenError| match path.is_file() {
        true => Error::from(error).context("it does not begin as a hive does"),
        false => error.into(),
    })?;
    drop(progress);
    let Snapshot { hives, faults, .. } = survey.snapshot;
    let wanted = wanted.iter().map(|path| Wanted::new(path)).collect::<Vec<_>>();
    let mounts = Mounts::of(&hives);
    let shown = |hive: &&Hive| wanted.is_empty() || wanted.iter().any(|it| it.is(&hive.path));
    for hive in hives.iter().filter(shown) {
        note(&format!("p{} {}", hive.partition, hive.path), &hive.report)?;
    }
    let found = hives.into_iter().enumerate().map(|(index, hive)| Found {
        mounted_at: mounts.prefix(hive.partition, &hive.path).cloned(),
        file_name: survey::hive_file_name(index, &hive.path),
        partition: Some(hive.partition),
        path: hive.path,
        tree: hive.tree,
    });
    let found = found.collect();
    choose(path, found, &faults, &wanted)
}

/// A path from the command line.
struct Wanted<'a> {
    path: &'a str,
    upper: Name,
}

impl<'a> Wanted<'a> {
    fn new(path: &'a str) -> Self {
        let plain = path.replace('\\', "/");
        Self { path, upper: Name::from(plain.trim_matches('/')).to_upper() }
    }

    fn is(&self, path: &Name) -> bool {
        path.to_upper() == self.upper
    }
}

fn choose(
    image: &Path,
    mut found: Vec<Found>,
    faults: &[Fault],
    wanted: &[Wanted<'_>],
) -> Result<Hives> {
    let is_wanted = |path: &Name| wanted.is_empty() || wanted.iter().any(|it| it.is(path));
    let concerns = |fault: &&Fault| match hive_of(fault) {
        Some(path) => is_wanted(path),
        None => !is_of_file(fault),
    };
    let of_files = faults.iter().filter(|fault| is_of_file(fault)).count();
    if wanted.is_empty() && of_files > 0 {
        let what = "faults of files that are not known as hives are not listed here";
        writeln!(io::stderr(), "diskprint: {}: {of_files} {what}", image.display())?;
    }
    let faults: Vec<String> = faults.iter().filter(concerns).map(Fault::to_string).collect();
    let missing = wanted.iter().find(|it| !found.iter().any(|hive| it.is(&hive.path)));
    let all = names(&found);
    found.retain(|hive| is_wanted(&hive.path));
    match (missing, found.is_empty()) {
        (None, false) => Ok(Hives { found, faults }),
        (missing, _) => {
            print_faults(&faults)?;
            Err(not_found(image, missing, &all))
        }
    }
}

fn hive_of(fault: &Fault) -> Option<&Name> {
    fault.place.steps().iter().find_map(|step| match step {
        Step::Hive(path) => Some(path),
        _ => None,
    })
}

/// Whether a fault is of a file that is not known as a hive, and not of what may hold many.
fn is_of_file(fault: &Fault) -> bool {
    let is_file = |step: &Step| matches!(step, Step::Path(_) | Step::Inode(_));
    hive_of(fault).is_none() && fault.place.steps().iter().any(is_file)
}

/// The paths of the first hives.
fn names(found: &[Found]) -> String {
    const SHOWN: usize = 10;
    let mut names: Vec<String> =
        found.iter().take(SHOWN).map(|hive| format!("{:?}", hive.path)).collect();
    if found.len() > SHOWN {
        names.push("…".to_owned());
    }
    names.join(", ")
}

fn not_found(image: &Path, missing: Option<&Wanted<'_>>, all: &str) -> Error {
    let image = image.display();
    match (missing, all) {
        (_, "") => Error::msg(format!("{image}: no hive could be read")),
        (Some(Wanted { path, .. }), all) => {
            Error::msg(format!("{image}: no hive {path:?} could be read; there are {all}"))
        }
        (None, _) => Error::msg(format!("{image}: no hive was found")),
    }
}
