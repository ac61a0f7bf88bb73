use diskprint::export::json_row;
use diskprint::report::{Line, line};
use diskprint::row::{self, CELL, FILE, SliceName};
use diskprint::{Cell, Delta, SliceId};
use diskprint_store::{Difference, Filter, Row, RowId, Store, Subject, Tree};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::slices::Page;
use super::touching::Link;
use super::{Asked, limit};
use crate::answer::Problem;

#[derive(Deserialize)]
pub(super) struct Wanted {
    action: Option<String>,
    artefact: Option<String>,
    search: Option<String>,
    below: Option<i64>,
    after: Option<i64>,
    limit: Option<usize>,
}

/// A difference among others.
#[derive(Serialize)]
pub(super) struct DifferenceLine {
    slice: String,
    tree: &'static str,
    ordinal: i64,
    action: &'static str,
    kind: &'static str,
    path: String,
    changes: Vec<&'static str>,
    artefact: Option<String>,
    size: Option<u64>,
    sha1: Option<String>,
}

impl From<&Difference> for DifferenceLine {
    fn from(Difference { id, row }: &Difference) -> Self {
        let Line { action, kind, path, changes, artefact, size, sha1 } = line_of(row);
        let (slice, tree, ordinal) = (id.slice.to_string(), id.tree.name(), id.ordinal);
        let artefact = artefact.map(str::to_owned);
        Self { slice, tree, ordinal, action, kind, path, changes, artefact, size, sha1 }
    }
}

fn line_of(row: &Row) -> Line<'_> {
    match row {
        Row::File(delta) => line::of_file(delta),
        Row::Cell(delta) => line::of_cell(delta),
        Row::Recovered(found) => line::of_recovered(found),
    }
}

pub(super) fn list(
    store: &dyn Store,
    asked: &Asked<Wanted>,
) -> Result<Page<DifferenceLine>, Problem> {
    let (slice, tree) = (asked.slice()?, tree(asked.part(1))?);
    let Wanted { action, artefact, search, below, after, limit: wanted } = &asked.query;
    if let Some(action) = action.as_deref().filter(|it| !["new", "altered", "deleted"].contains(it))
    {
        let text = format!("{action:?} is no action: new, altered, deleted");
        return Err(Problem::bad_request(text));
    }
    let branch = match below {
        Some(below) => match store.branch(&slice, *below)? {
            None => return Err(Problem::not_found(format!("slice {slice} has no branch {below}"))),
            branch => branch,
        },
        None => None,
    };
    let text = |text: &Option<String>| text.clone().filter(|text| !text.trim().is_empty());
    let search = text(search).map(|text| text.trim().to_owned());
    let filter = Filter { action: action.clone(), artefact: text(artefact), search, branch };
    let page = store.differences(&slice, tree, &filter, *after, limit(*wanted)?)?;
    Ok(Page { items: page.items.iter().map(DifferenceLine::from).collect(), next: page.next })
}

/// A difference with all that is known of it.
#[derive(Serialize)]
pub(super) struct Whole {
    #[serde(flatten)]
    line: DifferenceLine,
    /// The fields of its row, as an export has them.
    fields: Box<RawValue>,
    /// What else may be asked for: who touches the same path, key or content.
    touching: Vec<Link>,
}

pub(super) fn one(store: &dyn Store, asked: &Asked<()>) -> Result<Whole, Problem> {
    let (slice, tree) = (asked.slice()?, tree(asked.part(1))?);
    let ordinal = asked.part(2);
    let number = ordinal.parse().ok();
    let found = match number {
        Some(ordinal) => store.difference(&RowId { slice: slice.clone(), tree, ordinal })?,
        None => None,
    };
    let Some(difference) = found else {
        let text = format!("slice {slice} has no row {ordinal} among {}", tree.name());
        return Err(Problem::not_found(text));
    };
    Ok(Whole {
        line: DifferenceLine::from(&difference),
        fields: fields(&slice, &difference.row)?,
        touching: subjects(&difference.row).into_iter().filter_map(Link::to).collect(),
    })
}

fn tree(name: &str) -> Result<Tree, Problem> {
    Tree::from_name(name)
        .ok_or_else(|| Problem::not_found(format!("{name:?} is none of files, cells, recovered")))
}

/// All fields of a difference, as an export has them.
pub(super) fn fields(slice: &SliceId, row: &Row) -> Result<Box<RawValue>, Problem> {
    let sliceid = slice.sliceid.to_string();
    let (osetid, appetid) = (Some(&*slice.osetid), Some(&*slice.appetid));
    let name = SliceName { osetid, appetid, sliceid: &sliceid };
    Ok(match row {
        Row::File(delta) => json_row(&FILE, &row::file(&name, delta)),
        Row::Cell(delta) => json_row(&CELL, &row::cell(&name, delta)),
        Row::Recovered(found) => json_row(&CELL, &row::recovered(&name, found)),
    }?)
}

/// What a difference touches: places and contents, before and after.
fn subjects(row: &Row) -> Vec<Subject> {
    let mut subjects = Vec::new();
    let mut add = |subject: Option<Subject>| {
        subjects.extend(subject.filter(|it| !subjects.contains(it)));
    };
    match row {
        Row::File(delta) => {
            for file in [delta.after(), delta.before()].into_iter().flatten() {
                add(Some(Subject::Path(file.path.clone())));
                // Empty files are all alike.
                let digests = file.digests.as_ref().filter(|_| file.size > 0);
                add(digests.and_then(|it| Subject::digest(&diskprint::Hex(&it.sha256).to_string())));
            }
        }
        Row::Cell(delta) => sides(delta).for_each(|cell| {
            let key = Subject::of_cell(cell);
            add(match (&key, cell.value()) {
                (Subject::Key { path, .. }, Some(_)) => {
                    Some(Subject::Key { path: path.clone(), value: None })
                }
                _ => None,
            });
            add(Some(key));
            let data = cell.value().filter(|value| value.size > 8);
            add(data.and_then(|it| Subject::digest(&diskprint::Hex(&it.sha1).to_string())));
        }),
        Row::Recovered(found) => {
            add(found.is_path_whole.then(|| Subject::of_cell(&found.cell)));
        }
    }
    subjects
}

fn sides<C>(delta: &Delta<Cell, C>) -> impl Iterator<Item = &Cell> {
    [delta.after(), delta.before()].into_iter().flatten()
}
