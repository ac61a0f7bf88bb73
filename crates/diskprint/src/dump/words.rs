//! How single values read.

use std::fmt::LowerHex;

use diskprint_formats::ntfs::FileReference;
use diskprint_formats::{Filetime, Name};

use crate::printable;

/// A number as it is.
pub(super) fn number(value: impl ToString) -> String {
    value.to_string()
}

/// A number in hexadecimal.
pub(super) fn hex(value: impl LowerHex) -> String {
    format!("{value:#x}")
}

/// A length in bytes.
pub(super) fn bytes(value: impl ToString) -> String {
    format!("{} bytes", value.to_string())
}

/// An offset in bytes as it is printed before fields, and in decimal.
pub(super) fn offset(value: u64) -> String {
    format!("{value:#x} ({value})")
}

/// A name between quotes, as a terminal may show it.
pub(super) fn quoted(name: &Name) -> String {
    format!("\"{}\"", printable(&name.to_text()))
}

/// A point in time and the number that is stored for it.
pub(super) fn time(raw: u64) -> String {
    match Filetime(raw) {
        time if time.is_unset() => "not set (0)".to_owned(),
        time => format!("{time} ({raw})"),
    }
}

/// A record's number and how often it was used when it was meant.
pub(super) fn reference(raw: u64) -> String {
    let FileReference { record, sequence } = FileReference::from_raw(raw);
    format!("record {record}, sequence number {sequence}")
}

/// Flag bits: the whole number, the names of the bits that have one, the others as a number.
pub(super) fn flags(value: u32, names: &[(u32, &str)]) -> String {
    let mut words = Vec::new();
    let mut unknown = value;
    for (bit, name) in names {
        if value & bit != 0 {
            words.push((*name).to_owned());
            unknown &= !bit;
        }
    }
    if unknown != 0 {
        words.push(format!("unknown {unknown:#x}"));
    }
    if words.is_empty() { "0".into() } else { format!("{value:#x}: {}", words.join(", ")) }
}

/// Bytes in hexadecimal, one after another.
pub(super) fn hex_bytes(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(" ")
}

/// Bytes that should spell ASCII, between quotes.
pub(super) fn ascii(bytes: &[u8]) -> String {
    quoted(&Name::from_latin1(bytes))
}

/// File attribute bits, and the two of Windows NT that only $FILE_NAME has.
// Source: [MS-FSCC] 2.6; the last two from the NTFS documentation, "$FILE_NAME".
pub(super) const FILE_ATTRIBUTES: [(u32, &str); 23] = [
    (0x1, "read-only"),
    (0x2, "hidden"),
    (0x4, "system"),
    (0x10, "directory"),
    (0x20, "archive"),
    (0x40, "device"),
    (0x80, "normal"),
    (0x100, "temporary"),
    (0x200, "sparse"),
    (0x400, "reparse point"),
    (0x800, "compressed"),
    (0x1000, "offline"),
    (0x2000, "not indexed"),
    (0x4000, "encrypted"),
    (0x8000, "integrity stream"),
    (0x1_0000, "virtual"),
    (0x2_0000, "no scrub data"),
    (0x4_0000, "recall on open"),
    (0x8_0000, "pinned"),
    (0x10_0000, "unpinned"),
    (0x40_0000, "recall on data access"),
    (0x1000_0000, "has file name index"),
    (0x2000_0000, "has view index"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_flag_bits_are_kept() {
        let names = [(1, "in use"), (2, "directory")];
        assert_eq!(flags(0x8003, &names), "0x8003: in use, directory, unknown 0x8000");
        assert_eq!(flags(0x40, &names), "0x40: unknown 0x40");
        assert_eq!(flags(0, &names), "0");
    }

    #[test]
    fn a_name_cannot_end_its_line() {
        assert_eq!(quoted(&"a\nb".into()), "\"a\\u{a}b\"");
    }
}
