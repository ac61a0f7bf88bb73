//! Stages: the parts of the work on a slice.
//!
//! Each has a folder of outputs in that of the slice, and beside it three logs. Its manifest, which
//! is written last, says what the outputs were made from and what they are: a stage without one is
//! not done, whatever else is there.

use std::collections::BTreeMap;
use std::fmt;
use std::fs::{self, File};
use std::io::{self, Write};
use std::panic::{self, AssertUnwindSafe};
use std::path::{Path, PathBuf};
use std::slice;

use anyhow::{Context, Error};
use diskprint::results::{self, Written};
use diskprint::survey::Output;
use diskprint::{Fault, Hex, pipeline};
use serde::{Deserialize, Serialize};

use crate::VERSION;

/// A part of the work on a slice, in the order in which they are done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// The tarball is opened, its disks and partitions are found.
    Disk,
    /// The files are listed.
    Files,
    /// The hives are read.
    Registry,
    /// The hives as text.
    Dumps,
    /// The disks are kept as images, if that is wanted.
    Archive,
    /// The slice is compared with the one before.
    Deltas,
    /// The results of the sequence go into the database; at its last slice.
    Export,
}

/// The original workflow's rows, made at the end of a sequence from what stage `deltas` left.
pub const REGISTRY_DELTAS: &str = "registry_deltas.db";

pub const MANIFEST: &str = "manifest.json";

impl Stage {
    pub const ALL: [Self; 7] = [
        Self::Disk,
        Self::Files,
        Self::Registry,
        Self::Dumps,
        Self::Archive,
        Self::Deltas,
        Self::Export,
    ];

    /// The name of its folder.
    pub fn name(self) -> &'static str {
        match self {
            Self::Disk => "disk",
            Self::Files => "files",
            Self::Registry => "registry",
            Self::Dumps => "dumps",
            Self::Archive => "archive",
            Self::Deltas => "deltas",
            Self::Export => "export",
        }
    }

    /// The stage of a slice whose folder in the results is `slice`.
    pub fn of(self, slice: &Path) -> StageFolder {
        StageFolder { slice: slice.to_owned(), stage: self }
    }
}

/// What outputs depend on, by name: `slicehash`.
pub type Inputs = BTreeMap<String, String>;

/// What is written when a stage is done.
#[derive(Debug, Serialize, Deserialize)]
pub struct Manifest {
    /// The program's version.
    pub version: String,
    pub inputs: Inputs,
    /// The outputs, by their paths in the folder of the slice.
    pub outputs: BTreeMap<String, Made>,
    /// How many faults were found.
    pub faults: usize,
}

/// An output.
#[derive(Debug, Serialize, Deserialize)]
pub struct Made {
    pub bytes: u64,
    pub sha256: String,
}

impl From<Written> for Made {
    fn from(Written { bytes, sha256 }: Written) -> Self {
        Self { bytes, sha256: Hex(&sha256).to_string() }
    }
}

/// Why a stage is to be done.
#[derive(Debug, PartialEq, Eq)]
pub enum Why {
    /// Nothing of it is there.
    Never,
    /// It was begun and has not ended.
    NotEnded,
    /// It ended with an error.
    Failed,
    /// Another version of this program made what is there.
    Version(String),
    /// What it is made from is not what it was.
    Input { name: String, was: String, is: String },
    /// An output is not there.
    Gone(String),
    /// An output has another length than it had.
    Altered(String),
    /// A slice before it is to be read, after which it is to be compared with it.
    Before,
    /// It was asked for.
    Wanted,
    /// The database has not what was stored.
    NotStored,
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Never => write!(f, "not done yet"),
            Self::NotEnded => write!(f, "begun and not ended"),
            Self::Failed => write!(f, "failed the last time"),
            Self::Version(was) => write!(f, "done by version {was}, this is {VERSION}"),
            Self::Input { name, was, is } => write!(f, "its {name} was {was} and is {is}"),
            Self::Gone(output) => write!(f, "its output {output} is gone"),
            Self::Altered(output) => write!(f, "its output {output} has another length"),
            Self::Before => write!(f, "the slice before is to be read"),
            Self::Wanted => write!(f, "asked for"),
            Self::NotStored => write!(f, "the database does not have it"),
        }
    }
}

/// A stage of one slice.
pub struct StageFolder {
    slice: PathBuf,
    stage: Stage,
}

