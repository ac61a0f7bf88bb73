//! Times.

use diskprint_formats::Filetime;

use super::super::row::Row;
use super::{or_plain, plain, u16_at, u64_at};

/// FILETIME at `offset`, or `not set` where it is 0.
pub(super) fn filetime_at(data: &[u8], offset: usize) -> Option<String> {
    let time = Filetime(u64_at(data, offset)?);
    Some(if time.is_unset() { "not set".to_owned() } else { time.to_string() })
}

/// A value that is one FILETIME.
pub(crate) fn file_time(row: &Row) -> Option<String> {
    let data = row.value.map(|value| value.data).filter(|data| data.len() == 8);
    or_plain(row, data.and_then(|data| filetime_at(data, 0)))
}

/// A value that is seconds since 1970 in a REG_DWORD.
pub(crate) fn unix_time(row: &Row) -> Option<String> {
    let seconds = row.value.and_then(|value| value.dword());
    or_plain(row, seconds.and_then(unix))
}

pub(super) fn unix(seconds: u32) -> Option<String> {
    let time = Filetime::from_unix_nanos(i128::from(seconds) * 1_000_000_000)?;
    Some(time.seconds_text())
}

/// SYSTEMTIME, in whatever time zone it was written: `2019-02-15T17:43:31.004`.
// Source: Microsoft Learn, "SYSTEMTIME structure (minwinbase.h)".
pub(super) fn system_time(data: &[u8]) -> Option<String> {
    let field = |index: usize| u16_at(data, index * 2);
    let (year, month, day) = (field(0)?, field(1)?, field(3)?);
    let (hour, minute, second, millis) = (field(4)?, field(5)?, field(6)?, field(7)?);
    let is_date = data.len() == 16
        && (1601..=30_827).contains(&year)
        && (1..=12).contains(&month)
        && (1..=31).contains(&day)
        && hour < 24
        && minute < 60
        && second < 60
        && millis < 1000;
    is_date.then(|| {
        format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{millis:03}")
    })
}

/// When a network was first and last connected to: SYSTEMTIME, written in local time.
// Source: C-FED TTF, "Decoding the DateCreated and DateLastConnected registry values", 2009,
// https://cfed-ttf.blogspot.com/2009/08
pub(crate) fn network_time(row: &Row) -> Option<String> {
    let time = row.value.and_then(|value| system_time(value.data));
    or_plain(row, time.map(|time| format!("{time} local time")))
}

/// Times of a device: properties 100 to 103 of a set of device properties, in hexadecimal.
// Source: Microsoft Learn, "DEVPKEY_Device_InstallDate", "…FirstInstallDate",
// "…LastArrivalDate", "…LastRemovalDate"; devpkey.h: set 83da6326-97a6-4088-9453-a1923f573b29.
pub(crate) fn device_time(row: &Row) -> Option<String> {
    let Some(value) = row.value else { return plain(row) };
    let number = row.item.iter().rev().filter_map(|name| name.to_str()).find_map(|name| {
        let number = u32::from_str_radix(name, 16).ok()?;
        (100..=103).contains(&number).then_some(number)
    });
    let what = match number {
        Some(100) => "installed",
        Some(101) => "first installed",
        Some(102) => "last arrived",
        Some(103) => "last removed",
        _ => return plain(row),
    };
    let time = (value.data.len() == 8).then(|| filetime_at(value.data, 0)).flatten();
    or_plain(row, time.map(|time| format!("{what} {time}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn system_times_are_dates_or_nothing() {
        // 2019-02-15, a Friday, 17:43:31.004.
        let data = [0xE3, 7, 2, 0, 5, 0, 15, 0, 17, 0, 43, 0, 31, 0, 4, 0];
        assert_eq!(system_time(&data).as_deref(), Some("2019-02-15T17:43:31.004"));
        let mut no_month = data;
        no_month[2] = 13;
        assert_eq!(system_time(&no_month), None);
        assert_eq!(system_time(&data[..15]), None);
    }
}
