use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::Path;

use anyhow::{Error, bail};
use diskprint::{SliceId, printable};
use diskprint_store::{CatalogueSlice, Change, Store};
use serde::Serialize;

use super::table::{or_dash, print, print_json};
use super::tarball::{self, Verdict};
use super::{sequence_id, slice_id};
use crate::args::{
    SliceAddArgs, SliceArgs, SliceCommand, SliceEditArgs, SliceListArgs, SliceRemoveArgs,
};
use crate::run::plan;
use crate::{Outcome, database, now};

/// Adds, edits, lists and removes slices.
pub fn run(args: &SliceArgs) -> Result<Outcome, Error> {
    match &args.command {
        SliceCommand::Add(args) => add(args),
        SliceCommand::Edit(args) => edit(args),
        SliceCommand::List(args) => list(args),
        SliceCommand::Remove(args) => remove(args),
    }
}

type Values = Vec<(&'static str, Option<String>)>;

fn add(args: &SliceAddArgs) -> Result<Outcome, Error> {
    let id = slice_id(&args.slice)?;
    if args.predecessor == Some(id.sliceid) {
        bail!("slice {id} cannot be its own predecessor");
    }
    let mut store = database::open(&args.database)?;
    let tarball = Found::read(&*store, &args.tarball)?;
    // What is left out here has a meaning, which is not to take the place of what somebody said.
    let differs = |row: &CatalogueSlice| {
        let is_other =
            |was: &Option<String>, given: &Option<String>| given.is_some() && was != given;
        row.slicetype.as_ref() != Some(&args.slicetype)
            || row.predecessor != args.predecessor
            || row.slicehash.as_ref() != Some(&tarball.slicehash)
            || is_other(&row.notes, &args.notes)
            || is_other(&row.slicestate, &args.state)
    };
    if rows_of(&*store, &id)?.iter().any(differs) {
        bail!(
            "slice {id} is there already and differs; diskprint slice edit {id} changes what is \
             named and leaves the rest"
        );
    }
    let mut values: Values = vec![
        ("slicetype", Some(args.slicetype.clone())),
        ("slicepredecessorid", args.predecessor.map(|id| id.to_string())),
        ("slicehash", Some(tarball.slicehash.clone())),
    ];
    values.extend(args.notes.clone().map(|notes| ("slicenotes", Some(notes))));
    values.extend(args.state.clone().map(|state| ("slicestate", Some(state))));
    store.change(&[tarball.change(), Change::put_slice(&id, values)], &now())?;
    let Found { location, slicehash } = tarball;
    writeln!(io::stdout(), "{id} is {}, {} {slicehash}", printable(&location), kind(&slicehash))?;
    Ok(Outcome::Clean)
}

/// What a hash that was just made or compared is called.
fn kind(slicehash: &str) -> &'static str {
    match slicehash.len() {
        64 => "SHA-256",
        40 => "SHA-1",
        _ => "MD5",
    }
}

/// A tarball that was read.
struct Found {
    location: String,
    slicehash: String,
}

impl Found {
    /// Reads a tarball. Where the database has a hash of another kind for it that it still has,
    /// it keeps that, as other tables of the original's may refer to it.
    fn read(store: &dyn Store, path: &Path) -> Result<Self, Error> {
        let path = plan::absolute(path)?;
        let location = path.to_string_lossy().into_owned();
        let theirs = store.tarballs()?.into_iter().find(|tarball| {
            tarball.location.as_ref() == Some(&location)
                && tarball.slicehash.len() != 64
                && tarball::verify(&path, &tarball.slicehash) == Verdict::Same
        });
        let slicehash = match theirs {
            Some(tarball) => tarball.slicehash,
            None => tarball::slicehash(&path)?,
        };
        Ok(Self { location, slicehash })
    }

    fn change(&self) -> Change {
        Change::put_tarball(self.location.clone(), self.slicehash.clone())
    }
}

fn edit(args: &SliceEditArgs) -> Result<Outcome, Error> {
    let id = slice_id(&args.slice)?;
    let mut store = database::open_existing(&args.database)?;
    let before = rows_of(&*store, &id)?;
    if before.is_empty() {
        bail!("slice {id} is not in table slice; diskprint slice add adds it");
    }
    if before.len() > 1 && !args.first && args.predecessor.is_none() {
        bail!(
            "slice {id} has {} rows in table slice; say with --predecessor or --first which slice \
             is before it, and they become one",
            before.len()
        );
    }
    let (mut changes, mut values): (_, Values) = (Vec::new(), Vec::new());
    if let Some(path) = &args.tarball {
        let tarball = Found::read(&*store, path)?;
        changes.push(tarball.change());
        values.push(("slicehash", Some(tarball.slicehash)));
    }
    if args.first || args.predecessor.is_some() {
        values.push(("slicepredecessorid", args.predecessor.map(|id| id.to_string())));
    }
    let texts =
        [("slicetype", &args.slicetype), ("slicenotes", &args.notes), ("slicestate", &args.state)];
    let given = |(name, text): (_, &Option<String>)| Some((name, Some(text.clone()?)));
    values.extend(texts.into_iter().filter_map(given));
    changes.push(Change::put_slice(&id, values));
    store.change(&changes, &now())?;
    print_changes(&id, &before, &rows_of(&*store, &id)?)?;
    Ok(Outcome::Clean)
}

fn rows_of(store: &dyn Store, id: &SliceId) -> Result<Vec<CatalogueSlice>, Error> {
    let mut rows = store.slices(Some((&id.osetid, &id.appetid)))?;
    rows.retain(|slice| slice.id == *id);
    Ok(rows)
}

