//! The life of a file, key or value, in words.

use diskprint::report::cell_path;
use diskprint::report::fact::{self, Fact};
use diskprint::report::follow::Life;
use diskprint::report::line::file_kind;
use diskprint::{Cell, CellDelta, Delta, FileDelta, FileEntry};

/// The life of one thing as it is printed.
pub struct Story {
    pub kind: &'static str,
    pub path: String,
    pub was_there: bool,
    /// With the numbers of their slices.
    pub steps: Vec<(usize, Step)>,
}

pub struct Step {
    /// For the colour: 0 new, 1 altered, 2 deleted.
    pub action: usize,
    pub what: String,
    pub facts: Vec<Fact>,
}

pub fn of_file(life: &Life<'_, FileDelta>) -> Story {
    let path = |file: &FileEntry| file.full_path().to_text().into_owned();
    story(life, file_kind, path, |changes| changes.names(), fact::of_file)
}

pub fn of_cell(life: &Life<'_, CellDelta>) -> Story {
    story(life, cell_kind, cell_path, |changes| changes.names(), fact::of_cell)
}

fn story<T, C>(
    life: &Life<'_, Delta<T, C>>,
    kind: fn(&T) -> &'static str,
    path: fn(&T) -> String,
    names: fn(&C) -> Vec<&'static str>,
    facts: fn(&Delta<T, C>) -> Vec<Fact>,
) -> Story {
    let latest = life.latest();
    let latest_path = latest.map(path).unwrap_or_default();
    let mut was_deleted = false;
    let step = |(number, (at, delta)): (usize, &(usize, &Delta<T, C>))| {
        let (action, what) = match delta {
            Delta::New(file) => {
                let again = if was_deleted { " again" } else { "" };
                let path = Some(path(file)).filter(|path| *path != latest_path);
                let path = path.map(|path| format!(" as {path}")).unwrap_or_default();
                (0, format!("created{again}{path}"))
            }
            Delta::Deleted(_) => (2, "deleted".to_owned()),
            Delta::Altered { changes, .. } => {
                (1, format!("altered: {}", names(changes).join(", ")))
            }
        };
        was_deleted = matches!(delta, Delta::Deleted(_));
        // What was deleted is told where no step before it told it.
        let facts = if was_deleted && number > 0 { Vec::new() } else { facts(delta) };
        (*at, Step { action, what, facts })
    };
    let steps = life.steps.iter().enumerate().map(step).collect();
    Story { kind: latest.map_or("", kind), path: latest_path, was_there: life.was_there(), steps }
}

pub fn cell_kind(cell: &Cell) -> &'static str {
    if cell.value().is_some() { "value" } else { "key" }
}
