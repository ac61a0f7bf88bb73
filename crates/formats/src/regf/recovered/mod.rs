//! Keys and values that no list in use leads to: deleted ones, whose cells are free or whose bytes
//! lie unused in other cells, and ones that damage has cut off.
//!
//! What is free is searched for key nodes and key values at each multiple of eight bytes, where
//! cells begin. A record counts when its fields fit together; how sure it is that it is one, and
//! where it was, says its [`Confidence`].

mod candidate;
mod in_use;
mod join;
mod scan;

use std::borrow::Cow;
use std::sync::{Arc, OnceLock};

use crate::{Filetime, Name};

use super::arena::KeyId;
use super::cell::{CellOffset, Span};
use super::hive::Hive;
use super::key::Key;
use super::key_node::KeyNode;
use super::key_value::KeyValue;

/// The keys and values of a hive that no list in use leads to, in the order of their places.
pub struct Recovered<'h> {
    hive: &'h Hive,
    found: Arc<Found>,
}

/// What a search found.
#[derive(Default)]
pub(super) struct Found {
    keys: Vec<FoundKey>,
    values: Vec<FoundValue>,
}

/// What the first search of a hive found, for all who ask after it: a slice asks three times, and
/// a search takes as long as reading the hive. `None` where that is too much to keep.
#[derive(Default)]
pub(super) struct KeptFound(OnceLock<Option<Arc<Found>>>);

/// Records that are kept at most, of about a hundred bytes each.
const MOST_KEPT: usize = 100_000;

/// Where a recovered record was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Place {
    /// In a cell that is marked as in use, but that no list leads to: damage cut it off, or a
    /// change to the hive was not completed.
    Unreferenced,
    /// In a free cell.
    Free,
    /// Within a cell in use, behind what it holds.
    Slack,
    /// Where no cells can be told: in a damaged hive bin, or behind the last one.
    Outside,
}

impl Place {
    /// The place that has this word, as [`Place::name`] gives it.
    pub fn from_name(name: &str) -> Option<Self> {
        let all = [Self::Unreferenced, Self::Free, Self::Slack, Self::Outside];
        all.into_iter().find(|place| place.name() == name)
    }

    /// The word for it: `unreferenced`, `free`, `slack` or `outside`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Unreferenced => "unreferenced",
            Self::Free => "free",
            Self::Slack => "slack",
            Self::Outside => "outside",
        }
    }
}

/// How sure it is that a recovered key or value was where it is said to have been.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Confidence {
    /// It looks like a record, but some field is unlikely, or its data were overwritten, or
    /// nothing is known about where it belonged.
    Low,
    /// The record is whole; a part of its path is not known, or a key on it may be another one
    /// by now, or a value's key is known only from what lies behind that key's list.
    Medium,
    /// The record is whole, its data were not used again, and all keys on its path are there,
    /// each in use or recovered, none changed before it.
    High,
}

impl Confidence {
    /// The confidence that has this word, as [`Confidence::name`] gives it.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Low, Self::Medium, Self::High].into_iter().find(|it| it.name() == name)
    }

    /// The word for it: `low`, `medium` or `high`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
        }
    }
}

/// The key that a recovered key or value was below.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Owner {
    /// A key in use.
    Live(KeyId),
    /// Another recovered key, by its position.
    Found(usize),
    Unknown,
}

pub(super) struct FoundKey {
    node: KeyNode,
    place: Place,
    owner: Owner,
    confidence: Confidence,
}

pub(super) struct FoundValue {
    value: KeyValue,
    place: Place,
    owner: Owner,
    confidence: Confidence,
    data: FoundData,
}

/// What is left of a recovered value's data.
pub(super) enum FoundData {
    /// All of them.
    Whole(Vec<Span>),
    /// Something else lies in their place, or no such place can be.
    Lost,
}

impl Hive {
    /// Searches the hive for keys and values that no list in use leads to.
    ///
    /// Takes time in proportion to the length of the hive, where it was not searched before.
    pub fn recovered(&self) -> Recovered<'_> {
        let mut too_many = None;
        let kept = self.found.0.get_or_init(|| {
            let found = Arc::new(search(self));
            let is_kept = found.keys.len().saturating_add(found.values.len()) <= MOST_KEPT;
            too_many = (!is_kept).then(|| found.clone());
            is_kept.then_some(found)
        });
        let found = kept.clone().or(too_many).unwrap_or_else(|| Arc::new(search(self)));
        Recovered { hive: self, found }
    }
}

fn search(hive: &Hive) -> Found {
    let in_use = in_use::InUse::of(hive);
    let candidates = scan::candidates(hive, &in_use);
    join::join(hive, in_use, candidates)
}

