use std::borrow::Cow;
use std::fmt;

/// A name as it is stored on disk, lossless even where it is not text.
///
/// Windows names are UTF-16 that nobody checked: unpaired surrogates and control characters occur.
/// They are kept here as WTF-8, which is UTF-8 but for each unpaired surrogate, which takes the
/// three bytes that its code point would have. Sorting by these bytes sorts by code point.
// Source: https://simonsapin.github.io/wtf-8/
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name(Box<[u8]>);

/// One step of a [`Name`]: a character, or half of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CodePoint {
    /// A Unicode scalar value.
    Char(char),
    /// An unpaired UTF-16 surrogate, 0xD800 to 0xDFFF.
    Surrogate(u16),
}

impl Name {
    /// Makes a name from UTF-16 code units.
    pub fn from_utf16(units: impl IntoIterator<Item = u16>) -> Self {
        let units = units.into_iter();
        let mut bytes = Vec::with_capacity(units.size_hint().0);
        for unit in char::decode_utf16(units) {
            match unit {
                Ok(c) => bytes.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
                Err(lone) => {
                    let unit = lone.unpaired_surrogate();
                    bytes.extend_from_slice(&[
                        0xE0 | (unit >> 12) as u8,
                        0x80 | (unit >> 6 & 0x3F) as u8,
                        0x80 | (unit & 0x3F) as u8,
                    ]);
                }
            }
        }
        Self(bytes.into())
    }

    /// Makes a name from little-endian UTF-16 bytes; an odd last byte is left out.
    pub fn from_utf16le(bytes: &[u8]) -> Self {
        let (pairs, _) = bytes.as_chunks::<2>();
        Self::from_utf16(pairs.iter().map(|pair| u16::from_le_bytes(*pair)))
    }

    /// Makes a name from one byte a character, each its own code point (ISO 8859-1).
    pub fn from_latin1(bytes: &[u8]) -> Self {
        if bytes.is_ascii() {
            return Self(bytes.into());
        }
        Self::from_utf16(bytes.iter().map(|byte| u16::from(*byte)))
    }

    /// Joins `self` and `tail` with `separator`; an empty `self` gives `tail`.
    pub fn join(&self, separator: char, tail: &Self) -> Self {
        if self.0.is_empty() { tail.clone() } else { self.followed_by(separator, tail) }
    }

    /// Puts `separator` and `tail` behind `self`, even when `self` is empty.
    pub fn followed_by(&self, separator: char, tail: &Self) -> Self {
        let mut bytes = Vec::with_capacity(self.0.len() + tail.0.len() + 1);
        bytes.extend_from_slice(&self.0);
        bytes.extend_from_slice(separator.encode_utf8(&mut [0; 4]).as_bytes());
        bytes.extend_from_slice(&tail.0);
        Self(bytes.into())
    }

    /// Makes a name from WTF-8 bytes that came from [`Name::as_bytes`], joined as they like.
    pub fn from_wtf8(bytes: Vec<u8>) -> Self {
        Self(bytes.into())
    }

    /// The WTF-8 bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Whether the name has no characters.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The name as text, or `None` when it holds an unpaired surrogate.
    pub fn to_str(&self) -> Option<&str> {
        std::str::from_utf8(&self.0).ok()
    }

    /// The name as text; each unpaired surrogate reads `\uXXXX`, its four hexadecimal digits.
    pub fn to_text(&self) -> Cow<'_, str> {
        match self.to_str() {
            Some(text) => Cow::Borrowed(text),
            None => self
                .code_points()
                .map(|point| match point {
                    CodePoint::Char(c) => c.to_string(),
                    CodePoint::Surrogate(unit) => format!("\\u{unit:04x}"),
                })
                .collect::<String>()
                .into(),
        }
    }

    /// Walks the characters, unpaired surrogates by themselves.
    pub fn code_points(&self) -> impl Iterator<Item = CodePoint> + '_ {
        self.0
            .utf8_chunks()
            .flat_map(|chunk| {
                // `from_utf16` leaves exactly one surrogate as three bytes that are not UTF-8:
                // `utf8_chunks` hands these out one by one, the first (0xED) begins it.
                let chars = chunk.valid().chars().map(CodePoint::Char);
                chars.chain(
                    chunk.invalid().iter().copied().map(|byte| CodePoint::Surrogate(byte.into())),
                )
            })
            .scan((0u8, 0u16), fold_surrogate)
            .flatten()
    }

    /// The name with every letter in upper case, for comparing as Windows does.
    ///
    /// Letters whose upper case is several letters stay as they are, as in the tables of Windows.
    pub fn to_upper(&self) -> Self {
        let mut units = Vec::with_capacity(self.0.len());
        for point in self.code_points() {
            match point {
                CodePoint::Char(c) => units.extend_from_slice(upper(c).encode_utf16(&mut [0; 2])),
                CodePoint::Surrogate(unit) => units.push(unit),
            }
        }
        Self::from_utf16(units)
    }
}

/// Puts the three bytes of a surrogate together again; `state` counts them and holds the unit.
fn fold_surrogate(state: &mut (u8, u16), point: CodePoint) -> Option<Option<CodePoint>> {
    let CodePoint::Surrogate(byte) = point else {
        return Some(Some(point));
    };
    let (count, unit) = *state;
    let bits = if count == 0 { byte & 0x0F } else { byte & 0x3F };
    let unit = unit << if count == 0 { 4 } else { 6 } | bits;
    *state = if count == 2 { (0, 0) } else { (count + 1, unit) };
    Some((count == 2).then_some(CodePoint::Surrogate(unit)))
}

fn upper(c: char) -> char {
    let mut upper = c.to_uppercase();
    match (upper.next(), upper.next()) {
        (Some(single), None) => single,
        _ => c,
    }
}

impl From<&str> for Name {
    fn from(text: &str) -> Self {
        Self(text.as_bytes().into())
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.to_text())
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.to_text(), f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn units(name: &Name) -> Vec<u16> {
        let mut units = Vec::new();
        for point in name.code_points() {
            match point {
                CodePoint::Char(c) => units.extend_from_slice(c.encode_utf16(&mut [0; 2])),
                CodePoint::Surrogate(unit) => units.push(unit),
            }
        }
        units
    }

    proptest! {
        #[test]
        fn any_utf16_comes_back_as_it_was(stored in prop::collection::vec(prop_oneof![any::<u16>(), 0xD7FE..0xE002u16], 0..40)) {
            prop_assert_eq!(units(&Name::from_utf16(stored.iter().copied())), stored);
        }
    }

    #[test]
    fn unpaired_surrogates_are_shown_and_not_replaced() {
        let name = Name::from_utf16([0x61, 0xD800, 0x62]);
        assert_eq!(name.to_str(), None);
        assert_eq!(name.to_text(), "a\\ud800b");
        assert_ne!(name, Name::from_utf16([0x61, 0xD801, 0x62]));
    }

    #[test]
    fn each_byte_of_a_short_name_is_a_character() {
        let all: Vec<u8> = (0..=255).collect();
        let expected: String = all.iter().map(|byte| char::from(*byte)).collect();
        assert_eq!(Name::from_latin1(&all), Name::from(&*expected));
        assert_eq!(Name::from_latin1(&all[..128]), Name::from(&expected[..128]));
    }

    #[test]
    fn upper_case_is_one_letter_for_one() {
        assert_eq!(Name::from("straße é").to_upper(), Name::from("STRAßE É"));
    }
}
