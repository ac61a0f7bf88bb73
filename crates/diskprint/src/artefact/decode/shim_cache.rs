//! Application compatibility cache: programs that Windows has looked at.

use super::super::row::{Row, text};
use super::time::filetime_at;
use super::{or_plain, u16_at, u32_at};

/// The cache is one value; its detail says its form, how many programs are in it, and the one
/// that stands first.
// Source: winreg-kb, "Application compatibility cache key".
pub(crate) fn shim_cache(row: &Row) -> Option<String> {
    let cache = row.value.filter(|_| row.is_value(0, "AppCompatCache"));
    or_plain(row, cache.and_then(|value| cache_text(value.data)))
}

fn cache_text(data: &[u8]) -> Option<String> {
    let first = u32_at(data, 0)?;
    match first {
        0xDEAD_BEEF => told("Windows XP", count_at(data, 4, 552)?, xp_program(data)),
        0xBADC_0FFE => told("Windows Server 2003 or Vista", count_at(data, 4, 24)?, None),
        0xBADC_0FEE => told("Windows 7", count_at(data, 4, 32)?, None),
        48 | 52 => {
            let (count, program) = entries(data, usize::try_from(first).ok()?, b"10ts")?;
            told("Windows 10", count, program)
        }
        128 => entries(data, 128, b"00ts")
            .map(|found| ("Windows 8.0", found))
            .or_else(|| Some(("Windows 8.1", entries(data, 128, b"10ts")?)))
            .and_then(|(form, (count, program))| told(form, count, program)),
        _ => None,
    }
}

fn told(form: &str, count: u64, program: Option<String>) -> Option<String> {
    let first = program.map(|program| format!(", first {program}")).unwrap_or_default();
    Some(format!("{form} form, {count} entries{first}"))
}

/// The number of entries that the header says; `None` where so many do not fit.
fn count_at(data: &[u8], offset: usize, entry_len: usize) -> Option<u64> {
    let count = u32_at(data, offset)?;
    let len = usize::try_from(count).ok()?.checked_mul(entry_len)?;
    (len <= data.len()).then_some(count.into())
}

/// The first entry behind the header of Windows XP: a path, and when its file was changed.
fn xp_program(data: &[u8]) -> Option<String> {
    let entry = data.get(400..952)?;
    let path = super::super::row::terminated(entry.get(..528)?)?;
    Some(format!("{path}, file changed {}", filetime_at(entry, 528)?))
}

/// Counts the entries of Windows 8 and later, which follow each other and begin with `mark`, and
/// reads the path of the first.
fn entries(data: &[u8], start: usize, mark: &[u8; 4]) -> Option<(u64, Option<String>)> {
    let (mut rest, mut count, mut first) = (data.get(start..)?, 0, None);
    while rest.starts_with(mark) {
        let len = usize::try_from(u32_at(rest, 8)?).ok()?.checked_add(12)?;
        let (entry, behind) = rest.split_at_checked(len)?;
        if count == 0 {
            first = path(entry);
        }
        count += 1;
        rest = behind;
    }
    (count > 0).then_some((count, first))
}

fn path(entry: &[u8]) -> Option<String> {
    let len = usize::from(u16_at(entry, 12)?);
    text(entry.get(14..len.checked_add(14)?)?)
}
