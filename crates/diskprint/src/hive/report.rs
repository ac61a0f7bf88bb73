use diskprint_formats::regf;
use diskprint_formats::regf::log::{LogReport, Recovery, State, Verdict};

use super::HiveState;
use crate::results::Copies;

/// How much of a hive could be read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Grade {
    /// It was clean, and nothing is missing.
    #[default]
    Intact,
    /// Its last write was not completed; with its transaction logs nothing is missing.
    Repaired,
    /// Something is missing, and the faults say what; or the last write to the hive was not
    /// completed and no log holds the rest of it, so that something may be.
    Partial,
}

impl Grade {
    /// The word for it: `intact`, `repaired` or `partial`. A hive of which nothing can be read is
    /// `unreadable`, and no [`crate::Hive`].
    pub fn name(self) -> &'static str {
        match self {
            Self::Intact => "intact",
            Self::Repaired => "repaired",
            Self::Partial => "partial",
        }
    }
}

/// What a hive file said of itself, what its transaction logs gave, and what that is worth.
#[derive(Clone, Debug, Default)]
pub struct HiveReport {
    /// Which state was asked for.
    pub state: HiveState,
    /// How much could be read.
    pub grade: Grade,
    /// Whether the hive needed its logs, and what became of each; without the recovered bytes.
    /// `None` for a hive that was made in memory.
    pub recovery: Option<Recovery>,
    /// SHA-256 over the digests of the hive file and of its logs, by which equal readings are known.
    pub(crate) source: [u8; 32],
    /// Files that were written of the hive; slices in which it did not change share them.
    pub(crate) copies: Copies,
    outcome: Outcome,
}

/// What came of a hive's transaction logs.
#[derive(Clone, Debug, Default)]
pub(super) enum Outcome {
    /// The tree is the stored state.
    #[default]
    Stored,
    /// The tree is the recovered state; this brings back the stored one.
    Recovered(Undo),
    /// The tree is the stored state, as the recovered one cannot be read.
    Unreadable(regf::Error),
}

impl HiveReport {
    pub(super) fn new(
        tree: &regf::Hive,
        state: HiveState,
        recovery: Recovery,
        outcome: Outcome,
    ) -> Self {
        let mut report = Self { state, recovery: Some(recovery), outcome, ..Self::default() };
        report.grade = report.grade_of(tree);
        report
    }

    /// Whether the last write to the hive was completed.
    pub fn is_clean(&self) -> bool {
        self.recovery.as_ref().is_none_or(|it| matches!(it.state, State::Clean { .. }))
    }

    /// Whether transaction logs were applied.
    pub fn is_recovered(&self) -> bool {
        matches!(self.outcome, Outcome::Recovered(_))
    }

    /// What the hive says of itself and what became of its transaction logs, a line each.
    pub fn lines(&self) -> Vec<String> {
        let Some(recovery) = &self.recovery else { return Vec::new() };
        let mut lines = vec![recovery.state.to_string()];
        match (&self.outcome, self.state) {
            (Outcome::Unreadable(error), _) => {
                lines
                    .push(format!("with its logs it cannot be read, and none is applied: {error}"));
            }
            (_, HiveState::Stored) if recovery.sequence_number.is_some() => {
                lines.push("read as stored, without its logs".to_owned());
            }
            _ => {
                lines.extend(recovery.logs.iter().map(ToString::to_string));
                lines.extend(recovery.missing.map(|entries| format!("{entries} are in no log")));
            }
        }
        lines
    }

    /// The hive as its file has it, where that is not the state that was read.
    pub fn stored(&self, tree: &regf::Hive) -> Option<Result<regf::Hive, regf::Error>> {
        match &self.outcome {
            Outcome::Recovered(undo) => Some(regf::Hive::read(undo.apply(tree.bytes()))),
            _ => None,
        }
    }

