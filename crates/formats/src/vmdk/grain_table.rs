use std::collections::HashMap;

use super::sparse_header::SparseHeader;
use super::{Error, SECTOR};
use crate::{ReadAt, ReadAtExt};

/// Where each grain of a sparse extent lies: its grain directory and all its grain tables.
// Source: "Virtual Disk Format 5.0", "Hosted Sparse Extents", "Grain Directory", "Grain Table".
#[derive(Debug)]
pub(super) struct GrainTables {
    /// For each directory entry the number of its table.
    directory: Vec<Table>,
    /// The entries of all tables that are there, one table after the other.
    entries: Vec<u32>,
    entries_per_table: u64,
    has_zeroed_grains: bool,
}

/// One entry of the grain directory.
#[derive(Clone, Copy, Debug)]
enum Table {
    /// No grain of it was ever written.
    Absent,
    /// The table and its twin are damaged; the sector where it should be.
    Lost(u32),
    /// Number of the table among those that are there.
    At(u32),
}

/// What the tables say about a grain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Grain {
    /// It was never written: it is as in the parent, or zeros.
    Absent,
    /// It is zeros, whatever the parent says.
    Zeros,
    /// It begins at this sector of the file.
    At(u32),
    /// Its table is lost; the sector where that should be.
    Lost(u32),
}

/// The most directory entries read: 128 TiB of disk at VMware's grain size.
const MAX_TABLES: u64 = 1 << 22;
/// The most table entries kept, 512 MiB of memory: 8 TiB of written grains at VMware's grain size.
const MAX_ENTRIES: usize = 1 << 27;

impl GrainTables {
    /// Loads directory and tables as `header` says. What had to be taken from the redundant ones,
    /// or was lost, is added to `findings`.
    ///
    /// # Errors
    /// When neither grain directory can be read.
    pub fn load(
        file: &dyn ReadAt,
        header: &SparseHeader,
        findings: &mut Vec<Error>,
    ) -> Result<Self, Error> {
        let redundant = header.redundant().map(|sector| read_directory(file, header, sector));
        let (first, twin) = match (read_directory(file, header, header.directory), redundant) {
            (Ok(first), twin) => (first, twin.and_then(Result::ok)),
            (Err(source), Some(Ok(twin))) => {
                findings.push(Error::DirectoryReplaced { source: source.into() });
                (twin, None)
            }
            (Err(error), _) => return Err(error),
        };
        let (seen, damage) = (HashMap::new(), Default::default());
        let mut loader = Loader { file, header, seen, entries: Vec::new(), damage };
        let twins = twin.into_iter().flatten().chain(std::iter::repeat(0));
        let sectors = (0..).zip(first.into_iter().zip(twins));
        let directory = sectors
            .map(|(table, (sector, twin))| loader.table(table, sector, twin))
            .collect::<Result<_, _>>()?;
        findings.extend(loader.findings());
        Ok(Self {
            directory,
            entries: loader.entries,
            entries_per_table: header.table_entries,
            has_zeroed_grains: header.has_zeroed_grains(),
        })
    }

    /// Looks up grain number `grain`, and returns with it how many grains from there on are known
    /// to be alike: more than one only where a whole table is absent.
    pub fn grain(&self, grain: u64) -> (Grain, u64) {
        let per_table = self.entries_per_table.max(1);
        let (table, entry) = (grain / per_table, grain % per_table);
        let directory = usize::try_from(table).ok().and_then(|table| self.directory.get(table));
        let number = match directory {
            Some(Table::At(number)) => *number,
            Some(Table::Lost(sector)) => return (Grain::Lost(*sector), 1),
            Some(Table::Absent) | None => return (Grain::Absent, per_table.saturating_sub(entry)),
        };
        let index = u64::from(number).saturating_mul(per_table).saturating_add(entry);
        let stored = usize::try_from(index).ok().and_then(|index| self.entries.get(index));
        let grain = match stored.copied() {
            Some(0) | None => Grain::Absent,
            // Source: "Virtual Disk Format 5.0", SparseExtentHeader, flags bit 2.
            Some(1) if self.has_zeroed_grains => Grain::Zeros,
            Some(sector) => Grain::At(sector),
        };
        (grain, 1)
    }
}

/// Reads `tables()` entries from `sector`; they must all lie in the file.
fn read_directory(
    file: &dyn ReadAt,
    header: &SparseHeader,
    sector: u64,
) -> Result<Vec<u32>, Error> {
    let tables = header.tables();
    if tables > MAX_TABLES {
        let (field, expected) = ("capacity", "at most 2^22 grain tables");
        return Err(Error::HeaderField { field, stated: header.capacity, expected });
    }
    read_u32s(file, "grain directory", sector.saturating_mul(SECTOR), tables)
}

