//! What is to be said of a command, whatever the form.

use clap::{Arg, Command};

/// A command of the program.
pub struct Page {
    /// As it is typed: `diskprint slice add`.
    pub name: String,
    /// What it does, in a line.
    pub about: String,
    /// The same and more, in paragraphs.
    pub description: Vec<String>,
    /// Ways to call it.
    pub usage: Vec<String>,
    /// What is given by place.
    pub arguments: Vec<Item>,
    /// What is given by name.
    pub options: Vec<Item>,
    /// The commands below it: names as typed, and what they do.
    pub commands: Vec<(String, String)>,
    /// What comes behind its options.
    pub after: Vec<Block>,
}

/// An argument or an option.
pub struct Item {
    /// As it is typed: `-o, --output <FILE>`.
    pub typed: String,
    /// What it does, in paragraphs.
    pub help: Vec<String>,
    /// The words that it takes, each with what it does.
    pub values: Vec<(String, String)>,
    /// What counts where it is not given.
    pub default: Option<String>,
}

/// A part of the text behind the options.
pub enum Block {
    /// A heading, without its colon.
    Heading(String),
    /// Words to be filled.
    Text(String),
    /// Lines to be kept, without their common indent.
    Lines(Vec<String>),
}

impl Page {
    /// The name of its file, without extension: `diskprint-slice-add`.
    pub fn file_name(&self) -> String {
        self.name.replace(' ', "-")
    }
}

/// The pages of a command and of all below it, in the order of the help.
pub fn all(mut command: Command) -> Vec<Page> {
    command.build();
    let mut pages = Vec::new();
    collect(&command, &mut pages);
    pages
}

fn collect(command: &Command, pages: &mut Vec<Page>) {
    pages.push(page(command));
    for below in shown(command) {
        collect(below, pages);
    }
}

fn page(command: &Command) -> Page {
    let about = command.get_about().map(ToString::to_string).unwrap_or_default();
    let long = command.get_long_about().map(ToString::to_string);
    let after = command.get_after_help().map(ToString::to_string).unwrap_or_default();
    let arguments = command.get_arguments().filter(|arg| !arg.is_hide_set() && !is_built_in(arg));
    let (by_place, by_name): (Vec<&Arg>, Vec<&Arg>) =
        arguments.partition(|arg| arg.is_positional());
    Page {
        name: name(command),
        description: description(long.as_deref().unwrap_or(&about)),
        about,
        usage: usage(command),
        arguments: by_place.into_iter().map(item).collect(),
        options: by_name.into_iter().map(item).collect(),
        commands: shown(command)
            .map(|below| {
                (name(below), below.get_about().map(ToString::to_string).unwrap_or_default())
            })
            .collect(),
        after: blocks(&after),
    }
}

fn name(command: &Command) -> String {
    command.get_bin_name().unwrap_or(command.get_name()).to_owned()
}

fn shown(command: &Command) -> impl Iterator<Item = &Command> {
    command.get_subcommands().filter(|below| !below.is_hide_set() && below.get_name() != "help")
}

/// `--help` and `--version`, which every command has.
fn is_built_in(arg: &Arg) -> bool {
    matches!(arg.get_id().as_str(), "help" | "version")
}

fn usage(command: &Command) -> Vec<String> {
    let usage = command.clone().render_usage().to_string();
    usage.trim_start_matches("Usage:").lines().map(|line| line.trim().to_owned()).collect()
}

fn item(arg: &Arg) -> Item {
    let short = arg.get_short().map(|short| format!("-{short}, ")).unwrap_or_default();
    let help = arg.get_long_help().or(arg.get_help()).map(ToString::to_string);
    let values = arg.get_possible_values();
    let defaults: Vec<_> =
        arg.get_default_values().iter().map(|value| value.to_string_lossy()).collect();
    let takes_values = arg.get_action().takes_values();
    Item {
        typed: format!("{short}{arg}"),
        help: paragraphs(&help.unwrap_or_default()),
        values: values
            .iter()
            .filter(|value| takes_values && !value.is_hide_set())
            .map(|value| {
                let help = value.get_help().map(ToString::to_string);
                (value.get_name().to_owned(), help.unwrap_or_default())
            })
            .collect(),
        default: (takes_values && !defaults.is_empty()).then(|| defaults.join(" ")),
    }
}

/// Paragraphs of which the first, as clap has it, lacks its full stop.
fn description(text: &str) -> Vec<String> {
    let mut paragraphs = paragraphs(text);
    if let Some(first) = paragraphs.first_mut()
        && !first.ends_with('.')
    {
        first.push('.');
    }
    paragraphs
}

fn paragraphs(text: &str) -> Vec<String> {
    text.split("\n\n").map(one_line).filter(|text| !text.is_empty()).collect()
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Indented lines are kept as they are; a single line with a colon before them is their heading.
fn blocks(text: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let lines: Vec<&str> = text.lines().collect();
    for run in lines.chunk_by(|a, b| kind(a) == kind(b)) {
        match kind(run[0]) {
            Kind::Empty => {}
            Kind::Indented => {
                let lines = run.iter().map(|line| line[INDENT.len()..].to_owned());
                blocks.push(Block::Lines(lines.collect()));
            }
            Kind::Text => match run {
                [line] if line.ends_with(':') => {
                    blocks.push(Block::Heading(line.trim_end_matches(':').to_owned()));
                }
                _ => blocks.push(Block::Text(one_line(&run.join(" ")))),
            },
        }
    }
    blocks
}

const INDENT: &str = "  ";

#[derive(PartialEq)]
enum Kind {
    Empty,
    Indented,
    Text,
}

fn kind(line: &str) -> Kind {
    if line.trim().is_empty() {
        Kind::Empty
    } else if line.starts_with(INDENT) {
        Kind::Indented
    } else {
        Kind::Text
    }
}