impl<'h> Recovered<'h> {
    /// The keys.
    pub fn keys(&self) -> impl Iterator<Item = RecoveredKey<'_>> {
        self.found.keys.iter().map(|found| RecoveredKey { all: self, found })
    }

    /// The values, those of [`Recovered::keys`] and of keys in use.
    pub fn values(&self) -> impl Iterator<Item = RecoveredValue<'_>> {
        self.found.values.iter().map(|found| RecoveredValue { all: self, found })
    }

    /// The hive that was searched.
    pub fn hive(&self) -> &'h Hive {
        self.hive
    }

    fn path_of(&self, owner: Owner) -> RecoveredPath {
        let mut names = Vec::new();
        let mut next = owner;
        // Owners were joined without circles.
        loop {
            match next {
                Owner::Found(index) => {
                    let Some(found) = self.found.keys.get(index) else { break };
                    names.push(found.node.name(self.hive.bytes()));
                    next = found.owner;
                }
                Owner::Live(id) => {
                    let key = self.hive.key_by_id(id);
                    let upwards = std::iter::successors(key, Key::parent);
                    names.extend(upwards.map(|key| key.name()));
                    names.pop();
                    break;
                }
                Owner::Unknown => break,
            }
        }
        names.reverse();
        RecoveredPath { is_whole: matches!(next, Owner::Live(_)), names }
    }
}

/// The names of keys on the way to a recovered key or value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecoveredPath {
    /// Whether the first of the names is below the root; else what was before it is not known.
    pub is_whole: bool,
    /// The names, the root's not among them.
    pub names: Vec<Name>,
}

/// A key that no list in use leads to.
#[derive(Clone, Copy)]
pub struct RecoveredKey<'a> {
    all: &'a Recovered<'a>,
    found: &'a FoundKey,
}

impl RecoveredKey<'_> {
    /// Name as stored.
    pub fn name(&self) -> Name {
        self.found.node.name(self.all.hive.bytes())
    }

    /// Last-write time; deletion does not set it.
    pub fn mtime(&self) -> Filetime {
        self.found.node.mtime
    }

    /// Flags of the key node, unknown ones too.
    pub fn flags(&self) -> u16 {
        self.found.node.flags
    }

    /// Offset of the key node.
    pub fn offset(&self) -> CellOffset {
        self.found.node.offset
    }

    /// Where the key node is in the file: its size field, record and name.
    pub fn span(&self) -> Span {
        self.found.node.span()
    }

    /// Names of the keys above it.
    pub fn parent_path(&self) -> RecoveredPath {
        self.all.path_of(self.found.owner)
    }

    /// Where it was found.
    pub fn place(&self) -> Place {
        self.found.place
    }

    /// How sure it is.
    pub fn confidence(&self) -> Confidence {
        self.found.confidence
    }
}

/// A value that no list in use leads to.
#[derive(Clone, Copy)]
pub struct RecoveredValue<'a> {
    all: &'a Recovered<'a>,
    found: &'a FoundValue,
}

impl<'a> RecoveredValue<'a> {
    /// Name as stored; the unnamed value's is empty.
    pub fn name(&self) -> Name {
        self.found.value.name(self.all.hive.bytes())
    }

    /// Type by number.
    pub fn value_type(&self) -> u32 {
        self.found.value.value_type
    }

    /// Flags of the key value, unknown ones too.
    pub fn flags(&self) -> u16 {
        self.found.value.flags
    }

    /// The data; `None` when something else lies in their place by now.
    pub fn data(&self) -> Option<Cow<'a, [u8]>> {
        let bytes = self.all.hive.bytes();
        match &self.found.data {
            FoundData::Lost => None,
            FoundData::Whole(spans) => Some(match spans.as_slice() {
                [] => Cow::Borrowed(&[]),
                [one] => Cow::Borrowed(one.of(bytes)),
                many => many.iter().flat_map(|span| span.of(bytes)).copied().collect(),
            }),
        }
    }

    /// Offset of the key value.
    pub fn offset(&self) -> CellOffset {
        self.found.value.offset
    }

    /// Where the key value is in the file: its size field, record and name.
    pub fn span(&self) -> Span {
        self.found.value.span()
    }

    /// Names of the keys on the way to it; empty and not whole where nothing is known about its
    /// key.
    pub fn key_path(&self) -> RecoveredPath {
        self.all.path_of(self.found.owner)
    }

    /// Where it was found.
    pub fn place(&self) -> Place {
        self.found.place
    }

    /// How sure it is.
    pub fn confidence(&self) -> Confidence {
        self.found.confidence
    }
}
