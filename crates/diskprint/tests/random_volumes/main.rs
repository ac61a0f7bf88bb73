//! Every change of a volume is told, and nothing that was not done: random changes of random
//! volumes, written by the testkit.
//!
//! `DISKPRINT_TEST_EDITS=10000` makes more of them, `DISKPRINT_TEST_SEED` others.

mod answer;
mod edit;
mod tree;

use std::collections::BTreeMap;
use std::env;
use std::path::Path;

use diskprint::{Delta, FileDelta, Image, Known, Snapshot, diff};
use diskprint_testkit::random::{Random, Repeat, seed};

use edit::{EDITS, INVISIBLE};

/// How many changes one run makes that must be told, where nobody says.
const EDIT_COUNT: usize = 1000;
/// The most changes between two states of one volume.
const MOST_EDITS: usize = 12;

fn snapshot(folder: &Path, bytes: &[u8]) -> Snapshot {
    let path = folder.join("disk.raw");
    std::fs::write(&path, bytes).unwrap();
    let opened = Image::open(&path, folder, &|_| ()).unwrap();
    let snapshot = Snapshot::read(&opened.image, &Known::new());
    assert_eq!((opened.faults, &snapshot.faults), (vec![], &vec![]));
    snapshot
}

/// A row as the answer has it. Files of the file system itself are left out: the $MFT grows.
fn told(deltas: &[FileDelta]) -> Vec<String> {
    let users = deltas.iter().filter(|delta| delta.latest().inode >= tree::FIRST_RECORD);
    let row = |delta: &FileDelta| match delta {
        Delta::Altered { before, after, changes } => answer::altered(
            &after.full_path().to_text(),
            &before.full_path().to_text(),
            &changes.names(),
        ),
        delta => format!("{} {}", delta.action(), delta.latest().full_path()),
    };
    let mut rows: Vec<String> = users.map(row).collect();
    rows.sort();
    rows
}

#[test]
fn each_change_is_told_and_no_other() {
    let wanted = env::var("DISKPRINT_TEST_EDITS");
    let wanted = wanted.map_or(EDIT_COUNT, |count| count.parse().expect("a decimal number"));
    let first = seed(0x2013_0507);
    let folder = tempfile::tempdir().unwrap();
    let (mut made, mut rows_told): (BTreeMap<&str, usize>, usize) = Default::default();
    for round in 0.. {
        let seed = first.wrapping_add(round);
        let _repeat = Repeat(seed);
        let mut random = Random::new(seed);
        let before = tree::tree(&mut random);
        let mut after = before.clone();
        for _ in 0..1 + random.below(MOST_EDITS) {
            let (name, edit) = *random.pick(&EDITS);
            if edit(&mut after, &mut random).is_some() {
                *made.entry(name).or_default() += 1;
            }
            if random.once_in(4) {
                let (_, edit) = *random.pick(&INVISIBLE);
                let _ = edit(&mut after, &mut random);
            }
        }
        let states = [&before, &after].map(|state| snapshot(folder.path(), &state.written()));
        let [was, is] = &states;
        let deltas = diff::snapshots(was, is);
        assert_eq!(deltas.faults, []);
        let expected = answer::rows(&before, &after);
        assert_eq!(told(&deltas.files), expected);
        rows_told += expected.len();
        assert_eq!(told(&diff::snapshots(is, is).files), [] as [&str; 0]);
        if made.values().sum::<usize>() >= wanted && made.len() == EDITS.len() {
            break;
        }
    }
    println!("{rows_told} rows for {made:?}");
}
