//! Where differences lie, counted.

use diskprint::FileDelta;

use super::*;
use crate::branch::{Branch, Tree, branches, read, row};

fn new(path: &str) -> FileDelta {
    Delta::New(FileEntry { partition: 1, ..plain_file(&path.into()) })
}

#[test]
fn rows_below_a_folder_are_one_range() {
    let deleted = Delta::Deleted(FileEntry { partition: 1, ..plain_file(&"a/b/c".into()) });
    let files = [new("a"), new("a-b"), new("a/b/a"), deleted, new("a/c"), new("b/x/y")];
    let all = branches(&files, &[], &[]);
    let lines: Vec<String> = all
        .iter()
        .map(|it| {
            let Branch { ordinal, parent, name, counts, first_row, rows, branches, .. } = it;
            let parent = parent.map_or("-".into(), |parent| parent.to_string());
            let name = name.to_text();
            format!("{ordinal} in {parent}: {name} {counts:?} {first_row}+{rows} {branches}")
        })
        .collect();
    assert_eq!(
        lines,
        [
            "0 in -:  [5, 0, 1] 0+6 1",
            "1 in -:  [0, 0, 0] 0+0 0",
            "2 in -:  [0, 0, 0] 0+0 0",
            "3 in 0: p1 [5, 0, 1] 0+6 2",
            "4 in 3: a [2, 0, 1] 2+3 1",
            "5 in 4: b [1, 0, 1] 2+2 0",
            "6 in 3: b [1, 0, 0] 5+1 1",
            "7 in 6: x [1, 0, 0] 5+1 0",
        ]
    );
    for branch in all {
        assert_eq!(read([vec![branch.ordinal.into()], row(&branch)].concat()).unwrap(), branch);
    }
}

#[test]
fn a_path_of_thousands_of_parts_is_a_few_branches() {
    let all = branches(&[new(&"x/".repeat(5000))], &[], &[]);
    assert_eq!(all.len(), Tree::ALL.len() + 32);
}
