//! Rows of the catalogue from files. `docs/formats.md` describes them.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Error, bail};
use diskprint::printable;
use diskprint_store::{Change, Effect, Error as StoreError, Problem, Store, Table};

use super::tarball::{self, Verdict};
use crate::args::ImportArgs;
use crate::database;
use crate::now;

mod csv;
mod lexer;
mod sql;

/// A catalogue is small; a larger file is something else.
const MAX_BYTES: u64 = 16 << 20;

/// Rows of one file.
#[derive(Default)]
struct Rows {
    rows: Vec<Row>,
    /// What is no row of the catalogue.
    problems: Vec<Problem>,
    /// What was passed over, and on which lines.
    ignored: BTreeMap<String, Vec<u64>>,
}

/// A row as a file has it.
struct Row {
    table: Table,
    /// Indexes of columns, and what is in them; `None` is NULL.
    values: Vec<(usize, Option<String>)>,
    /// Where a slice's tarball is, which is no column of its table.
    location: Option<String>,
    /// Where in the file, `slices.csv:3`.
    place: String,
}

impl Rows {
    fn refuse(&mut self, place: &str, what: impl Into<String>) {
        self.problems.push(Problem { place: Some(place.to_owned()), what: what.into() });
    }
}

/// Adds the rows of files, all or none.
pub fn run(args: &ImportArgs, out: &mut impl Write) -> Result<(), Error> {
    let table = args.table.as_deref().map(named_table).transpose()?;
    let now = now();
    let (mut work, mut problems) = (Work::new(args.verify), Vec::new());
    for path in &args.files {
        let rows = read(path, table, &now)?;
        print_ignored(path, &rows.ignored)?;
        problems.extend(rows.problems);
        let folder = std::path::absolute(path)?.parent().map(Path::to_owned).unwrap_or_default();
        rows.rows.into_iter().for_each(|row| work.take(row, &folder));
    }
    // What is not understood would make good rows seem wrong: a slice without its predecessor.
    if !problems.is_empty() {
        problems.extend(work.problems);
        return Err(StoreError::Refused { problems }.into());
    }
    let mut store = match args.dry_run {
        true => database::open_existing(&args.database)?,
        false => database::open(&args.database)?,
    };
    let effects = work.apply(&mut *store, &now, args.dry_run)?;
    if args.dry_run {
        for (change, effect) in work.changes.iter().zip(effects) {
            let (subject, place) = (change.subject(), change.place.as_deref().unwrap_or_default());
            writeln!(out, "{}", printable(&format!("{place}: {}{subject}", would(effect))))?;
        }
        writeln!(out, "Nothing was changed.")?;
    } else {
        print_counts(out, &work.changes, &effects)?;
    }
    Ok(())
}

fn named_table(name: &str) -> Result<Table, Error> {
    let Some(table) = Table::named(name) else {
        bail!("{name:?} is none of the tables {}", tables());
    };
    Ok(table)
}

fn tables() -> String {
    Table::ALL.map(Table::name).join(", ")
}

fn read(path: &Path, table: Option<Table>, now: &str) -> Result<Rows, Error> {
    let named = || path.display().to_string();
    let len = fs::metadata(path).with_context(named)?.len();
    if len > MAX_BYTES {
        bail!("{}: {len} bytes are too many; up to {MAX_BYTES} are read", path.display());
    }
    let bytes = fs::read(path).with_context(named)?;
    let name = named();
    let ending = path.extension().unwrap_or_default().to_ascii_lowercase();
    match ending.to_str() {
        Some("csv") => Ok(csv::read(&bytes, &name, table)),
        Some("sql") => {
            let text = String::from_utf8(bytes).with_context(|| format!("{name} is not UTF-8"))?;
            Ok(sql::read(&text, &name, now))
        }
        _ => bail!("{}: its name ends neither in .csv nor in .sql", path.display()),
    }
}

fn print_ignored(path: &Path, ignored: &BTreeMap<String, Vec<u64>>) -> io::Result<()> {
    /// How many lines are named.
    const ENOUGH: usize = 5;
    for (what, lines) in ignored {
        let named: Vec<String> = lines.iter().take(ENOUGH).map(u64::to_string).collect();
        let more = if lines.len() > ENOUGH { ", …" } else { "" };
        let (name, named) = (path.display(), named.join(", "));
        let text = format!("{name}: {what} is passed over, line {named}{more}");
        writeln!(io::stderr(), "note: {}", printable(&text))?;
    }
    Ok(())
}

