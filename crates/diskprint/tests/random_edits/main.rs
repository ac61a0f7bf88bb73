//! Every edit of a hive is told, and nothing that was not done: ten thousand random edits on
//! random hives, and edits in place on real ones.

mod answer;
mod edit;
mod in_place;
mod tree;

use std::collections::BTreeMap;
use std::sync::Arc;

use diskprint::{CellDelta, Digests, Hive};
use diskprint_formats::regf;
use diskprint_testkit::random::{Random, Repeat, seed};
use diskprint_testkit::regf::{Key, build};

use answer::{Cells, Row};
use edit::{EDITS, INVISIBLE};

/// How many edits one run makes that must be told.
const EDIT_COUNT: usize = 10_000;
/// The most edits between two states of one hive.
const MOST_EDITS: usize = 12;
/// How often a hive is read again with the same cells and another file.
const SAME_TWICE: usize = 20;

fn hive(bytes: Vec<u8>) -> Hive {
    let digests = Digests::of(&bytes);
    let tree = Arc::new(regf::Hive::read(bytes).expect("a root key"));
    Hive { partition: 1, path: "h".into(), digests, tree, report: Arc::default() }
}

fn diff(before: &Hive, after: &Hive) -> Vec<CellDelta> {
    diskprint::diff::cells(std::slice::from_ref(before), std::slice::from_ref(after))
}

fn written(root: &Key) -> Hive {
    let hive = hive(build(root).bytes);
    assert_eq!(hive.tree.faults(), []);
    hive
}

#[test]
fn ten_thousand_edits_are_told_and_no_other() {
    let first = seed(0x2013_0507);
    let mut told = BTreeMap::new();
    let mut invisible = BTreeMap::new();
    for round in 0.. {
        let seed = first.wrapping_add(round);
        let _repeat = Repeat(seed);
        let mut random = Random::new(seed);
        let twins = random.once_in(2);
        let before = tree::tree(&mut random, twins);
        let mut after = before.clone();
        let mut cells = answer::cells(&before);
        for _ in 0..1 + random.below(MOST_EDITS) {
            count(edit_seen(&mut after, &mut cells, &mut random), &mut told);
            if random.once_in(4) {
                count(edit_unseen(&mut after, &cells, &mut random), &mut invisible);
            }
        }
        compare(&before, &after);
        if random.once_in(SAME_TWICE) {
            unchanged(&after);
        }
        if told.values().sum::<usize>() >= EDIT_COUNT {
            break;
        }
    }
    println!("{told:#?}\ninvisible: {invisible:#?}");
    // A kind of edit that hardly ever finds a place would be no test of it.
    assert!(told.len() == EDITS.len() && told.values().all(|count| *count >= EDIT_COUNT / 200));
    assert!(invisible.len() == INVISIBLE.len() && invisible.values().all(|count| *count >= 50));
}

fn count(edit: Option<&'static str>, counts: &mut BTreeMap<&'static str, usize>) {
    *edit.map_or(&mut 0, |edit| counts.entry(edit).or_default()) += 1;
}

/// Makes a random edit that must be told; `None` when the hive had no place for it.
fn edit_seen(root: &mut Key, cells: &mut Cells, random: &mut Random) -> Option<&'static str> {
    let (name, edit) = random.pick(EDITS);
    edit(root, random)?;
    let before = std::mem::replace(cells, answer::cells(root));
    // A subtree may be moved to where it was.
    (before != *cells).then_some(*name)
}

/// Makes a random edit that must not be told.
fn edit_unseen(root: &mut Key, cells: &Cells, random: &mut Random) -> Option<&'static str> {
    let (name, edit) = random.pick(INVISIBLE);
    edit(root, random)?;
    assert!(*cells == answer::cells(root), "{name} can be seen");
    Some(*name)
}

fn compare(before: &Key, after: &Key) {
    let (old, new) = (written(before), written(after));
    let told = answer::told(&diff(&old, &new));
    same(&told, &answer::rows(before, after));
    same(&answer::told(&diff(&new, &old)), &answer::rows(after, before));
    let applied = answer::apply(before, &told);
    assert!(applied == answer::bag(answer::cells(after).values()), "the rows do not lead there");
}

/// As `assert_eq`, but shows only what differs.
fn same(told: &[Row], expected: &[Row]) {
    let only = |these: &[Row], those: &[Row]| -> Vec<Row> {
        these.iter().filter(|row| !those.contains(row)).cloned().collect()
    };
    let (invented, missed) = (only(told, expected), only(expected, told));
    assert!(
        invented.is_empty() && missed.is_empty(),
        "invented: {invented:#?}\nmissed: {missed:#?}"
    );
    assert!(told == expected, "the rows come in another order, or one of them twice");
}

/// The same cells in another file.
fn unchanged(root: &Key) {
    let mut again = build(root);
    let written_at = 12; // "last written timestamp" of the base block
    again.bytes[written_at] ^= 1;
    again.seal();
    assert_eq!(diff(&written(root), &hive(again.bytes)), []);
}