    /// What is missing because of transaction logs: what was found, and what was left out.
    ///
    /// A hive whose logs hold no change that it lacks misses nothing that is known of, dirty or
    /// not.
    pub fn faults(&self) -> Vec<(String, &'static str)> {
        let Some(recovery) = &self.recovery else { return Vec::new() };
        if self.is_clean() || self.state == HiveState::Stored {
            return Vec::new();
        }
        let lost: Vec<_> = recovery.logs.iter().filter(|log| lacks(log)).collect();
        if self.is_recovered() {
            // Entries that are in no log are none of these: where Windows begins its logs anew, they
            // begin later than the hive file says of itself.
            return lost.into_iter().map(|log| (log.to_string(), LOST)).collect();
        }
        if let Outcome::Unreadable(error) = &self.outcome {
            let what = format!(
                "{}, and with its transaction logs it cannot be read ({error}): it is shown as stored",
                recovery.state
            );
            return vec![(what, LOST)];
        }
        if recovery.logs.is_empty() {
            return vec![(format!("{}, and there is no transaction log", recovery.state), LOST)];
        }
        if lost.is_empty() {
            return Vec::new();
        }
        let logs: Vec<_> = recovery.logs.iter().map(ToString::to_string).collect();
        let logs = logs.join("; ");
        vec![(format!("{}, and no transaction log repairs it: {logs}", recovery.state), LOST)]
    }

    fn grade_of(&self, tree: &regf::Hive) -> Grade {
        let has_loss = tree.more_faults() > 0
            || tree.faults().iter().any(|fault| !fault.error.skipped().is_empty());
        let is_stale = !self.is_clean() && !self.is_recovered();
        match has_loss || is_stale || !self.faults().is_empty() {
            true => Grade::Partial,
            false if self.is_recovered() => Grade::Repaired,
            false => Grade::Intact,
        }
    }
}

/// Whether a log of a dirty hive holds, or may hold, changes that were not applied.
fn lacks(log: &LogReport) -> bool {
    // A base block, and an empty table of changes behind it.
    // Source: regf spec, "Old format", "New format": both begin behind the first 512 bytes.
    const EMPTY_LOG: u64 = 1024;
    const BASE_BLOCK: u64 = 512;
    match log.verdict {
        Verdict::Empty | Verdict::NotNeeded | Verdict::Older { .. } => false,
        Verdict::OtherWrite { log, hive } => log > hive,
        Verdict::Used => log.refused.is_some() || log.unreached.is_some(),
        Verdict::Unusable => log.len > EMPTY_LOG || log.len < BASE_BLOCK,
        _ => true,
    }
}

const LOST: &str = "the changes that only the logs hold";

/// The bytes of a stored hive that its recovered state has otherwise.
#[derive(Clone, Debug, Default)]
pub(super) struct Undo {
    len: usize,
    pages: Vec<(usize, Box<[u8]>)>,
}

/// Pages of transaction logs have this length or a multiple of it, in bytes.
const PAGE: usize = 512;

impl Undo {
    pub(super) fn new(stored: &[u8], recovered: &[u8]) -> Self {
        let others = recovered.chunks(PAGE).map(Some).chain(std::iter::repeat(None));
        let pages = stored.chunks(PAGE).zip(others).enumerate();
        let changed = pages.filter(|(_, (stored, recovered))| Some(*stored) != *recovered);
        let pages = changed.map(|(index, (stored, _))| (index * PAGE, stored.into())).collect();
        Self { len: stored.len(), pages }
    }

    fn apply(&self, recovered: &[u8]) -> Vec<u8> {
        let mut bytes = recovered.to_vec();
        bytes.resize(self.len, 0);
        for (offset, page) in &self.pages {
            if let Some(place) = bytes.get_mut(*offset..offset + page.len()) {
                place.copy_from_slice(page);
            }
        }
        bytes
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_stored_bytes_come_back(
            stored in prop::collection::vec(0..3u8, 0..3000),
            flips in prop::collection::vec(any::<prop::sample::Index>(), 0..5),
            len in 0..3000usize,
        ) {
            let mut recovered = stored.clone();
            recovered.resize(len, 7);
            for at in flips.iter().filter(|_| len > 0) {
                recovered[at.index(len)] ^= 1;
            }
            let undo = Undo::new(&stored, &recovered);
            prop_assert_eq!(undo.apply(&recovered), stored);
        }
    }
}
