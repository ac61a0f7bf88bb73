//! Times as text.

use diskprint_formats::Filetime;

const STEPS_PER_SECOND: u64 = 10_000_000;

/// Reads what [`Filetime`] is shown as; `None` when `text` is anything else.
pub(crate) fn parse(text: &str) -> Option<Filetime> {
    let (date, rest) = text.split_once('T')?;
    let (clock, fraction) = rest.strip_suffix('Z')?.split_once('.')?;
    let [year, month, day] = numbers(date, '-')?;
    let [hour, minute, second] = numbers(clock, ':')?;
    let in_day = hour.checked_mul(3600)?.checked_add(minute.checked_mul(60)?)?;
    let seconds = days(year, month, day)?.checked_mul(86_400)?.checked_add(in_day)?;
    let seconds = seconds.checked_add(second)?;
    let steps = seconds.checked_mul(STEPS_PER_SECOND)?.checked_add(fraction.parse().ok()?)?;
    // What reads otherwise is no such text: a 30th of February, an hour 25.
    Some(Filetime(steps)).filter(|time| time.text().as_str() == text)
}

fn numbers(text: &str, separator: char) -> Option<[u64; 3]> {
    let mut parts = text.split(separator);
    let mut next = || parts.next()?.parse().ok();
    let all = [next()?, next()?, next()?];
    parts.next().is_none().then_some(all)
}

/// Days from 1601-01-01.
// Source: days_from_civil in https://howardhinnant.github.io/date_algorithms.html: years begin in
// March, so that the leap day is the last.
fn days(year: u64, month: u64, day: u64) -> Option<u64> {
    let year = year.checked_sub(u64::from(month <= 2))?;
    let (era, of_era) = (year / 400, year % 400);
    let march_month = if month > 2 { month.checked_sub(3)? } else { month.checked_add(9)? };
    let of_year = march_month.checked_mul(153)?.checked_add(2)? / 5;
    let of_year = of_year.checked_add(day.checked_sub(1)?)?;
    let of_era = of_era * 365 + of_era / 4 - of_era / 100;
    let days = era.checked_mul(146_097)?.checked_add(of_era)?.checked_add(of_year)?;
    days.checked_sub(584_694) // 1601-01-01 in days since 0000-03-01
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_come_back_as_they_were() {
        for steps in [
            0,
            1,
            116_444_736_000_000_000,
            125_963_423_999_999_999,
            130_123_908_450_000_001,
            u64::MAX - 1,
            u64::MAX,
        ] {
            let text = Filetime(steps).to_string();
            assert_eq!(parse(&text), Some(Filetime(steps)), "{text}");
        }
        // Every day of 800 years.
        for day in 0..292_194 {
            let time = Filetime(day * 86_400 * STEPS_PER_SECOND);
            assert_eq!(parse(&time.to_string()), Some(time));
        }
    }

    #[test]
    fn anything_else_is_refused() {
        for text in [
            "",
            "2013-05-07",
            "2013-05-07T09:00:45Z",
            "2013-05-07T09:00:45.000001Z",
            "2013-05-07T09:00:45.0000001",
            "2013-02-30T09:00:45.0000001Z",
            "2013-05-07T25:00:45.0000001Z",
            "2013-00-07T09:00:45.0000001Z",
            "+2013-05-07T09:00:45.0000001Z",
            "1600-12-31T23:59:59.9999999Z",
            "60056-05-28T05:36:10.9551616Z",
            "18446744073709551615-05-28T05:36:10.9551616Z",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
