use std::io::{self, Write};

use diskprint_formats::{CodePoint, Name};

use crate::printable::is_unsafe;

/// Writes characters such that a line stays a line and none is lost: `\u{X}` is the character or
/// unpaired surrogate with the hexadecimal number X, and everything else is itself.
pub(super) struct Escaper<'o, W> {
    out: &'o mut W,
    /// A character that would end what is written.
    end: Option<char>,
    /// How much of `\u{` stands before the next character.
    matched: u8,
}

/// The characters of UTF-16 units.
pub(super) fn decoded(units: impl Iterator<Item = u16>) -> impl Iterator<Item = CodePoint> {
    char::decode_utf16(units).map(|decoded| match decoded {
        Ok(c) => CodePoint::Char(c),
        Err(lone) => CodePoint::Surrogate(lone.unpaired_surrogate()),
    })
}

/// The characters of a name.
pub(super) fn characters(name: &Name) -> impl Iterator<Item = CodePoint> + '_ {
    // Text is walked without looking for surrogates.
    let text = name.to_str();
    let chars = text.into_iter().flat_map(str::chars).map(CodePoint::Char);
    let odd = text.is_none().then(|| name.code_points()).into_iter().flatten();
    chars.chain(odd)
}

impl<'o, W: Write> Escaper<'o, W> {
    /// For what ends with the line.
    pub(super) fn plain(out: &'o mut W) -> Self {
        Self { out, end: None, matched: 0 }
    }

    /// For what ends with a quotation mark.
    pub(super) fn in_quotes(out: &'o mut W) -> Self {
        Self { out, end: Some('"'), matched: 0 }
    }

    /// For a part of a path; the `\` before it has been written.
    pub(super) fn after_backslash(out: &'o mut W) -> Self {
        Self { out, end: Some('\\'), matched: 1 }
    }

    pub(super) fn put(&mut self, point: CodePoint) -> io::Result<()> {
        let c = match point {
            CodePoint::Char(c) => c,
            CodePoint::Surrogate(unit) => return self.escape(unit.into()),
        };
        if is_unsafe(c) || Some(c) == self.end || (self.matched == 2 && c == '{') {
            return self.escape(c.into());
        }
        self.matched = match (self.matched, c) {
            (_, '\\') => 1,
            (1, 'u') => 2,
            _ => 0,
        };
        self.out.write_all(c.encode_utf8(&mut [0; 4]).as_bytes())
    }

    fn escape(&mut self, number: u32) -> io::Result<()> {
        self.matched = 0;
        write!(self.out, "\\u{{{number:x}}}")
    }
}
