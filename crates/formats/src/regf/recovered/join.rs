use crate::Filetime;
use crate::bytes::window;
use crate::regf::arena::KeyId;
use crate::regf::big_data;
use crate::regf::cell::{CellOffset, SIZE_LEN, Span};
use crate::regf::data::Data;
use crate::regf::error::Structure;
use crate::regf::fault::Faults;
use crate::regf::hive::Hive;
use crate::regf::key::Key;
use crate::regf::key_node::{KEY_HIVE_ENTRY, KeyNode};
use crate::regf::key_value::{DataPlace, KeyValue};

use super::candidate::Candidates;
use super::in_use::InUse;
use super::{Confidence, Found, FoundData, FoundKey, FoundValue, Owner, Place};

/// How deep recovered keys may lie below one another.
const MOST_DEPTH: usize = 1024;

/// Finds out where the candidates belong, how sure that is, and what is left of their data.
///
/// Paths and data together are bounded as those of the keys and values in use are: data by twice
/// the length of the hive, paths by sixteen times that and a mebibyte.
pub(super) fn join(hive: &Hive, in_use: InUse, found: Candidates) -> Found {
    let len = hive.bytes().len() as u64;
    let live = live_keys(hive);
    let mut join = Join {
        hive,
        in_use,
        live,
        data_left: len.saturating_mul(2),
        paths_left: len.saturating_mul(16).saturating_add(1 << 20),
    };
    let keys = join.keys(found.keys);
    let values = join.values(&keys, found.values);
    Found { keys, values }
}

/// The keys in use by their offsets, sorted.
fn live_keys(hive: &Hive) -> Vec<(CellOffset, KeyId)> {
    let mut keys: Vec<_> = hive.keys().map(|key| (key.offset(), key.id())).collect();
    keys.sort_unstable();
    keys
}

struct Join<'h> {
    hive: &'h Hive,
    in_use: InUse,
    live: Vec<(CellOffset, KeyId)>,
    data_left: u64,
    paths_left: u64,
}

impl<'h> Join<'h> {
    fn keys(&mut self, candidates: Vec<(KeyNode, Place, bool)>) -> Vec<FoundKey> {
        let owners: Vec<Owner> =
            candidates.iter().map(|(n, ..)| self.owner(n, &candidates)).collect();
        let depths: Vec<Option<usize>> = (0..owners.len()).map(|at| depth(&owners, at)).collect();
        let mut order: Vec<usize> = (0..owners.len()).collect();
        order.sort_by_key(|at| depths.get(*at).copied().flatten());

        let mut known: Vec<Option<Known>> = vec![None; owners.len()];
        for at in order {
            let Some(((node, place, likely), owner)) = candidates.get(at).zip(owners.get(at))
            else {
                continue;
            };
            let is_bounded = depths.get(at).copied().flatten().is_some();
            let owner = if is_bounded { *owner } else { Owner::Unknown };
            let judged = self.judge(node, *place, *likely, owner, &known);
            if let Some(slot) = known.get_mut(at) {
                *slot = Some(judged);
            }
        }
        let found = candidates.into_iter().zip(known);
        let found = found.filter_map(|((node, place, _), known)| {
            let Known { owner, confidence, .. } = known?;
            Some(FoundKey { node, place, owner, confidence })
        });
        found.collect()
    }

    /// The key that a key node names as its parent.
    fn owner(&self, node: &KeyNode, candidates: &[(KeyNode, Place, bool)]) -> Owner {
        if node.flags & KEY_HIVE_ENTRY != 0 {
            return Owner::Unknown;
        }
        if let Some(key) = self.live_at(node.parent) {
            return Owner::Live(key);
        }
        let at = candidates.binary_search_by_key(&node.parent, |(node, ..)| node.offset);
        at.map_or(Owner::Unknown, Owner::Found)
    }

    fn live_at(&self, offset: CellOffset) -> Option<KeyId> {
        let at = self.live.binary_search_by_key(&offset, |(offset, _)| *offset).ok()?;
        self.live.get(at).map(|(_, key)| *key)
    }

