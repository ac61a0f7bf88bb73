//! The life of one file, key or value through the slices of a sequence.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::hash::Hash;

use diskprint_formats::Name;

use super::ReportSlice;
use super::life::{cell_id, file_id};
use super::place::cell_path;
use crate::{
    Cell, CellDelta, Delta, FileDelta, FileEntry, InterimChange, RecoveredCell, printable,
};

/// What became of one thing: the slices that say something of it, by number, and what they say.
///
/// It is followed where it is moved to. What is deleted and comes again at its place is the same
/// thing, unless something else was moved there in between.
#[derive(Debug)]
pub struct Life<'a, D> {
    /// In the order of the slices; of one slice, what was deleted comes before what was created.
    pub steps: Vec<(usize, &'a D)>,
}

impl<T, C> Life<'_, Delta<T, C>> {
    /// Whether it was there before the first step.
    pub fn was_there(&self) -> bool {
        self.steps.first().is_some_and(|(_, delta)| delta.before().is_some())
    }

    /// As it is in the end, or was when it went.
    pub fn latest(&self) -> Option<&T> {
        self.steps.last().map(|(_, delta)| delta.latest())
    }
}

/// What a path led to.
#[derive(Debug)]
pub struct Followed<'a> {
    /// Files, and streams of the file that was asked for.
    pub files: Vec<Life<'a, FileDelta>>,
    /// Keys and values, also the values directly in the key that was asked for.
    pub cells: Vec<Life<'a, CellDelta>>,
    /// The same that no list leads to, with the slices where they were found.
    pub recovered: Vec<(usize, &'a RecoveredCell)>,
    /// What happened between slices to files that were at the path, with the later slices.
    pub interim: Vec<(usize, &'a [InterimChange])>,
}

impl Followed<'_> {
    /// Whether nothing is known of the path.
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
            && self.cells.is_empty()
            && self.recovered.is_empty()
            && self.interim.is_empty()
    }
}

/// Follows all that was at `path` at some time.
///
/// The path is that of a file, `Program Files/a.exe` or `C:\Program Files\a.exe`, or of a key or
/// value, as Windows shows it or as it is in its hive, with or without the name of the hive's root.
/// Case does not matter, and `/` is as good as `\`.
pub fn follow<'a>(slices: &'a [ReportSlice], path: &str) -> Followed<'a> {
    let asked = canonical(path);
    let mut files = lives(slices, |slice| &slice.files, file_id);
    let asked_for: HashSet<(u32, &Name)> = files
        .iter()
        .filter(|life| life.is_of(|file| file.stream.is_none() && is_file(file, &asked)))
        .flat_map(Life::items)
        .map(|file| (file.partition, &file.path))
        .collect();
    // The streams of a file, too, whatever it was called when something happened to them.
    let is_stream = |file: &FileEntry| {
        file.stream.is_some() && asked_for.contains(&(file.partition, &file.path))
    };
    files.retain(|life| life.is_of(|file| is_file(file, &asked) || is_stream(file)));
    files.sort_by_cached_key(|life| life.latest().map(FileEntry::full_path));
    let mut cells = lives(slices, |slice| &slice.cells, cell_id);
    cells.retain(|life| life.is_of(|cell| is_cell(cell, &asked)));
    let order = |cell: &Cell| (cell.value().is_some(), cell.partition, cell_path(cell));
    cells.sort_by_cached_key(|life| life.latest().map(order));
    let recovered = slices.iter().enumerate();
    let recovered =
        recovered.flat_map(|(at, slice)| slice.recovered.iter().map(move |it| (at, it)));
    let recovered = recovered.filter(|(_, it)| it.is_path_whole && is_cell(&it.cell, &asked));
    let interim = slices.iter().enumerate().flat_map(|(at, slice)| {
        slice.interim.chunk_by(InterimChange::is_of_same_file).map(move |changes| (at, changes))
    });
    let interim = interim.filter(|(_, changes)| changes.iter().any(|it| was_at(it, &asked)));
    Followed { files, cells, recovered: recovered.collect(), interim: interim.collect() }
}

