//! One slice of a sequence: what is to be done for it, and doing it.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Error, bail};
use diskprint::archive::{self, Form};
use diskprint::dfxml::Header;
use diskprint::diff::Comparison;
use diskprint::survey::{self, Output, Survey};
use diskprint::{
    Amount, Container, Fault, Hex, HiveState, Known, Place, Snapshot, Step, is_one_file, pipeline,
    results,
};
use diskprint_store::{Content, FilesInUse, Found, RegistryFile};
use serde_json::{Value, json};

use super::before::Before;
use super::conditions;
use super::plan::Planned;
use super::reading::Opening;
use super::stage::{Inputs, Stage, Why};
use super::stamp;
use super::timings::Timings;
use super::watch::SequenceWatch;
use super::work::Work;
use crate::VERSION;

/// The stages that tell what a slice holds; what they make depends on its bytes alone.
const CONTENT: [Stage; 4] = [Stage::Disk, Stage::Files, Stage::Registry, Stage::Dumps];

/// A slice of a sequence that is run.
pub struct Slice<'p> {
    pub planned: &'p Planned,
    /// The folder of its outputs.
    pub folder: PathBuf,
    /// SHA-256 of its tarball; `None` as long as that is to be read anyway.
    pub hash: Option<[u8; 32]>,
    /// In which state its hives are read.
    hive_state: HiveState,
    /// Keep its disks as images, of segments of at most so many bytes.
    archive: Option<u64>,
    /// Where its stages are measured, if they are.
    timings: Option<Arc<Timings>>,
}

impl<'p> Slice<'p> {
    pub fn new(work: &Work<'_>, planned: &'p Planned) -> Result<Self, Error> {
        let folder = results::folder(work.results, &planned.tarball);
        let hash = match Stage::Disk.of(&folder).manifest() {
            // A tarball that was never read is hashed while it is.
            None => None,
            // To store again what it held, a tarball need not be there.
            Some(manifest) if work.re_export && !diskprint::is_there(&planned.tarball) => {
                manifest.inputs.get(SLICEHASH).and_then(|hash| Hex::decode(hash))
            }
            Some(_) => Some(stamp::known_slicehash(&planned.tarball, &folder)?),
        };
        let (hive_state, timings) = (work.hive_state, work.timings.clone());
        Ok(Self { planned, folder, hash, hive_state, archive: work.archive, timings })
    }

    /// The stages that tell what it holds, or keep it.
    fn content(&self) -> impl Iterator<Item = Stage> {
        CONTENT.into_iter().chain(self.archive.map(|_| Stage::Archive))
    }

    /// All of its stages, without the export.
    pub fn stages(&self) -> Vec<Stage> {
        self.content().chain([Stage::Deltas]).collect()
    }

    pub fn name(&self) -> String {
        self.planned.id.to_string()
    }

    /// Length of its file.
    pub fn bytes(&self) -> u64 {
        fs::metadata(&self.planned.tarball).map_or(0, |metadata| metadata.len())
    }

    /// The stages that are to be done, each with the reason. `before` is the slice before it.
    pub fn to_do(&self, before: Option<&Slice<'_>>) -> Vec<(Stage, Why)> {
        let mut all = Vec::new();
        for stage in self.content() {
            let folder = stage.of(&self.folder);
            let why = match &self.hash {
                Some(hash) => folder.why_not_done(&self.inputs(stage, hash)),
                None => Some(folder.why_no_manifest()),
            };
            all.extend(why.map(|why| (stage, why)));
        }
        let folder = Stage::Deltas.of(&self.folder);
        let why = match (&self.hash, before.map(|before| &before.hash)) {
            (None, _) => Some(folder.why_no_manifest()),
            (_, Some(None)) => Some(Why::Before),
            (Some(hash), before) => {
                folder.why_not_done(&self.delta_inputs(hash, before.and_then(|it| it.as_ref())))
            }
        };
        all.extend(why.map(|why| (Stage::Deltas, why)));
        all
    }

