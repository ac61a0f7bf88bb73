use std::error::Error;
use std::fmt;

use diskprint_formats::Name;

/// Damage found in evidence, or something in it that could not be read.
///
/// A fault is a result, not a failure: it is stored, shown and counted, and the walk goes on.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fault {
    /// Where it was found.
    pub place: Place,
    /// What was found and what was expected, one line.
    pub what: String,
    /// What was left out of the results because of it; empty when nothing was.
    pub skipped: String,
}

impl Fault {
    /// Makes a fault at `place` of `error` and its sources, with what was `skipped`.
    pub fn new(place: Place, error: &(dyn Error + 'static), skipped: &str) -> Self {
        let mut what = error.to_string();
        let mut cause = error.source();
        while let Some(error) = cause {
            what.push_str(": ");
            what.push_str(&error.to_string());
            cause = error.source();
        }
        Self { place, what, skipped: skipped.to_owned() }
    }

    /// Makes a fault at `place` that reads `what`, with what was `skipped`.
    pub fn text(place: Place, what: impl Into<String>, skipped: &str) -> Self {
        Self { place, what: what.into(), skipped: skipped.to_owned() }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.what)?;
        if !self.skipped.is_empty() {
            write!(f, " (left out: {})", self.skipped)?;
        }
        Ok(())
    }
}

/// One step on the way from a slice to a place in it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    /// A slice, by its id.
    Slice(i64),
    /// A member of a tarball, by its path in it.
    Member(String),
    /// A disk of the machine, counted from 1.
    Disk(u32),
    /// A partition, counted from 1 through all disks.
    Partition(u32),
    /// A record of a file system.
    Inode(u64),
    /// A file, by its path in the volume.
    Path(Name),
    /// A hive, by its path in the volume.
    Hive(Name),
    /// A key of a hive, by its path under the root key.
    Key(Name),
    /// An offset in bytes in what comes before.
    Offset(u64),
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Slice(id) => write!(f, "slice {id}"),
            Self::Member(path) => write!(f, "member {path:?}"),
            Self::Disk(number) => write!(f, "disk {number}"),
            Self::Partition(number) => write!(f, "p{number}"),
            Self::Inode(inode) => write!(f, "inode {inode}"),
            Self::Path(path) => write!(f, "{path}"),
            Self::Hive(path) => write!(f, "hive {path}"),
            Self::Key(path) if path.is_empty() => f.write_str("root key"),
            Self::Key(path) => write!(f, "key {path}"),
            Self::Offset(offset) => write!(f, "offset {offset:#x}"),
        }
    }
}

/// Where something was found: steps from the outside in, `slice 40 › p1 › inode 128`.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place(Vec<Step>);

impl Place {
    /// The steps from the outside in.
    pub fn steps(&self) -> &[Step] {
        &self.0
    }

    /// Returns this place with one more step inwards.
    #[must_use]
    pub fn then(&self, step: Step) -> Self {
        let mut steps = self.0.clone();
        steps.push(step);
        Self(steps)
    }

    /// Returns this place seen from one step further out.
    #[must_use]
    pub fn within(&self, outer: Step) -> Self {
        let mut steps = vec![outer];
        steps.extend_from_slice(&self.0);
        Self(steps)
    }
}

impl From<Step> for Place {
    fn from(step: Step) -> Self {
        Self(vec![step])
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, step) in self.0.iter().enumerate() {
            let separator = if index == 0 { "" } else { " › " };
            write!(f, "{separator}{step}")?;
        }
        Ok(())
    }
}
