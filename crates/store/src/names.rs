//! Lists of names as JSON text, lossless: an unpaired surrogate is the escape `\udXXX`.

use std::fmt::Write as _;

use diskprint_formats::{CodePoint, Name};

/// Writes `names` as a JSON array of strings.
pub(crate) fn encode<'a>(names: impl IntoIterator<Item = &'a Name>) -> String {
    let mut text = String::from("[");
    for (index, name) in names.into_iter().enumerate() {
        text.push_str(if index == 0 { "\"" } else { ",\"" });
        name.code_points().for_each(|point| push(&mut text, point));
        text.push('"');
    }
    text.push(']');
    text
}

fn push(text: &mut String, point: CodePoint) {
    let _ = match point {
        CodePoint::Char(c @ ('"' | '\\')) => write!(text, "\\{c}"),
        CodePoint::Char(c) if c < ' ' => write!(text, "\\u{:04x}", u32::from(c)),
        CodePoint::Char(c) => write!(text, "{c}"),
        CodePoint::Surrogate(unit) => write!(text, "\\u{unit:04x}"),
    };
}

/// Reads what [`encode`] wrote; `None` when it is anything else.
pub(crate) fn decode(text: &str) -> Option<Vec<Name>> {
    let mut rest = text.strip_prefix('[')?;
    let mut names = Vec::new();
    while rest != "]" {
        if !names.is_empty() {
            rest = rest.strip_prefix(',')?;
        }
        let (name, after) = string(rest.strip_prefix('"')?)?;
        names.push(name);
        rest = after;
    }
    Some(names)
}

/// Reads up to the closing quote; returns the name and what follows.
fn string(text: &str) -> Option<(Name, &str)> {
    let mut units = Vec::new();
    let mut rest = text.chars();
    loop {
        match rest.next()? {
            '"' => return Some((Name::from_utf16(units), rest.as_str())),
            '\\' => match rest.next()? {
                c @ ('"' | '\\') => units.push(c as u16),
                'u' => {
                    let digits = rest.as_str().get(..4)?;
                    units.push(u16::from_str_radix(digits, 16).ok()?);
                    rest = rest.as_str().get(4..)?.chars();
                }
                _ => return None,
            },
            c => units.extend_from_slice(c.encode_utf16(&mut [0; 2])),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_of_names_come_back_as_they_were() {
        for names in crate::tests::nasty_names().chunks(3) {
            assert_eq!(decode(&encode(names)).as_deref(), Some(names));
        }
        assert_eq!(decode("[]"), Some(vec![]));
        let name = Name::from_utf16([0x22, 0x0A, 0xD800]);
        assert_eq!(encode([&name, &Name::default()]), r#"["\"\u000a\ud800",""]"#);
    }

    #[test]
    fn anything_else_is_refused() {
        for text in ["", "[", "x", r#"["a"#, r#"["a",]"#, r#"["\u12"]"#, r#"["\n"]"#, r#"["a"]]"#] {
            assert_eq!(decode(text), None, "{text}");
        }
    }
}
