//! What is answered is the same in every database that speaks a [`Dialect`].

use std::cmp::Ordering;

use diskprint::report::NoisePlace;
use diskprint::{Cell, CellChanges, Fault, FileChanges, FileEntry, InterimChange, SliceId};

use super::condition::{Condition, Dialect};
use super::{Browse, Difference, Filter, Listed, Page, Row, RowId, Subject, Touching, subject};
use crate::branch::{Branch, NO_PARENT, Tree};
use crate::column::{Bad, Columns, Value};
use crate::error::doing;
use crate::table::Table;
use crate::{Error, LastRun, Run, branch, delta_table, fault, interim_change, recovered_cell};

/// How many rows are looked at for one page, whatever is looked for.
const WINDOW: i64 = 20_000;

impl<D: Dialect> Browse for D {
    fn all_slices(&self) -> Result<Vec<Listed>, Error> {
        let sql = "SELECT CAST(osetid AS TEXT), CAST(appetid AS TEXT), CAST(sliceid AS BIGINT),
                       CAST(slicepredecessorid AS BIGINT), CAST(slicetype AS TEXT) FROM slice";
        let mut all = read_all(self.query(sql, &[])?, |columns| {
            let id = slice_id(columns)?;
            Ok(Listed { id, predecessor: columns.next()?, slicetype: columns.next()? })
        })?;
        all.sort_by(|a, b| (&a.id, a.predecessor).cmp(&(&b.id, b.predecessor)));
        Ok(all)
    }

    fn last_runs(&self) -> Result<Vec<(SliceId, LastRun)>, Error> {
        let sql = "SELECT osetid, appetid, sliceid, version, inputs, outcome, started, finished,
                       files, cells, faults FROM diskprint_run";
        read_all(self.query(sql, &[])?, |columns| Ok((slice_id(columns)?, read_run(columns)?)))
    }

    fn branches(
        &self,
        slice: &SliceId,
        parent: Option<i64>,
        after: Option<i64>,
        limit: usize,
    ) -> Result<Vec<Branch>, Error> {
        let condition = of(slice)
            .and("parent = ?", [parent.unwrap_or(NO_PARENT).into()])
            .and("ordinal > ?", [after.unwrap_or(-1).into()]);
        read_branches(select(self, &branch::table(), condition, "ordinal", limit)?)
    }

    fn branch(&self, slice: &SliceId, ordinal: i64) -> Result<Option<Branch>, Error> {
        let condition = of(slice).and("ordinal = ?", [ordinal.into()]);
        Ok(read_branches(select(self, &branch::table(), condition, "ordinal", 1)?)?.pop())
    }

    fn differences(
        &self,
        slice: &SliceId,
        tree: Tree,
        filter: &Filter,
        after: Option<i64>,
        limit: usize,
    ) -> Result<Page<Difference>, Error> {
        let whole = || self.branches(slice, None, None, Tree::ALL.len());
        let range = match &filter.branch {
            Some(branch) if branch.tree != tree => None,
            Some(branch) => Some(branch.clone()),
            None => whole()?.into_iter().find(|branch| branch.tree == tree),
        };
        let Some(range) = range else { return Ok(Page { items: Vec::new(), next: None }) };
        let end = range.first_row.saturating_add_unsigned(range.rows);
        let first = after.map_or(0, |after| after.saturating_add(1)).max(range.first_row);
        let last = first.saturating_add(WINDOW).min(end);
        let condition = of(slice)
            .and("ordinal >= ?", [first.into()])
            .and("ordinal < ?", [last.into()])
            .and_all(wanted::<D>(tree, filter));
        let items =
            read_differences(tree, select(self, &table_of(tree), condition, "ordinal", limit)?)?;
        let next = match items.last() {
            Some(item) if items.len() >= limit => item.id.ordinal,
            _ => last - 1,
        };
        Ok(Page { items, next: (next + 1 < end).then_some(next) })
    }

    fn difference(&self, id: &RowId) -> Result<Option<Difference>, Error> {
        let condition = of(&id.slice).and("ordinal = ?", [id.ordinal.into()]);
        let rows = select(self, &table_of(id.tree), condition, "ordinal", 1)?;
        Ok(read_differences(id.tree, rows)?.pop())
    }

    fn fault_page(
        &self,
        slice: &SliceId,
        after: Option<i64>,
        limit: usize,
    ) -> Result<Page<Fault>, Error> {
        page(self, slice, &fault::table(), (after, limit), fault::read)
    }

    fn interim_page(
        &self,
        slice: &SliceId,
        after: Option<i64>,
        limit: usize,
    ) -> Result<Page<InterimChange>, Error> {
        page(self, slice, &interim_change::table(), (after, limit), interim_change::read)
    }

