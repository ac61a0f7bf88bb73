use std::collections::BTreeMap;
use std::ops::Range;

/// Which clusters of a FAT or exFAT volume the contents have that were followed so far.
pub(crate) struct Taken {
    all: Clusters,
    of_directories: Clusters,
    /// How often what was taken may still be taken again.
    again: u64,
}

/// Why a chain of clusters is not followed as if it were a content's alone.
pub(crate) enum Doubt {
    /// Another content has this cluster.
    Shared(u32),
    /// The chain returns to this cluster of its own.
    Endless(u32),
}

/// A set of clusters, by where a row of them begins and ends.
#[derive(Default)]
struct Clusters(BTreeMap<u32, u32>);

impl Clusters {
    /// Adds some, and says whether none of them was in the set.
    fn insert(&mut self, clusters: Range<u32>) -> bool {
        let (Range { mut start, mut end }, mut is_new) = (clusters.clone(), true);
        let last = |rows: &BTreeMap<u32, u32>, end| {
            rows.range(..=end).next_back().map(|(start, end)| (*start, *end))
        };
        // Those that touch it become one row with it.
        while let Some(row) = last(&self.0, end).filter(|row| row.1 >= start) {
            is_new &= row.1 <= clusters.start || row.0 >= clusters.end;
            self.0.remove(&row.0);
            (start, end) = (start.min(row.0), end.max(row.1));
        }
        self.0.insert(start, end);
        is_new
    }
}

impl Taken {
    /// Follows a chain of clusters, at most `most` of them, and says what is wrong with it: behind the
    /// last of them or, where there are as many as that, that others have some, too. `next` says which
    /// cluster comes behind one; behind `None` the first, and `None` behind the last.
    pub fn chain<E: From<Doubt>>(
        &mut self,
        most: u64,
        is_directory: bool,
        mut next: impl FnMut(Option<u32>) -> Result<Option<u32>, E>,
    ) -> (Vec<u32>, Option<E>) {
        let (mut chain, mut shared) = (Vec::new(), None);
        while (chain.len() as u64) < most {
            let cluster = match next(chain.last().copied()) {
                Ok(Some(cluster)) => cluster,
                Ok(None) => break,
                Err(error) => return (chain, Some(error)),
            };
            let taken = self.take(cluster..cluster + 1, is_directory);
            if taken != Some(true) {
                if shared.is_none() && chain.contains(&cluster) {
                    return (chain, Some(Doubt::Endless(cluster).into()));
                }
                if taken.is_none() {
                    return (chain, Some(Doubt::Shared(cluster).into()));
                }
                shared.get_or_insert(cluster);
            }
            chain.push(cluster);
        }
        (chain, shared.map(|cluster| Doubt::Shared(cluster).into()))
    }

    /// Takes clusters for a content, and says whether they are its alone so far. `None` when they are
    /// not to be read: a directory has been in them before, or too much was taken again. That is about
    /// four times what was taken at first, so that all contents together cost a few times their
    /// number.
    pub fn take(&mut self, clusters: Range<u32>, is_directory: bool) -> Option<bool> {
        let is_alone = self.all.insert(clusters.clone());
        if is_directory && !self.of_directories.insert(clusters) {
            return None;
        }
        self.again = match is_alone {
            true => self.again.saturating_add(4),
            false => self.again.checked_sub(1)?,
        };
        Some(is_alone)
    }
}

impl Default for Taken {
    fn default() -> Self {
        let (all, of_directories) = Default::default();
        Self { all, of_directories, again: 1 << 16 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clusters_are_one_row_where_they_touch() {
        let mut clusters = Clusters::default();
        let rows = [2..3, 5..6, 4..5, 8..9, 3..4, 5..7, 0..2, 6..20, 9..10, 30..31];
        let new = [true, true, true, true, true, false, true, false, false, true];
        assert!(rows.into_iter().map(|row| clusters.insert(row)).eq(new));
        assert_eq!(clusters.0, BTreeMap::from([(0, 20), (30, 31)]));
    }

    #[test]
    fn a_directory_is_read_once_and_a_file_a_few_times() {
        let mut taken = Taken::default();
        assert_eq!(taken.take(2..9, false), Some(true));
        // A directory may lie in what a file has, too, but not in another one's.
        assert_eq!(taken.take(8..9, true), Some(false));
        assert_eq!(taken.take(8..10, true), None);
        let again = (0..).take_while(|_| taken.take(3..4, false).is_some()).count();
        assert_eq!(again, (1 << 16) + 4 - 1);
    }
}
