//! UserAssist: programs that were started through the Explorer.

use std::fmt::Write;

use super::super::row::{Row, label_and};
use super::time::filetime_at;
use super::{known_folder, plain, u32_at};

/// Length of an entry of Windows XP to Vista (format version 3), in bytes.
const VERSION_3: usize = 16;
/// Length of an entry of Windows 7 and later (format version 5), in bytes.
const VERSION_5: usize = 72;

/// A value of `Count`: its name is ROT-13, known folders in it are GUIDs.
// Source: winreg-kb, "User Assist key"; the meaning of focus count and focus time:
// Google Chronicle, "UserAssist": ApplicationFocusCount, ApplicationFocusDuration.
pub(crate) fn user_assist(row: &Row) -> Option<String> {
    let (Some(value), [_, .., last]) = (row.value, row.item) else { return plain(row) };
    if !last.as_bytes().eq_ignore_ascii_case(b"Count") {
        return plain(row);
    }
    let name = rot13(&value.name.to_text());
    // UEME_CTLSESSION and the like count no program.
    let counts = !name.starts_with("UEME_CTL");
    let text = if counts { entry(value.data) } else { None };
    label_and(Some(known_folder::resolve(&name)), text)
}

fn entry(data: &[u8]) -> Option<String> {
    match data.len() {
        VERSION_3 => {
            // Published references say that this counter begins at 5; it is shown as stored.
            let (count, time) = (u32_at(data, 4)?, filetime_at(data, 8)?);
            Some(format!("run counter {count}, last run {time}"))
        }
        VERSION_5 => {
            let (count, focus) = (u32_at(data, 4)?, u32_at(data, 8)?);
            let (millis, time) = (u32_at(data, 12)?, filetime_at(data, 60)?);
            let mut text = format!("run count {count}, focus count {focus}");
            write!(text, ", focus time {}.{:03} s", millis / 1000, millis % 1000).ok()?;
            Some(text + ", last run " + &time)
        }
        _ => None,
    }
}

fn rot13(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            'a'..='m' | 'A'..='M' => char::from_u32(u32::from(c) + 13).unwrap_or(c),
            'n'..='z' | 'N'..='Z' => char::from_u32(u32::from(c) - 13).unwrap_or(c),
            _ => c,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rot13_turns_letters_alone() {
        assert_eq!(rot13("HRZR_EHACNGU:P:\\é1"), "UEME_RUNPATH:C:\\é1");
    }
}
