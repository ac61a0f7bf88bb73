//! Deleting from a written hive as Windows does: cells are marked as free, and the lists that lead
//! to them become shorter. What the cells hold stays.

use super::{Built, List};

impl Built {
    /// Deletes a key without subkeys, with its values; `list` is the kind of its parent's list,
    /// and `mtime` the time of the deletion, which becomes the parent's.
    pub fn delete_key(&mut self, place: &[usize], list: List, mtime: u64) {
        let node = self.keys[place];
        assert_eq!(self.u32(node + 4 + 20), 0, "a key with subkeys cannot be deleted");
        if self.u32(node + 4 + 36) > 0 {
            let values: Vec<usize> = self.values_of(place).collect();
            values.into_iter().for_each(|value| self.free_value(value));
            self.free(self.follow(node + 4 + 40));
        }
        self.free(node);

        let (_, above) = place.split_last().expect("the root cannot be deleted");
        let parent = self.keys[above];
        let element = match list {
            List::Li => 4,
            List::Lf | List::Lh => 8,
            List::Ri => panic!("index roots are not changed here"),
        };
        let cell = self.follow(parent + 4 + 28);
        self.remove(cell + 4 + 4, element, self.u32(parent + 4 + 20), node);
        let left = self.u32(parent + 4 + 20) - 1;
        self.patch(cell + 4 + 2, &(left as u16).to_le_bytes());
        self.patch(parent + 4 + 20, &left.to_le_bytes());
        self.patch(parent + 4 + 4, &mtime.to_le_bytes());
    }

    /// Deletes a value of a key that keeps others; `mtime` becomes the key's.
    pub fn delete_value(&mut self, place: &[usize], index: usize, mtime: u64) {
        let node = self.keys[place];
        let value = self.values[&(place.to_vec(), index)];
        self.free_value(value);
        let list = self.follow(node + 4 + 40);
        let count = self.u32(node + 4 + 36);
        self.remove(list + 4, 4, count, value);
        self.patch(node + 4 + 36, &(count - 1).to_le_bytes());
        self.patch(node + 4 + 4, &mtime.to_le_bytes());
    }

    /// Marks the cell at `offset` of the file as free.
    pub fn free(&mut self, offset: usize) {
        let size = self.u32(offset) as i32;
        self.patch(offset, &size.abs().to_le_bytes());
    }

    fn free_value(&mut self, value: usize) {
        const SEGMENT: u32 = 16344;
        let len = self.u32(value + 4 + 4);
        assert!(len & 0x8000_0000 != 0 || len <= SEGMENT, "big data are not freed here");
        if len & 0x8000_0000 == 0 && len > 0 {
            self.free(self.follow(value + 4 + 8));
        }
        self.free(value);
    }

    fn values_of(&self, place: &[usize]) -> impl Iterator<Item = usize> {
        let of_key = self.values.iter().filter(move |((key, _), _)| key == place);
        of_key.map(|(_, value)| *value)
    }

    /// Moves the elements behind the one that leads to `target` one place forward.
    fn remove(&mut self, first: usize, element: usize, count: u32, target: usize) {
        let places = (0..count as usize).map(|index| first + index * element);
        let at = places.clone().find(|at| self.follow(*at) == target).expect("a listed cell");
        let end = first + count as usize * element;
        self.bytes.copy_within(at + element..end, at);
    }

    fn u32(&self, offset: usize) -> u32 {
        u32::from_le_bytes(self.bytes[offset..offset + 4].try_into().expect("four bytes"))
    }
}
