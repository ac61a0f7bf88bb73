//! The commands that documents show can be typed.

use std::fs;
use std::path::{Path, PathBuf};

use clap::Parser;
use clap::error::ErrorKind;
use pulldown_cmark::{CodeBlockKind, Event, Parser as Markdown, Tag, TagEnd};

use super::Cli;

#[test]
fn every_command_in_the_documents_can_be_typed() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut documents = Vec::new();
    markdown_below(&root.join("docs"), &mut documents);
    documents
        .extend(["README.md", "CONTRIBUTING.md", "examples/README.md"].map(|name| root.join(name)));
    let (mut typed, mut refused) = (0, Vec::new());
    for document in documents {
        for command in
            scripts(&fs::read_to_string(&document).unwrap()).iter().flat_map(|it| commands(it))
        {
            typed += 1;
            if let Err(error) = Cli::try_parse_from(&command)
                && !matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion)
            {
                refused.push(format!("{}: {}\n{error}", document.display(), command.join(" ")));
            }
        }
    }
    assert!(refused.is_empty(), "{}", refused.join("\n"));
    assert!(typed > 100, "only {typed} were found");
}

#[test]
fn commands_are_found_in_scripts() {
    let script = "# diskprint no\n\
        cargo run --release -- run a.tar.gz results # yes\n\
        DISKPRINT_DB=x diskprint export 'a b' --db \"c d\" 2> log |\n  jq 'select(.a | not)'\n\
        diff <(diskprint diff a b) > out && diskprint diff \\\n  c d";
    let found: Vec<String> = commands(script).iter().map(|words| words.join("/")).collect();
    let expected = [
        "diskprint/run/a.tar.gz/results",
        "diskprint/export/a b/--db/c d",
        "diskprint/diff/a/b",
        "diskprint/diff/c/d",
    ];
    assert_eq!(found, expected);
}

fn markdown_below(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            markdown_below(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "md") {
            found.push(path);
        }
    }
}

/// What a reader would type: blocks of `sh`, and in other blocks what is behind a prompt.
fn scripts(document: &str) -> Vec<String> {
    let mut scripts = Vec::new();
    let mut block: Option<(bool, String)> = None;
    for event in Markdown::new(document) {
        match event {
            Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(language))) => {
                block = Some((&*language == "sh", String::new()));
            }
            Event::Text(text) => {
                if let Some((_, lines)) = &mut block {
                    *lines += &text;
                }
            }
            Event::End(TagEnd::CodeBlock) => match block.take() {
                Some((true, script)) => scripts.push(script),
                Some((false, shown)) => {
                    scripts.extend(
                        shown.lines().filter_map(|line| line.strip_prefix("$ ")).map(str::to_owned),
                    );
                }
                None => {}
            },
            _ => {}
        }
    }
    scripts
}

/// The calls of diskprint in a script, word by word; redirections are left out.
fn commands(script: &str) -> Vec<Vec<String>> {
    let mut commands = vec![Vec::new()];
    let mut word: Option<String> = None;
    let mut is_redirected = false;
    let mut chars = script.chars().peekable();
    loop {
        let c = chars.next();
        if let Some(' ' | '\n' | '|' | '&' | ';' | '(' | ')' | '<' | '>') | None = c
            && let Some(ended) = word.take()
        {
            let is_descriptor =
                matches!(c, Some('<' | '>')) && ended.bytes().all(|b| b.is_ascii_digit());
            if !std::mem::take(&mut is_redirected) && !is_descriptor {
                commands.last_mut().unwrap().push(ended);
            }
        }
        match c {
            None => break,
            Some(' ') => {}
            Some('<' | '>') => is_redirected = true,
            Some('\n' | '|' | '&' | ';' | '(' | ')') => {
                is_redirected = false;
                commands.push(Vec::new());
            }
            Some('#') if word.is_none() => while chars.next_if(|c| *c != '\n').is_some() {},
            Some(quote @ ('\'' | '"')) => {
                word.get_or_insert_default().extend(chars.by_ref().take_while(|c| *c != quote));
            }
            Some('\\') => match chars.next() {
                Some('\n') | None => {}
                Some(c) => word.get_or_insert_default().push(c),
            },
            Some(c) => word.get_or_insert_default().push(c),
        }
    }
    commands.into_iter().filter_map(call_of_diskprint).collect()
}

fn call_of_diskprint(words: Vec<String>) -> Option<Vec<String>> {
    let position = |sought: &str| words.iter().position(|word| word == sought);
    if let Some(cargo) = position("cargo") {
        let is_run = words.get(cargo + 1).is_some_and(|word| word == "run");
        let args = &words[position("--").filter(|_| is_run)? + 1..];
        return Some([&["diskprint".to_owned()], args].concat());
    }
    Some(words[position("diskprint")?..].to_vec())
}
