//! The main job: one sequence from its tarballs to the database.

use std::sync::{Arc, PoisonError};

use anyhow::{Context, Error, bail};
use diskprint::diff::Comparison;
use diskprint::survey::Survey;
use diskprint::{Hex, Known, pipeline};
use diskprint_store::Found;

use super::baselines::User;
use super::before::Before;
use super::plan::Planned;
use super::reading::{Openings, Reading};
use super::slice::Slice;
use super::stage::{Stage, Why};
use super::watch::SequenceWatch;
use super::work::Work;
use super::{export, journal};
use crate::database::Session;
use crate::now;
use crate::summary::Step;

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
    if let (Err(error), Some(last)) = (&ended, planned.last()) {
        journal::note(work, last, format!("failed: {error:#}"), watch);
    }
    ended
}

fn update<'p>(
    work: &Work<'_>,
    planned: &'p [Planned],
    watch: &SequenceWatch<'_>,
) -> Result<Ended<'p>, Error> {
    let started = now();
    let baseline = work.baselines.user_of(planned);
    let mut slices = slices(work, planned)?;
    let reading = Reading::new(work, watch, planned, baseline.is_shared());
    let any_read =
        reading.with(|openings| each(work, &mut slices, &baseline, watch, &reading, openings))?;
    drop(baseline);
    let is_clean = slices.iter().all(|slice| is_clean(slice, &slice.stages()));
    let export = || export::run(work, &slices, is_clean, &started, watch);
    // To remove the unpacked disks takes a second for some gigabytes.
    let (exported, ()) = pipeline::both(export, || drop(reading));
    let exported = exported?;
    let is_clean = exported.unwrap_or_else(|| {
        is_clean && slices.last().is_none_or(|end| self::is_clean(end, &[Stage::Export]))
    });
    if let (true, None, Some(last)) = (any_read, exported, planned.last()) {
        journal::note(work, last, journal::outcome(is_clean).to_owned(), watch);
    }
    Ok(Ended { slices, is_clean, is_new: any_read || exported.is_some() })
}

fn slices<'p>(work: &Work<'_>, planned: &'p [Planned]) -> Result<Vec<Slice<'p>>, Error> {
    planned.iter().map(|planned| slice(work, planned)).collect()
}

fn slice<'p>(work: &Work<'_>, planned: &'p Planned) -> Result<Slice<'p>, Error> {
    Slice::new(work, planned).with_context(|| format!("slice {}", planned.id))
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
fn each<'r>(
    work: &Work<'_>,
    slices: &mut [Slice<'_>],
    baseline: &User,
    watch: &SequenceWatch<'_>,
    reading: &Reading<'r>,
    openings: &Openings<'_, '_, 'r>,
) -> Result<bool, Error> {
    let mut any = false;
    let mut last: Option<Before> = None;
    for index in 0..slices.len() {
        let folder = work.folders.of(&slices[index].folder);
        let _mine = folder.lock().unwrap_or_else(PoisonError::into_inner);
        if slices[index].hash.is_none() {
            // Another job may have read it by now: sequences may have slices in common.
            let planned = slices[index].planned;
            slices[index] = slice(work, planned)?;
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
        reading.begin(openings, index, |next| slices[next].hash.is_none());
        let read = |known: &Known| {
            let read = || slice.read(openings.take(index)?, known);
            if index == 0 { baseline.get(read) } else { read().map(Arc::new) }
        };
        let survey = one(work, slice, index, &to_do, last.as_ref(), read, watch)
            .with_context(|| format!("slice {}", slice.name()))?;
        if index == 0 {
            reading.starts_from(&survey);
        }
        slices[index].hash = Some(survey.slicehash);
        let is_last = index + 1 == slices.len();
        last = if is_last { None } else { Some(Before::new(survey, work.scratch)?) };
    }
    Ok(any)
}

/// Reads one slice and does stages of it.
fn one(
    work: &Work<'_>,
    slice: &Slice<'_>,
    index: usize,
    to_do: &[Stage],
    before: Option<&Before>,
    read: impl FnOnce(&Known) -> Result<Arc<Survey>, Error>,
    watch: &SequenceWatch<'_>,
) -> Result<Arc<Survey>, Error> {
    let state = work.hive_state;
    let known = match before {
        Some(before) => before.known(state),
        None => Known::in_state(state),
    };
    // From here on it can be seen that the slice is being read, or was.
    let begun = match to_do.contains(&Stage::Disk) {
        true => Some(Stage::Disk.of(&slice.folder).begin()?),
        false => None,
    };
    watch.stage(&slice.name(), "reading");
    let survey = match (read(&known), begun) {
        (Err(error), Some(begun)) => {
            begun.fail(&error);
            return Err(error);
        }
        (survey, _) => survey?,
    };
    if to_do.contains(&Stage::Deltas) && index > 0 && before.is_none() {
        bail!("its results were changed meanwhile; run again");
    }
    slice.write(before, &survey, to_do, watch)?;
    Ok(survey)
}

/// Whether none of these stages of a slice has faults.
fn is_clean(slice: &Slice<'_>, stages: &[Stage]) -> bool {
    let manifests = stages.iter().filter_map(|stage| stage.of(&slice.folder).manifest());
    manifests.map(|manifest| manifest.faults).sum::<usize>() == 0
}

/// What a run would do for a sequence: for each slice the reasons to read it, and the one to store
/// the results; `None` where nothing is to do.
pub fn why_not_done(work: &Work<'_>, planned: &[Planned]) -> Result<Option<Vec<String>>, Error> {
    let slices = slices(work, planned)?;
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
    let why = export::why_not_done(work, &slices)?;
    Ok(why.map(|why| {
        if let Some(last) = whys.last_mut() {
            *last = format!("{}: {why}", Stage::Export.name());
        }
        whys
    }))
}

impl Ended<'_> {
    /// What was found in each slice, in numbers.
    pub fn steps(&self, session: &Session) -> Result<Vec<Step>, Error> {
        let mut from: Option<String> = None;
        let mut steps = Vec::new();
        for slice in &self.slices {
            let Planned { id, tarball, .. } = slice.planned;
            let Found { files, cells, recovered, interim, .. } = slice.deltas()?;
            let hash = slice.hash.map(|hash| Hex(&hash).to_string()).unwrap_or_default();
            let to = id.sliceid.to_string();
            let mut step =
                Step::new(from.replace(to.clone()), to, tarball.display().to_string(), hash);
            let comparison = Comparison { files, cells, recovered, interim, faults: Vec::new() };
            step.count(&comparison.counts());
            step.add_faults(&session.with(|store| store.faults(id))?);
            steps.push(step);
        }
        Ok(steps)
    }
}
