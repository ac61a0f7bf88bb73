//! What a sequence did, in a few plain sentences.

use std::collections::HashSet;

use diskprint_formats::Name;

use super::life::{Behind, Counts};
use super::registered::{kind, text};
use super::{Registered, ReportSlice};
use crate::{Cell, CellDelta, Delta, FileKind};

/// A sentence for each step, and one for what is left.
pub(super) fn sentences(slices: &[ReportSlice], behind: &Behind) -> Vec<String> {
    let application = application(slices);
    let mut sentences = Vec::new();
    for pair in slices.windows(2) {
        if let [before, after] = pair {
            sentences.push(step(before, after, application.as_deref()));
        }
    }
    if slices.len() > 2 {
        sentences.push(left(slices, behind.counts));
    }
    sentences
}

fn step(before: &ReportSlice, after: &ReportSlice, application: Option<&str>) -> String {
    let what = match (verb(&after.slicetype), application) {
        (Some(verb), Some(name)) => format!("{verb} {name} (slice {})", after.id),
        (Some(verb), None) => format!("{verb} the application (slice {})", after.id),
        (None, _) => format!("The step from slice {} to {}", before.id, after.id),
    };
    let [mut created, mut changed, mut removed] = [Counts::default(); 3];
    let mut bytes = 0u64;
    for delta in &after.files {
        match delta {
            Delta::New(file) => {
                created.add_file(file);
                // What a folder takes for its names is no content.
                let has_content = file.stream.is_some() || file.kind == FileKind::Regular;
                bytes = bytes.saturating_add(if has_content { file.size } else { 0 });
            }
            Delta::Deleted(file) => removed.add_file(file),
            Delta::Altered { after, .. } => changed.add_file(after),
        }
    }
    for delta in &after.cells {
        match delta {
            Delta::New(cell) => created.add_cell(cell),
            Delta::Deleted(cell) => removed.add_cell(cell),
            Delta::Altered { after, .. } => changed.add_cell(after),
        }
    }
    let mut said = Vec::new();
    let made = counted(created, Some(bytes));
    said.extend(made.map(|made| format!("created {made}")));
    said.extend(registered(&after.cells).map(|made| format!("registered {made}")));
    said.extend(counted(changed, None).map(|it| format!("changed {it}")));
    said.extend(counted(removed, None).map(|it| format!("removed {it}")));
    match said.is_empty() {
        true => format!("{what} changed nothing."),
        false => format!("{what} {}.", said.join("; ")),
    }
}

fn left(slices: &[ReportSlice], counts: Counts) -> String {
    let is_uninstalled = slices.last().is_some_and(|last| last.slicetype == "Uninstall");
    let when = if is_uninstalled { "Uninstalling it left" } else { "At the end there were still" };
    match counted(counts, None) {
        Some(left) if is_uninstalled => format!("{when} {left} behind."),
        Some(left) => format!("{when} {left} that the steps before had created."),
        None => "Of what the steps before had created, nothing was left at the end.".to_owned(),
    }
}

/// What was done, by the type of the slice that was recorded then.
fn verb(slicetype: &str) -> Option<&'static str> {
    Some(match slicetype {
        "Activate" => "Activating",
        "Close" => "Closing",
        "Function" => "Using",
        "Install" => "Installing",
        "License" => "Licensing",
        "Open" => "Opening",
        "ProductKey" => "Entering the product key of",
        "Reboot" => "Rebooting with",
        "Restart" => "Restarting with",
        "Shutdown" => "Shutting down with",
        "Start" => "Starting",
        "Uninstall" => "Uninstalling",
        _ => return None,
    })
}

/// The name under which the application can be uninstalled; `None` where there is not just one.
fn application(slices: &[ReportSlice]) -> Option<String> {
    let display_name = Name::from("DISPLAYNAME");
    let new = slices.iter().flat_map(|slice| &slice.cells).filter_map(|delta| match delta {
        Delta::New(cell) => Some(cell),
        _ => None,
    });
    let names: HashSet<String> = new
        .filter(|cell| kind(cell) == Some("uninstall"))
        .filter_map(Cell::value)
        .filter(|value| value.name.to_upper() == display_name)
        .filter_map(text)
        .collect();
    let mut names = names.into_iter();
    names.next().filter(|name| !name.is_empty() && names.next().is_none())
}

/// Counts new items of each kind.
fn registered(cells: &[CellDelta]) -> Option<String> {
    let kinds = super::registered(cells);
    let count = |it: Registered| plural((it.items.len(), it.one, it.several));
    list(kinds.into_iter().map(count))
}

/// `23 files (3.1 MB), 2 folders and 13 keys`; nothing where there is none.
pub(super) fn counted(counts: Counts, bytes: Option<u64>) -> Option<String> {
    let Counts { files, folders, streams, keys, values } = counts;
    let mut files = plural((files, "file", "files"));
    if let (Some(files), Some(bytes @ 1..)) = (&mut files, bytes) {
        *files += &format!(" ({})", size(bytes));
    }
    list([
        files,
        plural((folders, "folder", "folders")),
        plural((streams, "stream", "streams")),
        plural((keys, "key", "keys")),
        plural((values, "value", "values")),
    ])
}

fn plural((count, one, several): (usize, &str, &str)) -> Option<String> {
    match count {
        0 => None,
        1 => Some(format!("1 {one}")),
        _ => Some(format!("{} {several}", grouped(count))),
    }
}

/// Digits in groups of three: `1,204`.
pub(super) fn grouped(count: usize) -> String {
    let digits = count.to_string();
    let groups: Vec<&str> = digits
        .as_bytes()
        .rchunks(3)
        .rev()
        .map(|group| str::from_utf8(group).unwrap_or_default())
        .collect();
    groups.join(",")
}

fn list(parts: impl IntoIterator<Item = Option<String>>) -> Option<String> {
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    match parts.as_slice() {
        [] => None,
        [one] => Some(one.clone()),
        [first @ .., last] => Some(format!("{} and {last}", first.join(", "))),
    }
}

/// Bytes in units of 1000, one digit behind the point.
fn size(bytes: u64) -> String {
    const UNITS: [(u64, &str); 4] =
        [(1_000_000_000_000, "TB"), (1_000_000_000, "GB"), (1_000_000, "MB"), (1000, "kB")];
    match UNITS.iter().find(|(unit, _)| bytes >= *unit) {
        Some((unit, name)) => format!("{:.1} {name}", bytes as f64 / *unit as f64),
        None => format!("{bytes} B"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_said_as_people_say_them() {
        let counts = Counts { files: 23, keys: 1, values: 1204, ..Counts::default() };
        let said = counted(counts, Some(3_140_000));
        assert_eq!(said.as_deref(), Some("23 files (3.1 MB), 1 key and 1,204 values"));
        assert_eq!(counted(Counts::default(), Some(0)), None);
        assert_eq!([0, 999, 1000, 1_234_567].map(grouped), ["0", "999", "1,000", "1,234,567"]);
        assert_eq!([0, 999, 1000, 2_500_000_000].map(size), ["0 B", "999 B", "1.0 kB", "2.5 GB"]);
    }
}
