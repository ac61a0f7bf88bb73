//! The document of the table is the table.

use std::fmt::Write;
use std::path::Path;

use diskprint::artefact::{Entry, Values, table};

/// What is written by hand, before the table.
const HEAD: &str = include_str!("head.md");

fn document() -> String {
    let mut text = HEAD.to_owned();
    let mut kinds: Vec<&str> = Vec::new();
    for entry in table() {
        if !kinds.contains(&entry.kind) {
            kinds.push(entry.kind);
        }
    }
    for kind in kinds {
        writeln!(
            text,
            "\n## {kind}\n\n| what | hives | key | values | source |\n|---|---|---|---|---|"
        )
        .unwrap();
        for entry in table().filter(|entry| entry.kind == kind) {
            row(&mut text, entry);
        }
    }
    text
}

fn row(text: &mut String, entry: &Entry) {
    let values = match entry.values {
        Values::All => "all".to_owned(),
        Values::Named(names) => {
            names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
        }
    };
    let (what, root, key) = (entry.what, entry.root, entry.pattern());
    let source = format!("[{}](<{}>)", entry.source.title.replace('|', "\\|"), entry.source.url);
    writeln!(text, "| {what} | {root} | `{key}` | {values} | {source} |").unwrap();
}

/// Writes the document anew where `DISKPRINT_WRITE_DOCS=1`; else fails when it is stale.
#[test]
fn the_document_is_up_to_date() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/artefacts.md");
    let document = document();
    if std::env::var("DISKPRINT_WRITE_DOCS").as_deref() == Ok("1") {
        std::fs::write(&path, &document).unwrap();
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    let hint = "docs/artefacts.md is stale: DISKPRINT_WRITE_DOCS=1 cargo test -p diskprint --test artefacts";
    assert!(found == document, "{hint}");
}

#[test]
fn kinds_are_stable_short_words_and_sources_are_named() {
    for entry in table() {
        let is_word = |c: char| c.is_ascii_lowercase() || c == '-';
        assert!(entry.kind.chars().all(is_word) && entry.kind.len() <= 24, "{entry:?}");
        assert!(entry.source.url.starts_with("http"), "{entry:?}");
        assert!(entry.source.title.len() > 8, "{entry:?}");
        assert!(entry.pattern().is_ascii(), "{entry:?}");
    }
}
