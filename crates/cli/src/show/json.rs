//! What is shown, for programs. `docs/show.md` describes it.

use diskprint::InterimChange;
use diskprint::report::tree::Place;
use diskprint::report::{self, SliceOverview};
use serde::Serialize;
use serde_json::value::RawValue;

/// The overview.
#[derive(Serialize)]
pub struct Overview<'a> {
    sequence: &'a str,
    slices: Vec<Slice<'a>>,
    verdict: &'a [String],
    behind: Behind<'a>,
}

#[derive(Serialize)]
struct Slice<'a> {
    id: &'a str,
    r#type: &'a str,
    files: Tally,
    cells: Tally,
    registered: Vec<Registered<'a>>,
    interim_files: usize,
    faults: Vec<String>,
}

#[derive(Serialize)]
pub struct Tally {
    new: usize,
    altered: usize,
    deleted: usize,
    recovered: usize,
}

#[derive(Serialize)]
struct Registered<'a> {
    kind: &'a str,
    path: &'a str,
    says: Option<&'a str>,
}

#[derive(Serialize)]
struct Behind<'a> {
    files: usize,
    folders: usize,
    streams: usize,
    keys: usize,
    values: usize,
    paths: &'a [String],
}

impl<'a> Overview<'a> {
    pub fn new(sequence: &'a str, overview: &'a report::Overview<'a>) -> Self {
        let report::Counts { files, folders, streams, keys, values } = overview.behind;
        let paths = &*overview.behind_paths;
        Self {
            sequence,
            slices: overview.slices.iter().map(Slice::new).collect(),
            verdict: &overview.verdict,
            behind: Behind { files, folders, streams, keys, values, paths },
        }
    }
}

impl<'a> Slice<'a> {
    fn new(slice: &'a SliceOverview<'a>) -> Self {
        let items = slice.registered.iter().flat_map(|of| of.items.iter().map(move |it| (of, it)));
        let registered = items.map(|(of, item)| Registered {
            kind: of.kind,
            path: &item.path,
            says: item.says.as_deref(),
        });
        Self {
            id: slice.id,
            r#type: slice.slicetype,
            files: slice.files.into(),
            cells: slice.cells.into(),
            registered: registered.collect(),
            interim_files: slice.interim.chunk_by(InterimChange::is_of_same_file).count(),
            faults: slice.faults.iter().map(ToString::to_string).collect(),
        }
    }
}

impl From<report::Tally> for Tally {
    fn from(report::Tally { new, altered, deleted, recovered }: report::Tally) -> Self {
        Self { new, altered, deleted, recovered }
    }
}

/// The tree, a list in the order in which it is printed.
#[derive(Serialize)]
pub struct Tree<'a> {
    pub sequence: &'a str,
    pub slice: Option<&'a str>,
    pub places: Vec<TreePlace<'a>>,
    /// Where nothing was found: the nearest paths that changed.
    pub nearest: Vec<String>,
}

/// A place, by the names that lead to it.
#[derive(Serialize)]
pub struct TreePlace<'a> {
    place: Vec<&'a str>,
    #[serde(flatten)]
    tally: Tally,
}

impl<'a> Tree<'a> {
    /// Adds a place and those in it, down to a depth.
    pub fn add(&mut self, names: &[&'a str], place: &'a Place, depth: usize) {
        self.places.push(TreePlace { place: names.to_vec(), tally: place.tally.into() });
        let children = place.children.iter().filter(|_| depth > 0);
        for child in children {
            let names = [names, &[&*child.name]].concat();
            self.add(&names, child, depth.saturating_sub(1));
        }
    }
}

/// The lives of what was followed.
#[derive(Serialize)]
pub struct Followed<'a> {
    pub sequence: &'a str,
    pub asked: &'a str,
    pub lives: Vec<Life>,
    /// Rows of keys and values that no list leads to.
    pub recovered: Vec<Box<RawValue>>,
    pub interim: Vec<Box<RawValue>>,
    /// Where nothing was found: the nearest paths that changed.
    pub nearest: Vec<String>,
}

/// A life, by the name that it had last.
#[derive(Serialize)]
pub struct Life {
    pub kind: &'static str,
    pub path: String,
    /// Whether it was there in the first slice.
    pub was_there: bool,
    /// Rows, as `diskprint export` has them.
    pub steps: Vec<Box<RawValue>>,
}
