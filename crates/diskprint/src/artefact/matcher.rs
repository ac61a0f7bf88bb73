//! Which entry of the table a key or value belongs to: a tree of steps for each kind of hive,
//! made once.

use std::cmp::Ordering;
use std::collections::HashMap;
use std::sync::OnceLock;

use diskprint_formats::Name;

use super::pattern::{Class, Step, steps};
use super::{Entry, HiveKind, Values, table};

/// An entry, and where its item begins.
pub(super) struct Found {
    pub(super) entry: &'static Entry,
    /// Number of the key's names that lead to the place; those behind name an item of it.
    pub(super) item: usize,
}

#[derive(Default)]
struct Node {
    /// Sorted by name without regard to case.
    literals: Vec<(&'static str, Node)>,
    classes: Vec<(Class, Node)>,
    here: Vec<&'static Entry>,
    below: Vec<&'static Entry>,
}

/// Finds the entry that says most exactly where `key` is: a name before a class of names, a class
/// before any name, and an entry about a key before one about all below it.
pub(super) fn find(kind: HiveKind, key: &[Name], value: Option<&Name>) -> Option<Found> {
    static TREES: OnceLock<HashMap<HiveKind, Node>> = OnceLock::new();
    let tree = TREES.get_or_init(trees).get(&kind)?;
    tree.find(&Query { key, value }, 0, None)
}

struct Query<'a> {
    key: &'a [Name],
    value: Option<&'a Name>,
}

impl Query<'_> {
    fn pick(&self, entries: &[&'static Entry]) -> Option<&'static Entry> {
        entries.iter().copied().find(|entry| match (entry.values, self.value) {
            (Values::All, _) => true,
            (Values::Named(_), None) => false,
            (Values::Named(names), Some(value)) => {
                names.iter().any(|name| name.as_bytes().eq_ignore_ascii_case(value.as_bytes()))
            }
        })
    }
}

impl Node {
    /// `item` is the first name so far that a class admitted.
    fn find(&self, query: &Query, depth: usize, item: Option<usize>) -> Option<Found> {
        let found = |entry| Found { entry, item: item.unwrap_or(depth) };
        let Some(name) = query.key.get(depth) else {
            let entry = query.pick(&self.here).or_else(|| query.pick(&self.below));
            return entry.map(found);
        };
        let name = name.as_bytes();
        let literal = self.literals.binary_search_by(|(literal, _)| compare(literal, name));
        let literal = literal.ok().and_then(|index| self.literals.get(index));
        literal
            .and_then(|(_, node)| node.find(query, depth + 1, item))
            .or_else(|| {
                let classes = self.classes.iter().filter(|(class, _)| class.admits(name));
                classes.into_iter().find_map(|(class, node)| {
                    let item = item.or(class.names_item().then_some(depth));
                    node.find(query, depth + 1, item)
                })
            })
            .or_else(|| query.pick(&self.below).map(found))
    }

    fn add(&mut self, entry: &'static Entry, path: &[Step]) {
        let Some((step, rest)) = path.split_first() else { return self.here.push(entry) };
        match step {
            Step::Below => self.below.push(entry),
            Step::Literal(name) => self.literal(name).add(entry, rest),
            Step::Optional(name) => {
                self.add(entry, rest);
                self.literal(name).add(entry, rest);
            }
            Step::Class(class) => {
                if !self.classes.iter().any(|(known, _)| known == class) {
                    self.classes.push((*class, Self::default()));
                    self.classes.sort_by_key(|(class, _)| *class == Class::Any);
                }
                let node = self.classes.iter_mut().find(|(known, _)| known == class);
                if let Some((_, node)) = node {
                    node.add(entry, rest);
                }
            }
        }
    }

    fn literal(&mut self, name: &'static str) -> &mut Self {
        let place = self.literals.binary_search_by(|(known, _)| compare(known, name.as_bytes()));
        let place = place.unwrap_or_else(|place| {
            self.literals.insert(place, (name, Self::default()));
            place
        });
        &mut self.literals[place].1
    }
}

fn compare(literal: &str, name: &[u8]) -> Ordering {
    let lower = |byte: &u8| byte.to_ascii_lowercase();
    literal.as_bytes().iter().map(lower).cmp(name.iter().map(lower))
}

fn trees() -> HashMap<HiveKind, Node> {
    let mut trees: HashMap<_, Node> = HashMap::new();
    for entry in table() {
        for (kind, prefix) in entry.root.hives() {
            let path: Vec<_> = steps(prefix).chain(steps(entry.pattern())).collect();
            trees.entry(*kind).or_default().add(entry, &path);
        }
    }
    trees
}
