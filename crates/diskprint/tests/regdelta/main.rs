//! Our rows of three slices beside those that the original workflow made of them: each row is
//! equal or explained by a named rule that looks at the very cells.

#[path = "../support/archive.rs"]
mod archive;
mod golden;
mod rules;

use std::collections::BTreeMap;
use std::sync::Arc;

use diskprint::regdelta::Row;
use diskprint::{CellDelta, Digests, Hive, diff, regdelta};
use diskprint_formats::regf;

/// The later slice and the hive that a row belongs to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    slice: String,
    hive: String,
}

/// Two slices, their hives and what we say of them.
pub struct Step {
    before: Vec<Hive>,
    after: Vec<Hive>,
    deltas: Vec<CellDelta>,
}

fn hives(members: &[(String, Vec<u8>)], slice: &str) -> Vec<Hive> {
    let prefix = format!("{slice}/");
    let of_slice =
        members.iter().filter_map(|(path, bytes)| Some((path.strip_prefix(&prefix)?, bytes)));
    of_slice
        .map(|(path, bytes)| Hive {
            partition: 1,
            path: path.into(),
            digests: Digests::of(bytes),
            tree: Arc::new(regf::Hive::read(bytes.clone()).unwrap()),
            report: Arc::default(),
        })
        .collect()
}

fn step(members: &[(String, Vec<u8>)], before: &str, after: &str) -> Step {
    let (before, after) = (hives(members, before), hives(members, after));
    let deltas = diff::cells(&before, &after);
    Step { before, after, deltas }
}

#[test]
fn rows_are_those_of_the_original_but_for_its_defects() {
    let Some(members) = archive::members("upstream-golden/hives.tar.xz") else { return };
    let Some(theirs) = golden::rows("upstream-golden/regdelta.csv") else { return };
    let steps = BTreeMap::from([
        ("20".to_owned(), step(&members, "10", "20")),
        ("30".to_owned(), step(&members, "20", "30")),
    ]);
    let mut ours = Vec::new();
    for (slice, step) in &steps {
        let places = step
            .deltas
            .iter()
            .map(|delta| Place { slice: slice.clone(), hive: delta.latest().hive.to_string() });
        ours.extend(places.zip(regdelta::rows(&step.deltas)));
    }
    let (equal, ours, theirs) = cancel(ours, theirs);
    let mut counts = BTreeMap::from([(("both", "equal"), equal)]);
    let mut unexplained = Vec::new();
    for ((place, row), whose) in
        ours.iter().map(|r| (r, "ours")).chain(theirs.iter().map(|r| (r, "theirs")))
    {
        let others = if whose == "ours" { &theirs } else { &ours };
        let twins: Vec<&Row> = others
            .iter()
            .filter(|(p, r)| p == place && r.cellpath == row.cellpath)
            .map(|(_, r)| r)
            .collect();
        match rules::explain(whose, &steps[&place.slice], place, row, &twins) {
            Some(rule) => *counts.entry((whose, rule)).or_default() += 1,
            None => unexplained.push(format!("{whose} {place:?} {row:?}")),
        }
    }
    println!("{counts:#?}");
    assert!(
        unexplained.is_empty(),
        "{}: {:#?}",
        unexplained.len(),
        &unexplained[..unexplained.len().min(12)]
    );
    // A new count is a change of what our rows say: look at the rows before it is put here.
    assert_eq!(counts.into_iter().collect::<Vec<_>>(), EXPECTED);
}

const EXPECTED: &[((&str, &str), usize)] = &[
    (("both", "equal"), 201),
    (("ours", "case_of_name"), 1),
    (("ours", "new_hive"), 7758),
    (("ours", "parentmtimebefore_of_created"), 5),
    (("ours", "told_alike"), 1),
    (("theirs", "case_of_name"), 2),
    (("theirs", "one_path_for_two_cells"), 234),
    (("theirs", "parent_time_only"), 1109),
    (("theirs", "parentmtimebefore_of_created"), 5),
];

type Rows = Vec<(Place, Row)>;

/// Takes away what both have; returns how many.
fn cancel(mut ours: Rows, mut theirs: Rows) -> (usize, Rows, Rows) {
    ours.sort();
    theirs.sort();
    let mut left = Vec::new();
    let mut equal = 0;
    for row in ours {
        match theirs.binary_search(&row) {
            Ok(index) => {
                theirs.remove(index);
                equal += 1;
            }
            Err(_) => left.push(row),
        }
    }
    (equal, left, theirs)
}
