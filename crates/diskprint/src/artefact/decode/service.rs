//! Services and drivers.

use super::super::row::Row;
use super::or_plain;

/// A cell of a service: numbers of its own key that have a meaning are told with it.
pub(crate) fn service(row: &Row) -> Option<String> {
    let number = row.value.and_then(|value| value.dword());
    let known = number.and_then(|number| match () {
        () if row.is_value(1, "Start") => Some((number, start(number)?)),
        () if row.is_value(1, "Type") => Some((number, service_type(number)?)),
        () if row.is_value(1, "ErrorControl") => Some((number, error_control(number)?)),
        () => None,
    });
    or_plain(row, known.map(|(number, word)| format!("{number} ({word})")))
}

// Source of all three: Microsoft Learn, "CreateServiceW function (winsvc.h)",
// https://learn.microsoft.com/en-us/windows/win32/api/winsvc/nf-winsvc-createservicew
fn start(number: u32) -> Option<&'static str> {
    Some(match number {
        0 => "boot",
        1 => "system",
        2 => "automatic",
        3 => "on demand",
        4 => "disabled",
        _ => return None,
    })
}

fn service_type(number: u32) -> Option<&'static str> {
    Some(match number {
        0x01 => "kernel driver",
        0x02 => "file system driver",
        0x10 => "own process",
        0x20 => "shared process",
        0x110 => "own process, interactive",
        0x120 => "shared process, interactive",
        _ => return None,
    })
}

fn error_control(number: u32) -> Option<&'static str> {
    Some(match number {
        0 => "ignore",
        1 => "normal",
        2 => "severe",
        3 => "critical",
        _ => return None,
    })
}
