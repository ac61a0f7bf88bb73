//! A file as a document of another program has it.

use diskprint_formats::Filetime;

use crate::Times;

/// A `fileobject`: what it says, unchecked; `None` and 0 where it says nothing.
#[derive(Debug, Default)]
#[allow(missing_docs, reason = "each is named as its element is")]
pub struct FileObject {
    pub filename: String,
    pub parent_inode: u64,
    pub inode: u64,
    pub name_type: String,
    pub meta_type: u64,
    pub filesize: u64,
    pub mode: u32,
    pub nlink: u64,
    pub uid: u32,
    pub times: Times,
    pub link_target: Option<String>,
    pub runs: Vec<Run>,
    /// Whether it is in use: `alloc` or `unalloc`.
    pub alloc: Option<bool>,
    /// Whether its name is, where that is said of its own.
    pub alloc_name: Option<bool>,
    /// Whether its metadata is, where that is said of its own.
    pub alloc_inode: Option<bool>,
    pub compressed: bool,
}

impl FileObject {
    /// Takes the text of an element that is in `above`.
    pub(super) fn set(&mut self, name: &str, above: &str, text: String) {
        let number = || text.trim().parse::<u64>().unwrap_or(0);
        let small = || u32::try_from(number()).unwrap_or(u32::MAX);
        let is_set = || text.trim() == "1";
        match (name, above) {
            ("inode", "parent_object") => self.parent_inode = number(),
            (_, above) if above != "fileobject" => {}
            ("filename", _) => self.filename = text,
            ("link_target", _) => self.link_target = Some(text),
            ("name_type", _) => self.name_type = text,
            ("inode", _) => self.inode = number(),
            ("meta_type", _) => self.meta_type = number(),
            ("filesize", _) => self.filesize = number(),
            ("mode", _) => self.mode = small(),
            ("nlink", _) => self.nlink = number(),
            ("uid", _) => self.uid = small(),
            ("alloc", _) => self.alloc = Some(is_set()),
            ("unalloc", _) => self.alloc = Some(!is_set()),
            ("alloc_name", _) => self.alloc_name = Some(is_set()),
            ("alloc_inode", _) => self.alloc_inode = Some(is_set()),
            ("compressed", _) => self.compressed = is_set(),
            ("mtime", _) => self.times.mtime = time(&text),
            ("atime", _) => self.times.atime = time(&text),
            ("ctime", _) => self.times.ctime = time(&text),
            ("crtime", _) => self.times.crtime = time(&text),
            _ => {}
        }
    }
}

/// A `byte_run`: a part of a file's content.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Run {
    /// Where it begins in the content, in bytes.
    pub file_offset: u64,
    /// Where it lies in the image, in bytes.
    pub img_offset: Option<u64>,
    /// Its length in bytes; `None` where it is not said, or only of what it is unpacked.
    pub len: Option<u64>,
    /// Whether it is zeros that lie nowhere.
    pub is_hole: bool,
    /// Whether its bytes are others than those of the content: packed, or in the metadata.
    pub is_other: bool,
}

impl Run {
    /// Takes an attribute.
    pub(super) fn set(&mut self, name: &str, value: &str) {
        let number = value.trim().parse::<u64>().ok();
        match name {
            "file_offset" => self.file_offset = number.unwrap_or(u64::MAX),
            "img_offset" => self.img_offset = number,
            "len" => self.len = number,
            "fill" => self.is_hole = number == Some(0),
            "type" if value == "sparse" => self.is_hole = true,
            "type" | "uncompressed_len" => self.is_other = true,
            _ => {}
        }
    }
}

/// A time in UTC: `2022-01-14T07:19:46Z`, with or without a fraction; unset where it is none.
fn time(text: &str) -> Filetime {
    nanos(text.trim()).and_then(Filetime::from_unix_nanos).unwrap_or_default()
}

fn nanos(text: &str) -> Option<i128> {
    let (date, time) = text.strip_suffix('Z')?.split_once('T')?;
    let [year, month, day] = numbers(date, '-')?;
    let (time, fraction) = time.split_once('.').unwrap_or((time, ""));
    let [hour, minute, second] = numbers(time, ':')?;
    let is_time = (1..=12).contains(&month) && (1..=31).contains(&day) && hour < 24 && minute < 60;
    let seconds = days(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second;
    is_time
        .then(|| i128::from(seconds) * 1_000_000_000)
        .zip(part(fraction))
        .map(|(all, part)| all + part)
}

/// Three numbers of at most five digits.
fn numbers(text: &str, between: char) -> Option<[i64; 3]> {
    let parts = text.split(between).map(|part| {
        let is_number = part.len() <= 5 && part.bytes().all(|byte| byte.is_ascii_digit());
        part.parse().ok().filter(|_| is_number)
    });
    parts.collect::<Option<Vec<i64>>>()?.try_into().ok()
}

/// Nanoseconds of the digits behind a point, cut.
fn part(digits: &str) -> Option<i128> {
    let digits = digits.get(..9).unwrap_or(digits);
    let is_number = digits.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| format!("{digits:0<9}").parse().ok()).flatten()
}

/// Days from 1970-01-01 in the proleptic Gregorian calendar, counted in years that begin in March.
// Source: https://howardhinnant.github.io/date_algorithms.html, days_from_civil.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_with_and_without_a_fraction_and_none_is_made_up() {
        let text = |text| time(text).text().as_str().to_owned();
        assert_eq!(text("2022-01-14T07:19:46Z"), "2022-01-14T07:19:46.0000000Z");
        assert_eq!(text("1970-01-01T00:00:00.5Z"), "1970-01-01T00:00:00.5000000Z");
        assert_eq!(text("2000-02-29T23:59:59.1234567899Z"), "2000-02-29T23:59:59.1234567Z");
        assert_eq!(text("1904-01-01T00:00:00Z"), "1904-01-01T00:00:00.0000000Z");
        for none in ["", "0", "2022-13-01T00:00:00Z", "2022-01-14 07:19:46", "-1-01-01T00:00:00Z"] {
            assert!(time(none).is_unset(), "{none}");
        }
        assert!(time("2022-01-14T07:19:46.\u{e9}Z").is_unset());
        assert!(time("30000-01-14T07:19:46Z") > time("9999-01-14T07:19:46Z"));
    }
}
