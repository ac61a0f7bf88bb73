//! Places that other sequences change, too: what a machine does by itself.

use std::collections::HashMap;

use diskprint_formats::Name;

use super::ReportSlice;
use crate::{Cell, CellDelta, FileDelta, FileEntry};

/// In how many other sequences each place of a report was changed.
///
/// Both places of what was moved count.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Noise {
    places: HashMap<NoisePlace, Seen>,
    /// How many sequences were looked at.
    pub(super) others: u32,
}

/// Where something changed, on any partition; letters A to Z in lower case.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum NoisePlace {
    /// A file, or one of its streams.
    File {
        /// Its path.
        path: Name,
        /// Name of the stream.
        stream: Option<Name>,
    },
    /// A key as Windows shows it, or a value of it.
    Key {
        /// The key.
        path: Name,
        /// Name of the value; empty for the unnamed one.
        value: Option<Name>,
    },
    /// A key that Windows shows nowhere, or a value of it.
    HiveKey {
        /// Path of the hive.
        hive: Name,
        /// Names of the keys from below the root.
        key: Vec<Name>,
        /// Name of the value; empty for the unnamed one.
        value: Option<Name>,
    },
}

#[derive(Debug, Default, PartialEq, Eq)]
struct Seen {
    sequences: u32,
    /// The number of the last sequence that was seen there.
    last: u32,
}

impl Noise {
    /// Knows the places that these slices change; none was seen elsewhere yet.
    pub fn at_places_of(slices: &[ReportSlice]) -> Self {
        let mut noise = Self::default();
        for slice in slices {
            let files = slice.files.iter().flat_map(file_places);
            let cells = slice.cells.iter().flat_map(cell_places);
            noise.places.extend(files.chain(cells).map(|place| (place, Seen::default())));
        }
        noise
    }

    /// The places that it knows, in any order.
    pub fn places(&self) -> impl Iterator<Item = &NoisePlace> {
        self.places.keys()
    }

    /// Another sequence follows, of which differences are added.
    pub fn begin_sequence(&mut self) {
        self.others += 1;
    }

    /// Adds a difference of the sequence that was begun last.
    pub fn add_file(&mut self, delta: &FileDelta) {
        file_places(delta).for_each(|place| self.add(&place));
    }

    /// Adds a difference of the sequence that was begun last.
    pub fn add_cell(&mut self, delta: &CellDelta) {
        cell_places(delta).for_each(|place| self.add(&place));
    }

    fn add(&mut self, place: &NoisePlace) {
        if let Some(seen) = self.places.get_mut(place).filter(|seen| seen.last < self.others) {
            *seen = Seen { sequences: seen.sequences + 1, last: self.others };
        }
    }

    /// Says of how many other sequences there are which change each place: `sequences_at` gives
    /// their number.
    ///
    /// # Errors
    /// Those of `sequences_at`.
    pub fn look_up<E>(
        &mut self,
        others: u32,
        mut sequences_at: impl FnMut(&NoisePlace) -> Result<u32, E>,
    ) -> Result<(), E> {
        self.others = others;
        for (place, seen) in &mut self.places {
            seen.sequences = sequences_at(place)?;
        }
        Ok(())
    }

    pub(super) fn of_file(&self, delta: &FileDelta) -> u32 {
        file_places(delta).map(|place| self.sequences(&place)).max().unwrap_or(0)
    }

    pub(super) fn of_cell(&self, delta: &CellDelta) -> u32 {
        cell_places(delta).map(|place| self.sequences(&place)).max().unwrap_or(0)
    }

    /// How many other sequences change a place.
    pub fn sequences(&self, place: &NoisePlace) -> u32 {
        self.places.get(place).map_or(0, |seen| seen.sequences)
    }
}

impl NoisePlace {
    fn of_file(file: &FileEntry) -> Self {
        Self::File { path: folded(&file.path), stream: file.stream.as_ref().map(folded) }
    }

    fn of_cell(cell: &Cell) -> Self {
        let value = cell.value().map(|value| folded(&value.name));
        match &cell.registry_path {
            Some(path) => Self::Key { path: folded(path), value },
            None => {
                let key = cell.key.iter().map(folded).collect();
                Self::HiveKey { hive: folded(&cell.hive), key, value }
            }
        }
    }
}

/// As databases fold what they have an index of.
fn folded(name: &Name) -> Name {
    Name::from_wtf8(name.as_bytes().to_ascii_lowercase())
}

fn file_places(delta: &FileDelta) -> impl Iterator<Item = NoisePlace> + '_ {
    delta.before().into_iter().chain(delta.after()).map(NoisePlace::of_file)
}

fn cell_places(delta: &CellDelta) -> impl Iterator<Item = NoisePlace> + '_ {
    delta.before().into_iter().chain(delta.after()).map(NoisePlace::of_cell)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Delta, FileEntry};

    #[test]
    fn a_place_is_counted_once_for_each_other_sequence() {
        let new = |path| Delta::New(FileEntry::plain(path));
        let slice = ReportSlice { files: vec![new("a"), new("b")], ..ReportSlice::default() };
        let mut noise = Noise::at_places_of(&[slice]);
        for sequence in [&["A", "a", "other"][..], &["a"], &["other"]] {
            noise.begin_sequence();
            sequence.iter().for_each(|path| noise.add_file(&new(path)));
        }
        assert_eq!(["a", "b", "other"].map(|path| noise.of_file(&new(path))), [2, 0, 0]);
        assert_eq!(noise.others, 3);
    }
}
