use std::collections::HashMap;
use std::sync::Arc;

use diskprint_formats::regf;

use super::Snapshot;
use super::hives::Source;
use crate::hive::{HiveReport, HiveState};
use crate::{Hive, JournalKind};

/// What the slice before says about reading the next: in which state hives are read, those that were
/// read, so that none is read twice, and where the journals of its volumes ended.
#[derive(Clone, Debug, Default)]
pub struct Known {
    pub(super) state: HiveState,
    pub(super) readings: HashMap<Source, (Arc<regf::Hive>, Arc<HiveReport>)>,
    volumes: Vec<KnownVolume>,
}

/// A volume of the slice before, by its serial number.
#[derive(Clone, Debug)]
struct KnownVolume {
    serial: u64,
    /// Its journals: kind, id, and where the next record would have gone.
    journals: Vec<(JournalKind, u64, u64)>,
}

impl Known {
    /// Nothing, and hives are read in their recovered state.
    pub fn new() -> Self {
        Self::default()
    }

    /// Nothing, and hives are read in that state.
    pub fn in_state(state: HiveState) -> Self {
        Self { state, ..Self::default() }
    }

    /// What `snapshot` says.
    pub(super) fn of(snapshot: &Snapshot, state: HiveState) -> Self {
        let mut known = Self::in_state(state);
        snapshot.hives.iter().for_each(|hive| known.add(hive));
        for partition in snapshot.partitions.iter().filter(|it| it.is_read && it.serial != 0) {
            let own = snapshot.journals.iter().filter(|it| it.partition == partition.number);
            let journals = own.map(|it| (it.kind, it.id, it.next)).collect();
            known.volumes.push(KnownVolume { serial: partition.serial, journals });
        }
        known
    }

    /// In which state hives are read.
    pub fn state(&self) -> HiveState {
        self.state
    }

    fn add(&mut self, hive: &Hive) {
        let reading = (hive.tree.clone(), hive.report.clone());
        self.readings.insert(hive.report.source, reading);
    }

    /// From which record on a journal says what happened since the slice before: from its first on
    /// where that had another journal or none, and `None` where it did not have the volume.
    pub(crate) fn since(&self, serial: u64, kind: JournalKind, id: u64) -> Option<u64> {
        let volumes = self.volumes.iter().filter(|volume| volume.serial == serial);
        let ends = volumes.map(|volume| {
            let mut same = volume.journals.iter().filter(|it| (it.0, it.1) == (kind, id));
            same.next().map_or(0, |journal| journal.2)
        });
        ends.min()
    }
}
