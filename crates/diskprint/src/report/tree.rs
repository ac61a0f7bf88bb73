//! Changes by place: folders and keys, with what changed in and below each.

use std::collections::{BTreeMap, BTreeSet};

use super::follow::canonical;
use super::place::{cell_path, recovered_path};
use super::{ReportSlice, Tally};
use crate::{CellDelta, FileDelta};

/// What lies deeper than this many names is one place: a hostile path may have thousands.
const DEEPEST: usize = 64;

/// A place, and what changed at it and below it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// Its name; several with what separates them where each is the only one in the one before.
    pub name: String,
    /// What changed at it and below it.
    pub tally: Tally,
    /// The places in it: those with more changes first, then by name.
    pub children: Vec<Place>,
}

/// All places where something changed: below a place without a name `Files`, which has the
/// partitions where there are several, and `Registry`.
///
/// `only` is the number of a slice of which alone the changes count.
pub fn tree(slices: &[ReportSlice], only: Option<usize>) -> Place {
    let files = || slices.iter().flat_map(|slice| &slice.files);
    let partitions: BTreeSet<u32> = files().map(|delta| delta.latest().partition).collect();
    let has_partitions = partitions.len() > 1;
    let mut root = Node::default();
    for (_, slice) in slices.iter().enumerate().filter(|(at, _)| only.is_none_or(|it| it == *at)) {
        for delta in &slice.files {
            root.add(&file_names(delta, has_partitions), |tally| tally.count(delta));
        }
        for delta in &slice.cells {
            root.add(&cell_names(delta), |tally| tally.count(delta));
        }
        for found in &slice.recovered {
            let names = names_of("Registry", None, &recovered_path(found), '\\');
            root.add(&names, |tally| tally.recovered += 1);
        }
    }
    root.place(String::new())
}

fn file_names(delta: &FileDelta, has_partitions: bool) -> Vec<String> {
    let file = delta.latest();
    let partition = has_partitions.then(|| format!("p{}", file.partition));
    names_of("Files", partition, &file.full_path().to_text(), '/')
}

fn cell_names(delta: &CellDelta) -> Vec<String> {
    names_of("Registry", None, &cell_path(delta.latest()), '\\')
}

fn names_of(root: &str, partition: Option<String>, path: &str, separator: char) -> Vec<String> {
    let names = path.splitn(DEEPEST + 1, separator).map(str::to_owned);
    [root.to_owned()].into_iter().chain(partition).chain(names).collect()
}

#[derive(Default)]
struct Node {
    tally: Tally,
    children: BTreeMap<String, Node>,
}

impl Node {
    fn add(&mut self, names: &[String], count: impl Fn(&mut Tally)) {
        let mut node = self;
        count(&mut node.tally);
        for name in names {
            node = node.children.entry(name.clone()).or_default();
            count(&mut node.tally);
        }
    }

    fn place(self, name: String) -> Place {
        let mut children: Vec<Place> =
            self.children.into_iter().map(|(name, node)| node.place(name)).collect();
        // They are in the order of their names, which stays among equals.
        children.sort_by_key(|child| std::cmp::Reverse(child.tally.sum()));
        Place { name, tally: self.tally, children }
    }
}

impl Place {
    /// The places that `text` names, each with the names that lead to it: a folder or file, a key
    /// or value, in any case and with `/` or `\`; `Files` or `Registry` may stand before it.
    pub fn named(&self, text: &str) -> Vec<(Vec<&str>, &Place)> {
        let asked = canonical(text);
        let mut starts = vec![(Vec::new(), self)];
        for top in &self.children {
            starts.push((vec![&*top.name], top));
            let partitions = top.children.iter().filter(|it| top.name == "Files" && it.is_volume());
            starts.extend(partitions.map(|it| (vec![&*top.name, &*it.name], it)));
        }
        let found = starts.into_iter().filter_map(|(names, start)| start.below(names, &asked));
        found.collect()
    }

    fn is_volume(&self) -> bool {
        self.name.strip_prefix('p').is_some_and(|number| number.parse::<u32>().is_ok())
    }

