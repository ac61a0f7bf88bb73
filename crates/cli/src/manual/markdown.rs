//! docs/commands.md: all commands on one page.

use super::page::{Block, Item, Page};

const HEAD: &str = "\
# Commands

This page is printed by `diskprint manual --format markdown`. `--help` behind a command says the same, and `-h` in short.
";

/// All pages, each under a heading of its own, as deep as the command is.
pub fn render(pages: &[Page]) -> String {
    pages.iter().fold(HEAD.to_owned(), |out, page| out + "\n" + &section(page))
}

fn section(page: &Page) -> String {
    let depth = page.name.split(' ').count().max(2);
    let mut out = format!("{} {}\n", "#".repeat(depth), page.name);
    fenced(&mut out, "text", &page.usage);
    for paragraph in &page.description {
        out += &format!("\n{}\n", escaped(paragraph));
    }
    items(&mut out, &page.arguments);
    items(&mut out, &page.options);
    if !page.commands.is_empty() {
        out.push('\n');
    }
    for (name, about) in &page.commands {
        out += &format!("- [{name}](#{}): {}\n", name.replace(' ', "-"), escaped(about));
    }
    after(&mut out, &page.after);
    out
}

fn items(out: &mut String, items: &[Item]) {
    if !items.is_empty() {
        out.push('\n');
    }
    for item in items {
        let mut help = item.help.iter();
        let first = help.next().map(|text| escaped(text)).unwrap_or_default();
        let default = item.default.iter().map(|default| format!(" (default: `{default}`)"));
        *out += &format!("- `{}`: {first}{}\n", item.typed, default.collect::<String>());
        for paragraph in help {
            *out += &format!("\n  {}\n", escaped(paragraph));
        }
        for (value, help) in &item.values {
            let help = if help.is_empty() { String::new() } else { format!(": {}", escaped(help)) };
            *out += &format!("  - `{value}`{help}\n");
        }
    }
}

fn after(out: &mut String, blocks: &[Block]) {
    let mut language = "text";
    for block in blocks {
        match block {
            Block::Heading(heading) => {
                *out += &format!("\n{heading}:\n");
                language = if heading.starts_with("Example") { "sh" } else { "text" };
            }
            Block::Text(text) => *out += &format!("\n{}\n", escaped(text)),
            Block::Lines(lines) => fenced(out, language, lines),
        }
    }
}

fn fenced(out: &mut String, language: &str, lines: &[String]) {
    *out += &format!("\n```{language}\n{}\n```\n", lines.join("\n"));
}

/// Text in which nothing is markup but code between backticks.
fn escaped(text: &str) -> String {
    let mut out = String::new();
    let mut is_code = false;
    for c in text.chars() {
        is_code ^= c == '`';
        if !is_code && matches!(c, '\\' | '*' | '<' | '|') {
            out.push('\\');
        }
        out.push(c);
    }
    out
}
