use std::fmt::{self, Display, Write};

use diskprint_formats::{CodePoint, Name};

/// Whether XML 1.0 can hold the character at all, even as a reference.
// Source: XML 1.0, 2.2 "Characters".
pub(super) fn is_xml(c: char) -> bool {
    !matches!(c, '\0'..='\u{8}' | '\u{B}' | '\u{C}' | '\u{E}'..='\u{1F}' | '\u{FFFE}' | '\u{FFFF}')
}

/// Text for an attribute or an element; the caller has seen that it [`is_xml`].
pub(super) struct Escaped<'a>(pub &'a str);

impl Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // What needs no reference, as nearly all, goes out in one piece.
        let mut rest = self.0;
        while let Some(at) = rest.find(['&', '<', '>', '"', '\t', '\n', '\r']) {
            let (plain, from) = rest.split_at(at);
            f.write_str(plain)?;
            let mut chars = from.chars();
            chars.next().map_or(Ok(()), |c| char_reference(c, f))?;
            rest = chars.as_str();
        }
        f.write_str(rest)
    }
}

// White space is written as references, or a parser would make spaces of it.
fn char_reference(c: char, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match c {
        '&' => f.write_str("&amp;"),
        '<' => f.write_str("&lt;"),
        '>' => f.write_str("&gt;"),
        '"' => f.write_str("&quot;"),
        '\t' | '\n' | '\r' => write!(f, "&#{};", u32::from(c)),
        c => f.write_char(c),
    }
}

/// The attribute `label` with a name, and where the name holds what XML cannot, a second one,
/// `label_escaped="1"`: the name then has `\uXXXX` for each such UTF-16 unit, and `\\` for `\`.
pub(super) struct NameAttribute<'a> {
    pub(super) label: &'static str,
    pub(super) name: &'a Name,
}

impl Display for NameAttribute<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { label, name } = self;
        match name.to_str().filter(|text| text.chars().all(is_xml)) {
            Some(text) => write!(f, " {label}=\"{}\"", Escaped(text)),
            None => {
                write!(f, " {label}=\"")?;
                name.code_points().try_for_each(|point| escaped(point, f))?;
                write!(f, "\" {label}_escaped=\"1\"")
            }
        }
    }
}

fn escaped(point: CodePoint, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match point {
        CodePoint::Char('\\') => f.write_str("\\\\"),
        CodePoint::Char(c) if is_xml(c) => char_reference(c, f),
        CodePoint::Char(c) => write!(f, "\\u{:04x}", u32::from(c)),
        CodePoint::Surrogate(unit) => write!(f, "\\u{unit:04x}"),
    }
}
