//! The main job: one sequence from its tarballs to the database.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use anyhow::{Context, Error, bail};
use diskprint::diff::Comparison;
use diskprint::survey::Survey;
use diskprint::{Digests, Hex, KnownHives, SliceId};
use diskprint_store::{Found, JournalEntry, Results, Run, SliceRow, write_registry_deltas};

use super::baselines::{Baselines, User};
use super::plan::Planned;
use super::slice::{Before, Slice};
use super::stage::{Inputs, REGISTRY_DELTAS, Stage, Why};
use super::watch::SequenceWatch;
use crate::catalogue::tarball::{Verdict, verify};
use crate::database::Session;
use crate::summary::{OUTCOME_CLEAN, OUTCOME_FAULTS, Step};
use crate::{VERSION, now};

/// What all sequences of a run have in common.
pub struct Work<'a> {
    pub results: &'a Path,
    pub scratch: &'a Path,
    pub session: &'a Session,
    pub baselines: &'a Baselines,
    pub folders: Folders,
    /// Rows of each slice in table `regdelta`, as soon as somebody asked.
    pub regdelta_rows: OnceLock<BTreeMap<SliceId, u64>>,
    /// Store again what is stored.
    pub re_export: bool,
    /// Take the tarballs from the queue when their results are stored.
    pub dequeue: bool,
}

/// Folders of slices that jobs work in, so that no two work in the same: sequences may have slices
/// in common.
#[derive(Default)]
pub struct Folders(Mutex<HashMap<PathBuf, Arc<Mutex<()>>>>);

impl Folders {
    fn of(&self, folder: &Path) -> Arc<Mutex<()>> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // Only those that somebody works in are kept.
        all.retain(|_, lock| Arc::strong_count(lock) > 1);
        all.entry(folder.to_owned()).or_default().clone()
    }
}

/// A sequence that ended.
pub struct Ended<'p> {
    slices: Vec<Slice<'p>>,
    /// Whether everything could be read and compared.
    pub is_clean: bool,
    /// Whether anything was done for it.
    pub is_new: bool,
}

/// Brings the results of a sequence up to date, and notes in the work journal how that ended.
pub fn run<'p>(
    work: &Work<'_>,
    planned: &'p [Planned],
    watch: &SequenceWatch<'_>,
) -> Result<Ended<'p>, Error> {
    let ended = update(work, planned, watch);
    let status = match &ended {
        Ok(Ended { is_new: false, .. }) => return ended,
        Ok(ended) => outcome(ended.is_clean).to_owned(),
        Err(error) => format!("failed: {error:#}"),
    };
    if let Some(last) = planned.last() {
        let entry = JournalEntry {
            slice: last.id.clone(),
            time: now(),
            status,
            script: format!("diskprint {VERSION} run"),
            worker: worker(),
            outputdir: outputdir(work.results, &last.tarball),
        };
        if let Err(error) = work.session.with(|store| store.journal(&entry)) {
            watch.watch().warn(&format!("the work journal was not written: {error:#}"));
        }
    }
    ended
}

/// The folder of a slice, with its absolute path: who reads the journal later is elsewhere.
fn outputdir(results: &Path, tarball: &Path) -> String {
    let folder = diskprint::results::folder(results, tarball);
    std::path::absolute(&folder).unwrap_or(folder).display().to_string()
}

fn update<'p>(
    work: &Work<'_>,
    planned: &'p [Planned],
    watch: &SequenceWatch<'_>,
) -> Result<Ended<'p>, Error> {
    let started = now();
    let baseline = work.baselines.user_of(planned);
    let mut slices = slices(work.results, planned)?;
    let any_read = read(work, &mut slices, &baseline, watch)?;
    drop(baseline);
    let is_clean = is_clean(&slices);
    let exported = export(work, &slices, is_clean, &started, watch)?;
    Ok(Ended { slices, is_clean, is_new: any_read || exported })
}

fn slices<'p>(results: &Path, planned: &'p [Planned]) -> Result<Vec<Slice<'p>>, Error> {
    planned.iter().map(|planned| slice(results, planned)).collect()
}

fn slice<'p>(results: &Path, planned: &'p Planned) -> Result<Slice<'p>, Error> {
    Slice::new(results, planned).with_context(|| format!("slice {}", planned.id))
}

/// Why stages are done again; `None` where nothing of them was ever done.
fn again(to_do: &[(Stage, Why)]) -> Option<String> {
    if to_do.iter().all(|(_, why)| matches!(why, Why::Never | Why::Before)) {
        return None;
    }
    // One reason may hold for several stages.
    let mut whys: Vec<(String, Vec<&str>)> = Vec::new();
    for (stage, why) in to_do {
        let why = why.to_string();
        match whys.iter_mut().find(|(known, _)| *known == why) {
            Some((_, stages)) => stages.push(stage.name()),
            None => whys.push((why, vec![stage.name()])),
        }
    }
    let whys: Vec<String> =
        whys.into_iter().map(|(why, stages)| format!("{}: {why}", stages.join(", "))).collect();
    Some(whys.join("; "))
}