    fn judge(
        &mut self,
        node: &KeyNode,
        place: Place,
        likely: bool,
        owner: Owner,
        known: &[Option<Known>],
    ) -> Known {
        let parent = match owner {
            Owner::Live(id) => self.hive.key_by_id(id).map(|key| Known {
                owner,
                confidence: Confidence::High,
                mtime: key.mtime(),
                path_len: path_len(key),
            }),
            Owner::Found(at) => known.get(at).copied().flatten(),
            Owner::Unknown => None,
        };
        let path_len = parent.map_or(0, |parent| parent.path_len).saturating_add(node.name.len + 1);
        // What there is no room for belongs nowhere.
        let parent = parent.filter(|_| {
            let left = self.paths_left.checked_sub(path_len);
            self.paths_left = left.unwrap_or(self.paths_left);
            left.is_some()
        });
        // To delete a key is to change the one above it, so that is no older. Where a key was cut
        // off and not deleted, nothing says so.
        let in_time = |parent: &Known| place == Place::Unreferenced || parent.mtime >= node.mtime;
        let confidence = match parent {
            _ if !likely => Confidence::Low,
            Some(parent) if in_time(&parent) => parent.confidence,
            Some(parent) => parent.confidence.min(Confidence::Medium),
            None => Confidence::Medium,
        };
        let owner = if parent.is_some() { owner } else { Owner::Unknown };
        Known { owner, confidence, mtime: node.mtime, path_len }
    }

    fn values(
        &mut self,
        keys: &[FoundKey],
        candidates: Vec<(KeyValue, Place, bool)>,
    ) -> Vec<FoundValue> {
        let mut owners = vec![Owner::Unknown; candidates.len()];
        let mut own = |offset: CellOffset, owner: Owner| {
            let at = candidates.binary_search_by_key(&offset, |(value, ..)| value.offset);
            if let Some(slot) = at.ok().and_then(|at| owners.get_mut(at))
                && *slot == Owner::Unknown
            {
                *slot = owner;
            }
        };
        // What a list of a free key leads to may belong to another key by now, so those in cells
        // in use have the first word.
        let mut listers: Vec<(usize, &FoundKey)> = keys.iter().enumerate().collect();
        listers.sort_by_key(|(_, key)| key.place);
        for (at, key) in listers {
            self.listed(&key.node).into_iter().for_each(|offset| own(offset, Owner::Found(at)));
        }
        for key in self.hive.keys() {
            let behind = self.behind_list(&key).into_iter();
            behind.for_each(|offset| own(offset, Owner::Live(key.id())));
        }
        let found = candidates.into_iter().zip(owners);
        found
            .map(|((value, place, likely), owner)| {
                let data = self.data(&value);
                let owner_is = match owner {
                    // The list's cell may have been that of another key before: see
                    // `a_thousand_damaged_hives_end_and_keep_what_is_untouched`.
                    Owner::Live(_) => Confidence::Medium,
                    Owner::Found(at) => match keys.get(at) {
                        // A key is deleted with its values: one that is not where such a key is
                        // was never that key's, or no longer is.
                        Some(key) if key.place == place && place != Place::Outside => {
                            key.confidence
                        }
                        Some(key) => key.confidence.min(Confidence::Medium),
                        None => Confidence::Low,
                    },
                    Owner::Unknown => Confidence::Low,
                };
                let lost = matches!(data, FoundData::Lost);
                let confidence = if likely && !lost { owner_is } else { Confidence::Low };
                FoundValue { value, place, owner, confidence, data }
            })
            .collect()
    }

    /// The values that the list of a recovered key leads to, unless it was used again.
    fn listed(&mut self, node: &KeyNode) -> Vec<CellOffset> {
        let len = u64::from(node.value_count).saturating_mul(4);
        let start = node.values.file_offset();
        let all = Span { offset: start, len: len.saturating_add(SIZE_LEN as u64) };
        let is_there = all.offset.saturating_add(all.len) <= self.hive.bytes().len() as u64;
        if len == 0 || !is_there || self.in_use.any(all) || !self.take(len) {
            return Vec::new();
        }
        self.offsets(start.saturating_add(SIZE_LEN as u64), len)
    }

