//! Paths of keys and values, as a report shows them.

use crate::{Cell, RecoveredCell};

/// A cell's path as Windows shows it; where it shows none, that of its hive and the path in it.
pub fn cell_path(cell: &Cell) -> String {
    let Some(path) = &cell.registry_path else {
        return format!("{}{}", cell.hive.to_text(), cell.cellpath().to_text());
    };
    match cell.value().map(|value| value.name.to_text()) {
        None => path.to_text().into_owned(),
        Some(name) if name.is_empty() => format!("{}\\(Default)", path.to_text()),
        Some(name) => format!("{}\\{name}", path.to_text()),
    }
}

/// The path of a key or value that no list leads to: that of its hive and the path in it.
pub(super) fn recovered_path(found: &RecoveredCell) -> String {
    let (hive, path) = (found.cell.hive.to_text(), found.cellpath());
    // Where it is not known what it was below, it does not begin at the root.
    format!("{hive}\\{}", path.to_text().trim_start_matches('\\'))
}
