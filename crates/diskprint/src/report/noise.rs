//! Places that other sequences change, too: what a machine does by itself.

use std::collections::HashMap;

use super::ReportSlice;
use super::place::cell_path;
use crate::{Cell, CellDelta, FileDelta};

/// In how many other sequences each place of a report was changed.
///
/// A place is the path of a file or stream, or of a key or value as Windows shows it, in any case
/// and on any partition; both places of what was moved count.
#[derive(Default)]
pub struct Noise {
    places: HashMap<(Kind, String), Seen>,
    /// How many sequences were looked at.
    pub(super) others: u32,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Kind {
    File,
    Cell,
}

#[derive(Default)]
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

    fn add(&mut self, place: &(Kind, String)) {
        if let Some(seen) = self.places.get_mut(place).filter(|seen| seen.last < self.others) {
            *seen = Seen { sequences: seen.sequences + 1, last: self.others };
        }
    }

    pub(super) fn of_file(&self, delta: &FileDelta) -> u32 {
        file_places(delta).map(|place| self.sequences(&place)).max().unwrap_or(0)
    }

    pub(super) fn of_cell(&self, delta: &CellDelta) -> u32 {
        cell_places(delta).map(|place| self.sequences(&place)).max().unwrap_or(0)
    }

    fn sequences(&self, place: &(Kind, String)) -> u32 {
        self.places.get(place).map_or(0, |seen| seen.sequences)
    }
}

fn file_places(delta: &FileDelta) -> impl Iterator<Item = (Kind, String)> + '_ {
    let files = delta.before().into_iter().chain(delta.after());
    files.map(|file| (Kind::File, file.full_path().to_upper().to_text().into_owned()))
}

fn cell_places(delta: &CellDelta) -> impl Iterator<Item = (Kind, String)> + '_ {
    let cells = delta.before().into_iter().chain(delta.after());
    cells.map(|cell: &Cell| (Kind::Cell, cell_path(cell).to_uppercase()))
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