    /// What the cell of a key's value list holds behind the values in use: those that were
    /// deleted from its end.
    fn behind_list(&mut self, key: &Key<'_>) -> Vec<CellOffset> {
        let node = key.node();
        if node.value_count == 0 {
            return Vec::new();
        }
        let cell =
            self.hive.cells().get(Structure::ValuesList, node.values, &mut Faults::default());
        let used = u64::from(node.value_count).saturating_mul(4);
        let Some(left) = cell.and_then(|cell| (cell.bytes.len() as u64).checked_sub(used)) else {
            return Vec::new();
        };
        let start = node.values.file_offset().saturating_add(SIZE_LEN as u64).saturating_add(used);
        if !self.take(left) {
            return Vec::new();
        }
        self.offsets(start, left)
    }

    fn offsets(&self, start: u64, len: u64) -> Vec<CellOffset> {
        let bytes = Span { offset: start, len }.of(self.hive.bytes());
        bytes.as_chunks().0.iter().map(|word| CellOffset(u32::from_le_bytes(*word))).collect()
    }

    fn data(&mut self, value: &KeyValue) -> FoundData {
        let spans = match value.data {
            DataPlace::Empty => Some(Vec::new()),
            DataPlace::Resident { span, .. } => Some(vec![span]),
            DataPlace::Cell { offset, len } => self.cell_data(value, offset, len),
        };
        let len =
            |spans: &[Span]| spans.iter().fold(0u64, |sum, span| sum.saturating_add(span.len));
        match spans {
            Some(spans) if self.take(len(&spans)) => FoundData::Whole(spans),
            _ => FoundData::Lost,
        }
    }

    /// Where the data are; `None` when they are not all there any more.
    fn cell_data(&mut self, value: &KeyValue, offset: CellOffset, len: u32) -> Option<Vec<Span>> {
        let start = offset.file_offset();
        let content = start.checked_add(SIZE_LEN as u64)?;
        let minor_version = self.hive.minor_version();
        if !big_data::divides(len, minor_version) {
            let data = Span { offset: content, len: len.into() };
            let cell = Span { offset: start, len: data.len.saturating_add(SIZE_LEN as u64) };
            let bytes = self.hive.bytes();
            let at = usize::try_from(data.offset).ok()?;
            window(bytes, at, usize::try_from(len).ok()?)?;
            return (!self.in_use.any(cell)).then(|| vec![data]);
        }
        let cells = self.hive.cells();
        let Data::Big(spans) = Data::find(&cells, value, minor_version, &mut Faults::default())
        else {
            return None;
        };
        let work = (spans.len() as u64).saturating_mul(4);
        let all = spans.iter().fold(0, |sum: u64, span| sum.saturating_add(span.len));
        let is_free = !spans.iter().any(|span| self.in_use.any(*span));
        (self.take(work) && is_free && all == u64::from(len)).then_some(spans)
    }

    fn take(&mut self, bytes: u64) -> bool {
        let left = self.data_left.checked_sub(bytes);
        self.data_left = left.unwrap_or(self.data_left);
        left.is_some()
    }
}

/// What is known about a recovered key, or about one in use that others were below.
#[derive(Clone, Copy)]
struct Known {
    owner: Owner,
    confidence: Confidence,
    mtime: Filetime,
    path_len: u64,
}

fn path_len(key: Key<'_>) -> u64 {
    let upwards = std::iter::successors(Some(key), Key::parent);
    upwards.fold(0, |len, key| key.node().name.len.saturating_add(1).saturating_add(len))
}

/// How many recovered keys are above the one at `at`; `None` when they lead in a circle or are
/// too many.
fn depth(owners: &[Owner], at: usize) -> Option<usize> {
    let mut depth = 0;
    let mut next = owners.get(at);
    while let Some(Owner::Found(at)) = next {
        depth += 1;
        if depth > MOST_DEPTH {
            return None;
        }
        next = owners.get(*at);
    }
    Some(depth)
}
