use std::collections::BTreeMap;

use diskprint::{CellDelta, Fault, FileDelta, InterimChange, RecoveredCell, SliceId};

use crate::sequence::{ends, order};
use crate::{
    Browse, Catalogue, Error, HiveCondition, JournalEntry, Journaled, LastRun, Link, QueueEntry,
    Results, SliceRow,
};

/// A database with the tables of the original workflow and our own.
pub trait Store: Browse + Catalogue + Send {
    /// Registers slices and their tarballs, or updates those that are there. `now`, ISO 8601 in
    /// UTC, becomes the creation date of the new ones.
    ///
    /// One tarball has one row in `storage` however many slices have copies of it; of several
    /// locations that are there it has the first by name. Where the copy of each slice is stands in
    /// a table of our own.
    ///
    /// # Errors
    /// When a slice type is unknown or the database fails; then nothing is registered.
    fn register_slices(&mut self, slices: &[SliceRow], now: &str) -> Result<(), Error>;

    /// Returns the operating system and application of every sequence, each pair once.
    ///
    /// # Errors
    /// When the database fails.
    fn sequences(&self) -> Result<Vec<(String, String)>, Error>;

    /// Returns a link for each slice of an application on an operating system, sorted.
    ///
    /// # Errors
    /// When the database fails.
    fn links(&self, osetid: &str, appetid: &str) -> Result<Vec<Link>, Error>;

    /// Returns a slice and its tarball, at the place where that was registered.
    ///
    /// # Errors
    /// When it has no tarball and when the database fails.
    fn slice(&self, id: &SliceId) -> Result<SliceRow, Error>;

    /// Returns the slice whose tarball is at `location`; the first by name when several share it.
    ///
    /// # Errors
    /// When the database fails.
    fn slice_at(&self, location: &str) -> Result<Option<SliceId>, Error>;

    /// Returns where table `storage` has the content of that hash.
    ///
    /// # Errors
    /// When the database fails.
    fn stored_at(&self, slicehash: &str) -> Result<Option<String>, Error>;

    /// Returns the hashes that table `storage` has for what is at `location`, sorted.
    ///
    /// # Errors
    /// When the database fails.
    fn hashes_at(&self, location: &str) -> Result<Vec<String>, Error>;

