use crate::bytes::{u16_le, u32_le};
use crate::dos_time::date_time;
use crate::{Name, Times};

/// Length of an entry of a directory, in bytes.
pub(super) const ENTRY: usize = 32;

/// A short entry of a directory ("FAT Directory Structure").
#[derive(Clone, Debug)]
pub(super) struct DirectoryEntry {
    /// The name as stored, eight and three bytes.
    pub raw_name: [u8; 11],
    pub attributes: u8,
    /// Bits 3 and 4: base and extension are in lower case.
    case: u8,
    pub first_cluster: u32,
    pub size: u32,
    pub times: Times,
}

/// Whether an entry is in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// No entry follows.
    End,
    Deleted,
    InUse,
}

pub(super) const DIRECTORY: u8 = 0x10;
pub(super) const VOLUME_ID: u8 = 0x08;
const LONG_NAME: u8 = 0x0F;

pub(super) fn state(entry: &[u8]) -> State {
    match entry.first() {
        None | Some(0) => State::End,
        Some(0xE5) => State::Deleted,
        Some(_) => State::InUse,
    }
}

/// Whether it is a part of a long name.
pub(super) fn is_long_name(entry: &[u8]) -> bool {
    entry.get(11).is_some_and(|attributes| attributes & 0x3F == LONG_NAME)
}

impl DirectoryEntry {
    /// Decodes an entry; `None` when it is cut.
    pub fn parse(entry: &[u8]) -> Option<Self> {
        let word = |offset| u16_le(entry, offset);
        Some(Self {
            raw_name: *entry.first_chunk()?,
            attributes: *entry.get(11)?,
            case: *entry.get(12)?,
            first_cluster: u32::from(word(20)?) << 16 | u32::from(word(26)?),
            size: u32_le(entry, 28)?,
            times: Times {
                mtime: date_time(word(24)?, word(22)?, 0),
                atime: date_time(word(18)?, 0, 0),
                crtime: date_time(word(16)?, word(14)?, *entry.get(13)?),
                ..Times::default()
            },
        })
    }

    /// Whether it stands for the directory itself or the one above.
    pub fn is_dots(&self) -> bool {
        matches!(&self.raw_name, b".          " | b"..         ")
    }

    pub fn is_directory(&self) -> bool {
        self.attributes & DIRECTORY != 0
    }

    /// The short name as Windows shows it; of a deleted one the first letter is lost, and `_` is in
    /// its place, as The Sleuth Kit has it.
    pub fn short_name(&self) -> Name {
        let (base, extension) = self.raw_name.split_at(8);
        let mut base = base.to_vec();
        match base.first_mut() {
            Some(first @ 0xE5) => *first = b'_',
            // What would look deleted is stored as 05.
            Some(first @ 0x05) => *first = 0xE5,
            _ => {}
        }
        let mut name = text(&base, self.case & 0x08 != 0);
        let extension = text(extension, self.case & 0x10 != 0);
        if !extension.is_empty() {
            name.push('.');
            name.push_str(&extension);
        }
        name.as_str().into()
    }

    /// The sum over the short name that the parts of its long one hold.
    // Source: "FAT Long Directory Entries", ChkSum.
    pub fn checksum(&self) -> u8 {
        self.raw_name.iter().fold(0u8, |sum, byte| sum.rotate_right(1).wrapping_add(*byte))
    }
}

/// A padded part of a short name as text.
fn text(bytes: &[u8], is_lower: bool) -> String {
    let end = bytes.iter().rposition(|byte| *byte != b' ').map_or(0, |last| last + 1);
    let shown = bytes.iter().take(end).map(|byte| match byte {
        byte if is_lower => character(byte.to_ascii_lowercase()),
        byte => character(*byte),
    });
    shown.collect()
}

/// The character of code page 437, which DOS began with: the volume does not name another.
fn character(byte: u8) -> char {
    match byte.checked_sub(0x80) {
        None => byte.into(),
        Some(index) => CODE_PAGE_437.chars().nth(index.into()).unwrap_or('\u{FFFD}'),
    }
}

// Source: Unicode, Mappings/VENDORS/MICSFT/PC/CP437.TXT.
const CODE_PAGE_437: &str = "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐\
└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u{A0}";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_names_are_shown_as_windows_does() {
        assert_eq!(CODE_PAGE_437.chars().count(), 128);
        let name = |raw: &[u8; 11], case| {
            let mut entry = [0; ENTRY];
            entry[..11].copy_from_slice(raw);
            entry[12] = case;
            DirectoryEntry::parse(&entry).unwrap().short_name().to_text().into_owned()
        };
        assert_eq!(name(b"README  TXT", 0), "README.TXT");
        assert_eq!(name(b"README  TXT", 0x18), "readme.txt");
        assert_eq!(name(b"MAKEFILE   ", 0x08), "makefile");
        assert_eq!(name(b"\xE5LD     DOC", 0), "_LD.DOC");
        assert_eq!(name(b"\x05\x81B     X  ", 0), "σüB.X");
    }
}
