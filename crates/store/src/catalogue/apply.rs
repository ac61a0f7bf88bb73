//! From changes to rows that are written: worked out as a whole, then written.

use std::collections::{BTreeMap, BTreeSet};

use diskprint::SliceId;

use super::change::{What, key_of, moment, parse, subject};
use super::check::{Wrong, wrong};
use super::{Change, Column, Effect, Field, Kind, Problem, Table};
use crate::Error;

pub(super) type Key = Vec<Field>;
type Row = Vec<Field>;

/// What the catalogue needs of a database, within a transaction.
pub(crate) trait Tables {
    /// Returns all rows of a table.
    fn read(&mut self, table: Table) -> Result<Vec<Row>, Error>;
    /// Returns how many characters each column of a table takes; `None` for any number.
    fn limits(&mut self, table: Table) -> Result<Vec<Option<usize>>, Error>;
    /// The largest number that a column takes.
    fn largest(&self) -> i64;
    /// Returns whether results of a slice are stored.
    fn has_results(&mut self, slice: &SliceId) -> Result<bool, Error>;
    /// Removes the results of a slice.
    fn clear_results(&mut self, slice: &SliceId) -> Result<(), Error>;
    /// Adds a row.
    fn insert(&mut self, table: Table, row: &[Field]) -> Result<(), Error>;
    /// Removes the rows that have the key of `row`.
    fn delete(&mut self, table: Table, row: &[Field]) -> Result<(), Error>;
    /// Makes the rows that have the key of `row` like it.
    fn update(&mut self, table: Table, row: &[Field]) -> Result<(), Error>;
    /// Tells the queue of tarballs where one lies now.
    fn moved(&mut self, slicehash: &Field, location: &Field) -> Result<(), Error>;

    /// From now on the tarball of a slice is where table `storage` has its content.
    fn forget_location(&mut self, slice: &SliceId) -> Result<(), Error>;
}

/// Rows of all tables by their keys; one key may have several rows.
#[derive(Clone, Default)]
pub(super) struct State(BTreeMap<(Table, Key), Vec<Row>>);

impl State {
    pub(super) fn has(&self, at: &(Table, Key)) -> bool {
        self.0.contains_key(at)
    }

    pub(super) fn rows_of(&self, table: Table) -> impl Iterator<Item = (&Key, &Row)> {
        let rows = self.0.iter().filter(move |((of, _), _)| *of == table);
        rows.flat_map(|((_, key), rows)| rows.iter().map(move |row| (key, row)))
    }

    /// The keys of a table's rows, for people.
    pub(super) fn names(&self, table: Table) -> String {
        let keys = self.rows_of(table).filter_map(|(key, _)| key.first());
        keys.map(Field::to_string).collect::<Vec<_>>().join(", ")
    }

    fn read(tables: &mut impl Tables) -> Result<Self, Error> {
        let mut state = Self::default();
        for table in Table::ALL {
            for mut row in tables.read(table)? {
                row.iter_mut().zip(table.columns()).for_each(normalize);
                let key = key_of(table, |index| row.get(index).cloned());
                state.0.entry((table, key)).or_default().push(row);
            }
        }
        Ok(state)
    }
}

/// Gives a moment the form in which we keep them.
fn normalize((field, column): (&mut Field, &Column)) {
    if let (Kind::Time, Field::Text(text)) = (column.kind, &*field)
        && let Some(kept) = moment(text)
    {
        *field = Field::Text(kept);
    }
}

/// What changes lead to.
pub(crate) struct Plan {
    /// What each change does.
    pub(crate) effects: Vec<Effect>,
    before: State,
    after: State,
}

/// Works out what changes lead to; refuses them with all their problems.
pub(crate) fn check(
    tables: &mut impl Tables,
    changes: &[Change],
    now: &str,
) -> Result<Plan, Error> {
    let before = State::read(tables)?;
    let mut work = Work {
        after: before.clone(),
        now: moment(now).unwrap_or_else(|| now.to_owned()),
        put: BTreeMap::new(),
        places: BTreeMap::new(),
        problems: BTreeSet::new(),
    };
    let mut effects = Vec::new();
    for (index, change) in changes.iter().enumerate() {
        effects.push(match &change.what {
            What::Put(values) => work.put(tables, index, change, values)?,
            What::Remove { key, with_results } => {
                work.remove(tables, index, change, key, *with_results)?;
                Effect::Removed
            }
        });
    }
    // What was wrong before does not keep anybody from putting another thing right.
    let new: Vec<Wrong> = wrong(&work.after).difference(&wrong(&before)).cloned().collect();
    work.blame(new);
    if work.problems.is_empty() {
        return Ok(Plan { effects, before, after: work.after });
    }
    let place = |index: usize| changes.get(index).and_then(|change| change.place.clone());
    let problems = work.problems.into_iter().map(|(at, what)| Problem { place: place(at), what });
    Err(Error::Refused { problems: problems.collect() })
}

