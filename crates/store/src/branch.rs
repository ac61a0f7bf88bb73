//! Folders, hives and keys with differences below them, counted.
//!
//! Differences are stored sorted by where they are, so those below a folder or key are one range of
//! rows. A branch keeps that range; whoever shows what is in it reads no other row.

use diskprint::{CellDelta, Delta, FileDelta, RecoveredCell};
use diskprint_formats::Name;

use crate::column::{Bad, Columns, Value};
use crate::table::{Column, Table};

/// Branches are so deep at most; what lies deeper counts for the last. A hostile path may have
/// thousands of parts.
const DEEPEST: usize = 32;

/// The parent of the three branches that have none.
pub(crate) const NO_PARENT: i64 = -1;

/// Which differences of a slice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Tree {
    /// Files and streams.
    Files,
    /// Keys and values.
    Cells,
    /// Keys and values that no list leads to.
    Recovered,
}

impl Tree {
    /// All of them, in the order in which they are shown.
    pub const ALL: [Self; 3] = [Self::Files, Self::Cells, Self::Recovered];

    /// `files`, `cells` or `recovered`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Files => "files",
            Self::Cells => "cells",
            Self::Recovered => "recovered",
        }
    }

    /// The tree of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|tree| tree.name() == name)
    }
}

/// A folder, hive or key with differences below it. The first three of a slice are the trees
/// themselves, which are there even when they are empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Branch {
    /// Its number among those of the slice.
    pub ordinal: i64,
    /// What it is a branch of.
    pub tree: Tree,
    /// The branch that it is in; `None` for a tree itself.
    pub parent: Option<i64>,
    /// Name of the folder or key, or path of the hive; empty for a tree itself.
    pub name: Name,
    /// How many rows below it say new, altered and deleted.
    pub counts: [u64; 3],
    /// Ordinal of the first row below it.
    pub first_row: i64,
    /// How many rows are below it; they follow one another.
    pub rows: u64,
    /// How many branches are right below it.
    pub branches: u64,
}

/// The table that branches are in.
pub(crate) fn table() -> Table {
    const COLUMNS: [&str; 9] = [
        "tree",
        "parent",
        "name",
        "new",
        "altered",
        "deleted",
        "first_row",
        "row_count",
        "branch_count",
    ];
    let column = |name: &&str| Column { name: (*name).to_owned(), is_name: *name == "name" };
    Table { name: "diskprint_branch", columns: COLUMNS.iter().map(column).collect() }
}

/// The columns of a branch.
pub(crate) fn row(branch: &Branch) -> Vec<Value> {
    let count = |count: u64| Value::from(i64::try_from(count).unwrap_or(i64::MAX));
    let [new, altered, deleted] = branch.counts.map(count);
    vec![
        branch.tree.name().into(),
        branch.parent.unwrap_or(NO_PARENT).into(),
        (&branch.name).into(),
        new,
        altered,
        deleted,
        branch.first_row.into(),
        count(branch.rows),
        count(branch.branches),
    ]
}

/// Reads what [`row`] made, behind the branch's ordinal.
pub(crate) fn read(row: Vec<Value>) -> Result<Branch, Bad> {
    let mut columns = Columns::from(row);
    let ordinal = columns.next()?;
    let tree = Tree::from_name(&columns.next::<String>()?).ok_or(Bad("no tree"))?;
    let parent: i64 = columns.next()?;
    Ok(Branch {
        ordinal,
        tree,
        parent: (parent != NO_PARENT).then_some(parent),
        name: columns.next()?,
        counts: [columns.unsigned()?, columns.unsigned()?, columns.unsigned()?],
        first_row: columns.next()?,
        rows: columns.unsigned()?,
        branches: columns.unsigned()?,
    })
}

