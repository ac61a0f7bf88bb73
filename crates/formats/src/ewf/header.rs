use std::io::Read;

use flate2::read::ZlibDecoder;

use super::Error;
use super::section::Section;
use crate::ReadAt;

/// What whoever made the image said of it: case number, examiner, notes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CaseFields(Vec<(String, String)>);

/// The longest text that is read, in bytes.
// Source: EWF specification, "Header2 values": EnCase may not answer with 1 MiB.
const MOST_TEXT: u64 = 1 << 20;

impl CaseFields {
    /// The field of an identifier: `c` case number, `n` evidence number, `a` description, `e`
    /// examiner, `t` notes, `av` version, `ov` platform, `m` and `u` acquisition and system date.
    pub fn get(&self, identifier: &str) -> Option<&str> {
        self.iter().find(|(name, _)| *name == identifier).map(|(_, value)| value)
    }

    /// All fields, identifier and value, in their order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Reads a header or header2 section.
    pub(super) fn read(file: &dyn ReadAt, segment: u32, section: &Section) -> Result<Self, Error> {
        let offset = section.data();
        let most = usize::try_from(MOST_TEXT).unwrap_or(usize::MAX);
        let deflated = section.read(file, segment, "case fields", most)?;
        let mut bytes = Vec::new();
        let inflated = ZlibDecoder::new(&deflated[..]).take(MOST_TEXT).read_to_end(&mut bytes);
        match (inflated, Self::of_text(&text(&bytes))) {
            (Ok(_), Some(fields)) => Ok(fields),
            _ => Err(Error::CaseFields { segment, offset }),
        }
    }

    /// Identifiers are in the line behind `main`, their values in the one behind that.
    // Source: EWF specification, "Header2 section", "Header section".
    pub(super) fn of_text(text: &str) -> Option<Self> {
        let mut lines = text.lines().skip_while(|line| *line != "main").skip(1);
        let (names, values) = (lines.next()?, lines.next()?);
        let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
        Some(Self(names.split('\t').zip(values.split('\t')).map(owned).collect()))
    }
}

/// Text of header2 is UTF-16 behind a byte order mark; that of header is ASCII or a code page, of
/// which what is not ASCII is not guessed.
pub(super) fn text(bytes: &[u8]) -> String {
    let units = |from: fn([u8; 2]) -> u16| {
        let units = bytes.get(2..).unwrap_or_default().chunks_exact(2);
        let units = units.filter_map(|pair| Some(from(*pair.first_chunk()?)));
        String::from_utf16_lossy(&units.collect::<Vec<_>>())
    };
    match bytes {
        [0xFF, 0xFE, ..] => units(u16::from_le_bytes),
        [0xFE, 0xFF, ..] => units(u16::from_be_bytes),
        _ => String::from_utf8_lossy(bytes).into_owned(),
    }
}
