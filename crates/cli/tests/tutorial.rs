//! The tutorial is true: its commands are run in their order, and print what it shows.

use std::fs;
use std::path::Path;
use std::process::Command;

use assert_cmd::cargo::cargo_bin;
use diskprint_testkit::need;
use pulldown_cmark::{CodeBlockKind, Event, Parser, Tag, TagEnd};

#[test]
fn the_tutorial_prints_what_it_shows() {
    let needed = ["bash", "jq", "sqlite3"].map(need::program);
    let [Some(bash), Some(_), Some(_)] = needed else { return };
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let scratch = tempfile::tempdir().unwrap();
    copy(&root.join("examples"), &scratch.path().join("examples"));
    let program = cargo_bin("diskprint");
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders =
        [program.parent().unwrap().to_owned()].into_iter().chain(std::env::split_paths(&path));
    let path = std::env::join_paths(folders).unwrap();

    let mut tried = 0;
    for (script, shown) in steps(&fs::read_to_string(root.join("docs/tutorial.md")).unwrap()) {
        if script.contains("cargo install") {
            continue;
        }
        let output = Command::new(&bash)
            .args(["-e", "-o", "pipefail", "-c", &format!("exec 2>&1\n{script}")])
            .current_dir(scratch.path())
            .env("PATH", &path)
            .env_remove("DISKPRINT_DB")
            .output()
            .unwrap();
        let printed = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{script}\n{printed}");
        assert!(is_shown(&printed, &shown), "{script}\nprints\n{printed}\nand not\n{shown}");
        tried += 1;
    }
    assert!(tried > 10, "only {tried} steps were found");
}

/// What is typed, and what is shown to be printed by it.
fn steps(document: &str) -> Vec<(String, String)> {
    let mut steps: Vec<(String, String)> = Vec::new();
    let (mut language, mut may_show) = (String::new(), false);
    for event in Parser::new(document) {
        match event {
            Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(name))) => {
                language = name.into_string()
            }
            Event::Text(text) if language == "sh" => {
                steps.push((text.into_string(), String::new()));
                may_show = true;
            }
            Event::Text(text) if language == "text" && may_show => {
                steps.last_mut().unwrap().1 = text.into_string();
                may_show = false;
            }
            Event::Text(_) if language.is_empty() => may_show = false,
            Event::End(TagEnd::CodeBlock) => language.clear(),
            _ => {}
        }
    }
    steps
}

/// `…` stands for anything.
fn is_shown(printed: &str, shown: &str) -> bool {
    let mut parts = shown.trim_end().split('…');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = printed.trim_end().strip_prefix(first) else { return false };
    for part in parts {
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    rest.is_empty()
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &to);
        } else {
            fs::copy(entry.path(), to).unwrap();
        }
    }
}
