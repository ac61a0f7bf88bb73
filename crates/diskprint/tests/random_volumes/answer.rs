//! What has to be told, from the trees alone.

use std::collections::{BTreeMap, VecDeque};

use crate::tree::{Node, State};

/// A row of an altered file.
pub fn altered(path: &str, before: &str, changes: &[&str]) -> String {
    format!("altered {path} < {before} {changes:?}")
}

/// The rows, sorted.
pub fn rows(before: &State, after: &State) -> Vec<String> {
    let (mut was, mut is) = (by_path(before), by_path(after));
    let mut rows = Vec::new();
    let both: Vec<String> = was.keys().filter(|path| is.contains_key(*path)).cloned().collect();
    for path in both {
        let (old, new) = (was.remove(&path).unwrap(), is.remove(&path).unwrap());
        compare((&path, old), (&path, new), &mut rows);
    }
    // A file that is at no path of before is the one of its record, in the order of their paths.
    let mut gone: BTreeMap<(u64, u16), VecDeque<(String, Found<'_>)>> = BTreeMap::new();
    for (path, found) in was {
        gone.entry((found.0, found.1.sequence)).or_default().push_back((path, found));
    }
    for (path, new) in is {
        match gone.get_mut(&(new.0, new.1.sequence)).and_then(VecDeque::pop_front) {
            Some((old_path, old)) => compare((&old_path, old), (&path, new), &mut rows),
            None => rows.extend(all(&path, new.1).map(|it| format!("new {it}"))),
        }
    }
    for (path, old) in gone.into_values().flatten() {
        rows.extend(all(&path, old.1).map(|it| format!("deleted {it}")));
    }
    rows.sort();
    rows
}

/// A record and what is in it.
type Found<'s> = (u64, &'s Node);

fn by_path(state: &State) -> BTreeMap<String, Found<'_>> {
    let found = |record: &u64| (*record, &state.nodes[record]);
    let paths = state
        .nodes
        .keys()
        .flat_map(|record| state.paths(*record).into_iter().map(move |path| (path, found(record))));
    paths.collect()
}

/// The file and its streams.
fn all<'n>(path: &'n str, node: &'n Node) -> impl Iterator<Item = String> + 'n {
    let streams = node.streams.keys().map(move |name| format!("{path}:{name}"));
    [path.to_owned()].into_iter().chain(streams)
}

fn compare(
    (old_path, (old_record, old)): (&str, Found<'_>),
    (path, (record, new)): (&str, Found<'_>),
    rows: &mut Vec<String>,
) {
    let metadata = |record: u64, node: &Node| {
        let Node { sequence, attributes, owner, is_directory, seconds, .. } = *node;
        (record, sequence, attributes, owner, is_directory, seconds, node.names.len())
    };
    let is_modified = old.is_directory != new.is_directory || old.content != new.content;
    let changes: Vec<&str> = [
        (old_path != path, "renamed"),
        (metadata(old_record, old) != metadata(record, new), "changed"),
        (is_modified, "modified"),
    ]
    .into_iter()
    .filter_map(|(is_so, name)| is_so.then_some(name))
    .collect();
    if !changes.is_empty() {
        rows.push(altered(path, old_path, &changes));
    }
    for (name, data) in &new.streams {
        let here = format!("{path}:{name}");
        match old.streams.get(name) {
            None => rows.push(format!("new {here}")),
            Some(was) if was != data => {
                let moved = (old_path != path).then_some("renamed");
                let changes: Vec<&str> = moved.into_iter().chain(["modified"]).collect();
                rows.push(altered(&here, &format!("{old_path}:{name}"), &changes));
            }
            Some(_) => {}
        }
    }
    for name in old.streams.keys().filter(|name| !new.streams.contains_key(*name)) {
        rows.push(format!("deleted {old_path}:{name}"));
    }
}
