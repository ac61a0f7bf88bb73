//! Man pages, in the macros of man(7).

use super::page::{Block, Item, Page};

/// The page as source of `man`.
pub fn render(page: &Page) -> String {
    let mut out = format!(
        ".TH {} 1 \"\" \"diskprint {}\" \"diskprint\"\n",
        quoted(&page.file_name()),
        crate::VERSION
    );
    section(&mut out, "NAME");
    line(&mut out, &format!("{} \\- {}", escaped(&page.file_name()), escaped(&page.about)));
    section(&mut out, "SYNOPSIS");
    verbatim(&mut out, &page.usage);
    section(&mut out, "DESCRIPTION");
    paragraphs(&mut out, &page.description, ".PP\n");
    items(&mut out, "ARGUMENTS", &page.arguments);
    items(&mut out, "OPTIONS", &page.options);
    if !page.commands.is_empty() {
        section(&mut out, "COMMANDS");
        for (name, about) in &page.commands {
            out += ".TP\n";
            line(&mut out, &format!("\\fB{}\\fR(1)", escaped(&name.replace(' ', "-"))));
            line(&mut out, &escaped(about));
        }
    }
    after(&mut out, &page.after);
    out
}

fn section(out: &mut String, heading: &str) {
    *out += &format!(".SH {}\n", quoted(heading));
}

fn items(out: &mut String, heading: &str, items: &[Item]) {
    if items.is_empty() {
        return;
    }
    section(out, heading);
    for item in items {
        *out += ".TP\n";
        line(out, &format!("\\fB{}\\fR", escaped(&item.typed)));
        paragraphs(out, &item.help, ".IP\n");
        for (value, help) in &item.values {
            *out += ".RS\n.TP\n";
            line(out, &format!("\\fB{}\\fR", escaped(value)));
            line(out, &escaped(help));
            *out += ".RE\n";
        }
        if let Some(default) = &item.default {
            *out += ".IP\n";
            line(out, &format!("Default: {}", escaped(default)));
        }
    }
}

/// What is not under a heading of its own goes under NOTES.
fn after(out: &mut String, blocks: &[Block]) {
    let mut is_under_heading = false;
    for block in blocks {
        match block {
            Block::Heading(heading) => {
                section(out, &heading.to_uppercase());
                is_under_heading = true;
            }
            Block::Text(text) => {
                *out += if is_under_heading { ".PP\n" } else { ".SH \"NOTES\"\n" };
                line(out, &escaped(text));
                is_under_heading = true;
            }
            Block::Lines(lines) => verbatim(out, lines),
        }
    }
}

fn paragraphs(out: &mut String, paragraphs: &[String], between: &str) {
    for (at, paragraph) in paragraphs.iter().enumerate() {
        if at > 0 {
            *out += between;
        }
        line(out, &escaped(paragraph));
    }
}

fn verbatim(out: &mut String, lines: &[String]) {
    *out += ".nf\n";
    for text in lines {
        line(out, &escaped(text));
    }
    *out += ".fi\n";
}

/// A line of text, which must not begin as a request does.
fn line(out: &mut String, text: &str) {
    if text.starts_with(['.', '\'']) {
        *out += "\\&";
    }
    *out += text;
    out.push('\n');
}

/// Text that stays as it is: `-` a minus as typed, and all beyond ASCII by its number.
fn escaped(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c {
            '\\' => out += "\\e",
            '-' => out += "\\-",
            '\'' => out += "\\(aq",
            '`' => out += "\\(ga",
            '^' => out += "\\(ha",
            '~' => out += "\\(ti",
            c if c.is_ascii() => out.push(c),
            c => out += &format!("\\[u{:04X}]", u32::from(c)),
        }
    }
    out
}

/// An argument of a request.
fn quoted(text: &str) -> String {
    format!("\"{}\"", escaped(text).replace('"', "\\(dq"))
}