/// Changes on their way into a state.
struct Work {
    after: State,
    now: String,
    /// What the last change put in each row.
    put: BTreeMap<(Table, Key), Vec<(usize, Field)>>,
    /// The first change of each row.
    places: BTreeMap<(Table, Key), usize>,
    /// What is wrong, by the change.
    problems: BTreeSet<(usize, String)>,
}

impl Work {
    fn put(
        &mut self,
        tables: &mut impl Tables,
        index: usize,
        change: &Change,
        values: &[(usize, Option<String>)],
    ) -> Result<Effect, Error> {
        let table = change.table;
        let fields = self.fields(tables, index, change, values)?;
        let field =
            |at: usize| fields.iter().rev().find(|(to, _)| *to == at).map(|(_, f)| f.clone());
        let key = key_of(table, field);
        if key.contains(&Field::Null) {
            return Ok(Effect::Unchanged);
        }
        let at = (table, key);
        self.compare_with_earlier(index, &at, &fields);
        self.places.entry(at.clone()).or_insert(index);
        let rows = self.after.0.get(&at).map_or(&[][..], Vec::as_slice);
        let (was, count) = (rows.first().cloned(), rows.len());
        let mut row: Row = was.clone().unwrap_or_else(|| {
            table.columns().iter().map(|column| table.default(column, &self.now)).collect()
        });
        for (index, field) in fields {
            if let Some(slot) = row.get_mut(index) {
                *slot = field;
            }
        }
        let effect = match was {
            None => Effect::Added,
            Some(was) if was == row && count == 1 => Effect::Unchanged,
            Some(_) => Effect::Changed,
        };
        self.after.0.insert(at, vec![row]);
        Ok(effect)
    }

    /// The fields that a change names, each read as what its column holds.
    fn fields(
        &mut self,
        tables: &mut impl Tables,
        index: usize,
        change: &Change,
        values: &[(usize, Option<String>)],
    ) -> Result<Vec<(usize, Field)>, Error> {
        let table = change.table;
        let limits = tables.limits(table)?;
        let largest = tables.largest();
        let mut fields = Vec::new();
        let named = |at: usize| values.iter().any(|(to, _)| *to == at);
        for (at, column) in table.columns().iter().enumerate() {
            if column.is_key && !named(at) {
                self.refuse(index, format!("{}: {} is empty", change.subject(), column.name));
            }
        }
        for (at, text) in values {
            let Some(column) = table.columns().get(*at) else { continue };
            let must = column.is_key || (table, column.name) == (Table::Slice, "slicetype");
            let field = parse(column.kind, must, text.as_deref()).map_err(str::to_owned);
            let limit = limits.get(*at).copied().flatten();
            match field.and_then(|field| fits(field, limit, largest)) {
                Ok(field) => fields.push((*at, field)),
                Err(what) => {
                    let shown = match text.as_deref() {
                        None | Some("") => String::new(),
                        Some(text) => format!(" {:?}", cut(text)),
                    };
                    let what = format!("{}: {}{shown} {what}", cut(&change.subject()), column.name);
                    self.refuse(index, what);
                }
            }
        }
        Ok(fields)
    }

    /// Two changes of one list must not say different things of one row. A tarball may lie in
    /// several places; the last is kept.
    fn compare_with_earlier(&mut self, index: usize, at: &(Table, Key), fields: &[(usize, Field)]) {
        let earlier = self.put.insert(at.clone(), fields.to_vec());
        let Some(earlier) = earlier.filter(|_| at.0 != Table::Storage) else { return };
        for (column, field) in fields {
            let other = earlier.iter().find(|(to, other)| to == column && other != field);
            if let (Some((_, other)), Some(column)) = (other, at.0.columns().get(*column)) {
                let (name, subject) = (column.name, subject(at.0, &at.1));
                let what = format!(
                    "{subject} is there twice, with {name} {} and {}",
                    cut(&other.to_string()),
                    cut(&field.to_string())
                );
                self.refuse(index, what);
            }
        }
    }

