/// Text from evidence as a terminal may show it: control characters and those that reorder text
/// are written out as `\u{…}`.
pub fn printable(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if is_unsafe(c) {
            shown.extend(c.escape_unicode());
        } else {
            shown.push(c);
        }
    }
    shown
}

/// Whether the character is a control character or reorders text.
pub(crate) fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61C}' | '\u{200E}' | '\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_from_evidence_cannot_move_the_cursor_or_reorder_text() {
        assert_eq!(printable("a\u{1b}[2Jb\u{202E}c é"), "a\\u{1b}[2Jb\\u{202e}c é");
    }
}
