use diskprint_formats::regf::recovered::{Confidence, Place};

use diskprint_formats::Name;

use crate::Cell;

/// A key or value of a hive that no list in use leads to: a deleted one, or one that damage has
/// cut off. Never among the cells in use.
#[derive(Clone, Debug, PartialEq)]
pub struct RecoveredCell {
    /// What it was. The path as Windows shows it and the artefact are those that it would have
    /// had, and are not there where the path is not whole; class, security and the parent's time
    /// are not read.
    pub cell: Cell,
    /// Whether the path begins below the root; else what was before its first name is not known.
    pub is_path_whole: bool,
    /// Whether something else lies in the place of a value's data; size and data are then empty.
    pub is_data_lost: bool,
    /// Offset of the record in the hive file, in bytes.
    pub offset: u64,
    /// Where it was found.
    pub place: Place,
    /// How sure it is that it was there.
    pub confidence: Confidence,
}

impl RecoveredCell {
    /// The path as [`Cell::cellpath`] gives it; where its start is not known it begins with `?`
    /// instead of the root.
    pub fn cellpath(&self) -> Name {
        if self.is_path_whole {
            return self.cell.cellpath();
        }
        let unknown = Cell { root: Name::from("?"), ..self.cell.clone() };
        let path = unknown.cellpath();
        Name::from_wtf8(path.as_bytes().get(1..).unwrap_or_default().to_vec())
    }
}