    fn remove(
        &mut self,
        tables: &mut impl Tables,
        index: usize,
        change: &Change,
        key: &Key,
        with_results: bool,
    ) -> Result<(), Error> {
        let at = (change.table, key.clone());
        let name = subject(change.table, key);
        self.places.insert(at.clone(), index);
        if self.after.0.remove(&at).is_none() {
            self.refuse(index, format!("{name} is not in table {}", change.table.name()));
        } else if let (false, Some(slice)) = (with_results, slice_id(&at))
            && tables.has_results(&slice)?
        {
            self.refuse(
                index,
                format!("{name} has stored results; --with-results removes them, too"),
            );
        }
        Ok(())
    }

    fn refuse(&mut self, index: usize, what: String) {
        self.problems.insert((index, what));
    }

    /// Finds the change that each new wrong is due to.
    fn blame(&mut self, new: Vec<Wrong>) {
        for wrong in new {
            let removal = wrong.missing.as_ref().filter(|missing| self.is_removed(missing));
            if let (Some(at), Some((table, key))) = (removal, wrong.rows.first()) {
                let (gone, stays) = (subject(at.0, &at.1), subject(*table, key));
                let index = self.places.get(at).copied().unwrap_or(usize::MAX);
                let what = match table {
                    Table::Slice => format!("{gone} is the predecessor of {stays}"),
                    _ => format!("{gone} is named by {stays}"),
                };
                self.refuse(index, format!("{what}, and stays"));
                continue;
            }
            let index = wrong.rows.iter().filter_map(|at| self.places.get(at)).min();
            self.refuse(index.copied().unwrap_or(usize::MAX), wrong.what);
        }
    }

    fn is_removed(&self, at: &(Table, Key)) -> bool {
        self.places.contains_key(at) && !self.after.has(at)
    }
}

/// Checks the length of text and the size of a number.
fn fits(field: Field, limit: Option<usize>, largest: i64) -> Result<Field, String> {
    match (&field, limit) {
        (Field::Text(text), Some(limit)) if text.chars().count() > limit => {
            let chars = text.chars().count();
            Err(format!("has {chars} characters, and the column takes {limit}"))
        }
        (Field::Number(number), _) if !(-largest..=largest).contains(number) => {
            Err(format!("is too large; the column takes numbers up to {largest}"))
        }
        _ => Ok(field),
    }
}

/// The text, or its beginning where it is too long for a message.
fn cut(text: &str) -> String {
    const ENOUGH: usize = 200;
    match text.char_indices().nth(ENOUGH) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}…", &text[..end]),
    }
}

fn slice_id((table, key): &(Table, Key)) -> Option<SliceId> {
    match (table, key.as_slice()) {
        (Table::Slice, [Field::Number(sliceid), Field::Text(osetid), Field::Text(appetid)]) => {
            let (osetid, appetid) = (osetid.clone(), appetid.clone());
            Some(SliceId { osetid, appetid, sliceid: *sliceid })
        }
        _ => None,
    }
}

/// Writes what a plan leads to.
pub(crate) fn execute(tables: &mut impl Tables, plan: &Plan) -> Result<(), Error> {
    for (at, rows) in &plan.after.0 {
        let before = plan.before.0.get(at).map_or(&[][..], Vec::as_slice);
        let Some(row) = rows.first().filter(|_| before != rows.as_slice()) else { continue };
        match before {
            [] => tables.insert(at.0, row)?,
            [_] => tables.update(at.0, row)?,
            _ => {
                tables.delete(at.0, row)?;
                tables.insert(at.0, row)?;
            }
        }
        if let (Table::Storage, [location, slicehash]) = (at.0, row.as_slice()) {
            tables.moved(slicehash, location)?;
        }
        if let Some(slice) = slice_id(at) {
            tables.forget_location(&slice)?;
        }
    }
    for (at, rows) in plan.before.0.iter().rev() {
        let Some(row) = rows.first().filter(|_| !plan.after.has(at)) else { continue };
        if let Some(slice) = slice_id(at) {
            tables.clear_results(&slice)?;
            tables.forget_location(&slice)?;
        }
        tables.delete(at.0, row)?;
    }
    Ok(())
}