fn before<'s, 'p>(slices: &'s [Slice<'p>], index: usize) -> Option<&'s Slice<'p>> {
    slices.get(index.checked_sub(1)?)
}

/// Reads the slices of which a stage is to be done, and does those stages. Says whether there was
/// anything to do.
fn read(
    work: &Work<'_>,
    slices: &mut [Slice<'_>],
    baseline: &User,
    watch: &SequenceWatch<'_>,
) -> Result<bool, Error> {
    let mut any = false;
    let mut last: Before = None;
    for index in 0..slices.len() {
        let folder = work.folders.of(&slices[index].folder);
        let _mine = folder.lock().unwrap_or_else(PoisonError::into_inner);
        if slices[index].hash.is_none() {
            // Another job may have read it by now: sequences may have slices in common.
            let planned = slices[index].planned;
            slices[index] = slice(work.results, planned)?;
        }
        let slice = &slices[index];
        let to_do = slice.to_do(before(slices, index));
        if let Some(why) = again(&to_do) {
            watch.watch().note(&format!("slice {} again: {why}", slice.name()));
        }
        let to_do: Vec<Stage> = to_do.into_iter().map(|(stage, _)| stage).collect();
        // The slice after is compared with this one.
        let is_needed = slices.get(index + 1).is_some_and(|next| {
            next.to_do(Some(slice)).iter().any(|(stage, _)| *stage == Stage::Deltas)
        });
        if to_do.is_empty() && !is_needed {
            watch.passes(slice.bytes());
            last = None;
            continue;
        }
        any = true;
        let survey = one(work, slice, index, &to_do, last.as_deref(), baseline, watch)
            .with_context(|| format!("slice {}", slice.name()))?;
        slices[index].hash = Some(survey.slicehash);
        last = Some(survey);
    }
    Ok(any)
}

/// Reads one slice and does stages of it.
fn one(
    work: &Work<'_>,
    slice: &Slice<'_>,
    index: usize,
    to_do: &[Stage],
    before: Option<&Survey>,
    baseline: &User,
    watch: &SequenceWatch<'_>,
) -> Result<Arc<Survey>, Error> {
    let known = before.map_or_else(KnownHives::new, |before| before.snapshot.known_hives());
    let read = || {
        let watch = watch.slice(&slice.name(), slice.bytes());
        slice.read(work.scratch, &known, &watch)
    };
    // From here on it can be seen that the slice is being read, or was.
    let begun = match to_do.contains(&Stage::Disk) {
        true => Some(Stage::Disk.of(&slice.folder).begin()?),
        false => None,
    };
    let survey = if index == 0 { baseline.get(read) } else { read().map(Arc::new) };
    let survey = match (survey, begun) {
        (Err(error), Some(begun)) => {
            begun.fail(&error);
            return Err(error);
        }
        (survey, _) => survey?,
    };
    slice.write(&survey, to_do, watch)?;
    if to_do.contains(&Stage::Deltas) {
        if index > 0 && before.is_none() {
            bail!("its results were changed meanwhile; run again");
        }
        slice.compare(before, &survey, watch)?;
    }
    Ok(survey)
}

/// Whether no stage of the slices has faults.
fn is_clean(slices: &[Slice<'_>]) -> bool {
    let faults = |slice: &Slice<'_>| -> usize {
        let manifests = Stage::ALL.iter().filter_map(|stage| stage.of(&slice.folder).manifest());
        manifests.map(|manifest| manifest.faults).sum()
    };
    slices.iter().all(|slice| faults(slice) == 0)
}

/// The rows by which the database is to know the slices.
fn rows(
    work: &Work<'_>,
    slices: &[Slice<'_>],
    watch: &SequenceWatch<'_>,
) -> Result<Vec<SliceRow>, Error> {
    let row = |slice: &Slice<'_>| {
        let Planned { id, predecessor, slicetype, tarball, .. } = slice.planned;
        Ok(SliceRow {
            id: id.clone(),
            slicetype: slicetype.clone(),
            predecessor: *predecessor,
            location: tarball.to_string_lossy().into_owned(),
            slicehash: slicehash(work, slice, watch)?,
        })
    };
    slices.iter().map(row).collect()
}

/// The hash by which the database knows a tarball, or is to know it: the one that it has, of
/// whatever kind, as other tables of the original's refer to it, unless that is another file's by
/// now.
fn slicehash(
    work: &Work<'_>,
    slice: &Slice<'_>,
    watch: &SequenceWatch<'_>,
) -> Result<String, Error> {
    let Planned { tarball, registered, .. } = slice.planned;
    let ours = slice.hash.map(|hash| Hex(&hash).to_string()).unwrap_or_default();
    let verdict = |theirs: &str| match theirs.len() {
        _ if theirs.eq_ignore_ascii_case(&ours) => Verdict::Same,
        64 => Verdict::Changed,
        _ => verify(tarball, theirs),
    };
    if let Some(theirs) = registered {
        if verdict(theirs) != Verdict::Changed {
            return Ok(theirs.clone());
        }
        watch.watch().warn(&format!(
            "slice {}: {} is not the file that was registered: its hash was {theirs}, its \
             SHA-256 is {ours}; the results are those of the file that is there",
            slice.name(),
            tarball.display(),
        ));
    }
    // A file that was put back has the hash that it had before.
    let known = work.session.with(|store| store.hashes_at(&tarball.to_string_lossy()))?;
    for theirs in known {
        match verdict(&theirs) {
            Verdict::Same => return Ok(theirs),
            Verdict::Changed => {}
            _ if registered.is_none() => return Ok(theirs),
            _ => {}
        }
    }
    Ok(ours)
}

/// Digest over everything that the rows in the database depend on.
fn inputs(slices: &[Slice<'_>]) -> String {
    let mut list = String::new();
    for slice in slices {
        let Planned { id, predecessor, slicetype, .. } = slice.planned;
        list += &format!("{id} {slicetype:?} {predecessor:?}\n");
        for stage in [Stage::Files, Stage::Registry, Stage::Deltas] {
            let outputs = stage.of(&slice.folder).manifest().map(|manifest| manifest.outputs);
            for (path, made) in outputs.unwrap_or_default() {
                list += &format!("{path} {}\n", made.sha256);
            }
        }
        list += &format!("{}\n", slice.hash.map(|hash| Hex(&hash).to_string()).unwrap_or_default());
    }
    Hex(&Digests::of(list.as_bytes()).sha256).to_string()
}

/// Why the results of a sequence, which are on the disk, are to be stored; `None` when they are.
fn why_export(
    work: &Work<'_>,
    slices: &[Slice<'_>],
    end: &Slice<'_>,
    inputs: &Inputs,
    digest: &str,
) -> Result<Option<Why>, Error> {
    if work.re_export {
        return Ok(Some(Why::Wanted));
    }
    if let Some(why) = Stage::Export.of(&end.folder).why_not_done(inputs) {
        return Ok(Some(why));
    }
    let last = work.session.with(|store| store.last_run(&end.planned.id))?;
    let is_stored = match last {
        Some(last) if last.run.inputs == digest && last.run.version == VERSION => {
            last.cells == work.rows_of(slices)?
        }
        _ => false,
    };
    Ok(if is_stored { None } else { Some(Why::NotStored) })
}

impl Work<'_> {
    /// How many rows table `regdelta` has for slices, when it was first asked for in this run:
    /// others may have emptied it.
    fn rows_of(&self, slices: &[Slice<'_>]) -> Result<u64, Error> {
        let rows = match self.regdelta_rows.get() {
            Some(rows) => rows,
            None => {
                let rows = self.session.with(|store| store.regdelta_rows())?;
                self.regdelta_rows.get_or_init(|| rows)
            }
        };
        Ok(slices.iter().filter_map(|slice| rows.get(&slice.planned.id)).sum())
    }
}

/// Stores the results of a sequence. Says whether that was to do.
fn export(
    work: &Work<'_>,
    slices: &[Slice<'_>],
    is_clean: bool,
    started: &str,
    watch: &SequenceWatch<'_>,
) -> Result<bool, Error> {
    let Some(end) = slices.last() else { return Ok(false) };
    let digest = inputs(slices);
    let inputs = Inputs::from([("results".to_owned(), digest.clone())]);
    let folder = work.folders.of(&end.folder);
    let _mine = folder.lock().unwrap_or_else(PoisonError::into_inner);
    let Some(why) = why_export(work, slices, end, &inputs, &digest)? else {
        if work.dequeue {
            let ids: Vec<_> = slices.iter().map(|slice| slice.planned.id.clone()).collect();
            work.session.with(|store| store.dequeue(&ids))?;
        }
        return Ok(false);
    };
    let why = match why {
        Why::Never => None,
        // Nobody is told anything by the digests of digests.
        Why::Input { .. } => Some("a slice, its type or its results are others".to_owned()),
        why => Some(why.to_string()),
    };
    if let Some(why) = why {
        watch.watch().note(&format!("sequence {} stored again: {why}", end.planned.id.sequence()));
    }
    let rows = rows(work, slices, watch)?;
    let run = Run {
        version: VERSION.to_owned(),
        inputs: digest,
        outcome: outcome(is_clean).to_owned(),
        started: started.to_owned(),
        finished: now(),
    };
    end.stage(Stage::Export, watch, |begun| {
        let little = little(slices)?;
        let found = |index: usize| match (little.get(index), slices.get(index)) {
            (Some(found), _) => Ok(found.clone()),
            (None, Some(slice)) => slice.found(),
            (None, None) => Ok(Found::default()),
        };
        let all = Results { slices: &rows, run: &run, found: &found, dequeue: work.dequeue };
        let registry_deltas = Stage::Deltas.of(&end.folder).folder().join(REGISTRY_DELTAS);
        write_registry_deltas(&registry_deltas, &all)?;
        begun.wrote(&format!("{}/{REGISTRY_DELTAS}", Stage::Deltas.name()))?;
        // Last, so that a run that the database knows has all its outputs.
        work.session.with(|store| {
            store.register_slices(&rows, &run.finished)?;
            store.save(&all)
        })?;
        Ok((inputs, format!("{} slices\n", rows.len()), Vec::new()))
    })?;
    Ok(true)
}

/// What was found in all slices, where that is little; else it is loaded for one slice at a time,
/// as often as it is needed. Loading takes longer than storing, and other sequences wait for the
/// database meanwhile.
fn little(slices: &[Slice<'_>]) -> Result<Vec<Found>, Error> {
    let bytes = slices.iter().map(Slice::found_bytes).sum::<u64>();
    if bytes > LITTLE {
        return Ok(Vec::new());
    }
    Ok(slices.iter().map(Slice::found).collect::<Result<_, _>>()?)
}

/// Bytes of files; what is loaded from them is a few times as long.
const LITTLE: u64 = 16 << 20;

/// What a run would do for a sequence: for each slice the reasons to read it, and the one to store
/// the results; `None` where nothing is to do.
pub fn why_not_done(work: &Work<'_>, planned: &[Planned]) -> Result<Option<Vec<String>>, Error> {
    let slices = slices(work.results, planned)?;
    let mut whys = Vec::new();
    for (index, slice) in slices.iter().enumerate() {
        let to_do = slice.to_do(before(&slices, index));
        whys.push(match (again(&to_do), to_do.is_empty()) {
            (Some(why), _) => why,
            (None, true) => String::new(),
            (None, false) => Why::Never.to_string(),
        });
    }
    if whys.iter().any(|why| !why.is_empty()) {
        return Ok(Some(whys));
    }
    let Some(end) = slices.last() else { return Ok(None) };
    let digest = inputs(&slices);
    let inputs = Inputs::from([("results".to_owned(), digest.clone())]);
    let why = why_export(work, &slices, end, &inputs, &digest)?;
    Ok(why.map(|why| {
        if let Some(last) = whys.last_mut() {
            *last = format!("{}: {why}", Stage::Export.name());
        }
        whys
    }))
}

impl Ended<'_> {
    /// What was found in each slice, in numbers.
    pub fn steps(&self) -> Result<Vec<Step>, Error> {
        let mut from: Option<String> = None;
        let mut steps = Vec::new();
        for slice in &self.slices {
            let Planned { id, tarball, .. } = slice.planned;
            let (files, cells, faults) = slice.deltas()?;
            let hash = slice.hash.map(|hash| Hex(&hash).to_string()).unwrap_or_default();
            let to = id.sliceid.to_string();
            let mut step =
                Step::new(from.replace(to.clone()), to, tarball.display().to_string(), hash);
            step.count(&Comparison { files, cells, faults: Vec::new() }.counts());
            step.add_faults(&faults);
            steps.push(step);
        }
        Ok(steps)
    }
}

pub fn outcome(is_clean: bool) -> &'static str {
    if is_clean { OUTCOME_CLEAN } else { OUTCOME_FAULTS }
}

/// Who works: the user, the machine and the process.
fn worker() -> String {
    let user = ["USER", "LOGNAME"].iter().find_map(|name| std::env::var(name).ok());
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let user = user.unwrap_or_else(user_id);
    format!("{user}@{} process {}", host.trim(), std::process::id())
}

/// The number of the user, where the environment does not tell the name.
fn user_id() -> String {
    #[cfg(unix)]
    if let Ok(metadata) = std::fs::metadata("/proc/self") {
        return format!("uid {}", std::os::unix::fs::MetadataExt::uid(&metadata));
    }
    "unknown".to_owned()
}
