use std::collections::HashMap;

use crate::Partition;

/// Pairs the partitions of a state with those of the state before: a number before for each
/// number after that has one.
///
/// A partition is the same when it begins at the same place of the same disk, or, among those for
/// which there is none, when it has the file system's serial number.
pub(super) fn pair(before: &[Partition], after: &[Partition]) -> HashMap<u32, u32> {
    let mut pairs = HashMap::new();
    let place = |partition: &Partition| (partition.disk, partition.start);
    join(before, after, &mut pairs, |a, b| place(a) == place(b));
    join(before, after, &mut pairs, |a, b| a.serial != 0 && a.serial == b.serial);
    pairs
}

fn join(
    before: &[Partition],
    after: &[Partition],
    pairs: &mut HashMap<u32, u32>,
    same: impl Fn(&Partition, &Partition) -> bool,
) {
    for new in after {
        if pairs.contains_key(&new.number) {
            continue;
        }
        let is_free = |old: &&Partition| !pairs.values().any(|number| *number == old.number);
        if let Some(old) = before.iter().filter(is_free).find(|old| same(old, new)) {
            pairs.insert(new.number, old.number);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn partition(number: u32, start: u64, serial: u64) -> Partition {
        Partition { number, start, serial, disk: 1, ..Partition::default() }
    }

    #[test]
    fn a_partition_is_known_by_its_place_and_then_by_its_serial_number() {
        let before = [partition(1, 100, 7), partition(2, 500, 8)];
        let after = [partition(1, 50, 9), partition(2, 100, 7), partition(3, 600, 8)];
        assert_eq!(pair(&before, &after), HashMap::from([(2, 1), (3, 2)]));
    }
}