/// The branches of a slice's differences.
pub(crate) fn branches(
    files: &[FileDelta],
    cells: &[CellDelta],
    recovered: &[RecoveredCell],
) -> Vec<Branch> {
    let mut all = Growing::default();
    for tree in Tree::ALL {
        all.push(tree, None, Name::default(), 0);
    }
    all.grow(0, files.iter().map(|delta| (file_parts(delta), Some(action(delta)))));
    all.grow(1, cells.iter().map(|delta| (cell_parts(delta), Some(action(delta)))));
    all.grow(2, recovered.iter().map(|found| (vec![hive(&found.cell)], None)));
    all.branches
}

/// Which of a branch's counts a difference is one of.
fn action<T, C>(delta: &Delta<T, C>) -> usize {
    match delta {
        Delta::New(_) => 0,
        Delta::Altered { .. } => 1,
        Delta::Deleted(_) => 2,
    }
}

/// The partition, then the folders down to the file.
fn file_parts(delta: &FileDelta) -> Vec<Name> {
    let file = delta.latest();
    let folders = file.path.as_bytes().rsplitn(2, |byte| *byte == b'/').nth(1);
    let folders = folders.into_iter().flat_map(|path| path.split(|byte| *byte == b'/'));
    let folders = folders.map(|part| Name::from_wtf8(part.to_vec()));
    [partition(file.partition)].into_iter().chain(folders).take(DEEPEST).collect()
}

fn partition(number: u32) -> Name {
    Name::from(&*format!("p{number}"))
}

/// The hive, then the keys down to the one that holds the key or value.
fn cell_parts(delta: &CellDelta) -> Vec<Name> {
    let cell = delta.latest();
    let keys = match cell.value() {
        Some(_) => &cell.key[..],
        None => cell.key.split_last().map_or(&[][..], |(_, above)| above),
    };
    [hive(cell)].into_iter().chain(keys.iter().cloned()).take(DEEPEST).collect()
}

/// Partition and path of a cell's hive.
fn hive(cell: &diskprint::Cell) -> Name {
    let mut bytes = format!("p{}/", cell.partition).into_bytes();
    bytes.extend_from_slice(cell.hive.as_bytes());
    Name::from_wtf8(bytes)
}

#[derive(Default)]
struct Growing {
    branches: Vec<Branch>,
}

impl Growing {
    fn push(&mut self, tree: Tree, parent: Option<i64>, name: Name, first_row: i64) -> usize {
        let index = self.branches.len();
        let ordinal = index as i64;
        let (counts, rows, branches) = ([0; 3], 0, 0);
        self.branches.push(Branch {
            ordinal,
            tree,
            parent,
            name,
            counts,
            first_row,
            rows,
            branches,
        });
        index
    }

    /// Adds the rows of a tree, which come in their order; each says what it is below.
    fn grow(&mut self, root: usize, rows: impl Iterator<Item = (Vec<Name>, Option<usize>)>) {
        // The branches that the row before was below, the tree first.
        let mut open = vec![root];
        for (row, (parts, action)) in (0i64..).zip(rows) {
            let same = open.iter().skip(1).zip(&parts);
            let same = same.take_while(|&(&branch, part)| {
                self.branches.get(branch).is_some_and(|branch| is_same(&branch.name, part))
            });
            let depth = same.count();
            open.truncate(depth + 1);
            for part in parts.into_iter().skip(depth) {
                let above = open.last().copied().unwrap_or(root);
                let Some(parent) = self.branches.get_mut(above) else { return };
                parent.branches += 1;
                let (tree, parent) = (parent.tree, parent.ordinal);
                open.push(self.push(tree, Some(parent), part, row));
            }
            for &branch in &open {
                let Some(branch) = self.branches.get_mut(branch) else { return };
                branch.rows += 1;
                if let Some(count) = action.and_then(|action| branch.counts.get_mut(action)) {
                    *count += 1;
                }
            }
        }
    }
}

/// Names of one folder or key differ in case at most.
fn is_same(one: &Name, other: &Name) -> bool {
    one == other || one.to_upper() == other.to_upper()
}
