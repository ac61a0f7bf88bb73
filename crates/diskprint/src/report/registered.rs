//! What a step registered: services, autostarts, uninstallers and the like that are new.

use std::collections::{HashMap, HashSet};

use diskprint_formats::Name;

use super::place::cell_path;
use crate::{Cell, CellDelta, Delta, ValueCell, printable};

/// New items of one kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registered {
    /// The kind, as `docs/artefacts.md` has it.
    pub kind: &'static str,
    /// One of them in words: `uninstaller`.
    pub one: &'static str,
    /// Several of them in words.
    pub several: &'static str,
    /// The items, in the order of the differences.
    pub items: Vec<Item>,
}

/// A new item: a key or value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// Its path as a report shows it.
    pub path: String,
    /// What it says it is: the display name of an uninstaller, the program of a service.
    pub says: Option<String>,
}

/// Kinds of artefacts that are counted, one and several in words, and the value of an item's key
/// that says what it is.
const KINDS: [(&str, &str, &str, &str); 7] = [
    ("uninstall", "uninstaller", "uninstallers", "DISPLAYNAME"),
    ("service", "service", "services", "IMAGEPATH"),
    ("autostart", "autostart", "autostarts", ""),
    ("task", "scheduled task", "scheduled tasks", "PATH"),
    ("com", "COM class", "COM classes", ""),
    ("association", "file association", "file associations", ""),
    ("firewall", "firewall rule", "firewall rules", ""),
];

/// Where a key is, and the kind of what it holds.
type Of<'a> = (u32, &'a Name, &'a [Name], &'a str);

fn of<'a>(cell: &'a Cell, kind: &'a str) -> Of<'a> {
    (cell.partition, &cell.hive, &cell.key, kind)
}

/// The new items of each kind that has any: a key or value that is new, in a key of that kind that
/// is not.
pub fn registered(cells: &[CellDelta]) -> Vec<Registered> {
    let new: Vec<(&Cell, &str)> = cells
        .iter()
        .filter(|delta| delta.before().is_none())
        .filter_map(Delta::after)
        .filter_map(|cell| Some((cell, kind(cell)?)))
        .collect();
    let keys: HashSet<Of<'_>> = new
        .iter()
        .filter(|(cell, _)| cell.value().is_none())
        .map(|(cell, kind)| of(cell, kind))
        .collect();
    let is_item = |(cell, kind): &(&Cell, &str)| {
        let above = cell.key.len().saturating_sub(usize::from(cell.value().is_none()));
        !keys.contains(&(cell.partition, &cell.hive, cell.key.get(..above).unwrap_or(&[]), kind))
    };
    let values: HashMap<(Of<'_>, Name), &ValueCell> = new
        .iter()
        .filter_map(|(cell, kind)| Some((cell, kind, cell.value()?)))
        .map(|(cell, kind, value)| ((of(cell, kind), value.name.to_upper()), value))
        .collect();
    let item = |cell: &Cell, kind: &str, value_name: &str| {
        let value = match cell.value() {
            Some(value) => Some(value),
            None => values.get(&(of(cell, kind), Name::from(value_name))).copied(),
        };
        Item { path: cell_path(cell), says: value.and_then(text).filter(|text| !text.is_empty()) }
    };
    let registered = KINDS.map(|(kind, one, several, value_name)| {
        let items = new.iter().filter(|(_, its)| *its == kind).filter(|it| is_item(it));
        let items = items.map(|(cell, _)| item(cell, kind, value_name)).collect();
        Registered { kind, one, several, items }
    });
    registered.into_iter().filter(|it| !it.items.is_empty()).collect()
}

/// The text that a value holds.
pub(super) fn text(value: &ValueCell) -> Option<String> {
    const MOST: usize = 100;
    let data = value.data.as_ref().filter(|_| matches!(value.value_type, 1 | 2))?;
    let text = Name::from_utf16le(data);
    let text = text.to_text();
    let text = text.split('\0').next().unwrap_or_default();
    Some(printable(text.trim()).chars().take(MOST).collect())
}

pub(super) fn kind(cell: &Cell) -> Option<&str> {
    cell.artefact.as_ref().map(|artefact| &*artefact.kind)
}

#[cfg(test)]
mod tests {
    use super::super::follow::testing::{altered, key, value};
    use super::*;
    use crate::artefact::Artefact;

    fn known(kind: &'static str, cell: Cell) -> Cell {
        let artefact = Artefact { kind: kind.into(), what: "".into(), detail: None };
        Cell { artefact: Some(artefact), ..cell }
    }

    #[test]
    fn an_item_is_what_is_new_in_a_place_that_is_not() {
        let text = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>();
        let name = value("Uninstall\\App", "displayname", 1, &text("The App\0"));
        let run = || value("Run", "App", 1, &text("C:\\app.exe"));
        let cells = [
            Delta::New(known("uninstall", key("Uninstall\\App"))),
            Delta::New(known("uninstall", key("Uninstall\\App\\Deeper"))),
            Delta::New(known("uninstall", name)),
            Delta::New(known("autostart", run())),
            Delta::New(key("Uninstall\\Not known")),
            altered(known("service", key("Service")), known("service", key("Service"))),
            Delta::Deleted(known("task", key("Task"))),
        ];
        let told: Vec<_> = registered(&cells)
            .into_iter()
            .flat_map(|of| of.items.into_iter().map(move |it| (of.one, it.path, it.says)))
            .collect();
        let item = |one, path: &str, says: &str| (one, path.to_owned(), Some(says.to_owned()));
        assert_eq!(
            told,
            [
                item("uninstaller", "HKLM\\SOFTWARE\\Uninstall\\App", "The App"),
                item("autostart", "HKLM\\SOFTWARE\\Run\\App", "C:\\app.exe"),
            ]
        );
    }
}