    fn fault_count(&self, slice: &SliceId) -> Result<u64, Error> {
        let Condition { sql, values } = of(slice);
        let sql = format!("SELECT count(*) FROM diskprint_fault WHERE {sql}");
        let counts = read_all(self.query(&sql, &values)?, Columns::unsigned)?;
        Ok(counts.into_iter().sum())
    }

    fn touching(
        &self,
        subject: &Subject,
        after: Option<&RowId>,
        limit: usize,
    ) -> Result<Vec<Difference>, Error> {
        let mut all = Vec::new();
        // The index of one side has its rows in this order, so that no more than a page is read.
        for (tree, sides) in subject.conditions::<D>() {
            for condition in sides {
                let condition = match after {
                    Some(after) => condition.and(
                        "(osetid, appetid, sliceid, ordinal) > (?, ?, ?, ?)",
                        behind(after, tree),
                    ),
                    None => condition,
                };
                let order = "osetid, appetid, sliceid, ordinal";
                let rows = select(self, &table_of(tree), condition, order, limit)?;
                all.extend(read_differences(tree, rows)?);
            }
        }
        all.sort_by(|a, b| a.id.cmp(&b.id));
        all.dedup_by(|a, b| a.id == b.id);
        all.truncate(limit);
        Ok(all)
    }

    fn sequences_touching(&self, subject: &Subject) -> Result<Vec<Touching>, Error> {
        let mut all: Vec<Touching> = Vec::new();
        for (tree, [before, after]) in subject.conditions::<D>() {
            let table = table_of(tree).name;
            let of = |side: &Condition| {
                format!("SELECT osetid, appetid, sliceid, ordinal FROM {table} WHERE {}", side.sql)
            };
            let sql = format!(
                "SELECT osetid, appetid, count(*) FROM ({} UNION {}) AS touched
                 GROUP BY osetid, appetid",
                of(&before),
                of(&after),
            );
            let values = [before.values, after.values].concat();
            all.extend(read_all(self.query(&sql, &values)?, |columns| {
                let (osetid, appetid) = (columns.next()?, columns.next()?);
                Ok(Touching { osetid, appetid, rows: columns.unsigned()? })
            })?);
        }
        all.sort_by(|a, b| (&a.osetid, &a.appetid).cmp(&(&b.osetid, &b.appetid)));
        all.dedup_by(|next, kept| {
            let is_same = (&next.osetid, &next.appetid) == (&kept.osetid, &kept.appetid);
            kept.rows += if is_same { next.rows } else { 0 };
            is_same
        });
        Ok(all)
    }

    fn slices_touching(&self, place: &NoisePlace) -> Result<Vec<SliceId>, Error> {
        let (tree, Condition { sql, values }) = subject::of_place::<D>(place);
        let table = table_of(tree).name;
        let sql = format!("SELECT DISTINCT osetid, appetid, sliceid FROM {table} WHERE {sql}");
        read_all(self.query(&sql, &values)?, slice_id)
    }
}

const READING: &str = "reading results";

/// Whose a row is, and its number.
struct Key {
    slice: SliceId,
    ordinal: i64,
}

fn of(slice: &SliceId) -> Condition {
    let SliceId { osetid, appetid, sliceid } = slice;
    let values = [osetid.as_str().into(), appetid.as_str().into(), (*sliceid).into()];
    Condition::new("osetid = ? AND appetid = ? AND sliceid = ?", values)
}

/// Behind which row of a tree to go on, when `after` was the last row of all trees.
fn behind(after: &RowId, tree: Tree) -> [Value; 4] {
    let RowId { slice: SliceId { osetid, appetid, sliceid }, tree: at, ordinal } = after;
    let ordinal = match tree.cmp(at) {
        Ordering::Less => i64::MAX,
        Ordering::Equal => *ordinal,
        Ordering::Greater => -1,
    };
    [osetid.as_str().into(), appetid.as_str().into(), (*sliceid).into(), ordinal.into()]
}

fn table_of(tree: Tree) -> Table {
    match tree {
        Tree::Files => delta_table::table::<FileEntry, FileChanges>(),
        Tree::Cells => delta_table::table::<Cell, CellChanges>(),
        Tree::Recovered => recovered_cell::table(),
    }
}

