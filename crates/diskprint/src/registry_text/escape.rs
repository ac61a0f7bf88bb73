use std::io::{self, Write};

use diskprint_formats::{CodePoint, Name};

use crate::printable::is_unsafe;

/// Writes characters such that a line stays a line and none is lost: `\u{X}` is the character or
/// unpaired surrogate with the hexadecimal number X, `\x{X}` a byte that belongs to no character,
/// and everything else is itself.
pub(super) struct Escaper<'o, W> {
    out: &'o mut W,
    /// How much of `\u{` or `\x{` stands before the next character.
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
fn characters(name: &Name) -> impl Iterator<Item = CodePoint> + '_ {
    // Text is walked without looking for surrogates.
    let text = name.to_str();
    let chars = text.into_iter().flat_map(str::chars).map(CodePoint::Char);
    let odd = text.is_none().then(|| name.code_points()).into_iter().flatten();
    chars.chain(odd)
}

/// Whether the name has characters only that stand for themselves and are in no escape, as most
/// have.
fn is_plain(name: &Name) -> bool {
    name.as_bytes().iter().all(|byte| plain((*byte).into()).is_some())
}

/// The character of a UTF-16 unit, or of a byte of a name, where it stands for itself wherever it
/// is but behind a `\`.
pub(super) fn plain(unit: u16) -> Option<u8> {
    u8::try_from(unit).ok().filter(|byte| matches!(byte, b' '..=b'~') && *byte != b'\\')
}

/// Writes a name.
pub(super) fn name(name: &Name, out: &mut impl Write) -> io::Result<()> {
    if is_plain(name) {
        return out.write_all(name.as_bytes());
    }
    let mut escaper = Escaper::new(out);
    characters(name).try_for_each(|point| escaper.put(point))
}

/// Writes `\` and the name of a key, behind the path of its parent.
pub(super) fn step(name: &Name, out: &mut impl Write) -> io::Result<()> {
    out.write_all(b"\\")?;
    if is_plain(name) && !name.as_bytes().starts_with(b"u") && !name.as_bytes().starts_with(b"x") {
        return out.write_all(name.as_bytes());
    }
    let mut escaper = Escaper { out, matched: 1 };
    characters(name).try_for_each(|point| escaper.put(point))
}

/// The text of a name.
pub(super) fn name_text(stored: &Name) -> String {
    let mut text = Vec::new();
    // Writing to memory cannot fail.
    let _ = name(stored, &mut text);
    String::from_utf8_lossy(&text).into_owned()
}

impl<'o, W: Write> Escaper<'o, W> {
    /// Begins where no `\` stands before that could be one of an escape.
    pub(super) fn new(out: &'o mut W) -> Self {
        Self { out, matched: 0 }
    }

    pub(super) fn put(&mut self, point: CodePoint) -> io::Result<()> {
        let c = match point {
            CodePoint::Char(c) => c,
            CodePoint::Surrogate(unit) => return self.escape('u', unit.into()),
        };
        if is_unsafe(c) || (self.matched == 2 && c == '{') {
            return self.escape('u', c.into());
        }
        self.matched = match (self.matched, c) {
            (_, '\\') => 1,
            (1, 'u' | 'x') => 2,
            _ => 0,
        };
        self.out.write_all(c.encode_utf8(&mut [0; 4]).as_bytes())
    }

    /// Writes a byte that is no whole UTF-16 unit.
    pub(super) fn put_byte(&mut self, byte: u8) -> io::Result<()> {
        self.escape('x', byte.into())
    }

    fn escape(&mut self, kind: char, number: u32) -> io::Result<()> {
        self.matched = 0;
        write!(self.out, "\\{kind}{{{number:x}}}")
    }
}