impl StageFolder {
    pub fn folder(&self) -> PathBuf {
        self.slice.join(self.stage.name())
    }

    fn log(&self, kind: &str) -> PathBuf {
        self.slice.join(format!("{}.{kind}.log", self.stage.name()))
    }

    /// The manifest; `None` where the stage is not done.
    pub fn manifest(&self) -> Option<Manifest> {
        serde_json::from_slice(&fs::read(self.folder().join(MANIFEST)).ok()?).ok()
    }

    /// Why it is to be done, by what is there and `inputs`; `None` when it is done.
    pub fn why_not_done(&self, inputs: &Inputs) -> Option<Why> {
        let Some(manifest) = self.manifest() else { return Some(self.why_no_manifest()) };
        if manifest.version != VERSION {
            return Some(Why::Version(manifest.version));
        }
        for (name, is) in inputs {
            let was = manifest.inputs.get(name).map_or("", String::as_str);
            if was != is {
                let (name, was, is) = (name.clone(), was.to_owned(), is.clone());
                return Some(Why::Input { name, was, is });
            }
        }
        manifest.outputs.iter().find_map(|(path, made)| match fs::metadata(self.slice.join(path)) {
            Ok(metadata) if metadata.len() == made.bytes => None,
            Ok(_) => Some(Why::Altered(path.clone())),
            Err(_) => Some(Why::Gone(path.clone())),
        })
    }

    /// Why there is no manifest.
    pub fn why_no_manifest(&self) -> Why {
        match self.status() {
            None => Why::Never,
            Some(Status::Failed) => Why::Failed,
            Some(Status::Begun) => Why::NotEnded,
            Some(_) => Why::Gone(format!("{}/{MANIFEST}", self.stage.name())),
        }
    }

    /// What its log says of it; `None` where it was never begun.
    pub fn status(&self) -> Option<Status> {
        let text = fs::read_to_string(self.log("status")).ok()?;
        Some(match text.lines().nth(1) {
            None => Status::Begun,
            Some("0") => Status::Clean,
            Some("2") => Status::Faults,
            Some(_) => Status::Failed,
        })
    }

    /// Begins it: from now on, until it ends, it is not done.
    pub fn begin(self) -> Result<Begun, Error> {
        let folder = self.folder();
        fs::create_dir_all(&folder).with_context(|| writing(&folder))?;
        let manifest = folder.join(MANIFEST);
        match fs::remove_file(&manifest) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            // Before anything of it is written to: it must not come back with a loss of power.
            removed => removed
                .and_then(|()| results::sync_folder(&folder))
                .with_context(|| writing(&manifest))?,
        }
        results::remove_unfinished(&folder).with_context(|| writing(&folder))?;
        for kind in ["out", "err"] {
            self.write_log(kind, "")?;
        }
        self.write_log("status", STARTED)?;
        Ok(Begun { folder: self, outputs: BTreeMap::new() })
    }

    fn write_log(&self, kind: &str, text: &str) -> Result<(), Error> {
        let log = self.log(kind);
        fs::write(&log, text).with_context(|| writing(&log))
    }
}

/// What was being done when a file could not be written.
fn writing(path: &Path) -> String {
    format!("writing {}", path.display())
}

fn writing_all(paths: &[PathBuf]) -> String {
    paths.iter().map(|path| writing(path)).collect::<Vec<_>>().join(", ")
}

/// The first line of a status log; the second is the exit code, when there is one.
const STARTED: &str = "Started.\n";

/// What a status log says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    Begun,
    Clean,
    Faults,
    Failed,
}

/// A stage that was begun.
pub struct Begun {
    folder: StageFolder,
    outputs: BTreeMap<String, Made>,
}

impl Begun {
    pub fn folder(&self) -> PathBuf {
        self.folder.folder()
    }