    /// Stores what a run found in one sequence, in one transaction: its slices' earlier rows are
    /// replaced, ids of hives are used again.
    ///
    /// What a slice holds replaces what the original's tables `filemetadata` and `registry` have
    /// for its tarball; digests are added to `md5` and `sha1` where they are not there.
    ///
    /// Rows go in in the order given, that of [`diskprint::diff`].
    ///
    /// # Errors
    /// When a slice is not registered, when what was found cannot be loaded, when it does not fit
    /// into its columns, and when the database fails; then nothing is stored.
    fn save(&mut self, results: &Results<'_>) -> Result<(), Error>;

    /// Returns the stored differences of files from the slice before, in their stored order,
    /// without byte runs.
    ///
    /// # Errors
    /// When the database fails or holds what no program of ours wrote.
    fn file_deltas(&self, slice: &SliceId) -> Result<Vec<FileDelta>, Error>;

    /// Returns the stored differences of keys and values from the slice before, in their stored
    /// order.
    ///
    /// # Errors
    /// When the database fails or holds what no program of ours wrote.
    fn cell_deltas(&self, slice: &SliceId) -> Result<Vec<CellDelta>, Error>;

    /// Returns the stored keys and values of a slice that no list leads to, by partition, hive and
    /// place in it.
    ///
    /// # Errors
    /// When the database fails or holds what no program of ours wrote.
    fn recovered_cells(&self, slice: &SliceId) -> Result<Vec<RecoveredCell>, Error>;

    /// Returns the stored changes between a slice and the one before it, those of a file together.
    ///
    /// # Errors
    /// When the database fails or holds what no program of ours wrote.
    fn interim_changes(&self, slice: &SliceId) -> Result<Vec<InterimChange>, Error>;

    /// Returns what each hive of a slice was worth, by partition and path.
    ///
    /// # Errors
    /// When the database fails or holds what no program of ours wrote.
    fn hive_conditions(&self, slice: &SliceId) -> Result<Vec<HiveCondition>, Error>;

    /// Returns the stored faults of a slice, sorted.
    ///
    /// # Errors
    /// When the database fails or holds what no program of ours wrote.
    fn faults(&self, slice: &SliceId) -> Result<Vec<Fault>, Error>;

    /// Returns the last run over the sequence that ends with `end`; `None` when there was none.
    ///
    /// # Errors
    /// When the database fails.
    fn last_run(&self, end: &SliceId) -> Result<Option<LastRun>, Error>;

    /// Returns the tarballs that wait to be read, sorted.
    ///
    /// # Errors
    /// When the database fails.
    fn queue(&self) -> Result<Vec<QueueEntry>, Error>;

    /// Takes the tarballs of `slices` out of the queue.
    ///
    /// # Errors
    /// When a slice is not registered or the database fails; then all stay.
    fn dequeue(&mut self, slices: &[SliceId]) -> Result<(), Error>;

    /// Notes how far a run is. A text that is too long for its column in an original's database
    /// is cut, with `…` at its end.
    ///
    /// # Errors
    /// When the database fails.
    fn journal(&mut self, entry: &JournalEntry) -> Result<(), Error>;

    /// Returns what was noted of runs, in the order of time.
    ///
    /// # Errors
    /// When the database fails.
    fn journal_entries(&self) -> Result<Vec<Journaled>, Error>;

    /// Returns how many rows table `regdelta` has for each slice, in one pass over it.
    ///
    /// # Errors
    /// When the database fails.
    fn regdelta_rows(&self) -> Result<BTreeMap<SliceId, u64>, Error>;

    /// Returns the slices that no slice of their sequence names as predecessor, sorted; of slices
    /// that go round the one with the largest number, so that none is passed over.
    ///
    /// # Errors
    /// When the database fails.
    fn sequence_ends(&self) -> Result<Vec<SliceId>, Error> {
        let mut all = Vec::new();
        for (osetid, appetid) in self.sequences()? {
            let ends = self.ends(&osetid, &appetid)?;
            let id =
                |sliceid| SliceId { osetid: osetid.clone(), appetid: appetid.clone(), sliceid };
            all.extend(ends.into_iter().map(id));
        }
        all.sort();
        Ok(all)
    }

    /// Returns the ids of those slices of an application on an operating system that none of them
    /// names as predecessor, sorted; of slices that go round the largest.
    ///
    /// # Errors
    /// When the database fails.
    fn ends(&self, osetid: &str, appetid: &str) -> Result<Vec<i64>, Error> {
        Ok(ends(&self.links(osetid, appetid)?))
    }

    /// Returns the ids of all slices of an application on an operating system, sorted.
    ///
    /// # Errors
    /// When the database fails.
    fn sequence_ids(&self, osetid: &str, appetid: &str) -> Result<Vec<i64>, Error> {
        let mut ids: Vec<i64> =
            self.links(osetid, appetid)?.into_iter().map(|link| link.sliceid).collect();
        ids.dedup();
        Ok(ids)
    }

    /// Returns the one sequence of an application on an operating system, first slice first.
    ///
    /// # Errors
    /// When there is none, when it has several ends, and as for [`Store::sequence_ending_at`].
    fn sequence(&self, osetid: &str, appetid: &str) -> Result<Vec<SliceRow>, Error> {
        let links = self.links(osetid, appetid)?;
        let (osetid, appetid) = (osetid.to_owned(), appetid.to_owned());
        match (ends(&links).as_slice(), links.first()) {
            (&[sliceid], _) => self.sequence_ending_at(&SliceId { osetid, appetid, sliceid }),
            (_, None) => Err(Error::UnknownSequence { osetid, appetid }),
            (ends, _) => Err(Error::SeveralEnds { osetid, appetid, ends: ends.to_vec() }),
        }
    }

    /// Returns the ids of the sequence that ends with `end`, first slice first, as
    /// `slicepredecessorid` says.
    ///
    /// # Errors
    /// When a slice is missing, goes round to itself, or has several rows.
    fn sequence_order(&self, end: &SliceId) -> Result<Vec<i64>, Error> {
        order(&self.links(&end.osetid, &end.appetid)?, end)
    }

    /// Returns the sequence that ends with `end`, first slice first, as `slicepredecessorid` says.
    ///
    /// # Errors
    /// When a slice is missing, goes round to itself, has several rows, or has no tarball.
    fn sequence_ending_at(&self, end: &SliceId) -> Result<Vec<SliceRow>, Error> {
        let ids = self.sequence_order(end)?;
        ids.into_iter().map(|sliceid| self.slice(&SliceId { sliceid, ..end.clone() })).collect()
    }
}
