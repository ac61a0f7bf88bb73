//! What the field calls a place in the registry: autostart, service, most-recently-used list…
//!
//! One table ([`table`]) says which keys and values have a name, each with the source of that
//! knowledge; what is not in it has none. A name says where a cell lies and nothing about what
//! was meant by it: an autostart is a place that Windows starts programs from, not a judgement.
//!
//! Data are decoded where their form is known and fits; hostile data give no detail, and no detail
//! is longer than [`MOST_DETAIL`] characters.

mod decode;
mod entry;
mod hive_kind;
mod matcher;
mod pattern;
mod row;
mod source;
mod table;

use std::borrow::Cow;

use diskprint_formats::Name;

pub use entry::{Entry, Root, Values};
pub use hive_kind::HiveKind;
pub use row::MOST_DETAIL;
pub use source::Source;

pub(crate) use pattern::{control_set_number, is_sid};

use row::{Row, Value};

/// What a key or value is known as.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Artefact {
    /// The kind, a stable short word: `autostart`, `service`, `uninstall`.
    pub kind: Cow<'static, str>,
    /// The name of the place: `Run`.
    pub what: Cow<'static, str>,
    /// Which item of the place it is and what its data say, for people; the item alone where the
    /// data have no form that is known. `None` for the place itself.
    pub detail: Option<String>,
}

/// Says what a key, or a value of it, is known as; `None` where that is not certain.
///
/// `key` are the names from below the hive's root; `value` is the value's name, type and data. Data
/// that are not at hand may be left empty: the detail then lacks them.
pub fn artefact(
    kind: HiveKind,
    key: &[Name],
    value: Option<(&Name, u32, &[u8])>,
) -> Option<Artefact> {
    let found = matcher::find(kind, key, value.map(|(name, ..)| name))?;
    let value = value.map(|(name, value_type, data)| Value { name, value_type, data });
    let item = key.get(found.item..).unwrap_or(&[]);
    let detail = found.entry.decode(&Row { item, value });
    Some(Artefact { kind: found.entry.kind.into(), what: found.entry.what.into(), detail })
}

/// The data of a value as its type says: text, the texts of a list with ` | ` between them, a number;
/// `None` where they are nothing of that.
pub(crate) fn data_as_text(value_type: u32, data: &[u8]) -> Option<String> {
    Value { name: &Name::from(""), value_type, data }.text()
}

/// All entries, in the order of the documentation.
pub fn table() -> impl Iterator<Item = &'static Entry> {
    table::ALL.iter().flat_map(|part| part.iter())
}
