//! A cell as decoders see it, and the text that they make of it.

use diskprint_formats::Name;

/// The longest detail, in characters; what is longer ends in `…`.
pub const MOST_DETAIL: usize = 1000;
/// The most bytes of data that a text is read from: enough for a detail, and a little more.
const MOST_TEXT_BYTES: usize = 2 * (MOST_DETAIL + 1);

/// An item of a place, with its value.
pub(super) struct Row<'a> {
    /// Names of the keys below the place.
    pub(super) item: &'a [Name],
    /// The value; `None` for a key.
    pub(super) value: Option<Value<'a>>,
}

/// A value's name, type number and data.
#[derive(Clone, Copy)]
pub(super) struct Value<'a> {
    pub(super) name: &'a Name,
    pub(super) value_type: u32,
    pub(super) data: &'a [u8],
}

impl Row<'_> {
    /// Which item it is: its keys and its value, `\` between them; `None` for the place itself
    /// and for its unnamed value.
    pub(super) fn label(&self) -> Option<String> {
        let value = self.value.map(|value| value.name).filter(|name| !name.is_empty());
        let mut label = String::new();
        for name in self.item.iter().chain(value).take(MOST_DETAIL) {
            if !label.is_empty() {
                label.push('\\');
            }
            push(&mut label, name);
            if label.len() > 4 * MOST_DETAIL {
                break;
            }
        }
        (!label.is_empty()).then_some(label)
    }

    /// The item, and `text` behind it: `ITEM: TEXT`.
    pub(super) fn say(&self, text: Option<String>) -> Option<String> {
        label_and(self.label(), text)
    }

    /// Whether it is the value of this name, of a key that has `depth` names below the place.
    pub(super) fn is_value(&self, depth: usize, name: &str) -> bool {
        self.item.len() == depth && self.value.is_some_and(|value| value.is_named(name))
    }
}

impl<'a> Value<'a> {
    /// Whether it has this ASCII name, without regard to case.
    pub(super) fn is_named(&self, name: &str) -> bool {
        self.name.as_bytes().eq_ignore_ascii_case(name.as_bytes())
    }

    /// The data as number, where the type is one.
    pub(super) fn number(&self) -> Option<u64> {
        match self.value_type {
            4 => Some(u32::from_le_bytes(self.data.try_into().ok()?).into()),
            5 => Some(u32::from_be_bytes(self.data.try_into().ok()?).into()),
            11 => Some(u64::from_le_bytes(self.data.try_into().ok()?)),
            _ => None,
        }
    }

    /// The data of a REG_DWORD.
    pub(super) fn dword(&self) -> Option<u32> {
        (self.value_type == 4).then_some(self.data)?.try_into().ok().map(u32::from_le_bytes)
    }

    /// The data as the type says: text, the texts of a list with ` | ` between them, a number.
    pub(super) fn text(&self) -> Option<String> {
        match self.value_type {
            1 | 2 | 6 => text(self.data),
            7 => list(self.data),
            _ => self.number().map(|number| number.to_string()),
        }
    }
}

/// Puts `text` behind `label`, and cuts the whole to the length of a detail.
pub(super) fn label_and(label: Option<String>, text: Option<String>) -> Option<String> {
    let whole = match (label, text) {
        (Some(label), Some(text)) => format!("{label}: {text}"),
        (label, text) => label.or(text)?,
    };
    match whole.char_indices().nth(MOST_DETAIL) {
        None => Some(whole),
        Some((end, _)) => Some(whole.get(..end)?.to_owned() + "…"),
    }
}

/// UTF-16 text without the terminators at its end; a NUL inside is shown as `\0`. `None` where
/// nothing is left.
pub(super) fn text(data: &[u8]) -> Option<String> {
    let shown = data.get(..MOST_TEXT_BYTES).unwrap_or(data);
    let text = Name::from_utf16le(shown).to_text().into_owned();
    let text = text.trim_end_matches('\0').replace('\0', "\\0");
    (!text.is_empty()).then_some(text)
}

/// UTF-16 text up to its terminator; `None` where there is none of either.
pub(super) fn terminated(data: &[u8]) -> Option<String> {
    let (units, _) = data.as_chunks::<2>();
    let end = units.iter().position(|unit| *unit == [0, 0])?;
    let units = units.get(..end.min(MOST_TEXT_BYTES / 2))?;
    let text = Name::from_utf16(units.iter().map(|unit| u16::from_le_bytes(*unit)));
    (!text.is_empty()).then(|| text.to_text().into_owned())
}

fn list(data: &[u8]) -> Option<String> {
    let shown = data.get(..MOST_TEXT_BYTES).unwrap_or(data);
    let text = Name::from_utf16le(shown).to_text().into_owned();
    let items: Vec<_> = text.trim_end_matches('\0').split('\0').collect();
    let text = items.join(" | ");
    (!text.is_empty()).then_some(text)
}

fn push(label: &mut String, name: &Name) {
    match name.to_str() {
        Some(name) => label.extend(name.chars().take(MOST_DETAIL)),
        None => label.extend(name.to_text().chars().take(MOST_DETAIL)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utf16(text: &str) -> Vec<u8> {
        text.encode_utf16().flat_map(u16::to_le_bytes).collect()
    }

    #[test]
    fn texts_show_what_hides_behind_a_terminator() {
        assert_eq!(text(&utf16("a\0")).as_deref(), Some("a"));
        assert_eq!(text(&utf16("a\0b\0\0")).as_deref(), Some("a\\0b"));
        assert_eq!(text(&utf16("\0")), None);
        assert_eq!(list(&utf16("a\0\0b\0\0")).as_deref(), Some("a |  | b"));
        assert_eq!(terminated(&utf16("a\0b\0")).as_deref(), Some("a"));
        assert_eq!(terminated(&utf16("a")), None);
    }

    #[test]
    fn details_end_at_their_length() {
        let long = "é".repeat(MOST_DETAIL + 1);
        let cut = label_and(Some(long.clone()), None).unwrap();
        assert_eq!(cut.chars().count(), MOST_DETAIL + 1);
        assert!(cut.ends_with("é…"));
        let name = Name::from(&*long);
        let item = vec![name; 500];
        let row = Row { item: &item, value: None };
        assert!(row.label().unwrap().len() < 8 * MOST_DETAIL);
    }
}
