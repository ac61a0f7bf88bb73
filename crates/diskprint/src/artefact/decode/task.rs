//! Scheduled tasks.

use super::super::row::Row;
use super::time::filetime_at;
use super::{or_plain, u32_at};

/// A cell of a task: `DynamicInfo` holds when it ran.
// Source: winreg-kb, "Task scheduler"; the fields' names: G DATA, "winreg-tasks",
// https://github.com/GDATAAdvancedAnalytics/winreg-tasks
pub(crate) fn task(row: &Row) -> Option<String> {
    let info = row.value.filter(|_| row.is_value(1, "DynamicInfo"));
    or_plain(row, info.and_then(|value| dynamic_info(value.data)))
}

/// Windows 7 and earlier write 28 bytes, later ones 36; both begin with the number 3.
fn dynamic_info(data: &[u8]) -> Option<String> {
    if u32_at(data, 0)? != 3 || !matches!(data.len(), 28 | 36) {
        return None;
    }
    let (created, run) = (filetime_at(data, 4)?, filetime_at(data, 12)?);
    let result = u32_at(data, 24)?;
    let text = format!("created {created}, last run {run}, last result {result:#010x}");
    Some(match filetime_at(data, 28) {
        Some(success) => format!("{text}, last success {success}"),
        None => text,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dynamic_info_of_windows_10() {
        // The example of winreg-kb.
        let data = [
            0x03, 0x00, 0x00, 0x00, 0x4b, 0x5a, 0x0b, 0x60, 0xff, 0x6a, 0xcd, 0x01, 0x5c, 0x32,
            0xe7, 0x45, 0x1b, 0xb6, 0xce, 0x01, 0x20, 0x04, 0x07, 0x80, 0x00, 0x00, 0x00, 0x00,
            0xa2, 0xb1, 0x86, 0x4f, 0x1b, 0xb6, 0xce, 0x01,
        ];
        let text = dynamic_info(&data).unwrap();
        assert!(text.starts_with("created 2012-07-26T"), "{text}");
        assert!(text.contains("last run 2013-09-20T"), "{text}");
        assert_eq!(dynamic_info(&data[..35]), None);
    }
}
