//! A difference in one line of a list.

use super::place::{cell_path, recovered_path};
use crate::{Cell, CellDelta, FileDelta, FileEntry, FileKind, Hex, RecoveredCell};

/// What a list says of a difference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line<'a> {
    /// `new`, `altered`, `deleted` or `recovered`.
    pub action: &'static str,
    /// `file`, `folder`, `link`, `stream`, `key` or `value`.
    pub kind: &'static str,
    /// Where it is, or was; not yet made safe to be shown.
    pub path: String,
    /// What changed.
    pub changes: Vec<&'static str>,
    /// What kind of artefact a key or value is.
    pub artefact: Option<&'a str>,
    /// Length of the content or data in bytes; `None` of what has none.
    pub size: Option<u64>,
    /// SHA-1 of the content or data.
    pub sha1: Option<String>,
}

/// The line of a file or stream.
pub fn of_file(delta: &FileDelta) -> Line<'_> {
    let file = delta.latest();
    let has_content = file.stream.is_some() || file.kind == FileKind::Regular;
    Line {
        action: delta.action(),
        kind: file_kind(file),
        path: file.full_path().to_text().into_owned(),
        changes: delta.changes().map(|changes| changes.names()).unwrap_or_default(),
        artefact: None,
        size: has_content.then_some(file.size),
        sha1: file.digests.map(|digests| Hex(&digests.sha1).to_string()),
    }
}

/// `file`, `folder`, `link` or `stream`.
pub fn file_kind(file: &FileEntry) -> &'static str {
    match (&file.stream, file.kind) {
        (Some(_), _) => "stream",
        (None, FileKind::Directory) => "folder",
        (None, FileKind::Link) => "link",
        (None, _) => "file",
    }
}

/// The line of a key or value.
pub fn of_cell(delta: &CellDelta) -> Line<'_> {
    let cell = delta.latest();
    let changes = delta.changes().map(|changes| changes.names()).unwrap_or_default();
    Line { action: delta.action(), changes, ..cell_line(cell, cell_path(cell)) }
}

/// The line of a key or value that no list leads to.
pub fn of_recovered(found: &RecoveredCell) -> Line<'_> {
    let changes = vec![found.confidence.name()];
    Line { changes, ..cell_line(&found.cell, recovered_path(found)) }
}

fn cell_line(cell: &Cell, path: String) -> Line<'_> {
    let value = cell.value();
    Line {
        action: "recovered",
        kind: if value.is_some() { "value" } else { "key" },
        path,
        changes: Vec::new(),
        artefact: cell.artefact.as_ref().map(|artefact| &*artefact.kind),
        size: value.map(|value| value.size),
        sha1: value.map(|value| Hex(&value.sha1).to_string()),
    }
}