/// What a filter wants of the rows of a tree.
fn wanted<D: Dialect>(tree: Tree, filter: &Filter) -> Vec<Condition> {
    let mut all = Vec::new();
    match (&filter.action, tree) {
        (Some(_), Tree::Recovered) => all.push(Condition::never()),
        (Some(action), _) => all.push(Condition::new("action = ?", [action.as_str().into()])),
        (None, _) => {}
    }
    let sides = |names: &[&str]| -> Vec<String> {
        let sides = ["_before", "_after"];
        let sides = if tree == Tree::Recovered { &[""][..] } else { &sides[..] };
        names
            .iter()
            .flat_map(|name| sides.iter().map(move |side| format!("{name}{side}")))
            .collect()
    };
    match (&filter.artefact, tree) {
        (Some(_), Tree::Files) => all.push(Condition::never()),
        (Some(artefact), _) => {
            let columns = sides(&["artefact"]).into_iter();
            let is = |column: String| {
                Condition::new(&format!("{column} = ?"), [artefact.as_str().into()])
            };
            all.push(Condition::any(columns.map(is)));
        }
        (None, _) => {}
    }
    if let Some(search) = &filter.search {
        let named = match tree {
            Tree::Files => &["path", "stream"][..],
            Tree::Cells | Tree::Recovered => &["registry_path", "hive", "key", "value"],
        };
        let named = sides(named).into_iter().map(|column| D::contains(&column, search));
        let digests = subject::digest_columns(tree, search);
        let digests = sides(digests).into_iter().map(|column| {
            Condition::new(&format!("{column} = ?"), [search.to_ascii_lowercase().into()])
        });
        all.push(Condition::any(named.chain(digests)));
    }
    all
}

/// Reads rows of a table of ours.
/// A page of a slice's rows in a table of ours, behind the row `after` and of at most `limit`.
fn page<D: Dialect, T>(
    database: &D,
    slice: &SliceId,
    table: &Table,
    (after, limit): (Option<i64>, usize),
    read: fn(Vec<Value>) -> Result<T, Bad>,
) -> Result<Page<T>, Error> {
    let condition = of(slice).and("ordinal > ?", [after.unwrap_or(-1).into()]);
    let rows = select(database, table, condition, "ordinal", limit.saturating_add(1))?;
    let is_more = rows.len() > limit;
    let (mut items, mut last) = (Vec::new(), None);
    for (key, row) in rows.into_iter().take(limit) {
        last = Some(key.ordinal);
        items.push(read(row).map_err(doing(READING))?);
    }
    Ok(Page { items, next: last.filter(|_| is_more) })
}

fn select<D: Dialect>(
    database: &D,
    table: &Table,
    condition: Condition,
    order: &str,
    limit: usize,
) -> Result<Vec<(Key, Vec<Value>)>, Error> {
    let Condition { sql, mut values } = condition;
    let (columns, name) = (D::columns(table), table.name);
    let sql = format!(
        "SELECT osetid, appetid, sliceid, ordinal, {columns} FROM {name} WHERE {sql}
         ORDER BY {order} LIMIT ?"
    );
    values.push(i64::try_from(limit).unwrap_or(i64::MAX).into());
    let rows = database.query(&sql, &values)?.into_iter();
    let split = |mut row: Vec<Value>| {
        let rest = row.split_off(row.len().min(4));
        let mut columns = Columns::from(row);
        let key = Key { slice: slice_id(&mut columns)?, ordinal: columns.next()? };
        Ok((key, D::values(table, rest)))
    };
    rows.map(split).collect::<Result<_, Bad>>().map_err(doing(READING))
}

fn read_branches(rows: Vec<(Key, Vec<Value>)>) -> Result<Vec<Branch>, Error> {
    let read = |(key, row): (Key, Vec<Value>)| {
        branch::read([vec![key.ordinal.into()], row].concat()).map_err(doing(READING))
    };
    rows.into_iter().map(read).collect()
}

fn read_differences(tree: Tree, rows: Vec<(Key, Vec<Value>)>) -> Result<Vec<Difference>, Error> {
    let read = |(Key { slice, ordinal }, row): (Key, Vec<Value>)| {
        let row = match tree {
            Tree::Files => Row::File(delta_table::read(row)?),
            Tree::Cells => Row::Cell(delta_table::read(row)?),
            Tree::Recovered => Row::Recovered(recovered_cell::read(row)?),
        };
        Ok(Difference { id: RowId { slice, tree, ordinal }, row })
    };
    rows.into_iter().map(read).collect::<Result<_, Bad>>().map_err(doing(READING))
}

fn read_all<T>(
    rows: Vec<Vec<Value>>,
    read: impl Fn(&mut Columns) -> Result<T, Bad>,
) -> Result<Vec<T>, Error> {
    let read = |row: Vec<Value>| read(&mut Columns::from(row));
    rows.into_iter().map(read).collect::<Result<_, _>>().map_err(doing(READING))
}

fn slice_id(columns: &mut Columns) -> Result<SliceId, Bad> {
    Ok(SliceId { osetid: columns.next()?, appetid: columns.next()?, sliceid: columns.next()? })
}

fn read_run(columns: &mut Columns) -> Result<LastRun, Bad> {
    Ok(LastRun {
        run: Run {
            version: columns.next()?,
            inputs: columns.next()?,
            outcome: columns.next()?,
            started: columns.next()?,
            finished: columns.next()?,
        },
        files: columns.unsigned()?,
        cells: columns.unsigned()?,
        faults: columns.unsigned()?,
    })
}
