//! Background and desktop activity moderator: when a user's programs last ran.

use super::super::row::Row;
use super::plain;
use super::time::filetime_at;

/// Length of an entry, in bytes.
const ENTRY: usize = 24;

/// A value of a user's key: the program is its name, when it last ran its data.
// Source: winreg-kb, "Background activity moderator (BAM)".
pub(crate) fn moderator(row: &Row) -> Option<String> {
    let entry = row.value.filter(|value| value.value_type == 3 && value.data.len() == ENTRY);
    match entry.and_then(|value| filetime_at(value.data, 0)) {
        Some(time) => row.say(Some(format!("last run {time}"))),
        None => plain(row),
    }
}