fn print_changes(
    id: &SliceId,
    before: &[CatalogueSlice],
    after: &[CatalogueSlice],
) -> io::Result<()> {
    let mut out = io::stdout().lock();
    let ([first, ..], [after]) = (before, after) else { return Ok(()) };
    let mut lines = Vec::new();
    if before.len() > 1 {
        lines.push(format!("{} rows became one", before.len()));
    }
    for ((name, was), (_, is)) in fields(first).into_iter().zip(fields(after)) {
        if was != is {
            lines.push(format!("{name}: {} → {}", or_dash(was), or_dash(is)));
        }
    }
    if lines.is_empty() {
        return writeln!(out, "{id}: nothing changed, it was like this before");
    }
    lines.iter().try_for_each(|line| writeln!(out, "{id}: {}", printable(line)))
}

/// What can be edited.
fn fields(slice: &CatalogueSlice) -> [(&'static str, Option<String>); 6] {
    let slice = slice.clone();
    [
        ("tarball", slice.location),
        ("hash", slice.slicehash),
        ("predecessor", slice.predecessor.map(|id| id.to_string())),
        ("slicetype", slice.slicetype),
        ("notes", slice.notes),
        ("state", slice.slicestate),
    ]
}

/// A slice in a list; the names of its fields are those of the original's columns.
#[derive(Serialize)]
struct Listed {
    osetid: String,
    appetid: String,
    sliceid: i64,
    slicetype: Option<String>,
    slicepredecessorid: Option<i64>,
    slicestate: Option<String>,
    slicenotes: Option<String>,
    creationdate: Option<String>,
    location: Option<String>,
    slicehash: Option<String>,
    /// Whether the tarball is there, or with --verify what became of it.
    file: String,
}

fn list(args: &SliceListArgs) -> Result<Outcome, Error> {
    let of = args.sequence.as_deref().map(sequence_id).transpose()?;
    let store = database::open_existing(&args.database)?;
    let of = of.as_ref().map(|(osetid, appetid)| (&**osetid, &**appetid));
    let slices = store.slices(of)?;
    if let (Some((osetid, appetid)), true) = (of, slices.is_empty()) {
        bail!("no slice of {osetid}-{appetid} is in table slice");
    }
    let mut files = Files { verify: args.verify, seen: BTreeMap::new(), worst: Outcome::Clean };
    let listed: Vec<Listed> = slices.into_iter().map(|slice| files.listed(slice)).collect();
    let mut out = io::stdout().lock();
    if args.json {
        print_json(&mut out, &listed)?;
    } else {
        let headings = ["slice", "type", "predecessor", "state", "date", "file", "tarball"];
        print(&mut out, headings, listed.into_iter().map(Listed::cells))?;
    }
    out.flush()?;
    Ok(files.worst)
}

/// The files of slices, each looked at once.
struct Files {
    verify: bool,
    seen: BTreeMap<(String, String), Verdict>,
    worst: Outcome,
}

impl Files {
    fn listed(&mut self, slice: CatalogueSlice) -> Listed {
        let file = self.file(&slice);
        let SliceId { osetid, appetid, sliceid } = slice.id;
        Listed {
            osetid,
            appetid,
            sliceid,
            slicetype: slice.slicetype,
            slicepredecessorid: slice.predecessor,
            slicestate: slice.slicestate,
            slicenotes: slice.notes,
            creationdate: slice.creationdate,
            location: slice.location,
            slicehash: slice.slicehash,
            file,
        }
    }

    fn file(&mut self, slice: &CatalogueSlice) -> String {
        let (Some(location), Some(hash)) = (&slice.location, &slice.slicehash) else {
            if self.verify && !matches!(self.worst, Outcome::Differs) {
                self.worst = Outcome::Faults;
            }
            return "none".into();
        };
        if !self.verify {
            return if diskprint::is_there(Path::new(location)) { "there" } else { "missing" }
                .into();
        }
        let verdict = self
            .seen
            .entry((location.clone(), hash.clone()))
            .or_insert_with(|| tarball::verify(Path::new(location), hash));
        match (&*verdict, &self.worst) {
            (Verdict::Same, _) | (_, Outcome::Differs) => {}
            (Verdict::Changed, _) => self.worst = Outcome::Differs,
            _ => self.worst = Outcome::Faults,
        }
        verdict.text()
    }
}

impl Listed {
    fn cells(self) -> [String; 7] {
        let predecessor = self.slicepredecessorid.map_or("(first)".to_owned(), |id| id.to_string());
        [
            format!("{}-{}-{}", self.osetid, self.appetid, self.sliceid),
            or_dash(self.slicetype),
            predecessor,
            or_dash(self.slicestate),
            or_dash(
                self.creationdate
                    .map(|date| date.chars().take("2013-05-07".len()).collect::<String>()),
            ),
            self.file,
            or_dash(self.location),
        ]
    }
}

fn remove(args: &SliceRemoveArgs) -> Result<Outcome, Error> {
    let ids: Vec<SliceId> =
        args.slices.iter().map(|slice| slice_id(slice)).collect::<Result<_, _>>()?;
    let mut store = database::open_existing(&args.database)?;
    let change = |id| Change::remove_slice(id, args.with_results);
    let changes: Vec<Change> = ids.iter().map(change).collect();
    store.change(&changes, &now())?;
    let mut out = io::stdout().lock();
    ids.iter().try_for_each(|id| writeln!(out, "{id} is removed."))?;
    Ok(Outcome::Clean)
}
