use diskprint_formats::Name;
use diskprint_store::{RowId, Store, Subject, Touching, Tree};
use serde::{Deserialize, Serialize};

use super::differences::DifferenceLine;
use super::{Asked, limit, slice_id};
use crate::answer::Problem;

#[derive(Default, Deserialize, Serialize)]
pub(super) struct Wanted {
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hive: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    digest: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    after: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    limit: Option<usize>,
}

#[derive(Serialize)]
pub(super) struct Page {
    /// How many sequences touch it, in how many rows.
    sequences: usize,
    rows: u64,
    /// The first of them by name.
    by_sequence: Vec<BySequence>,
    items: Vec<DifferenceLine>,
    next: Option<String>,
}

#[derive(Serialize)]
struct BySequence {
    sequence: String,
    rows: u64,
}

/// How many sequences are listed with their counts.
const MOST_SEQUENCES: usize = 1000;

pub(super) fn list(store: &dyn Store, asked: &Asked<Wanted>) -> Result<Page, Problem> {
    let subject = subject(&asked.query)?;
    let after = asked.query.after.as_deref().map(row_id).transpose()?;
    let limit = limit(asked.query.limit)?;
    let mut found = store.touching(&subject, after.as_ref(), limit + 1)?;
    let is_more = found.len() > limit;
    found.truncate(limit);
    let next = found.last().map(|it| row_name(&it.id)).filter(|_| is_more);
    let counts = store.sequences_touching(&subject)?;
    let by_sequence = |it: &Touching| BySequence {
        sequence: format!("{}-{}", it.osetid, it.appetid),
        rows: it.rows,
    };
    Ok(Page {
        sequences: counts.len(),
        rows: counts.iter().map(|it| it.rows).sum(),
        by_sequence: counts.iter().take(MOST_SEQUENCES).map(by_sequence).collect(),
        items: found.iter().map(DifferenceLine::from).collect(),
        next,
    })
}

fn subject(wanted: &Wanted) -> Result<Subject, Problem> {
    let Wanted { path, hive, key, value, digest, .. } = wanted;
    let value = value.as_deref().map(Name::from);
    match (path, hive, key, digest) {
        (Some(path), None, None, None) if value.is_none() => {
            let path = path.trim_start_matches('/').replace('\\', "/");
            Ok(Subject::Path(Name::from(&*path)))
        }
        (None, None, Some(key), None) => Ok(Subject::Key { path: Name::from(&**key), value }),
        (None, Some(hive), Some(key), None) => {
            let key = key.split('\\').filter(|part| !part.is_empty()).map(Name::from).collect();
            Ok(Subject::HiveKey { hive: Name::from(&**hive), key, value })
        }
        (None, None, None, Some(digits)) if value.is_none() => Subject::digest(digits.trim())
            .ok_or_else(|| {
                Problem::bad_request("digest is no MD5, SHA-1 or SHA-256 in hexadecimal digits")
            }),
        _ => Err(Problem::bad_request(
            "one of path, key, hive and key, or digest is wanted; value goes with key alone",
        )),
    }
}

/// A question for this page that a row gives rise to.
#[derive(Serialize)]
pub(super) struct Link {
    /// `path`, `key`, `value` or `digest`.
    what: &'static str,
    text: String,
    #[serde(flatten)]
    query: Wanted,
}

impl Link {
    /// `None` where the name is none that an address can hold.
    pub(super) fn to(subject: Subject) -> Option<Self> {
        let text = |name: &Name| name.to_str().map(str::to_owned);
        let values = |value: &Option<Name>| match value {
            Some(value) => text(value).map(Some),
            None => Some(None),
        };
        let none = Wanted::default;
        let (what, shown, query) = match &subject {
            Subject::Path(path) => {
                ("path", text(path)?, Wanted { path: Some(text(path)?), ..none() })
            }
            Subject::Key { path, value } => {
                let value = values(value)?;
                let what = if value.is_some() { "value" } else { "key" };
                let shown = match &value {
                    Some(value) => format!("{} {value}", text(path)?),
                    None => text(path)?,
                };
                (what, shown, Wanted { key: Some(text(path)?), value, ..none() })
            }
            Subject::HiveKey { hive, key, value } => {
                let parts = key.iter().map(text).collect::<Option<Vec<_>>>()?;
                // The query could not tell such parts apart.
                if parts.iter().any(|part| part.is_empty() || part.contains('\\')) {
                    return None;
                }
                let (hive, key) = (text(hive)?, parts.join("\\"));
                let shown = format!("{hive}\\{key}");
                let value = values(value)?;
                ("key", shown, Wanted { hive: Some(hive), key: Some(key), value, ..none() })
            }
            Subject::Digest(digits) => {
                ("digest", digits.clone(), Wanted { digest: Some(digits.clone()), ..none() })
            }
        };
        Some(Self { what, text: shown, query })
    }
}

/// A row as an address names it: `8504-1-7895-1-20/files/17`.
fn row_name(RowId { slice, tree, ordinal }: &RowId) -> String {
    format!("{slice}/{}/{ordinal}", tree.name())
}

fn row_id(name: &str) -> Result<RowId, Problem> {
    let parts: Vec<&str> = name.split('/').collect();
    let id = match parts[..] {
        [slice, tree, ordinal] => {
            Tree::from_name(tree).zip(ordinal.parse().ok()).and_then(|(tree, ordinal)| {
                Some(RowId { slice: slice_id(slice).ok()?, tree, ordinal })
            })
        }
        _ => None,
    };
    id.ok_or_else(|| Problem::bad_request(format!("{name:?} is no row; next of a page is one")))
}