/// What a change did, as a word.
pub fn effect(effect: Effect) -> &'static str {
    match effect {
        Effect::Added => "added",
        Effect::Changed => "changed",
        Effect::Unchanged => "unchanged",
        Effect::Removed => "removed",
    }
}

fn would(effect: Effect) -> &'static str {
    match effect {
        Effect::Added => "would add ",
        Effect::Changed => "would change ",
        Effect::Unchanged => "would leave as it is ",
        Effect::Removed => "would remove ",
    }
}

fn print_counts(out: &mut impl Write, changes: &[Change], effects: &[Effect]) -> io::Result<()> {
    let mut counts: BTreeMap<(Table, Effect), usize> = BTreeMap::new();
    for (change, effect) in changes.iter().zip(effects) {
        *counts.entry((change.table, *effect)).or_default() += 1;
    }
    for table in Table::ALL {
        let of_table = counts.iter().filter(|((of, _), _)| *of == table);
        let texts: Vec<String> =
            of_table.map(|((_, what), count)| format!("{count} {}", effect(*what))).collect();
        if !texts.is_empty() {
            writeln!(out, "{}: {}", table.name(), texts.join(", "))?;
        }
    }
    Ok(())
}

/// Rows on their way to changes.
struct Work {
    verify: bool,
    changes: Vec<Change>,
    problems: Vec<Problem>,
    /// The hash of each tarball that was read, or why it has none.
    hashes: BTreeMap<PathBuf, Result<String, String>>,
}

impl Work {
    fn new(verify: bool) -> Self {
        let (changes, problems, hashes) = (Vec::new(), Vec::new(), BTreeMap::new());
        Self { verify, changes, problems, hashes }
    }

    /// Makes changes of a row; a relative location starts in `folder`, that of the file.
    fn take(&mut self, row: Row, folder: &Path) {
        let Row { table, mut values, location, place } = row;
        let index = table.column("location");
        let at = |index| values.iter().position(|(column, _)| Some(*column) == index);
        let location = match (location, at(index)) {
            (None, Some(at)) => values.remove(at).1,
            (location, _) => location,
        };
        let location = location.map(|location| folder.join(location));
        let hash = table.column("slicehash");
        let at = values.iter().position(|(column, _)| Some(*column) == hash);
        let stored = at.and_then(|at| values[at].1.clone());
        if let (Some(location), Some(hash)) = (location, hash) {
            if let Some(slicehash) = self.hash(&location, stored, &place) {
                let text = location.to_string_lossy().into_owned();
                let change = Change::put_tarball(text, slicehash.clone());
                self.changes.push(change.at(place.clone()));
                values.retain(|(column, _)| *column != hash);
                values.push((hash, Some(slicehash)));
            }
            if table == Table::Storage {
                return;
            }
        }
        self.changes.push(Change::put(table, values).at(place));
    }

    /// The hash of a tarball: the one that the file names, or else the one that it has.
    fn hash(&mut self, path: &Path, stored: Option<String>, place: &str) -> Option<String> {
        let refuse = |what: String| Problem {
            place: Some(place.to_owned()),
            what: format!("{}: {what}", path.display()),
        };
        let Some(stored) = stored else {
            let hash = self.hashes.entry(path.to_owned());
            let hash = hash.or_insert_with(|| {
                tarball::slicehash(path).map_err(|error| format!("cannot be hashed: {error:#}"))
            });
            return hash.clone().map_err(|error| self.problems.push(refuse(error))).ok();
        };
        if self.verify {
            match tarball::verify(path, &stored) {
                Verdict::Same => {}
                Verdict::Changed => {
                    self.problems.push(refuse(format!("its hash is not {stored}")));
                }
                other => {
                    // Nothing is left to say it to when standard error is gone.
                    let text = refuse(format!("its hash was not checked: {}", other.text()));
                    let _ = writeln!(io::stderr(), "note: {}", printable(&text.to_string()));
                }
            }
        }
        Some(stored)
    }

    /// Applies the changes, or says everything that is wrong with them.
    fn apply(
        &mut self,
        store: &mut dyn Store,
        now: &str,
        dry_run: bool,
    ) -> Result<Vec<Effect>, Error> {
        let mut problems = std::mem::take(&mut self.problems);
        if !dry_run && problems.is_empty() {
            return Ok(store.change(&self.changes, now)?);
        }
        match store.check_change(&self.changes, now) {
            Ok(effects) if problems.is_empty() => return Ok(effects),
            Ok(_) => {}
            Err(StoreError::Refused { problems: more }) => problems.extend(more),
            Err(error) => return Err(error.into()),
        }
        Err(StoreError::Refused { problems }.into())
    }
}
