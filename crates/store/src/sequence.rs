//! Sequences: slices in order. The order comes from `slicepredecessorid`, never from a file name.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use diskprint::SliceId;

use crate::Error;

/// A slice as it is registered: what tables `slice` and `storage` say of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SliceRow {
    /// Its name.
    pub id: SliceId,
    /// Its type, one of table `slicetype`: `Install`.
    pub slicetype: String,
    /// The slice before it; `None` for the first of a sequence.
    pub predecessor: Option<i64>,
    /// Absolute path of its tarball.
    pub location: String,
    /// Hash by which table `storage` knows the tarball: SHA-256 in lower-case hexadecimal digits,
    /// or what the original's users had stored.
    pub slicehash: String,
}

/// A row of table `slice` and the slice before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Link {
    /// Number of the slice.
    pub sliceid: i64,
    /// Number of the slice before it; `None` for the first of a sequence.
    pub predecessor: Option<i64>,
}

/// The location that table `storage` is to have for a content that it has at `known`, when a slice
/// with the same content is at `new`. Jobs register copies in any order, and the same is left.
pub(crate) fn stored_at<'l>(known: &'l str, new: &'l str) -> &'l str {
    if known < new && Path::new(known).exists() { known } else { new }
}

/// Returns the ids of the sequence that ends with `end`, first to last.
pub(crate) fn order(links: &[Link], end: &SliceId) -> Result<Vec<i64>, Error> {
    let mut rows: BTreeMap<i64, Vec<Option<i64>>> = BTreeMap::new();
    for link in links {
        rows.entry(link.sliceid).or_default().push(link.predecessor);
    }
    let name = |sliceid| SliceId { sliceid, ..end.clone() };
    let (mut ids, mut next) = (Vec::new(), Some(end.sliceid));
    while let Some(id) = next {
        if let Some(first) = ids.iter().position(|seen| *seen == id) {
            return Err(Error::Loop { slice: name(id), through: ids.split_off(first) });
        }
        next = match (rows.get(&id).map(Vec::as_slice), ids.last()) {
            (Some([predecessor]), _) => *predecessor,
            (Some(all), _) => {
                let predecessors =
                    all.iter().map(|id| id.map_or("NULL".into(), |id| id.to_string()));
                return Err(Error::TwoPredecessors {
                    slice: name(id),
                    predecessors: predecessors.collect(),
                });
            }
            (None, None) => return Err(Error::UnknownSlice(end.clone())),
            (None, Some(&after)) => {
                return Err(Error::NoPredecessor { slice: name(after), predecessor: id });
            }
        };
        ids.push(id);
    }
    ids.reverse();
    Ok(ids)
}

/// Returns the slices that no slice names as its predecessor, sorted. Of slices that go round, so
/// that each has a follower, it is the one with the largest number: what is asked of it then is
/// refused with [`Error::Loop`], and none is passed over.
pub fn ends(links: &[Link]) -> Vec<i64> {
    let mut before: BTreeMap<i64, Vec<i64>> = BTreeMap::new();
    for link in links {
        before.entry(link.sliceid).or_default().extend(link.predecessor);
    }
    let predecessors: BTreeSet<i64> = before.values().flatten().copied().collect();
    let mut left: BTreeSet<i64> = before.keys().copied().collect();
    let (followed, last): (Vec<i64>, Vec<i64>) =
        before.keys().partition(|id| predecessors.contains(id));
    let mut ends = Vec::new();
    // What no last slice leads to goes round, or is before slices that do.
    for end in last.into_iter().chain(followed.into_iter().rev()) {
        if !left.contains(&end) {
            continue;
        }
        ends.push(end);
        let mut next = vec![end];
        while let Some(id) = next.pop() {
            if left.remove(&id) {
                next.extend(before.get(&id).into_iter().flatten());
            }
        }
    }
    ends.sort_unstable();
    ends
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ordered(rows: &[(i64, Option<i64>)], sliceid: i64) -> Result<Vec<i64>, String> {
        let link = |&(sliceid, predecessor): &_| Link { sliceid, predecessor };
        let links: Vec<_> = rows.iter().map(link).collect();
        let end = SliceId { osetid: "8504-1".into(), appetid: "7895-1".into(), sliceid };
        order(&links, &end).map_err(|error| error.to_string())
    }

    #[test]
    fn the_order_is_that_of_predecessors_and_not_of_numbers() {
        let rows = [(1, Some(30)), (30, Some(2)), (2, None), (4, Some(30))];
        assert_eq!(ordered(&rows, 1), Ok(vec![2, 30, 1]));
        assert_eq!(ordered(&rows, 4), Ok(vec![2, 30, 4]));
        assert_eq!(ordered(&rows, 2), Ok(vec![2]));
    }

    #[test]
    fn slices_that_go_round_have_an_end_that_tells_so() {
        for (rows, expected) in [
            (&[][..], &[][..]),
            (&[(10, None), (20, Some(10))], &[20]),
            (&[(10, None), (20, Some(10)), (20, Some(15)), (30, Some(10))], &[20, 30]),
            (&[(10, Some(30)), (20, Some(10)), (30, Some(20))], &[30]),
            (&[(10, Some(10))], &[10]),
            (&[(10, Some(20)), (20, Some(10)), (30, Some(20))], &[30]),
            (&[(10, Some(20)), (20, Some(10)), (30, None), (40, Some(30))], &[20, 40]),
        ] {
            let link = |&(sliceid, predecessor): &_| Link { sliceid, predecessor };
            let links: Vec<_> = rows.iter().map(link).collect();
            assert_eq!(ends(&links), expected, "{rows:?}");
        }
    }

    #[test]
    fn what_is_no_sequence_is_named() {
        for (rows, end, says) in [
            (
                &[(10, Some(30)), (20, Some(10)), (30, Some(20)), (40, Some(30))][..],
                40,
                "slicepredecessorid leads from slice 8504-1-7895-1-30 back to it, through 30, 20, 10",
            ),
            (
                &[(10, Some(10))],
                10,
                "slicepredecessorid leads from slice 8504-1-7895-1-10 back to it, through 10",
            ),
            (
                &[(20, Some(10))],
                20,
                "slice 8504-1-7895-1-20 has slicepredecessorid 10, which is not in table slice",
            ),
            (
                &[(10, None), (20, Some(10)), (20, None)],
                20,
                "slice 8504-1-7895-1-20 has 2 rows in table slice, with slicepredecessorid 10, NULL",
            ),
            (&[(10, None)], 20, "slice 8504-1-7895-1-20 is not in table slice"),
        ] {
            assert_eq!(ordered(rows, end), Err(says.to_owned()));
        }
    }
}
