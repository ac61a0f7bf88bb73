//! Raw disks among other files, whole or split. They have no signature: a file is one when it is
//! called so, and begins as a disk does.

use std::io;

use diskprint_formats::Joined;
use diskprint_formats::partition::{self, Scheme};

use crate::file_set::FileSet;
use crate::virtual_disk::VirtualDisk;

/// Endings of names by which a file without known content is still taken for a disk.
pub(crate) const ENDINGS: [&str; 5] = ["raw", "dd", "img", "001", "bin"];

/// What a file is by its name and by those beside it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum SplitPart {
    /// Not a part of anything.
    Whole,
    /// The first part; the names of those that follow, in order.
    First(Vec<String>),
    /// The first part of a disk of which this one is not there.
    Gap(String),
    /// A part that is not the first.
    Later,
}

impl SplitPart {
    /// Says what the file at `path` is. `beginning` lists the files whose paths begin as it is
    /// told.
    pub fn of<'a, I: Iterator<Item = &'a str>>(path: &str, beginning: impl Fn(&str) -> I) -> Self {
        let Some((stem, ending, number)) = numbered(path) else { return Self::Whole };
        let named = |number| format!("{stem}.{}", ending_of(ending, number));
        let is_there = |number| {
            let name = named(number);
            beginning(&name).next().is_some_and(|found| found == name)
        };
        // Numbers begin at 1, or at 0 where that is there; letters at `aa`.
        let first = u32::from(is_number(ending) && !is_there(0));
        if number != first {
            // Without the first, nothing says that it is one of a disk.
            return if is_there(first) { Self::Later } else { Self::Whole };
        }
        let prefix = format!("{stem}.");
        let mut others: Vec<(u32, &str)> = beginning(&prefix)
            .filter_map(|path| {
                let (other, other_ending, number) = numbered(path)?;
                let is_alike = ending.len() == other_ending.len()
                    && is_number(ending) == is_number(other_ending);
                (other == stem && is_alike && number > first).then_some((number, path))
            })
            .collect();
        others.sort_unstable();
        for (expected, (number, _)) in (first + 1..).zip(&others) {
            if *number != expected {
                return Self::Gap(name(&named(expected)).to_owned());
            }
        }
        match others.is_empty() {
            true => Self::Whole,
            false => Self::First(others.iter().map(|(_, path)| name(path).to_owned()).collect()),
        }
    }
}

/// Whether a file of this name may be a part of something.
pub(crate) fn may_be_part(path: &str) -> bool {
    numbered(path).is_some()
}

/// Finds out whether the file at `path` is a raw disk, or the first part of one.
///
/// # Errors
/// When it cannot be read. The name of the part that is not there comes as the inner error.
pub(crate) fn read(
    files: &FileSet<'_>,
    path: &str,
) -> io::Result<Option<Result<VirtualDisk, String>>> {
    let part = SplitPart::of(path, |prefix| files.beginning(prefix));
    let ending = path.rsplit_once('.').map_or("", |(_, ending)| ending).to_lowercase();
    let is_called =
        matches!(part, SplitPart::First(_) | SplitPart::Gap(_)) || ENDINGS.contains(&&*ending);
    if !is_called || part == SplitPart::Later {
        return Ok(None);
    }
    let mut readers = vec![files.open(path)?];
    if let SplitPart::First(parts) = &part {
        for part in parts {
            readers.extend(files.resolve(path, part).map(|part| files.open(part)).transpose()?);
        }
    }
    if partition::read(&Joined::new(readers))?.scheme == Scheme::Unknown {
        return Ok(None);
    }
    Ok(match part {
        SplitPart::Whole => Some(Ok(VirtualDisk::Raw(Vec::new()))),
        SplitPart::First(parts) => Some(Ok(VirtualDisk::Raw(parts))),
        SplitPart::Gap(missing) => Some(Err(missing)),
        SplitPart::Later => None,
    })
}

/// Splits `d.002` or `d.raw.ab` into stem, ending and the number that the ending is.
fn numbered(path: &str) -> Option<(&str, &str, u32)> {
    let (stem, ending) = path.rsplit_once('.')?;
    let number = if (3..=6).contains(&ending.len()) && is_number(ending) {
        ending.parse().ok()?
    } else if let ([a @ b'a'..=b'z', b @ b'a'..=b'z'], true) = (ending.as_bytes(), is_raw(stem)) {
        u32::from(a - b'a') * 26 + u32::from(b - b'a')
    } else {
        return None;
    };
    Some((stem, ending, number))
}

fn is_raw(stem: &str) -> bool {
    [".raw", ".dd", ".img"].iter().any(|ending| stem.to_lowercase().ends_with(ending))
}

fn is_number(ending: &str) -> bool {
    ending.bytes().all(|byte| byte.is_ascii_digit())
}

/// The ending of this number in the form of `like`.
fn ending_of(like: &str, number: u32) -> String {
    let letter = |number: u32| char::from(b'a' + u8::try_from(number % 26).unwrap_or(0));
    match is_number(like) {
        true => format!("{number:0width$}", width = like.len()),
        false => [letter(number / 26), letter(number)].iter().collect(),
    }
}

fn name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_told_by_their_names() {
        let of = |path: &str, paths: &[&'static str]| {
            SplitPart::of(path, |prefix: &str| {
                let (paths, prefix) = (paths.to_vec(), prefix.to_owned());
                paths.into_iter().filter(move |path| path.starts_with(&prefix))
            })
        };
        let first =
            |names: &[&str]| SplitPart::First(names.iter().map(|it| (*it).into()).collect());
        assert_eq!(of("v/d.001", &["v/d.001", "v/d.002", "w/d.003"]), first(&["d.002"]));
        assert_eq!(of("d.000", &["d.000", "d.001"]), first(&["d.001"]));
        assert_eq!(of("d.001", &["d.000", "d.001"]), SplitPart::Later);
        assert_eq!(of("d.001", &["d.001", "d.0002", "e.002"]), SplitPart::Whole);
        assert_eq!(of("d.001", &["d.001", "d.002", "d.004"]), SplitPart::Gap("d.003".into()));
        assert_eq!(of("d.002", &["d.002", "d.003"]), SplitPart::Whole);
        assert_eq!(of("d.raw.aa", &["d.raw.aa", "d.raw.ab"]), first(&["d.raw.ab"]));
        assert_eq!(of("d.dd.aa", &["d.dd.aa", "d.dd.ac"]), SplitPart::Gap("d.dd.ab".into()));
        assert_eq!(of("d.so.aa", &["d.so.aa", "d.so.ab"]), SplitPart::Whole);
    }
}
