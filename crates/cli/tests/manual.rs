//! The manual and the completions: both are made from what the command line is defined by.

mod support;

use std::fs;
use std::path::Path;
use std::process::Command;

use diskprint_testkit::need;
use tempfile::TempDir;

/// docs/commands.md as the program writes it.
fn document() -> String {
    let folder = tempfile::tempdir().unwrap();
    let args = ["manual".as_ref(), "--format=markdown".as_ref(), folder.path().as_os_str()];
    support::expect(0, &args);
    fs::read_to_string(folder.path().join("commands.md")).unwrap()
}

/// A folder with the man pages.
fn man_pages() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    support::expect(0, &["manual".as_ref(), folder.path().as_os_str()]);
    folder
}

/// All commands as they are typed, from the headings of the document.
fn commands() -> Vec<String> {
    let document = document();
    let headings = document.lines().filter(|line| line.starts_with("##"));
    headings.map(|line| line.trim_start_matches(['#', ' ']).to_owned()).collect()
}

/// Writes the document anew where `DISKPRINT_WRITE_DOCS=1`; else fails when it is stale.
#[test]
fn the_document_of_the_commands_is_up_to_date() {
    let document = document();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/commands.md");
    if std::env::var("DISKPRINT_WRITE_DOCS").as_deref() == Ok("1") {
        fs::write(&path, &document).unwrap();
    }
    let found = fs::read_to_string(&path).unwrap_or_default();
    let hint = "docs/commands.md is stale: DISKPRINT_WRITE_DOCS=1 cargo test -p diskprint-cli --test manual";
    assert!(found == document, "{hint}");
}

#[test]
fn each_command_has_a_man_page_that_says_what_its_help_says() {
    let folder = man_pages();
    let commands = commands();
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), commands.len());
    for command in commands {
        let page = folder.path().join(format!("{}.1", command.replace(' ', "-")));
        let source = fs::read_to_string(&page).unwrap().replace("\\-", "-");
        let words: Vec<&str> = command.split(' ').skip(1).chain(["--help"]).collect();
        for option in long_options(&support::expect(0, &words)) {
            assert!(source.contains(&option), "{command}: {option}");
        }
    }
}

/// The options that a help text lists.
fn long_options(help: &str) -> Vec<String> {
    let lines = help.lines().map(str::trim).filter(|line| line.starts_with('-'));
    let words = lines.filter_map(|line| line.split([' ', '=']).find(|word| word.starts_with("--")));
    words.filter(|word| !["--help", "--version"].contains(word)).map(str::to_owned).collect()
}

#[test]
fn groff_takes_all_man_pages_without_a_warning() {
    let Some(groff) = need::program("groff") else { return };
    let folder = man_pages();
    for entry in fs::read_dir(folder.path()).unwrap() {
        let page = entry.unwrap().path();
        let output =
            Command::new(&groff).args(["-man", "-Tutf8", "-z", "-ww"]).arg(&page).output().unwrap();
        let said = support::text(&output.stderr);
        assert!(output.status.success() && said.is_empty(), "{}: {said}", page.display());
    }
}

#[test]
fn what_is_typed_is_shown_as_it_is_typed() {
    let Some(groff) = need::program("groff") else { return };
    let folder = man_pages();
    let page = folder.path().join("diskprint-inspect.1");
    let output =
        Command::new(&groff).args(["-man", "-Tutf8", "-P-cbou"]).arg(page).output().unwrap();
    let shown = support::text(&output.stdout);
    for line in [r"p1 hive PATH key 'A\B'     a key, its subkeys", r"p1 mft 5 attr '$INDEX_ROOT'"] {
        assert!(shown.contains(line), "{line}: {shown}");
    }
}

#[test]
fn bash_takes_its_completions_and_they_name_each_command() {
    takes_completions("bash", "-n", |above, name| {
        format!("{},{name})", above.replace(' ', "__subcmd__"))
    });
}

#[test]
fn zsh_takes_its_completions_and_they_name_each_command() {
    takes_completions("zsh", "-n", |_, name| format!("'{name}:"));
}

#[test]
fn fish_takes_its_completions_and_they_name_each_command() {
    takes_completions("fish", "--no-execute", |above, name| match above {
        "diskprint" => format!("needs_command\" -f -a \"{name}\""),
        _ => format!("-f -a \"{name}\""),
    });
}

/// `offers` says by what the script offers a command, of the command above it and its name.
fn takes_completions(shell: &str, only_parse: &str, offers: fn(&str, &str) -> String) {
    let script = support::expect(0, &["completions", shell]);
    for command in commands().iter().skip(1) {
        let (above, name) = command.rsplit_once(' ').unwrap();
        assert!(script.contains(&offers(above, name)), "{shell}: {command}");
    }
    let Some(program) = need::program(shell) else { return };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("script");
    fs::write(&path, script).unwrap();
    let output = Command::new(program).arg(only_parse).arg(&path).output().unwrap();
    let said = support::text(&output.stderr);
    assert!(output.status.success() && said.is_empty(), "{said}");
}
