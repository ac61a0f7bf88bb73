//! What a sequence did, in words and numbers.

use std::io::{self, Write};

use anyhow::Error;
use diskprint::report::{self, Overview, SliceOverview};
use diskprint::{InterimChange, printable};
use indicatif::HumanCount;

use super::screen::{Screen, columns, pad};
use super::{json, most};
use crate::Outcome;
use crate::args::ShowArgs;
use crate::catalogue::table::print_json;
use crate::stored::Stored;
use crate::summary;

/// How many of a list are printed where nobody says so.
const MOST: usize = 10;

/// Prints it.
pub fn run(
    args: &ShowArgs,
    stored: &Stored,
    screen: &Screen,
    out: &mut impl Write,
) -> Result<Outcome, Error> {
    let overview = report::overview(&stored.slices);
    let sequence = stored.last.sequence();
    if args.json {
        print_json(out, &json::Overview::new(&sequence, &overview))?;
        return Ok(Outcome::Clean);
    }
    writeln!(out, "{}\n", screen.bold(&sequence))?;
    table(&overview.slices, screen, out)?;
    writeln!(out, "\n{}", screen.bold("What it did"))?;
    for sentence in &overview.verdict {
        writeln!(out, "{}", screen.wrap(&printable(sentence), 2))?;
    }
    let most = most(args, MOST);
    registered(&overview.slices, most, screen, out)?;
    behind(&overview, most, screen, out)?;
    between(&overview.slices, most, screen, out)?;
    doubt(&overview.slices, screen, out)?;
    Ok(Outcome::Clean)
}