    /// Reads the slice that was opened.
    pub fn read(&self, opening: Opening<'_>, known: &Known) -> Result<Survey, Error> {
        let Opening { opened, stamp, watch } = opening;
        watch.stage("reading");
        let mut survey = survey::of(opened?, known);
        if self.archive.is_none() {
            survey.image = None;
        }
        let tarball = &self.planned.tarball;
        match (stamp, is_one_file(tarball), &survey.cache) {
            (Some(stamp), Ok(true), _) => stamp
                .write(&self.folder, &survey.slicehash)
                .with_context(|| format!("writing to {}", self.folder.display()))?,
            (_, Ok(false), Some(cache)) => stamp::remember_several(tarball, &self.folder, cache)?,
            _ => {}
        }
        Ok(survey)
    }

    /// Does stages of the slice, several at once: each waits for the disk when it is done.
    pub fn write(
        &self,
        before: Option<&Before>,
        survey: &Survey,
        stages: &[Stage],
        watch: &SequenceWatch<'_>,
    ) -> Result<(), Error> {
        if self.hash.is_some_and(|hash| hash != survey.slicehash) {
            bail!("{} was changed while it was read; run again", self.planned.tarball.display());
        }
        let done = pipeline::map(stages, |stage| match stage {
            Stage::Deltas => self.compare(before, survey, watch),
            Stage::Archive => self.keep(survey, watch),
            stage => self.write_content(*stage, survey, watch),
        });
        done.into_iter().collect()
    }

    /// Writes what the slice holds, as a stage tells it.
    fn write_content(
        &self,
        stage: Stage,
        survey: &Survey,
        watch: &SequenceWatch<'_>,
    ) -> Result<(), Error> {
        let location = self.planned.tarball.to_string_lossy();
        let header = Header { image: &location, version: VERSION };
        let snapshot = &survey.snapshot;
        let outputs = match stage {
            Stage::Disk => vec![Output::new("disk.json", |out| {
                serde_json::to_writer_pretty(
                    &mut *out,
                    &disk_summary(survey, &self.planned.tarball),
                )?;
                writeln!(out)
            })],
            Stage::Files => {
                let mut outputs = survey::files(&header, snapshot);
                outputs.push(Output::new(FILE_METADATA, |out| {
                    diskprint_store::write_file_metadata(out, &snapshot.files)
                }));
                outputs
            }
            Stage::Registry => {
                let mut outputs = survey::registry(snapshot);
                outputs.push(Output::new(conditions::FILE, |out| conditions::write(out, snapshot)));
                outputs
            }
            _ => survey::dumps(snapshot),
        };
        let mut faults = faults_of(survey, stage);
        self.stage(stage, watch, |begun| {
            match stage {
                Stage::Dumps => {
                    let failed = begun.write_each(&outputs)?;
                    faults.extend(failed.into_iter().map(|it| no_dump(snapshot, it)));
                }
                _ => begun.write(&outputs)?,
            }
            let inputs = self.inputs(stage, &survey.slicehash);
            Ok((inputs, summary(stage, snapshot), faults))
        })
    }

    /// Writes the disks as images.
    fn keep(&self, survey: &Survey, watch: &SequenceWatch<'_>) -> Result<(), Error> {
        self.stage(Stage::Archive, watch, |begun| {
            let image = survey.image.as_ref().context("its disks are not there any more")?;
            let (mut faults, mut count) = (Vec::new(), 0);
            for disk in image.disks() {
                let form = self.form(&survey.slicehash, disk.number);
                let folder = begun.folder();
                let kept = archive::write(disk, &folder, &form)
                    .with_context(|| format!("writing {}", folder.display()))?;
                faults.extend(kept.faults);
                count += kept.segments.len();
                kept.segments.into_iter().for_each(|(name, written)| begun.add(&name, written));
            }
            let inputs = self.inputs(Stage::Archive, &survey.slicehash);
            let summary = format!("{} disks in {count} files\n", image.disks().len());
            Ok((inputs, summary, faults))
        })
    }

    /// What the image of one of its disks says of itself.
    fn form(&self, slicehash: &[u8; 32], disk: u32) -> Form {
        let name = self.planned.tarball.file_name().unwrap_or_default().to_string_lossy();
        let case_number = name.split_once('.').map_or(&*name, |(stem, _)| stem).to_owned();
        let slicehash = Hex(slicehash).to_string();
        Form {
            case_number,
            evidence_number: disk.to_string(),
            set: archive::set_of(&format!("{slicehash} {disk}")),
            notes: format!("slicehash {slicehash}"),
            segment_len: self.archive.unwrap_or(archive::SEGMENT),
        }
    }

