use std::collections::BTreeMap;
use std::io::{self, Write};

use diskprint_formats::regf::Hive;
use diskprint_formats::{Filetime, Name};

use super::text::{Time, TypeName};
use super::{escape, faults};

/// What `regstats.pl -t` of Parse::Win32Registry 1.1 tells of a hive, and the number of its faults.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statistics {
    /// When the hive was last written, as it says itself.
    pub timestamp: Filetime,
    /// The end of the path that the hive had, as it says itself.
    pub embedded_filename: Name,
    /// Name of the root key.
    pub root_key: Name,
    /// Number of keys, with the root.
    pub keys: u64,
    /// Number of values.
    pub values: u64,
    /// Number of values of each type, by the name that the dump has for it.
    pub types: BTreeMap<String, u64>,
    /// Number of faults found in the hive.
    pub faults: u64,
}

impl Statistics {
    /// Counts what is in `hive`.
    pub fn of(hive: &Hive) -> Self {
        let mut types: BTreeMap<u32, u64> = BTreeMap::new();
        for value in hive.keys().flat_map(|key| key.values()) {
            *types.entry(value.value_type()).or_default() += 1;
        }
        let base_block = hive.base_block();
        Self {
            timestamp: base_block.last_written,
            embedded_filename: base_block.file_name.clone(),
            root_key: hive.root().name(),
            keys: hive.key_count() as u64,
            values: types.values().sum(),
            types: types.into_iter().map(|(kind, n)| (TypeName(kind).to_string(), n)).collect(),
            faults: faults::count(hive),
        }
    }

    /// Writes a line for each number, its name first; `file_name` is what the hive is called.
    ///
    /// # Errors
    /// When `out` fails.
    pub fn write(&self, file_name: &Name, out: &mut impl Write) -> io::Result<()> {
        named("Filename", file_name, out)?;
        if !self.timestamp.is_unset() {
            writeln!(out, "Registry Timestamp: {}", Time(self.timestamp))?;
        }
        named("Embedded Filename", &self.embedded_filename, out)?;
        named("Root Key Name", &self.root_key, out)?;
        writeln!(out, "Keys: {}\nValues: {}", self.keys, self.values)?;
        self.types.iter().try_for_each(|(name, count)| writeln!(out, "{name}: {count}"))?;
        match self.faults {
            0 => Ok(()),
            1 => writeln!(out, "! 1 fault"),
            count => writeln!(out, "! {count} faults"),
        }
    }
}

fn named(label: &str, name: &Name, out: &mut impl Write) -> io::Result<()> {
    write!(out, "{label}: ")?;
    escape::name(name, out)?;
    out.write_all(b"\n")
}
