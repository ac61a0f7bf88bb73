//! Keys and values for tests.

use diskprint_formats::Name;

use crate::{Cell, CellChanges, CellDelta, CellKind, Delta, Digests, KeyCell, ValueCell};

/// A key of the hive SOFTWARE, by its path below the root.
pub fn key(path: &str) -> Cell {
    let key: Vec<Name> = path.split('\\').map(Name::from).collect();
    let mut windows = "HKLM\\SOFTWARE".to_owned();
    key.iter().for_each(|name| windows += &format!("\\{name}"));
    Cell {
        partition: 1,
        hive: "Windows/System32/config/SOFTWARE".into(),
        root: "ROOT".into(),
        key: key.into(),
        parent_mtime: Default::default(),
        kind: CellKind::Key(KeyCell::default()),
        registry_path: Some(Name::from(&*windows)),
        artefact: None,
    }
}

/// A value of that key.
pub fn value(path: &str, name: &str, value_type: u32, data: &[u8]) -> Cell {
    let value = ValueCell {
        name: name.into(),
        value_type,
        flags: 1,
        size: data.len() as u64,
        data: Some(data.into()),
        sha1: Digests::of(data).sha1,
        rendered_sha1: None,
    };
    Cell { kind: CellKind::Value(value), ..key(path) }
}

pub fn altered(before: Cell, after: Cell) -> CellDelta {
    Delta::Altered { before, after, changes: CellChanges::default() }
}