    /// What the outputs of a stage depend on in this slice.
    fn inputs(&self, stage: Stage, hash: &[u8; 32]) -> Inputs {
        let mut inputs = Inputs::from([(SLICEHASH.to_owned(), Hex(hash).to_string())]);
        if let (Stage::Archive, Some(segment_len)) = (stage, self.archive) {
            inputs.insert("segment length".to_owned(), segment_len.to_string());
        }
        if !matches!(stage, Stage::Disk | Stage::Files | Stage::Archive) {
            inputs.insert("hive state".to_owned(), self.hive_state.name().to_owned());
        }
        inputs
    }

    fn delta_inputs(&self, hash: &[u8; 32], before: Option<&[u8; 32]>) -> Inputs {
        let mut inputs = self.inputs(Stage::Deltas, hash);
        let before = before.map_or_else(String::new, |before| Hex(before).to_string());
        inputs.insert("slicehash of the slice before".to_owned(), before);
        inputs
    }

    /// Compares the slice with the one before and writes what differs.
    fn compare(
        &self,
        before: Option<&Before>,
        survey: &Survey,
        watch: &SequenceWatch<'_>,
    ) -> Result<(), Error> {
        self.stage(Stage::Deltas, watch, |begun| {
            let comparison = match before {
                Some(before) => before.compare(&survey.snapshot)?,
                None => Comparison::default(),
            };
            let Comparison { files, cells, recovered, interim, faults } = comparison;
            let mut all = [survey.snapshot.faults.as_slice(), &faults].concat();
            all.sort();
            let content = Content::default();
            let found = Found { files, cells, recovered, interim, faults: all, content };
            let path = begun.folder().join(DELTAS);
            diskprint_store::write_deltas(&path, &found)?;
            begun.wrote(&format!("{}/{DELTAS}", Stage::Deltas.name()))?;
            let before = before.map(Before::slicehash);
            let inputs = self.delta_inputs(&survey.slicehash, before);
            let summary = format!(
                "{} files, {} keys and values differ\n",
                found.files.len(),
                found.cells.len()
            );
            Ok((inputs, summary, faults))
        })
    }

    /// Does a stage, which ends with its inputs, a summary and its faults, and keeps its logs.
    pub fn stage(
        &self,
        stage: Stage,
        watch: &SequenceWatch<'_>,
        work: impl FnOnce(&mut super::stage::Begun) -> Result<(Inputs, String, Vec<Fault>), Error>,
    ) -> Result<(), Error> {
        let name = self.name();
        watch.stage(&name, stage.name());
        let end = self.timings.as_ref().map(|timings| timings.begin_stage(stage));
        let mut begun = stage.of(&self.folder).begin()?;
        let ended = work(&mut begun).and_then(|(inputs, summary, faults)| {
            let faults: Vec<&Fault> = faults.iter().collect();
            let made = begun.bytes();
            begun.end(inputs, &summary, &faults)?;
            if let Some(end) = end {
                end(Amount { read: 0, made });
            }
            Ok(faults.len())
        });
        match ended {
            Ok(faults) => {
                watch.stage_ends(&name, stage.name(), faults);
                Ok(())
            }
            Err(error) => {
                begun.fail(&error);
                Err(error)
            }
        }
    }

    /// What was found in it, as its outputs have it.
    pub fn found(&self) -> Result<Found, diskprint_store::Error> {
        let metadata = Stage::Files.of(&self.folder).folder().join(FILE_METADATA);
        let registry = Stage::Registry.of(&self.folder).folder();
        let unreadable = |error: io::Error| diskprint_store::Error::Read {
            path: registry.clone(),
            source: error.into(),
        };
        let hives = survey::read_manifest(&registry).map_err(unreadable)?;
        let conditions = conditions::read(&registry).map_err(unreadable)?;
        let hives = hives.into_iter().map(|(path, sha1)| RegistryFile { path, sha1 }).collect();
        let content = Content { files: FilesInUse::In(metadata), hives, conditions };
        Ok(Found { content, ..self.deltas()? })
    }

