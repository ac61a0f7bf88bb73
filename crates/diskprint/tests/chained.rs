//! What differs between two states is what differs from one to the next, put together.

use std::path::Path;

use diskprint::diff::{self, Link};
use diskprint::{ByteRuns, Cell, Delta, FileEntry, Image, Known, Snapshot};
use diskprint_formats::Filetime;

fn state(slice: u32) -> Snapshot {
    let name = format!("../../examples/8504-1/7895-1/8504-1-7895-1-{slice}.tar.gz");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    let folder = tempfile::tempdir().unwrap();
    let opened = Image::open(&path, folder.path(), &|_| ()).unwrap();
    Snapshot::read(&opened.image, &Known::new())
}

fn link(before: &Snapshot, after: &Snapshot) -> Link {
    let diff::Comparison { files, cells, .. } = diff::snapshots(before, after);
    Link { files, cells }
}

/// Without what nothing compares, which is that of the state in which a link saw it.
fn compared(link: Link) -> Link {
    let file = |it| FileEntry { runs: ByteRuns::default(), name_times: None, ..it };
    let cell = |it| Cell { parent_mtime: Filetime::default(), ..it };
    Link {
        files: link.files.into_iter().map(|delta| with(delta, file)).collect(),
        cells: link.cells.into_iter().map(|delta| with(delta, cell)).collect(),
    }
}

fn with<T, C>(delta: Delta<T, C>, change: impl Fn(T) -> T) -> Delta<T, C> {
    match delta {
        Delta::New(it) => Delta::New(change(it)),
        Delta::Deleted(it) => Delta::Deleted(change(it)),
        Delta::Altered { before, after, changes } => {
            Delta::Altered { before: change(before), after: change(after), changes }
        }
    }
}

#[test]
fn the_steps_of_the_sample_make_its_whole_life_forth_and_back() {
    let states = [10, 20, 30, 40].map(state);
    for (first, last) in [(0, 3), (1, 3), (0, 2), (2, 2)] {
        let steps = || (first..last).map(|step| link(&states[step], &states[step + 1]));
        let direct = compared(link(&states[first], &states[last]));
        let forth = compared(diff::chained(steps()));
        assert!(forth.files == direct.files, "files {first} to {last}");
        assert!(forth.cells == direct.cells, "cells {first} to {last}");
        let back = compared(diff::chained(steps().rev().map(Link::undone)));
        let direct = compared(link(&states[last], &states[first]));
        assert!(back.files == direct.files, "files {last} to {first}");
        assert!(back.cells == direct.cells, "cells {last} to {first}");
    }
}
