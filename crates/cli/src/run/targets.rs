//! Which sequences a run is about.

use std::collections::HashMap;
use std::path::PathBuf;

use anyhow::{Error, anyhow, bail};
use diskprint::SliceId;
use diskprint_store::QueueEntry;

use super::beside::Beside;
use super::plan::{self, Planned};
use crate::args::RunArgs;
use crate::database::Session;
use crate::summary::printable;

/// A sequence to be run: what it was called and what is to be read for it.
pub struct Target {
    pub name: String,
    pub planned: Result<Vec<Planned>, Error>,
    /// What of it is not read.
    pub notes: Vec<String>,
}

impl Target {
    /// The slices; none where they could not be found out.
    pub fn planned(&self) -> &[Planned] {
        self.planned.as_deref().unwrap_or_default()
    }
}

/// The sequences that the command line tells, each once.
pub fn of(args: &RunArgs, session: &Session, ends: &[PathBuf]) -> Result<Vec<Target>, Error> {
    let mut targets: Vec<Target> = if args.all {
        registered(session, &session.with(|store| store.sequence_ends())?)?
    } else if args.queue {
        queued(session)?
    } else {
        let mut beside = Beside::default();
        let target = |end: &PathBuf| {
            let (mut notes, name) = (Vec::new(), args.name.as_deref());
            let planned =
                session.plan(|store| plan::sequence(store, &mut beside, end, name, &mut notes));
            Target { name: end.display().to_string(), planned, notes }
        };
        ends.iter().map(target).collect()
    };
    if targets.is_empty() && args.all {
        bail!(
            "the database knows no sequence yet; run one by the tarball of its last slice, or \
             register its slices with diskprint slice add or diskprint db import"
        );
    }
    refuse_twins(&mut targets);
    Ok(targets)
}

fn registered(session: &Session, ends: &[SliceId]) -> Result<Vec<Target>, Error> {
    let mut count: HashMap<String, usize> = HashMap::new();
    ends.iter().for_each(|end| *count.entry(end.sequence()).or_default() += 1);
    let target = |end: &SliceId| Target {
        // One application may have several ends; then the sequence is called by its last slice.
        name: if count[&end.sequence()] > 1 { end.to_string() } else { end.sequence() },
        planned: session.plan(|store| plan::registered(store, end)),
        notes: Vec::new(),
    };
    Ok(ends.iter().map(target).collect())
}

/// The sequences whose tarballs wait in the queue.
fn queued(session: &Session) -> Result<Vec<Target>, Error> {
    let queue = session.with(|store| store.queue())?;
    let ends = session.with(|store| store.sequence_ends())?;
    let mut wanted = Vec::new();
    for entry in &queue {
        for end in &ends {
            let is_of = |slice: &&SliceId| slice.sequence() == end.sequence();
            if entry.slices.iter().any(|slice| is_of(&slice)) && !wanted.contains(end) {
                wanted.push(end.clone());
            }
        }
    }
    wanted.sort();
    registered(session, &wanted)
}

/// What is to be told of tarballs that wait in the queue and are no slices: they stay there.
pub fn strays(args: &RunArgs, session: &Session) -> Result<Vec<String>, Error> {
    if !args.queue {
        return Ok(Vec::new());
    }
    let mut queue = session.with(|store| store.queue())?;
    queue.retain(|entry| entry.slices.is_empty());
    let tell = |entry: &QueueEntry| {
        let location = printable(&entry.location);
        format!("{location} waits in the queue, and no slice has its slicehash")
    };
    Ok(queue.iter().map(tell).collect())
}

/// Sequences that end with one tarball would write to one folder: the first of them is run.
fn refuse_twins(targets: &mut Vec<Target>) {
    let mut seen: HashMap<PathBuf, (SliceId, String)> = HashMap::new();
    targets.retain_mut(|target| {
        let Some(end) = target.planned().last() else { return true };
        match seen.get(&end.tarball) {
            Some((id, _)) if *id == end.id => return false,
            Some((_, name)) => {
                target.planned = Err(anyhow!(
                    "it ends with {}, as {name} does; give it a results folder of its own",
                    end.tarball.display()
                ));
            }
            None => drop(seen.insert(end.tarball.clone(), (end.id.clone(), target.name.clone()))),
        }
        true
    });
}
