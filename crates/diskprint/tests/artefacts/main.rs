//! Cells get the names that the field has for them, and the paths that Windows shows.

#[path = "../support/archive.rs"]
mod archive;
mod document;
mod forms;
mod hostile;
mod mounts;
mod names;
mod near_misses;
mod real;
mod sample;

use diskprint::artefact::{HiveKind, artefact};
use diskprint_formats::Name;

fn names(path: &str) -> Vec<Name> {
    path.split('\\').filter(|name| !name.is_empty()).map(Name::from).collect()
}

fn utf16(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

/// `kind | what | detail` of a key; `-` where it has no name.
fn of_key(kind: HiveKind, path: &str) -> String {
    said(artefact(kind, &names(path), None))
}

/// `kind | what | detail` of a value; `-` where it has no name.
fn of_value(kind: HiveKind, path: &str, name: &str, value_type: u32, data: &[u8]) -> String {
    said(artefact(kind, &names(path), Some((&Name::from(name), value_type, data))))
}

/// The same of a REG_SZ.
fn of_text(kind: HiveKind, path: &str, name: &str, text: &str) -> String {
    of_value(kind, path, name, 1, &utf16(&format!("{text}\0")))
}

fn said(artefact: Option<diskprint::artefact::Artefact>) -> String {
    artefact.map_or("-".to_owned(), |artefact| {
        let detail = artefact.detail.unwrap_or_default();
        format!("{} | {} | {detail}", artefact.kind, artefact.what)
    })
}