fn read_u32s(
    file: &dyn ReadAt,
    structure: &'static str,
    offset: u64,
    count: u64,
) -> Result<Vec<u32>, Error> {
    let (needed, file_len) = (count.saturating_mul(4), file.len());
    let inside = offset.checked_add(needed).is_some_and(|end| end <= file_len);
    if offset == 0 || !inside {
        return Err(Error::Outside { structure, offset, needed, file_len });
    }
    let len = usize::try_from(needed).unwrap_or(usize::MAX);
    let mut bytes = vec![0; len];
    file.read_exact_at(&mut bytes, offset).map_err(|source| Error::Read {
        structure,
        offset,
        source,
    })?;
    let (words, _) = bytes.as_chunks::<4>();
    Ok(words.iter().map(|word| u32::from_le_bytes(*word)).collect())
}

/// Loads tables, each once, however many directory entries lead to it.
struct Loader<'a> {
    file: &'a dyn ReadAt,
    header: &'a SparseHeader,
    /// Sectors of a table and its twin to what was made of them.
    seen: HashMap<(u32, u32), Table>,
    entries: Vec<u32>,
    /// Tables taken from their twins; damaged and read all the same; lost.
    damage: [Damage; 3],
}

/// How many tables have a kind of damage, and the first of them.
#[derive(Clone, Copy, Debug, Default)]
struct Damage {
    count: u64,
    table: u64,
    offset: u64,
}

impl Loader<'_> {
    /// Loads the table at `sector`, or what its twin and it have left. Sector 0 is no table.
    fn table(&mut self, table: u64, sector: u32, twin: u32) -> Result<Table, Error> {
        if sector == 0 && twin == 0 {
            return Ok(Table::Absent);
        }
        if let Some(seen) = self.seen.get(&(sector, twin)) {
            return Ok(*seen);
        }
        let (first, second) = (self.read(sector), || self.read(twin));
        let (entries, kind) = match first {
            Some((entries, true)) => (Some(entries), None),
            first => match (first, second()) {
                (_, Some((entries, true))) => (Some(entries), Some(0)),
                (Some((entries, _)), _) | (None, Some((entries, _))) => (Some(entries), Some(1)),
                (None, None) => (None, Some(2)),
            },
        };
        if let Some(damage) = kind.and_then(|kind: usize| self.damage.get_mut(kind)) {
            if damage.count == 0 {
                *damage = Damage { count: 0, table, offset: u64::from(sector) * SECTOR };
            }
            damage.count = damage.count.saturating_add(1);
        }
        let loaded = match entries {
            Some(entries) => self.keep(entries)?,
            None => Table::Lost(sector),
        };
        self.seen.insert((sector, twin), loaded);
        Ok(loaded)
    }

    /// Reads the table at `sector`, and says whether all of its grains begin in the file; `None`
    /// when it does not lie in the file itself.
    fn read(&self, sector: u32) -> Option<(Vec<u32>, bool)> {
        let offset = u64::from(sector).saturating_mul(SECTOR);
        let entries =
            read_u32s(self.file, "grain table", offset, self.header.table_entries).ok()?;
        let end = self.file.len().div_ceil(SECTOR);
        let sound = entries.iter().all(|entry| u64::from(*entry) < end);
        Some((entries, sound))
    }

    /// A table without a single grain takes no memory.
    fn keep(&mut self, entries: Vec<u32>) -> Result<Table, Error> {
        if entries.iter().all(|entry| *entry == 0) {
            return Ok(Table::Absent);
        }
        let number = self.entries.len().checked_div(entries.len()).unwrap_or(0);
        let total = self.entries.len().saturating_add(entries.len());
        match u32::try_from(number) {
            Ok(number) if total <= MAX_ENTRIES => {
                self.entries.extend_from_slice(&entries);
                Ok(Table::At(number))
            }
            _ => {
                let (field, expected) = ("capacity", "at most 2^27 entries in grain tables");
                Err(Error::HeaderField { field, stated: self.header.capacity, expected })
            }
        }
    }

    /// One finding for each kind of damage, however many tables have it.
    fn findings(&self) -> impl Iterator<Item = Error> {
        let [replaced, outside, lost] = self.damage;
        let any = |damage: Damage| (damage.count > 0).then_some(damage);
        let replaced = any(replaced).map(|Damage { count, table, offset }| Error::TablesReplaced {
            count,
            table,
            offset,
        });
        let outside = any(outside).map(|Damage { count, table, offset }| Error::TablesOutside {
            count,
            table,
            offset,
        });
        let lost = any(lost).map(|Damage { count, table, offset }| Error::TablesLost {
            count,
            table,
            offset,
        });
        [replaced, outside, lost].into_iter().flatten()
    }
}