/// A column of numbers: what happened, for the colour, and its numbers.
type Column = (usize, fn(&SliceOverview<'_>) -> usize);

const FILES: [Column; 3] =
    [(0, |it| it.files.new), (1, |it| it.files.altered), (2, |it| it.files.deleted)];
const CELLS: [Column; 4] = [
    (0, |it| it.cells.new),
    (1, |it| it.cells.altered),
    (2, |it| it.cells.deleted),
    (3, |it| it.cells.recovered),
];
/// The widest bar, and the narrowest that says something.
const BAR: std::ops::RangeInclusive<usize> = 8..=40;

/// Prints a line for each slice, with bars where there is room for them.
fn table(slices: &[SliceOverview<'_>], screen: &Screen, out: &mut impl Write) -> io::Result<()> {
    let names: Vec<String> = slices.iter().enumerate().map(name).collect();
    let width = names.iter().map(|name| columns(name)).max().unwrap_or(0).max("slice".len());
    let numbers =
        slices.iter().flat_map(|slice| FILES.iter().chain(&CELLS).map(|(_, of)| of(slice)));
    let digits = numbers.map(|number| number.to_string().len()).max().unwrap_or(0).max(4);
    let signs = |columns: &[Column]| -> String {
        let signs = columns
            .iter()
            .map(|(action, _)| format!(" {:1$}", "", digits - 1) + &screen.sign(*action));
        signs.collect()
    };
    let files_width = FILES.len() * (digits + 1);
    let cells_width = CELLS.len() * (digits + 1);
    writeln!(out, "{:width$} {:>files_width$}  {:>cells_width$}", "", "files", "keys and values")?;
    writeln!(out, "{:width$} {}  {}  faults", "slice", signs(&FILES), signs(&CELLS))?;

    let left = screen.width.saturating_sub(width + files_width + cells_width + 14);
    let bar_width = left.min(*BAR.end());
    let changes = |slice: &SliceOverview<'_>| slice.files.sum() + slice.cells.sum();
    let most = slices.iter().map(changes).max().unwrap_or(0);
    for (slice, name) in slices.iter().zip(&names) {
        let row = |columns: &[Column]| -> String {
            let number = |(action, of): &Column| match of(slice) {
                0 => screen.dim(&format!(" {:>digits$}", 0)),
                number => screen.action(*action, &format!(" {number:>digits$}")),
            };
            columns.iter().map(number).collect()
        };
        let faults = format!("{:>6}", slice.faults.len());
        let line = format!("{} {}  {}  {faults}", pad(name, width), row(&FILES), row(&CELLS));
        let bar = match BAR.contains(&bar_width) {
            true => screen.bar(slice.files + slice.cells, most, bar_width),
            false => String::new(),
        };
        writeln!(out, "{}", format!("{line}  {bar}").trim_end())?;
    }
    writeln!(out, "{}", screen.legend())
}

/// `20 Install`.
fn name((at, slice): (usize, &SliceOverview<'_>)) -> String {
    let first = if at == 0 { " (first)" } else { "" };
    format!("{} {}{first}", printable(slice.id), printable(slice.slicetype))
}

/// Prints the first new services, autostarts and the like of each step.
fn registered(
    slices: &[SliceOverview<'_>],
    most: usize,
    screen: &Screen,
    out: &mut impl Write,
) -> io::Result<()> {
    let kinds =
        || slices.iter().flat_map(|slice| slice.registered.iter().map(move |it| (slice, it)));
    if kinds().next().is_none() {
        return Ok(());
    }
    writeln!(out, "\n{}", screen.bold("What it registered"))?;
    for (slice, kind) in kinds() {
        let words = if kind.items.len() == 1 { kind.one } else { kind.several };
        writeln!(out, "  slice {}: {} {words}", printable(slice.id), human(kind.items.len()))?;
        for item in kind.items.iter().take(most) {
            let path = printable(&item.path);
            match &item.says {
                Some(says) => {
                    let says = printable(says);
                    // Beside each other where there is room.
                    let is_wide = 4 + columns(&path) + 3 + columns(&says) > screen.width;
                    let between = if is_wide { "\n      " } else { "   " };
                    writeln!(out, "    {path}{between}{}", screen.action(0, &says))?;
                }
                None => writeln!(out, "    {path}")?,
            }
        }
        and_more(kind.items.len(), most, 4, out)?;
    }
    Ok(())
}

/// Prints what one step created and no later one removed.
fn behind(
    overview: &Overview<'_>,
    most: usize,
    screen: &Screen,
    out: &mut impl Write,
) -> io::Result<()> {
    writeln!(out, "\n{}", screen.bold("What stayed behind"))?;
    let paths = &overview.behind_paths;
    if paths.is_empty() {
        let nothing = "Nothing that one of the steps created was still there after a later one.";
        return writeln!(out, "{}", screen.wrap(nothing, 2));
    }
    let said = format!("{}, created by a step and not removed by any after it:", overview.behind);
    writeln!(out, "{}", screen.wrap(&said, 2))?;
    for path in paths.iter().take(most) {
        writeln!(out, "    {}", printable(path))?;
    }
    and_more(paths.len(), most, 4, out)
}

/// Prints what happened to files between slices and no slice shows; nothing where nothing did.
fn between(
    slices: &[SliceOverview<'_>],
    most: usize,
    screen: &Screen,
    out: &mut impl Write,
) -> io::Result<()> {
    if slices.iter().all(|slice| slice.interim.is_empty()) {
        return Ok(());
    }
    writeln!(out, "\n{}", screen.bold("Between the slices"))?;
    for slice in slices.iter().filter(|slice| !slice.interim.is_empty()) {
        let files = || slice.interim.chunk_by(InterimChange::is_of_same_file);
        let said = format!(
            "Before slice {} {} {} came and went, or had other names:",
            printable(slice.id),
            human(files().count()),
            if files().count() == 1 { "file" } else { "files" },
        );
        writeln!(out, "{}", screen.wrap(&said, 2))?;
        for changes in files().take(most) {
            let told: Vec<String> = changes.iter().map(|it| printable(&report::told(it))).collect();
            writeln!(out, "    {}", told.join("\n      "))?;
        }
        and_more(files().count(), most, 4, out)?;
    }
    Ok(())
}

/// Prints what could not be read or compared.
fn doubt(slices: &[SliceOverview<'_>], screen: &Screen, out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "\n{}", screen.bold("Doubt"))?;
    let faults: Vec<String> =
        slices.iter().flat_map(|slice| slice.faults).map(ToString::to_string).collect();
    if faults.is_empty() {
        return writeln!(out, "  Everything could be read, and everything compared.");
    }
    let said = format!(
        "{} {}: what could not be read in one of the states, or not compared. A change there may \
         be missing above; none was made up.",
        human(faults.len()),
        if faults.len() == 1 { "fault" } else { "faults" },
    );
    writeln!(out, "{}", screen.wrap(&said, 2))?;
    summary::print_faults(out, &faults)
}

/// Says how many of a list are not printed.
fn and_more(all: usize, most: usize, indent: usize, out: &mut impl Write) -> io::Result<()> {
    match all.saturating_sub(most) {
        0 => Ok(()),
        more => writeln!(out, "{:indent$}… and {} more; --most 0 prints all", "", human(more)),
    }
}

fn human(count: usize) -> HumanCount {
    HumanCount(count as u64)
}