    /// Writes outputs, each so that it is there whole or not at all.
    pub fn write(&mut self, outputs: &[Output<'_>]) -> Result<(), Error> {
        let written = self.write_files(outputs, |output, outs| (output.write)(outs));
        outputs.iter().zip(written).try_for_each(|(output, written)| {
            self.made(output, written?);
            Ok(())
        })
    }

    /// Writes outputs that do not stop the work when one of them cannot be made: returns which
    /// these are, by index, and why. That the disk fails does stop it.
    pub fn write_each(&mut self, outputs: &[Output<'_>]) -> Result<Vec<(usize, String)>, Error> {
        let written = self.write_files(outputs, |output, outs| {
            panic::catch_unwind(AssertUnwindSafe(|| (output.write)(outs)))
                .unwrap_or_else(|_| Err(io::Error::other("an error in diskprint")))
        });
        let mut failed = Vec::new();
        for (index, (output, written)) in outputs.iter().zip(written).enumerate() {
            match written {
                Ok(written) => self.made(output, written),
                Err(error) if is_of_output(&error) => {
                    failed.push((index, error.root_cause().to_string()))
                }
                Err(error) => return Err(error),
            }
        }
        Ok(failed)
    }

    fn write_files(
        &self,
        outputs: &[Output<'_>],
        write: impl Fn(&Output<'_>, &mut [results::Out<'_>]) -> io::Result<()> + Send + Sync,
    ) -> Vec<Result<Vec<Written>, Error>> {
        let folder = self.folder();
        pipeline::map(outputs, |output| {
            let paths: Vec<PathBuf> = output.names.iter().map(|name| folder.join(name)).collect();
            let written = match (&output.copies, paths.as_slice()) {
                (Some(copies), [path]) => copies
                    .write(path, |out| write(output, slice::from_mut(out)))
                    .map(|written| vec![written]),
                _ => results::write_files(&paths, |outs| write(output, outs)),
            };
            written.with_context(|| writing_all(&paths))
        })
    }

    fn made(&mut self, output: &Output<'_>, written: Vec<Written>) {
        for (name, written) in output.names.iter().zip(written) {
            self.add(name, written);
        }
    }

    /// Takes note of an output that was written into its folder, by its name there.
    pub fn add(&mut self, name: &str, written: Written) {
        self.outputs.insert(format!("{}/{name}", self.folder.stage.name()), Made::from(written));
    }

    /// Takes note of an output that was written otherwise, by its path in the folder of the slice.
    pub fn wrote(&mut self, path: &str) -> Result<(), Error> {
        let file = self.folder.slice.join(path);
        let written = results::hash_file(&file).with_context(|| file.display().to_string())?;
        self.outputs.insert(path.to_owned(), Made::from(written));
        Ok(())
    }

    /// How many bytes were written.
    pub fn bytes(&self) -> u64 {
        self.outputs.values().map(|made| made.bytes).sum()
    }

    /// Ends it: what it wrote is all that its folder holds, and it is done.
    pub fn end(&mut self, inputs: Inputs, summary: &str, faults: &[&Fault]) -> Result<(), Error> {
        let folder = self.folder();
        self.remove_others()
            .and_then(|()| results::sync_folder(&folder))
            .with_context(|| writing(&folder))?;
        let manifest = Manifest {
            version: VERSION.to_owned(),
            inputs,
            outputs: std::mem::take(&mut self.outputs),
            faults: faults.len(),
        };
        let faults: String = faults.iter().map(|fault| format!("{fault}\n")).collect();
        let code = if faults.is_empty() { 0 } else { 2 };
        let status = format!("{STARTED}{code}\n");
        for (kind, text) in [("out", summary), ("err", &faults), ("status", &status)] {
            let log = self.folder.log(kind);
            write_through(&log, text).with_context(|| writing(&log))?;
        }
        let slice = &self.folder.slice;
        results::sync_folder(slice).with_context(|| writing(slice))?;
        // Last: with it the stage is done, and nothing of it is looked at again.
        let path = folder.join(MANIFEST);
        let write = |out: &mut results::Out<'_>| {
            serde_json::to_writer_pretty(&mut *out, &manifest)?;
            writeln!(out)
        };
        results::write_file(&path, write)
            .and_then(|_| results::sync_folder(&folder))
            .with_context(|| writing(&path))
    }

    /// Ends it with an error. Where the logs cannot be written, either, it is not done all the same.
    pub fn fail(&self, error: &Error) {
        let _ = self.folder.write_log("status", &format!("{STARTED}1\n"));
        let _ = self.folder.write_log("err", &format!("{error:#}\n"));
    }

    /// Removes what an earlier run left in its folder and this one did not make.
    fn remove_others(&self) -> io::Result<()> {
        for entry in fs::read_dir(self.folder())? {
            let entry = entry?;
            let name = entry.file_name();
            let path = format!("{}/{}", self.folder.stage.name(), name.to_string_lossy());
            // It is an output of the export, for which it lies here.
            let is_kept = self.outputs.contains_key(&path) || name == REGISTRY_DELTAS;
            if !is_kept && entry.file_type()?.is_file() {
                fs::remove_file(entry.path())?;
            }
        }
        Ok(())
    }
}

/// Whether an output could not be made, and not: the disk did not take it.
fn is_of_output(error: &Error) -> bool {
    error.downcast_ref::<io::Error>().is_some_and(|error| {
        let kinds = [io::ErrorKind::InvalidData, io::ErrorKind::Other];
        error.raw_os_error().is_none() && kinds.contains(&error.kind())
    })
}

/// Writes a file and flushes it to the disk.
fn write_through(path: &Path, text: &str) -> io::Result<()> {
    let mut file = File::create(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inputs(slicehash: &str) -> Inputs {
        Inputs::from([("slicehash".to_owned(), slicehash.to_owned())])
    }

    fn done(slice: &Path, name: &str) {
        let mut stage = Stage::Files.of(slice).begin().unwrap();
        stage.write(&[Output::new(name, |out| out.write_all(b"content"))]).unwrap();
        stage.end(inputs("aa"), "1 file\n", &[]).unwrap();
    }

    #[test]
    fn a_stage_is_done_while_its_inputs_and_outputs_are_the_same() {
        let scratch = tempfile::tempdir().unwrap();
        let slice = scratch.path();
        let why = |slicehash| Stage::Files.of(slice).why_not_done(&inputs(slicehash));
        assert_eq!(why("aa"), Some(Why::Never));
        done(slice, "x");
        assert_eq!(why("aa"), None);
        let (name, was, is) = ("slicehash".into(), "aa".into(), "bb".into());
        assert_eq!(why("bb"), Some(Why::Input { name, was, is }));
        fs::write(slice.join("files/x"), "longer content").unwrap();
        assert_eq!(why("aa"), Some(Why::Altered("files/x".into())));
        fs::remove_file(slice.join("files/x")).unwrap();
        assert_eq!(why("aa"), Some(Why::Gone("files/x".into())));
    }

    #[test]
    fn a_stage_that_was_begun_again_is_not_done() {
        let scratch = tempfile::tempdir().unwrap();
        done(scratch.path(), "x");
        let stage = || Stage::Files.of(scratch.path());
        assert_eq!(stage().status(), Some(Status::Clean));
        fs::write(stage().folder().join(".part-killed"), "").unwrap();
        let begun = stage().begin().unwrap();
        assert_eq!(stage().why_not_done(&inputs("aa")), Some(Why::NotEnded));
        begun.fail(&Error::msg("no room"));
        assert_eq!(stage().why_not_done(&inputs("aa")), Some(Why::Failed));
        assert_eq!(fs::read_to_string(scratch.path().join("files.err.log")).unwrap(), "no room\n");
        // What the earlier one made goes with the end of the next.
        done(scratch.path(), "y");
        let names = |entry: io::Result<fs::DirEntry>| entry.unwrap().file_name();
        let mut left: Vec<_> = fs::read_dir(stage().folder()).unwrap().map(names).collect();
        left.sort();
        assert_eq!(left, ["manifest.json", "y"]);
    }

    #[test]
    fn an_output_that_cannot_be_made_does_not_stop_the_others_but_a_full_disk_does() {
        let scratch = tempfile::tempdir().unwrap();
        let mut stage = Stage::Dumps.of(scratch.path()).begin().unwrap();
        let outputs = [
            Output::new("bad", |_| Err(io::Error::other("no such thing"))),
            Output::new("good", |out| out.write_all(b"content")),
            Output::new("worse", |_| panic!("this is part of the test")),
        ];
        let failed = stage.write_each(&outputs).unwrap();
        assert_eq!(failed.iter().map(|(index, _)| *index).collect::<Vec<_>>(), [0, 2]);
        assert_eq!(failed[0].1, "no such thing");
        assert_eq!(stage.outputs.keys().collect::<Vec<_>>(), ["dumps/good"]);
        let full = io::Error::from_raw_os_error(28);
        let full = Output::new("full", move |_| Err(io::Error::new(full.kind(), "full")));
        assert!(stage.write_each(&[full]).is_err());
    }
}