    /// Length of what [`Self::found`] reads into memory.
    pub fn found_bytes(&self) -> u64 {
        let deltas = Stage::Deltas.of(&self.folder).folder().join(DELTAS);
        fs::metadata(deltas).map_or(0, |metadata| metadata.len())
    }

    /// What differs from the slice before, and all faults, as seen from the sequence; without content.
    pub fn deltas(&self) -> Result<Found, diskprint_store::Error> {
        let path = Stage::Deltas.of(&self.folder).folder().join(DELTAS);
        let mut found = diskprint_store::read_deltas(&path)?;
        for fault in &mut found.faults {
            fault.place = fault.place.within(Step::Slice(self.planned.id.sliceid));
        }
        Ok(found)
    }
}

const DELTAS: &str = "deltas.db";
const FILE_METADATA: &str = "filemetadata.csv";

const SLICEHASH: &str = "slicehash";

/// The faults of a survey that belong to a stage.
fn faults_of(survey: &Survey, stage: Stage) -> Vec<Fault> {
    let (of_disk, others) = survey.snapshot.faults.split_at(survey.disk_faults);
    let is_in_hive =
        |fault: &&Fault| fault.place.steps().iter().any(|step| matches!(step, Step::Hive(_)));
    match stage {
        Stage::Disk => of_disk.to_vec(),
        Stage::Files => others.iter().filter(|fault| !is_in_hive(fault)).cloned().collect(),
        Stage::Registry => others.iter().filter(is_in_hive).cloned().collect(),
        _ => Vec::new(),
    }
}

/// The fault that an output of stage `dumps` could not be made. Those of the hives come first.
fn no_dump(snapshot: &Snapshot, (index, why): (usize, String)) -> Fault {
    let place = match snapshot.hives.get(index) {
        Some(hive) => {
            Place::from(Step::Partition(hive.partition)).then(Step::Hive(hive.path.clone()))
        }
        None => Place::from(Step::Path("statistics.txt".into())),
    };
    Fault::text(place, why, "it as text in the results")
}

fn summary(stage: Stage, snapshot: &Snapshot) -> String {
    match stage {
        Stage::Disk => format!("{} partitions\n", snapshot.partitions.len()),
        Stage::Files => {
            let live = snapshot.files.iter().filter(|file| file.is_live()).count();
            format!("{} files and streams, {live} of them in use\n", snapshot.files.len())
        }
        Stage::Registry => format!("{}\n", conditions::summary(snapshot)),
        _ => format!("{} hives\n", snapshot.hives.len()),
    }
}

fn disk_summary(survey: &Survey, tarball: &Path) -> Value {
    let disk = |disk: &survey::SurveyedDisk| {
        // A bare disk may have been read from a copy that has another name.
        let files = match (survey.container, tarball.file_name()) {
            (Container::Raw, Some(name)) => vec![name.to_string_lossy().into_owned()],
            _ => disk.files.clone(),
        };
        json!({
            "number": disk.number, "format": disk.format, "bytes": disk.len, "files": files,
        })
    };
    let shadow_copy = |it: &diskprint_formats::ntfs::ShadowCopy| {
        json!({
            "store": it.store.to_string(), "created": it.created.to_string(),
            "volume_bytes": it.volume_len,
        })
    };
    let partition = |it: &diskprint::Partition| {
        json!({
            "number": it.number, "disk": it.disk, "start": it.start, "bytes": it.len,
            "file_system": it.file_system, "block_size": it.block_size,
            "block_count": it.block_count, "serial": format!("{:016x}", it.serial),
            "read": it.is_read,
            "shadow_copies": it.shadow_copies.iter().map(shadow_copy).collect::<Vec<_>>(),
        })
    };
    json!({
        "slicehash": Hex(&survey.slicehash).to_string(),
        "container": survey.container.name(),
        "disks": survey.disks.iter().map(disk).collect::<Vec<_>>(),
        "partitions": survey.snapshot.partitions.iter().map(partition).collect::<Vec<_>>(),
    })
}