    /// The place that the rest of a path names; names may have separators in them.
    fn below<'a>(&'a self, names: Vec<&'a str>, rest: &str) -> Option<(Vec<&'a str>, &'a Place)> {
        self.children.iter().find_map(|child| {
            let rest = rest.strip_prefix(&*canonical(&child.name))?;
            let names = names.iter().copied().chain([&*child.name]).collect();
            match rest.strip_prefix('/') {
                Some(rest) => child.below(names, rest),
                None => rest.is_empty().then_some((names, child)),
            }
        })
    }

    /// The same places, those joined of which one is all that changed in the other.
    pub fn joined(mut self, separator: char) -> Self {
        while let [child] = &mut *self.children
            && child.tally == self.tally
        {
            let child = std::mem::take(child);
            self = Self { name: format!("{}{separator}{}", self.name, child.name), ..child };
        }
        self.children = self.children.into_iter().map(|it| it.joined(separator)).collect();
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Cell, CellKind, Delta, FileChanges, FileEntry, KeyCell};

    fn key(path: &str) -> CellDelta {
        Delta::New(Cell {
            partition: 1,
            hive: "config/SOFTWARE".into(),
            root: "ROOT".into(),
            key: Vec::new().into(),
            parent_mtime: Default::default(),
            kind: CellKind::Key(KeyCell::default()),
            registry_path: Some(path.into()),
            artefact: None,
        })
    }

    fn slices() -> [ReportSlice; 2] {
        let file = FileEntry::plain;
        let altered = |path| Delta::Altered {
            before: file(path),
            after: file(path),
            changes: FileChanges::default(),
        };
        let one = ReportSlice {
            files: vec![Delta::New(file("a/b/c")), Delta::New(file("a/b/d")), altered("z")],
            cells: vec![key("HKLM\\SOFTWARE\\x/y")],
            ..ReportSlice::default()
        };
        let other =
            ReportSlice { files: vec![Delta::Deleted(file("a/b/c"))], ..Default::default() };
        [one, other]
    }

    fn text(place: &Place, depth: usize) -> String {
        let Tally { new, altered, deleted, recovered } = place.tally;
        let line = format!("{depth}{} {new} {altered} {deleted} {recovered}\n", place.name);
        place.children.iter().fold(line, |lines, child| lines + &text(child, depth + 1))
    }

    #[test]
    fn places_have_what_changed_below_them_most_first() {
        let all = tree(&slices(), None);
        assert_eq!(
            text(&all, 0),
            "0 3 1 1 0\n1Files 2 1 1 0\n2a 2 0 1 0\n3b 2 0 1 0\n4c 1 0 1 0\n4d 1 0 0 0\n2z 0 1 0 0\n\
             1Registry 1 0 0 0\n2HKLM 1 0 0 0\n3SOFTWARE 1 0 0 0\n4x/y 1 0 0 0\n"
        );
        assert_eq!(tree(&slices(), Some(1)).tally, Tally { deleted: 1, ..Tally::default() });
        let files = all.children[0].clone().children.remove(0).joined('/');
        assert_eq!(text(&files, 0), "0a/b 2 0 1 0\n1c 1 0 1 0\n1d 1 0 0 0\n");
    }

    #[test]
    fn places_are_found_however_they_are_written() {
        let all = tree(&slices(), None);
        let found = |text: &str| {
            let found = all.named(text).into_iter();
            found.map(|(names, _)| names.join(">")).collect::<Vec<_>>().join(" ")
        };
        for (text, expected) in [
            ("A\\B", "Files>a>b"),
            ("files/a", "Files>a"),
            ("C:\\a\\b\\C", "Files>a>b>c"),
            ("HKEY_LOCAL_MACHINE\\software\\X/Y", "Registry>HKLM>SOFTWARE>x/y"),
            ("registry/hklm", "Registry>HKLM"),
            ("b", ""),
            ("a/", "Files>a"),
        ] {
            assert_eq!(found(text), expected, "{text}");
        }
    }

    #[test]
    fn a_file_is_below_its_partition_where_there_are_several() {
        let mut slices = slices();
        let file = FileEntry { partition: 2, ..FileEntry::plain("a/q") };
        slices[0].files.push(Delta::New(file));
        let all = tree(&slices, Some(1));
        assert_eq!(
            text(&all, 0),
            "0 0 0 1 0\n1Files 0 0 1 0\n2p1 0 0 1 0\n3a 0 0 1 0\n4b 0 0 1 0\n5c 0 0 1 0\n"
        );
        let all = tree(&slices, None);
        let found: Vec<_> = all.named("a").into_iter().map(|(names, _)| names.join("/")).collect();
        assert_eq!(found, ["Files/p1/a", "Files/p2/a"]);
    }

    #[test]
    fn a_path_of_thousands_of_names_is_cut() {
        let deep = "a/".repeat(5000);
        let slice =
            ReportSlice { files: vec![Delta::New(FileEntry::plain(&deep))], ..Default::default() };
        let (mut place, mut depth) = (&tree(&[slice], None), 0);
        while let [child] = &*place.children {
            (place, depth) = (child, depth + 1);
        }
        assert_eq!((depth, place.name.len()), (DEEPEST + 2, 2 * (5000 - DEEPEST)));
    }
}
