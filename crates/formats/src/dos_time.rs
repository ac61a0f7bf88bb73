use crate::Filetime;

/// The time that a date and a time of day stand for, taken as UTC, as the volume does not say of which
/// zone they are; unset where they are no date. `tenths` are steps of 10 ms, up to two seconds.
// Source: Microsoft, "FAT32 File System Specification" 1.03, "Date and Time Formats".
pub(crate) fn date_time(date: u16, time: u16, tenths: u8) -> Filetime {
    let (year, month, day) = (1980 + i64::from(date >> 9), (date >> 5) & 15, date & 31);
    let (hour, minute, seconds) = (time >> 11, (time >> 5) & 63, (time & 31) * 2);
    let Some(seconds) = unix_seconds(year, [month, day, hour, minute, seconds]) else {
        return Filetime::default();
    };
    let nanos = i128::from(seconds) * 1_000_000_000;
    let nanos = nanos + i128::from(tenths.min(199)) * 10_000_000;
    Filetime::from_unix_nanos(nanos).unwrap_or_default()
}

/// Seconds from 1970-01-01T00:00:00 to a date, its month, day, hour, minute and second; `None` where it
/// is none.
pub(crate) fn unix_seconds(year: i64, [month, day, hour, minute, second]: [u16; 5]) -> Option<i64> {
    if !(1..=12).contains(&month) || day == 0 || day > 31 || hour > 23 || minute > 59 || second > 59
    {
        return None;
    }
    let days = days_before(year, month) + i64::from(day) - 1;
    Some(days * 86_400 + i64::from(hour) * 3600 + i64::from(minute) * 60 + i64::from(second))
}

/// Days from 1970-01-01 to the first of a month.
fn days_before(year: i64, month: u16) -> i64 {
    const OF_YEAR: [i64; 12] = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];
    let is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    let leaps = |year: i64| year / 4 - year / 100 + year / 400;
    let of_year = OF_YEAR.get(usize::from(month) - 1).copied().unwrap_or(0);
    (year - 1970) * 365 + leaps(year - 1) - leaps(1969) + of_year + i64::from(is_leap && month > 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_and_times_are_decoded() {
        let text = |date, time, tenths| date_time(date, time, tenths).text().as_str().to_owned();
        assert_eq!(text(0x21, 0, 0), "1980-01-01T00:00:00.0000000Z");
        assert_eq!(
            text(40 << 9 | 2 << 5 | 29, 23 << 11 | 59 << 5 | 29, 150),
            "2020-02-29T23:59:59.5000000Z"
        );
        assert_eq!(text(120 << 9 | 3 << 5 | 1, 0, 0), "2100-03-01T00:00:00.0000000Z");
        for (date, time) in
            [(0, 0), (13 << 5 | 1, 0), (0x21, 24 << 11), (0x21, 60 << 5), (0x21, 30)]
        {
            assert!(date_time(date, time, 0).is_unset());
        }
    }
}
