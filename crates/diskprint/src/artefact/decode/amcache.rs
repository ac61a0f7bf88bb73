//! Amcache of Windows 8, whose values are numbered.

use super::super::row::{Row, Value, label_and};
use super::time::{filetime_at, unix};
use super::{or_plain, plain};

/// A cell of `Root\File`: an executable file.
// Source: Y. Khatri, "Amcache.hve in Windows 8 - Goldmine for malware hunters", 2013,
// http://www.swiftforensics.com/2013/12/amcachehve-in-windows-8-goldmine-for.html
pub(crate) fn amcache_file(row: &Row) -> Option<String> {
    let what = |number: &str| {
        Some(match number {
            "0" => "product name",
            "1" => "company",
            "3" => "language",
            "5" => "file version",
            "6" => "size",
            "c" => "file description",
            "f" => "link time",
            "11" => "modified",
            "12" => "created",
            "15" => "path",
            "17" => "modified (2)",
            "100" => "program",
            "101" => "SHA-1",
            _ => return None,
        })
    };
    numbered(row, what, file_data)
}

fn file_data(number: &str, value: Value) -> Option<String> {
    match number {
        "f" => unix(value.dword()?),
        "11" | "12" | "17" if value.data.len() == 8 => filetime_at(value.data, 0),
        // Four zeros stand before the digest.
        "101" => Some(value.text()?.strip_prefix("0000")?.to_owned()),
        _ => None,
    }
}

/// A cell of `Root\Programs`: an installed program.
// Source: Y. Khatri, "Amcache.hve - Part 2", 2013,
// http://www.swiftforensics.com/2013/12/amcachehve-part-2.html
pub(crate) fn amcache_program(row: &Row) -> Option<String> {
    let what = |number: &str| {
        Some(match number {
            "0" => "name",
            "1" => "version",
            "2" => "publisher",
            "3" => "language",
            "6" => "entry type",
            "7" => "uninstall key",
            "a" => "install date",
            "d" => "paths",
            _ => return None,
        })
    };
    let data = |number: &str, value: Value| (number == "a").then(|| unix(value.dword()?)).flatten();
    numbered(row, what, data)
}

fn numbered(
    row: &Row,
    what: impl Fn(&str) -> Option<&'static str>,
    data: impl Fn(&str, Value) -> Option<String>,
) -> Option<String> {
    let Some(value) = row.value else { return plain(row) };
    let number = value.name.to_text().to_ascii_lowercase();
    let Some(what) = what(&number) else { return or_plain(row, None) };
    let text = data(&number, value).or_else(|| value.text());
    label_and(row.label().map(|label| format!("{label} ({what})")), text)
}
