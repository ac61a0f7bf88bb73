//! How value data read as text in RegXML, and in the hashes of the original workflow.

use diskprint_formats::regf::{ValueType, type_name};
use sha1::{Digest, Sha1};

/// Value data as RegXML shows them.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Rendering {
    /// Text, or a number in decimal digits.
    Text(String),
    /// The items of a list.
    List(Vec<String>),
    /// The bytes as they are.
    Bytes,
    /// The bytes as they are, since they are not what their type says.
    Bad,
}

impl Rendering {
    /// Whether the data of this type can be made again from the rendering, which leaves out what
    /// is behind the first NUL, a missing terminator, and what is too long for a number.
    pub(crate) fn is_all_of(&self, value_type: u32, data: &[u8]) -> bool {
        match self {
            Self::Text(_) if is_number(value_type) => {
                let long = ValueType::from_number(value_type) == Some(ValueType::Int64);
                data.len() == if long { 8 } else { 4 }
            }
            Self::Text(text) => is_utf16(ended(text), data),
            Self::List(items) => is_utf16(items.iter().flat_map(|item| ended(item)), data),
            Self::Bytes | Self::Bad => true,
        }
    }
}

/// Renders the data of a value of type number `value_type`.
pub(crate) fn render(value_type: u32, data: &[u8]) -> Rendering {
    let rendered = match ValueType::from_number(value_type) {
        Some(ValueType::String | ValueType::Expand | ValueType::Link) => {
            text(until_nul(&units(data))).map(Rendering::Text)
        }
        Some(ValueType::StringList) => list(&units(data)).map(Rendering::List),
        Some(ValueType::Int32) => number(data, i32::from_le_bytes),
        Some(ValueType::Int32BigEndian) => number(data, i32::from_be_bytes),
        Some(ValueType::Int64) => number(data, i64::from_le_bytes),
        _ => return Rendering::Bytes,
    };
    rendered.unwrap_or(Rendering::Bad)
}

/// SHA-1 over the data as the original workflow rendered them, or `None` where it had no hash.
///
/// It hashed text in UTF-8 up to the first NUL, numbers in decimal digits, the items of a list
/// without anything between them, and all else as it is; a number cut short was -1 to it.
pub(crate) fn original_sha1(value_type: u32, data: &[u8]) -> Option<[u8; 20]> {
    if data.is_empty() && ValueType::from_number(value_type) != Some(ValueType::StringList) {
        return None;
    }
    let hash = |bytes: &[u8]| Some(Sha1::digest(bytes).into());
    match render(value_type, data) {
        Rendering::Text(text) if text.is_empty() => None,
        Rendering::Text(text) => hash(text.as_bytes()),
        Rendering::List(items) => hash(items.concat().as_bytes()),
        Rendering::Bad if is_number(value_type) => hash(b"-1"),
        Rendering::Bad | Rendering::Bytes => hash(data),
    }
}

/// The name of the type in RegXML; of data that are not what their type says, with `bad-` before.
pub(crate) fn shown_type(value_type: u32, rendering: &Rendering) -> String {
    let bad = if *rendering == Rendering::Bad { "bad-" } else { "" };
    format!("{bad}{}", type_name(value_type))
}

/// The text as Windows stores it: UTF-16 with a terminator.
fn ended(text: &str) -> impl Iterator<Item = u16> {
    text.encode_utf16().chain([0])
}

fn is_utf16(units: impl Iterator<Item = u16>, data: &[u8]) -> bool {
    let (pairs, odd) = data.as_chunks();
    odd.is_empty() && units.eq(pairs.iter().map(|pair| u16::from_le_bytes(*pair)))
}

fn is_number(value_type: u32) -> bool {
    use ValueType::{Int32, Int32BigEndian, Int64};
    matches!(ValueType::from_number(value_type), Some(Int32 | Int32BigEndian | Int64))
}

fn number<const N: usize, T: ToString>(data: &[u8], decode: fn([u8; N]) -> T) -> Option<Rendering> {
    data.first_chunk().map(|bytes| Rendering::Text(decode(*bytes).to_string()))
}

/// UTF-16 units; an odd last byte is left out.
fn units(data: &[u8]) -> Vec<u16> {
    let (pairs, _) = data.as_chunks::<2>();
    pairs.iter().map(|pair| u16::from_le_bytes(*pair)).collect()
}

fn until_nul(units: &[u16]) -> &[u16] {
    let end = units.iter().position(|unit| *unit == 0).unwrap_or(units.len());
    units.get(..end).unwrap_or(units)
}

fn text(units: &[u16]) -> Option<String> {
    String::from_utf16(units).ok()
}

/// The items of a list: each ends with a NUL, the last one also with the data. The NUL that ends
/// the list is an empty item, as in the original's RegXML.
fn list(units: &[u16]) -> Option<Vec<String>> {
    let ended = units.strip_suffix(&[0]).unwrap_or(units);
    if units.is_empty() {
        return Some(Vec::new());
    }
    ended.split(|unit| *unit == 0).map(text).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wide(text: &str) -> Vec<u8> {
        text.encode_utf16().flat_map(u16::to_le_bytes).collect()
    }

    /// Each as hivexml 1.3.23 shows it.
    #[test]
    fn data_read_as_hivexml_shows_them() {
        let text = |text: &str| Rendering::Text(text.to_owned());
        let list =
            |items: &[&str]| Rendering::List(items.iter().map(|i| (*i).to_owned()).collect());
        for (value_type, data, expected) in [
            (1, wide("abc"), text("abc")),
            (1, wide("ab\0cd\0"), text("ab")),
            (1, vec![97, 0, 98], text("a")),
            (2, vec![0, 0xD8, 97, 0], Rendering::Bad),
            (4, vec![255; 4], text("-1")),
            (4, vec![1, 2, 3, 4, 5], text("67305985")),
            (4, vec![1, 2, 3], Rendering::Bad),
            (5, vec![0, 0, 0, 1], text("1")),
            (7, wide("a\0bc\0\0"), list(&["a", "bc", ""])),
            (7, wide("a\0"), list(&["a"])),
            (7, wide("a\0b"), list(&["a", "b"])),
            (7, wide("\0"), list(&[""])),
            (7, wide("\0\0"), list(&["", ""])),
            (11, vec![255; 8], text("-1")),
            (77, vec![1], Rendering::Bytes),
        ] {
            assert_eq!(render(value_type, &data), expected, "{value_type} {data:?}");
        }
    }

    #[test]
    fn the_original_hashed_nothing_as_none() {
        for value_type in [0, 1, 3, 4] {
            assert_eq!(original_sha1(value_type, &[]), None);
        }
        assert_eq!(original_sha1(1, &[0, 0]), None);
        assert_eq!(original_sha1(7, &[]), Some(Sha1::digest(b"").into()));
        assert_eq!(original_sha1(4, &[1, 0, 0, 0]), original_sha1(1, &wide("1\0")));
    }
}