impl<'a, T, C> Life<'a, Delta<T, C>> {
    fn items(&self) -> impl Iterator<Item = &'a T> + use<'a, '_, T, C> {
        self.steps.iter().flat_map(|(_, it)| it.before().into_iter().chain(it.after()))
    }

    fn is_of(&self, is_asked: impl Fn(&T) -> bool) -> bool {
        self.items().any(is_asked)
    }
}

/// The lives of all that differs.
fn lives<'a, T, C, I: Eq + Hash>(
    slices: &'a [ReportSlice],
    deltas: fn(&'a ReportSlice) -> &'a [Delta<T, C>],
    id: fn(&'a T) -> I,
) -> Vec<Life<'a, Delta<T, C>>> {
    let mut lives: Vec<Life<'a, Delta<T, C>>> = Vec::new();
    // By place: who is there, and who was there last.
    let (mut there, mut gone) = (HashMap::<I, usize>::new(), HashMap::<I, usize>::new());
    for (at, slice) in slices.iter().enumerate() {
        let deltas = deltas(slice);
        let mut live = |life: Option<usize>, delta| {
            let life = life.unwrap_or_else(|| {
                lives.push(Life { steps: Vec::new() });
                lives.len() - 1
            });
            if let Some(life) = lives.get_mut(life) {
                life.steps.push((at, delta));
            }
            life
        };
        // In one step a place may be left by one and taken by another, in any order.
        let (mut left, mut taken) = (Vec::new(), Vec::new());
        for delta in deltas {
            let Some(before) = delta.before() else { continue };
            let place = id(before);
            let known = there.remove(&place).or_else(|| gone.remove(&place));
            let life = live(known, delta);
            match delta.after() {
                None => left.push((place, life)),
                Some(after) => taken.push((id(after), life)),
            }
        }
        gone.extend(left);
        for (place, life) in taken {
            gone.remove(&place);
            there.insert(place, life);
        }
        for delta in deltas {
            if let Delta::New(after) = delta {
                let place = id(after);
                let life = live(gone.remove(&place), delta);
                there.insert(place, life);
            }
        }
    }
    lives
}

/// What registry roots are called beside their short names.
const ROOTS: [(&str, &str); 4] = [
    ("HKEY_LOCAL_MACHINE", "HKLM"),
    ("HKEY_USERS", "HKU"),
    ("HKEY_CURRENT_USER", "HKCU"),
    ("HKEY_CLASSES_ROOT", "HKCR"),
];

/// A path as paths are compared: in upper case, with `/` between its names, without a drive, and
/// with the short names of registry roots.
pub(super) fn canonical(path: &str) -> String {
    let path = printable(path).replace('\\', "/");
    let path = Name::from(&*path).to_upper().to_text().into_owned();
    let path = match path.as_bytes() {
        [letter, b':', b'/', ..] if letter.is_ascii_uppercase() => path.get(2..).unwrap_or(&path),
        _ => &path,
    };
    let path = path.trim_matches('/');
    let path = path.strip_prefix("COMPUTER/HK").map_or(path, |_| path.get(9..).unwrap_or(path));
    let short = ROOTS.iter().find_map(|(long, short)| {
        let rest = path.strip_prefix(long)?;
        (rest.is_empty() || rest.starts_with('/')).then(|| format!("{short}{rest}"))
    });
    short.unwrap_or_else(|| path.to_owned())
}

fn is_file(file: &FileEntry, asked: &str) -> bool {
    let of_partition = format!("P{}/", file.partition);
    let asked = asked.strip_prefix(&*of_partition).unwrap_or(asked);
    // The streams of the file, too.
    let stream = file.stream.is_some() && canonical(&file.path.to_text()) == asked;
    stream || canonical(&file.full_path().to_text()) == asked
}

