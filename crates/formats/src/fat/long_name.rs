use super::directory_entry::{DirectoryEntry, State};
use crate::Name;

/// The parts of a long name, which stand before its short one, the last part first.
#[derive(Default)]
pub(super) struct LongName {
    /// The units of the parts, the last part first.
    parts: Vec<[u16; UNITS]>,
    checksum: u8,
    state: Option<State>,
}

/// How many UTF-16 units are in a part.
const UNITS: usize = 13;
/// Where they are.
const PLACES: [usize; UNITS] = [1, 3, 5, 7, 9, 14, 16, 18, 20, 22, 24, 28, 30];
/// More parts than a name of 255 units has.
const MOST: usize = 20;
/// Marks the part that comes first.
const FIRST: u8 = 0x40;

impl LongName {
    /// Adds a part that is in this state; one that begins another name drops what was there.
    pub fn add(&mut self, entry: &[u8], state: State) {
        let begins = state == State::InUse && entry.first().is_some_and(|it| it & FIRST != 0);
        let checksum = entry.get(13).copied().unwrap_or(0);
        let goes_on = self.state == Some(state) && self.checksum == checksum && !begins;
        if !goes_on || self.parts.len() == MOST {
            self.parts.clear();
        }
        (self.checksum, self.state) = (checksum, Some(state));
        let unit = |at: usize| crate::bytes::u16_le(entry, at).unwrap_or(0);
        self.parts.push(PLACES.map(unit));
    }

    /// Takes the name of the entry that follows: `None` where there is none, and an error where its
    /// parts belong to another. The first letter of a deleted short name is lost, and the sum with it.
    pub fn take(&mut self, entry: &DirectoryEntry, state: State) -> Option<Result<Name, ()>> {
        let Self { parts, checksum, state: own } = std::mem::take(self);
        if parts.is_empty() {
            return None;
        }
        let is_its =
            own == Some(state) && (state == State::Deleted || checksum == entry.checksum());
        let units = parts.into_iter().rev().flatten().take_while(|unit| *unit != 0);
        let name = Name::from_utf16(units);
        Some(if is_its && !name.is_empty() { Ok(name) } else { Err(()) })
    }

    /// Whether there are parts that no entry followed.
    pub fn is_pending(&self) -> bool {
        !self.parts.is_empty() && self.state == Some(State::InUse)
    }
}
