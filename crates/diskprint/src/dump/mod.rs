//! Structures of evidence as text that a person can hold beside their specification.
//!
//! Each function takes the bytes, or what was read from them, and gives a [`Dump`] out: what
//! could be decoded, and what is wrong with the rest.

mod attribute;
mod boot_sector;
mod disk_header;
mod hive;
mod image;
mod key;
mod mft_record;
mod value;
mod vmdk;
mod words;

use std::error::Error;
use std::fmt::{self, Display, Write};

use crate::{Fault, Place, printable};

pub use attribute::{Selector, attributes};
pub use boot_sector::boot_sector;
pub use disk_header::disk_header;
pub use hive::hive;
pub use image::{disk, image};
pub use key::key;
pub use mft_record::{file_of, mft_record, record_of};
pub use vmdk::vmdk;

/// A structure as text: headings, a line for each field, and what is wrong with it at the end.
///
/// A line has the field's offset in the structure where that helps, its name and its value.
#[derive(Clone, Debug, Default)]
pub struct Dump {
    text: String,
    errors: Vec<String>,
}

impl Dump {
    /// What could not be decoded, or is not what it should be, one line each.
    pub fn errors(&self) -> &[String] {
        &self.errors
    }

    /// Whether nothing was decoded.
    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// Puts `other` behind this dump.
    pub fn append(&mut self, other: Self) {
        if !self.text.is_empty() && !other.text.is_empty() {
            self.text.push('\n');
        }
        self.text.push_str(&other.text);
        self.errors.extend(other.errors);
    }

    /// Adds a line without a field, flush left.
    pub fn heading(&mut self, text: impl Display) {
        if !self.text.is_empty() {
            self.text.push('\n');
        }
        self.line_of(format_args!("{text}"));
    }

    /// Adds a field, with its offset where there is one.
    pub fn field(&mut self, offset: impl Into<Option<u64>>, name: &str, value: impl Display) {
        let offset = offset.into().map(|offset| format!("{offset:#06x}")).unwrap_or_default();
        self.line_of(format_args!("  {offset:<12}{name:<25}  {value}"));
    }

    /// Adds a line that goes on with what the one above said.
    pub fn more(&mut self, value: impl Display) {
        self.line_of(format_args!("  {:<12}{value}", ""));
    }

    /// Adds an error with its causes.
    pub fn error(&mut self, error: &(dyn Error + 'static)) {
        self.errors.push(Fault::new(Place::default(), error, "").what);
    }

    /// Adds what is wrong in words.
    pub fn wrong(&mut self, what: impl Into<String>) {
        self.errors.push(what.into());
    }

    /// Adds `bytes` in hexadecimal and as ASCII; the first is at offset `start`. Lines that
    /// repeat the one above are left out, a star says so.
    pub fn hex(&mut self, start: u64, bytes: &[u8]) {
        let (mut offset, mut above, mut starred) = (start, None, false);
        let last = bytes.len().div_ceil(16).saturating_sub(1);
        for (index, line) in bytes.chunks(16).enumerate() {
            if above == Some(line) && index != last {
                if !starred {
                    self.line_of(format_args!("  *"));
                }
                starred = true;
            } else {
                self.hex_line(offset, line);
                starred = false;
            }
            above = Some(line);
            offset = offset.saturating_add(line.len() as u64);
        }
    }

    fn hex_line(&mut self, offset: u64, line: &[u8]) {
        let hex: String = line.iter().map(|byte| format!("{byte:02x} ")).collect();
        let shown = |byte: &u8| if (0x20..0x7F).contains(byte) { char::from(*byte) } else { '.' };
        let ascii: String = line.iter().map(shown).collect();
        self.line_of(format_args!("  {offset:08x}  {hex:<48} |{ascii}|"));
    }

    fn line_of(&mut self, line: fmt::Arguments<'_>) {
        let start = self.text.len();
        // Writing to a String cannot fail.
        let _ = self.text.write_fmt(line);
        let end = self.text.trim_end_matches(' ').len().max(start);
        self.text.truncate(end);
        self.text.push('\n');
    }
}

/// The text, then a line for each error.
impl Display for Dump {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)?;
        if !self.text.is_empty() && !self.errors.is_empty() {
            writeln!(f)?;
        }
        self.errors.iter().try_for_each(|error| writeln!(f, "error: {}", printable(error)))
    }
}

/// Fields of a structure that are read one by one, little-endian.
struct Fields<'d, 'b> {
    dump: &'d mut Dump,
    bytes: &'b [u8],
    /// Offset to print for the first byte.
    base: u64,
}

impl<'d, 'b> Fields<'d, 'b> {
    fn new(dump: &'d mut Dump, bytes: &'b [u8], base: u64) -> Self {
        Self { dump, bytes, base }
    }

    fn at<const N: usize>(&self, offset: usize) -> Option<[u8; N]> {
        self.bytes.get(offset..)?.first_chunk().copied()
    }

    /// Adds the field of `N` bytes at `offset`, as `show` has it; does nothing past the end.
    fn show<const N: usize, D: Display>(
        &mut self,
        offset: usize,
        name: &str,
        show: impl FnOnce([u8; N]) -> D,
    ) {
        let at = self.base.saturating_add(offset as u64);
        match self.at(offset) {
            Some(bytes) => self.dump.field(at, name, show(bytes)),
            None => self.dump.field(at, name, "(the bytes end before it)"),
        }
    }

    fn u8(&mut self, offset: usize, name: &str, show: impl FnOnce(u8) -> String) {
        self.show(offset, name, |[byte]| show(byte));
    }

    fn u16(&mut self, offset: usize, name: &str, show: impl FnOnce(u16) -> String) {
        self.show(offset, name, |bytes| show(u16::from_le_bytes(bytes)));
    }

    fn u32(&mut self, offset: usize, name: &str, show: impl FnOnce(u32) -> String) {
        self.show(offset, name, |bytes| show(u32::from_le_bytes(bytes)));
    }

    fn u64(&mut self, offset: usize, name: &str, show: impl FnOnce(u64) -> String) {
        self.show(offset, name, |bytes| show(u64::from_le_bytes(bytes)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repeated_lines_of_bytes_are_a_star_but_the_last() {
        let mut dump = Dump::default();
        dump.hex(0x10, &[[0; 64].as_slice(), b"end"].concat());
        dump.hex(0, &[1; 48]);
        let offsets: Vec<_> = dump.text.lines().map(|line| &line[2..line.len().min(10)]).collect();
        assert_eq!(offsets, ["00000010", "*", "00000050", "00000000", "*", "00000020"]);
        assert!(dump.text.contains("65 6e 64 ") && dump.text.contains(" |end|"));
    }
}