/// Whether a file was at a path before or after a change.
fn was_at(change: &InterimChange, asked: &str) -> bool {
    let of_partition = format!("P{}/", change.partition);
    let asked = asked.strip_prefix(&*of_partition).unwrap_or(asked);
    let paths = [Some(&change.path), change.path_before.as_ref()];
    paths.into_iter().flatten().any(|path| canonical(&path.to_text()) == asked)
}

fn is_cell(cell: &Cell, asked: &str) -> bool {
    let value = cell.value().map(|value| canonical(&value.name.to_text()));
    let last = cell.key.last().map(|name| canonical(&name.to_text())).unwrap_or_default();
    // Most cells are told apart by their last names alone.
    let may_be = asked.ends_with(&*last);
    if !may_be && !value.as_ref().is_some_and(|name| name.is_empty() || asked.ends_with(&**name)) {
        return false;
    }
    let is_value = |name: &str| match &value {
        Some(value) if value.is_empty() => matches!(name, "(DEFAULT)" | "DEFAULT"),
        Some(value) => value == name,
        None => false,
    };
    key_paths(cell).iter().any(|path| {
        let rest = asked.strip_prefix(&**path);
        rest.is_some_and(|it| it.is_empty() || it.strip_prefix('/').is_some_and(is_value))
    })
}

/// The paths by which the key of a cell may be asked for.
fn key_paths(cell: &Cell) -> Vec<String> {
    let names: Vec<_> = cell.key.iter().map(Name::to_text).collect();
    let below_root = canonical(&names.join("\\"));
    let in_hive = canonical(&format!("{}\\{below_root}", cell.root.to_text()));
    let with_hive = canonical(&format!("{}\\{in_hive}", cell.hive.to_text()));
    let mut paths = vec![in_hive, with_hive];
    if !below_root.is_empty() {
        paths.push(below_root);
    }
    let Some(windows) = cell.registry_path.as_ref().map(|path| canonical(&path.to_text())) else {
        return paths;
    };
    // As the user whose it is would see it.
    if let Some((sid, rest)) = windows.strip_prefix("HKU/").and_then(|it| it.split_once('/')) {
        match sid.strip_suffix("_CLASSES") {
            Some(_) => {
                paths.extend([format!("HKCR/{rest}"), format!("HKCU/SOFTWARE/CLASSES/{rest}")])
            }
            None => paths.push(format!("HKCU/{rest}")),
        }
    }
    if let Some(rest) = windows.strip_prefix("HKLM/SOFTWARE/CLASSES/") {
        paths.push(format!("HKCR/{rest}"));
    }
    paths.push(windows);
    paths
}

/// Paths with changes that end with `text` or have it in them, at most `most`; where there are
/// none, those for its last name. Those that end with it come first, and the shorter ones of them.
pub fn nearest(slices: &[ReportSlice], text: &str, most: usize) -> Vec<String> {
    let asked = canonical(text);
    let last = asked.rsplit('/').next().unwrap_or_default();
    let found = like(slices, &asked);
    let found = if found.is_empty() { like(slices, last) } else { found };
    found.into_iter().take(most).map(|(_, _, path)| path).collect()
}

fn like(slices: &[ReportSlice], asked: &str) -> BTreeSet<(bool, usize, String)> {
    let files = slices.iter().flat_map(|slice| &slice.files);
    let files = files.map(|delta| delta.latest().full_path().to_text().into_owned());
    let cells = slices.iter().flat_map(|slice| &slice.cells);
    let cells = cells.map(|delta| cell_path(delta.latest()));
    let near = files.chain(cells).filter_map(|path| {
        let own = canonical(&path);
        let is_near = !asked.is_empty() && own.contains(asked);
        is_near.then(|| (!own.ends_with(asked), own.len(), path))
    });
    near.collect()
}

#[cfg(test)]
pub(super) mod testing;
#[cfg(test)]
mod tests;
