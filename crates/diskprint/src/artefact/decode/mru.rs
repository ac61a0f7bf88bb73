//! Most-recently-used lists.

use super::super::row::{Row, Value, terminated};
use super::{or_plain, shell_item, time, u32_at};

/// The most numbers of an order that are shown.
const MOST_ORDER: usize = 200;

/// A list whose items are text.
// Source of all: winreg-kb, "Most recently used (MRU)".
pub(crate) fn text_mru(row: &Row) -> Option<String> {
    let known = |value: Value| (value.value_type == 3).then(|| terminated(value.data)).flatten();
    or_plain(row, row.value.and_then(|value| order(value).or_else(|| known(value))))
}

/// A list whose items are a file's name and a shell item of it.
pub(crate) fn item_mru(row: &Row) -> Option<String> {
    text_mru(row)
}

/// A list whose items are a program's name and the folder that it last used: as text in
/// Windows XP, as shell items later.
pub(crate) fn dialog_mru(row: &Row) -> Option<String> {
    let known = |value: Value| {
        let program = (value.value_type == 3).then(|| terminated(value.data)).flatten()?;
        let behind = value.data.get((program.encode_utf16().count() + 1) * 2..)?;
        let folder = shell_item::path(behind).or_else(|| terminated(behind));
        Some(match folder {
            Some(folder) => format!("{program}, {folder}"),
            None => program,
        })
    };
    or_plain(row, row.value.and_then(|value| order(value).or_else(|| known(value))))
}

/// A list whose items are shell items alone.
pub(crate) fn item_list_mru(row: &Row) -> Option<String> {
    let known = |value: Value| {
        let is_item = value.value_type == 3 && value.name.as_bytes().iter().all(u8::is_ascii_digit);
        is_item.then(|| shell_item::path(value.data)).flatten()
    };
    or_plain(row, row.value.and_then(|value| order(value).or_else(|| known(value))))
}

/// When an address was typed: a FILETIME.
pub(crate) fn typed_time(row: &Row) -> Option<String> {
    time::file_time(row)
}

/// MRUListEx: the items' numbers, the last used first, ended by -1.
fn order(value: Value) -> Option<String> {
    if !value.is_named("MRUListEx") {
        return None;
    }
    let numbers = (0..value.data.len() / 4).map_while(|index| u32_at(value.data, index * 4));
    let numbers = numbers.take_while(|number| *number != u32::MAX).take(MOST_ORDER);
    let numbers: Vec<_> = numbers.map(|number| number.to_string()).collect();
    (!numbers.is_empty()).then(|| numbers.join(" "))
}
