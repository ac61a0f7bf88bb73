//! The results of a sequence, which are on the disk, go into the database.

use std::path::Path;
use std::sync::PoisonError;

use anyhow::{Context, Error};
use diskprint::{Digests, Fault, Hex, Step};
use diskprint_store::{Found, Results, Run, SliceRow, write_registry_deltas};

use super::journal;
use super::plan::Planned;
use super::slice::Slice;
use super::stage::{Inputs, REGISTRY_DELTAS, Stage, Why};
use super::watch::SequenceWatch;
use super::work::Work;
use crate::catalogue::tarball::{Verdict, verify};
use crate::{VERSION, now};

/// Why the results of a sequence, which are on the disk, are to be stored; `None` when they are.
pub fn why_not_done(work: &Work<'_>, slices: &[Slice<'_>]) -> Result<Option<Why>, Error> {
    let Some(end) = slices.last() else { return Ok(None) };
    let digest = digest(slices);
    if work.re_export {
        return Ok(Some(Why::Wanted));
    }
    if let Some(why) = Stage::Export.of(&end.folder).why_not_done(&inputs(&digest)) {
        return Ok(Some(why));
    }
    let last = work.session.with(|store| store.last_run(&end.planned.id))?;
    let is_stored = match last {
        Some(last) if last.run.inputs == digest && last.run.version == VERSION => {
            last.cells == work.rows_of(slices.iter().map(|slice| &slice.planned.id))?
        }
        _ => false,
    };
    Ok(if is_stored { None } else { Some(Why::NotStored) })
}

/// Stores the results of a sequence. Says whether everything was as it should be, where that was to
/// do; `None` where nothing was.
pub fn run(
    work: &Work<'_>,
    slices: &[Slice<'_>],
    is_clean: bool,
    started: &str,
    watch: &SequenceWatch<'_>,
) -> Result<Option<bool>, Error> {
    let Some(end) = slices.last() else { return Ok(None) };
    let folder = work.folders.of(&end.folder);
    let _mine = folder.lock().unwrap_or_else(PoisonError::into_inner);
    let Some(why) = why_not_done(work, slices)? else {
        if work.dequeue {
            let ids: Vec<_> = slices.iter().map(|slice| slice.planned.id.clone()).collect();
            work.session.with(|store| store.dequeue(&ids))?;
        }
        return Ok(None);
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
    let (rows, changed) = rows(work, slices)?;
    for fault in changed.iter().flatten() {
        watch.watch().warn(&fault.to_string());
    }
    let is_clean = is_clean && changed.iter().all(Option::is_none);
    let run = Run {
        version: VERSION.to_owned(),
        inputs: digest(slices),
        outcome: journal::outcome(is_clean).to_owned(),
        started: started.to_owned(),
        finished: now(),
    };
    end.stage(Stage::Export, watch, |begun| {
        let little = little(slices)?;
        let found = |index: usize| {
            let mut found = match (little.get(index), slices.get(index)) {
                (Some(found), _) => found.clone(),
                (None, Some(slice)) => slice.found()?,
                (None, None) => Found::default(),
            };
            found.faults.extend(changed.get(index).cloned().flatten());
            Ok(found)
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
        // Before the stage is done: a run that is killed here stores again, and notes that.
        journal::note(work, end.planned, run.outcome.clone(), watch);
        let faults = changed.iter().flatten().cloned().collect();
        Ok((inputs(&run.inputs), format!("{} slices\n", rows.len()), faults))
    })?;
    Ok(Some(is_clean))
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

/// The rows by which the database is to know the slices, and a fault for each whose tarball is not
/// the file that was registered.
fn rows(
    work: &Work<'_>,
    slices: &[Slice<'_>],
) -> Result<(Vec<SliceRow>, Vec<Option<Fault>>), Error> {
    let (mut rows, mut changed) = (Vec::new(), Vec::new());
    for slice in slices {
        let Planned { id, predecessor, slicetype, tarball, registered } = slice.planned;
        let hash = slice.hash.with_context(|| format!("slice {id} was not read"))?;
        let ours = Hex(&hash).to_string();
        let other =
            registered.as_ref().filter(|it| verdict(tarball, it, &ours) == Verdict::Changed);
        changed.push(other.map(|theirs| {
            let what = format!(
                "{} is not the file that was registered: its hash was {theirs}, its SHA-256 is \
                 {ours}; the results are those of the file that is there",
                tarball.display(),
            );
            Fault::text(Step::Slice(id.sliceid).into(), what, "")
        }));
        rows.push(SliceRow {
            id: id.clone(),
            slicetype: slicetype.clone(),
            predecessor: *predecessor,
            location: tarball.to_string_lossy().into_owned(),
            slicehash: slicehash(work, slice.planned, ours, other.is_some())?,
        });
    }
    Ok((rows, changed))
}

/// What a tarball with the SHA-256 `ours` is to who knows a hash of it.
fn verdict(tarball: &Path, theirs: &str, ours: &str) -> Verdict {
    match theirs.len() {
        _ if theirs.eq_ignore_ascii_case(ours) => Verdict::Same,
        64 => Verdict::Changed,
        _ => verify(tarball, theirs),
    }
}

/// The hash by which the database knows a tarball, or is to know it: the one that it has, of
/// whatever kind, as other tables of the original's refer to it, unless that is another file's by
/// now.
fn slicehash(
    work: &Work<'_>,
    Planned { tarball, registered, .. }: &Planned,
    ours: String,
    is_changed: bool,
) -> Result<String, Error> {
    if let (Some(theirs), false) = (registered, is_changed) {
        return Ok(theirs.clone());
    }
    // A file that was put back has the hash that it had before.
    let known = work.session.with(|store| store.hashes_at(&tarball.to_string_lossy()))?;
    for theirs in known {
        match verdict(tarball, &theirs, &ours) {
            Verdict::Same => return Ok(theirs),
            Verdict::Changed => {}
            _ if registered.is_none() => return Ok(theirs),
            _ => {}
        }
    }
    Ok(ours)
}

/// Digest over everything that the rows in the database depend on.
fn digest(slices: &[Slice<'_>]) -> String {
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

fn inputs(digest: &str) -> Inputs {
    Inputs::from([("results".to_owned(), digest.to_owned())])
}
