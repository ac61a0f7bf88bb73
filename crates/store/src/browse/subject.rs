use diskprint::Cell;
use diskprint::report::NoisePlace;
use diskprint_formats::Name;

use super::condition::{Condition, Dialect};
use crate::branch::Tree;
use crate::column::Value;
use crate::names;

/// What may be touched by several sequences. Letters A to Z are the same in any case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    /// A file, by its path, with its streams.
    Path(Name),
    /// A key as Windows shows it, `HKLM\SOFTWARE\…`, with its values, or one value of it.
    Key {
        /// The key.
        path: Name,
        /// Name of the value; empty for the unnamed one.
        value: Option<Name>,
    },
    /// A key that Windows shows nowhere, with its values, or one value of it.
    HiveKey {
        /// Path of the hive.
        hive: Name,
        /// Names of the keys from below the root.
        key: Vec<Name>,
        /// Name of the value; empty for the unnamed one.
        value: Option<Name>,
    },
    /// A content, by MD5, SHA-1 or SHA-256 of a file, or SHA-1 of a value's data, in lower-case
    /// hexadecimal digits.
    Digest(String),
}

impl Subject {
    /// The key or value that a cell is.
    pub fn of_cell(cell: &Cell) -> Self {
        let value = cell.value().map(|value| value.name.clone());
        match &cell.registry_path {
            Some(path) => Self::Key { path: path.clone(), value },
            None => Self::HiveKey { hive: cell.hive.clone(), key: cell.key.to_vec(), value },
        }
    }

    /// Reads digits of a digest; `None` where they are none of a length that is kept.
    pub fn digest(digits: &str) -> Option<Self> {
        let is_digest = matches!(digits.len(), 32 | 40 | 64)
            && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
        is_digest.then(|| Self::Digest(digits.to_ascii_lowercase()))
    }

    /// In which trees it is found, and what is asked of either side of their rows. A row may have it
    /// on both.
    pub(super) fn conditions<D: Dialect>(&self) -> Vec<(Tree, [Condition; 2])> {
        let side = |of: &dyn Fn(&str) -> Condition| ["before", "after"].map(of);
        match self {
            Self::Path(path) => {
                let of = |side: &str| indexed::<D>(&format!("path_{side}"), path.into());
                vec![(Tree::Files, side(&of))]
            }
            Self::Key { path, value } => {
                let of = |side: &str| {
                    let key = indexed::<D>(&format!("registry_path_{side}"), path.into());
                    nested(key.and_all(named::<D>(side, value.as_ref())))
                };
                vec![(Tree::Cells, side(&of))]
            }
            Self::HiveKey { hive, key, value } => {
                let of = |side: &str| {
                    let key = hive_key::<D>(side, hive, key);
                    nested(key.and_all(named::<D>(side, value.as_ref())))
                };
                vec![(Tree::Cells, side(&of))]
            }
            Self::Digest(digits) => {
                let trees = [Tree::Files, Tree::Cells].into_iter();
                let of_tree = |tree| {
                    let columns = digest_columns(tree, digits);
                    let of = |side: &str| {
                        let is = columns.iter().map(|column| {
                            let column = format!("{column}_{side}");
                            let sql = format!("({column} IS NOT NULL AND {column} = ?)");
                            Condition::new(&sql, [digits.as_str().into()])
                        });
                        Condition::any(is)
                    };
                    (!columns.is_empty()).then(|| (tree, side(&of)))
                };
                trees.filter_map(of_tree).collect()
            }
        }
    }
}

/// In which tree a place of noise is, and what is asked of its rows: the file, stream, key or value
/// itself, without what belongs to it.
pub(super) fn of_place<D: Dialect>(place: &NoisePlace) -> (Tree, Condition) {
    let side = |of: &dyn Fn(&str) -> Condition| Condition::any(["before", "after"].map(of));
    let itself = |column: String, name: Option<&Name>| match name {
        Some(name) => D::same(&column, name.into()),
        None => Condition::new(&format!("{column} IS NULL"), []),
    };
    match place {
        NoisePlace::File { path, stream } => {
            let of = |side: &str| {
                let file = indexed::<D>(&format!("path_{side}"), path.into());
                nested(file.and_all([itself(format!("stream_{side}"), stream.as_ref())]))
            };
            (Tree::Files, side(&of))
        }
        NoisePlace::Key { path, value } => {
            let of = |side: &str| {
                let key = indexed::<D>(&format!("registry_path_{side}"), path.into());
                nested(key.and_all([itself(format!("value_{side}"), value.as_ref())]))
            };
            (Tree::Cells, side(&of))
        }
        NoisePlace::HiveKey { hive, key, value } => {
            let of = |side: &str| {
                let key = hive_key::<D>(side, hive, key);
                nested(key.and_all([itself(format!("value_{side}"), value.as_ref())]))
            };
            (Tree::Cells, side(&of))
        }
    }
}

/// A key of a hive that Windows shows nowhere.
fn hive_key<D: Dialect>(side: &str, hive: &Name, key: &[Name]) -> Condition {
    indexed::<D>(&format!("key_{side}"), Value::Text(names::encode(key)))
        .and(&format!("registry_path_{side} IS NULL"), [])
        .and_all([D::same(&format!("hive_{side}"), hive.into())])
}

/// Says that the column has a value, too: only then may its index be used.
fn indexed<D: Dialect>(column: &str, value: Value) -> Condition {
    nested(Condition::new(&format!("{column} IS NOT NULL"), []).and_all([D::same(column, value)]))
}

fn named<D: Dialect>(side: &str, value: Option<&Name>) -> Option<Condition> {
    value.map(|value| D::same(&format!("value_{side}"), value.into()))
}

fn nested(condition: Condition) -> Condition {
    Condition::any([condition])
}

/// The columns of a tree that hold digests of as many digits as `digits`, without their side.
pub(super) fn digest_columns(tree: Tree, digits: &str) -> &'static [&'static str] {
    match (Subject::digest(digits).map(|_| digits.len()), tree) {
        (Some(32), Tree::Files) => &["md5"],
        (Some(64), Tree::Files) => &["sha256"],
        (Some(40), _) => &["sha1"],
        _ => &[],
    }
}
