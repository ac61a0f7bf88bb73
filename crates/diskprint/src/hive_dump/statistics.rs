use std::collections::BTreeMap;
use std::fmt;

use diskprint_formats::Filetime;
use diskprint_formats::regf::{Hive, Key, KeyId, Value};

use super::{Paths, Time, TypeName, shown_path, value_name};

/// What a hive holds, in numbers. Paths and names in it are escaped as in the dump.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Statistics {
    /// When the hive was last written, as it says itself.
    pub last_written: Filetime,
    /// Number of keys, with the root.
    pub keys: u64,
    /// Number of keys that have a class name.
    pub classes: u64,
    /// Number of values.
    pub values: u64,
    /// Number of values of each type, by the type's number.
    pub types: BTreeMap<u32, u64>,
    /// Length of all data in bytes.
    pub data_bytes: u64,
    /// Number of keys on the way to the deepest key, the root and it counted.
    pub depth: u64,
    /// Path of the deepest key, the first where there are several.
    pub deepest: String,
    /// The earliest last-write time of a key; `None` where none is set.
    pub oldest: Option<Filetime>,
    /// The latest last-write time of a key; `None` where none is set.
    pub newest: Option<Filetime>,
    /// Length in bytes of the longest data, and path and name of their value, the first where
    /// there are several; `None` where there are no values.
    pub largest: Option<(u64, String)>,
    /// Number of faults found in the hive.
    pub faults: u64,
}

/// Counts what is in `tree`.
pub fn statistics(tree: &Hive) -> Statistics {
    let mut found = Statistics {
        last_written: tree.base_block().last_written,
        faults: (tree.faults().len() as u64).saturating_add(tree.more_faults()),
        ..Statistics::default()
    };
    let (mut paths, mut deepest) = (Paths::default(), KeyId::ROOT);
    let mut largest: Option<(u64, Key<'_>, Value<'_>)> = None;
    for key in tree.keys() {
        paths.enter(&key);
        let depth = paths.depth() as u64;
        if depth > found.depth {
            (found.depth, deepest) = (depth, key.id());
        }
        found.keys += 1;
        found.classes += u64::from(key.class().is_some());
        found.time(key.mtime());
        for value in key.values() {
            found.values += 1;
            *found.types.entry(value.value_type()).or_default() += 1;
            found.data_bytes = found.data_bytes.saturating_add(value.len());
            if largest.is_none_or(|(len, ..)| value.len() > len) {
                largest = Some((value.len(), key, value));
            }
        }
    }
    let path = |key: Key<'_>| String::from_utf8_lossy(&shown_path(key)).into_owned();
    found.deepest = tree.key_by_id(deepest).map(path).unwrap_or_default();
    found.largest = largest.map(|(len, key, value)| {
        let mut name = Vec::new();
        // Writing to memory cannot fail.
        let _ = value_name(&value.name(), &mut name);
        (len, format!("{} {}", path(key), String::from_utf8_lossy(&name)))
    });
    found
}

impl Statistics {
    fn time(&mut self, time: Filetime) {
        if !time.is_unset() {
            self.oldest = Some(self.oldest.map_or(time, |oldest| oldest.min(time)));
            self.newest = Some(self.newest.map_or(time, |newest| newest.max(time)));
        }
    }
}

/// A line for each number, its name first.
impl fmt::Display for Statistics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut line = |name: &str, value: &dyn fmt::Display| writeln!(f, "{name}: {value}");
        line("last written", &Time(self.last_written))?;
        line("keys", &self.keys)?;
        line("keys with a class", &self.classes)?;
        line("oldest key", &Time(self.oldest.unwrap_or_default()))?;
        line("newest key", &Time(self.newest.unwrap_or_default()))?;
        line("deepest key", &format_args!("{} levels, {}", self.depth, self.deepest))?;
        line("values", &self.values)?;
        for (number, count) in &self.types {
            line(&format!("  {}", TypeName(*number)), count)?;
        }
        line("bytes of data", &self.data_bytes)?;
        match &self.largest {
            Some((len, place)) => line("largest value", &format_args!("{len} bytes, {place}"))?,
            None => line("largest value", &"none")?,
        }
        line("faults", &self.faults)
    }
}
