//! The documents lead somewhere: every link to a file or heading, and every page is in the book.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

/// What a document refers to, and can be referred to by.
#[derive(Default)]
struct Document {
    links: Vec<String>,
    anchors: BTreeSet<String>,
}

impl Document {
    fn read(path: &Path) -> Self {
        let text = fs::read_to_string(path).unwrap();
        let mut document = Self::default();
        let mut times = BTreeMap::new();
        let mut heading: Option<String> = None;
        for event in Parser::new_ext(&text, Options::ENABLE_TABLES | Options::ENABLE_FOOTNOTES) {
            match event {
                Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
                    document.links.push(dest_url.into_string());
                }
                Event::Start(Tag::Heading { .. }) => heading = Some(String::new()),
                Event::Text(text) | Event::Code(text) => {
                    if let Some(heading) = &mut heading {
                        *heading += &text;
                    }
                }
                Event::End(TagEnd::Heading(_)) => {
                    let anchor = anchor(&heading.take().unwrap_or_default());
                    let before = times.entry(anchor.clone()).or_insert(0);
                    let number = if *before == 0 { String::new() } else { format!("-{before}") };
                    *before += 1;
                    document.anchors.insert(anchor + &number);
                }
                _ => {}
            }
        }
        document
    }
}

/// The anchor of a heading, by the rule that GitHub and mdBook have in common.
fn anchor(heading: &str) -> String {
    let kept = heading.trim().chars().filter(|c| c.is_alphanumeric() || " -_".contains(*c));
    kept.map(|c| if c == ' ' { '-' } else { c }).flat_map(char::to_lowercase).collect()
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

fn markdown_below(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(markdown_below(&path));
        } else if path.extension().is_some_and(|extension| extension == "md") {
            found.push(path);
        }
    }
    found.sort();
    found
}

#[test]
fn every_link_leads_to_a_file_and_a_heading_that_are_there() {
    let root = root();
    let mut paths = Vec::from(
        ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md"]
            .map(|name| root.join(name)),
    );
    for folder in ["docs", "examples", "bench"] {
        paths.extend(markdown_below(&root.join(folder)));
    }
    let documents: BTreeMap<PathBuf, Document> =
        paths.into_iter().map(|path| (path.clone(), Document::read(&path))).collect();
    let mut lost = Vec::new();
    for (path, document) in &documents {
        for link in document.links.iter().filter(|link| !is_address(link)) {
            if !leads_somewhere(&documents, path, link) {
                lost.push(format!("{}: {link}", path.strip_prefix(&root).unwrap().display()));
            }
        }
    }
    assert!(lost.is_empty(), "{lost:#?}");
}

fn is_address(link: &str) -> bool {
    link.starts_with("http://") || link.starts_with("https://") || link.starts_with("mailto:")
}

fn leads_somewhere(documents: &BTreeMap<PathBuf, Document>, from: &Path, link: &str) -> bool {
    let (file, anchor) =
        link.split_once('#').map_or((link, None), |(file, anchor)| (file, Some(anchor)));
    let target = if file.is_empty() {
        Ok(from.to_owned())
    } else {
        from.with_file_name(file).canonicalize()
    };
    let Ok(target) = target else { return false };
    anchor.is_none_or(|anchor| {
        documents.get(&target).is_some_and(|document| document.anchors.contains(anchor))
    })
}

#[test]
fn every_page_is_in_the_table_of_contents_of_the_book_once() {
    let docs = root().join("docs");
    let summary = docs.join("SUMMARY.md");
    let mut listed: Vec<PathBuf> =
        Document::read(&summary).links.iter().map(|link| docs.join(link)).collect();
    listed.sort();
    let pages: Vec<PathBuf> =
        markdown_below(&docs).into_iter().filter(|path| *path != summary).collect();
    assert_eq!(listed, pages);
}
