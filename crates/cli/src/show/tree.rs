//! Where the changes of a sequence are.

use std::io::{self, Write};

use anyhow::{Context, Error};
use diskprint::printable;
use diskprint::report::follow::nearest;
use diskprint::report::tree::{self, Place};
use diskprint::report::{ReportSlice, Tally};
use indicatif::HumanCount;

use super::screen::{Screen, columns, pad};
use super::{MOST_NEAREST, json, most, print_nearest, unread};
use crate::Outcome;
use crate::args::ShowArgs;
use crate::catalogue::table::print_json;
use crate::stored::Stored;

/// How many levels are unfolded where nobody says so.
const DEPTH: usize = 3;
/// How many children of a place are printed where nobody says so.
const MOST: usize = 25;

/// Prints it.
pub fn run(
    args: &ShowArgs,
    stored: &Stored,
    screen: &Screen,
    out: &mut impl Write,
) -> Result<Outcome, Error> {
    let only = args.slice.as_ref().map(|id| slice(&stored.slices, id)).transpose()?;
    let root = tree::tree(&stored.slices, only);
    let tops = match &args.below {
        Some(below) => root.named(below),
        None => root.children.iter().map(|top| (vec![&*top.name], top)).collect(),
    };
    let sequence = stored.last.sequence();
    let looked_at = only.and_then(|at| stored.slices.get(at..=at)).unwrap_or(&stored.slices);
    let near = match &args.below {
        Some(below) if tops.is_empty() => nearest(looked_at, below, MOST_NEAREST),
        _ => Vec::new(),
    };
    let is_nowhere = args.below.is_some() && tops.is_empty();
    let outcome = if is_nowhere { Outcome::Failed } else { Outcome::Clean };
    if args.json {
        let slice = args.slice.as_deref();
        let mut tree = json::Tree { sequence: &sequence, slice, places: Vec::new(), nearest: near };
        for (names, place) in &tops {
            tree.add(names, place, args.depth.unwrap_or(usize::MAX));
        }
        print_json(out, &tree)?;
        return Ok(outcome);
    }
    let of_slice = only.and_then(|at| stored.slices.get(at));
    let of_slice =
        of_slice.map(|it| format!(", slice {} {}", printable(&it.id), printable(&it.slicetype)));
    let of_slice = of_slice.unwrap_or_default();
    let title = screen.bold(&format!("{sequence}{of_slice}"));
    if tops.is_empty() {
        match &args.below {
            Some(below) => {
                let unread = unread(looked_at);
                print_nearest(&format!("nothing changed at {below}{of_slice}{unread}"), &near)?;
            }
            None => writeln!(out, "{title}\n\nNothing changed{}.", unread(looked_at))?,
        }
        return Ok(outcome);
    }
    writeln!(out, "{title}\n{}  ▸ places folded in\n", screen.legend())?;
    let mut lines =
        Lines { depth: args.depth.unwrap_or(DEPTH), most: most(args, MOST), lines: Vec::new() };
    for (names, place) in tops {
        lines.top(&names, place);
    }
    lines.print(screen, out)?;
    Ok(Outcome::Clean)
}

/// The number of the slice that has an id.
fn slice(slices: &[ReportSlice], id: &str) -> Result<usize, Error> {
    slices.iter().position(|slice| slice.id == id).with_context(|| {
        let ids: Vec<&str> = slices.iter().map(|slice| &*slice.id).collect();
        format!("the sequence has no slice {id}; it has {}", ids.join(", "))
    })
}

/// The tree as lines, before it is known how wide they are.
struct Lines {
    depth: usize,
    most: usize,
    lines: Vec<Line>,
}

struct Line {
    /// What connects it with those above.
    guide: String,
    name: String,
    tally: Tally,
    /// How many places in it are not unfolded.
    folded: usize,
}

impl Lines {
    fn top(&mut self, names: &[&str], place: &Place) {
        let separator = if names.first() == Some(&"Registry") { '\\' } else { '/' };
        // What is joined to the top would hide which of the two it is.
        let children: Vec<Place> =
            place.children.iter().map(|child| child.clone().joined(separator)).collect();
        let (top, path) = names.split_first().map_or(("", &[][..]), |(top, path)| (*top, path));
        let name = match path {
            [] => top.to_owned(),
            path => format!("{top} › {}", path.join(&separator.to_string())),
        };
        let folded = self.folded(&children, 1);
        self.lines.push(Line { guide: String::new(), name, tally: place.tally, folded });
        self.children(&children, "", 1);
    }

    fn folded(&self, children: &[Place], depth: usize) -> usize {
        if depth > self.depth { children.len() } else { 0 }
    }

    fn children(&mut self, children: &[Place], guide: &str, depth: usize) {
        if depth > self.depth {
            return;
        }
        let (shown, rest) = children.split_at_checked(self.most).unwrap_or((children, &[]));
        for (at, child) in shown.iter().enumerate() {
            let is_last = at + 1 == shown.len() && rest.is_empty();
            let (own, below) = if is_last { ("└─ ", "   ") } else { ("├─ ", "│  ") };
            let guide_of = |part: &str| format!("{guide}{part}");
            let folded = self.folded(&child.children, depth + 1);
            let (name, tally) = (child.name.clone(), child.tally);
            self.lines.push(Line { guide: guide_of(own), name, tally, folded });
            self.children(&child.children, &guide_of(below), depth + 1);
        }
        if !rest.is_empty() {
            let tally = rest.iter().fold(Tally::default(), |sum, place| sum + place.tally);
            let name = format!("… {} more; --most 0 prints all", HumanCount(rest.len() as u64));
            self.lines.push(Line { guide: format!("{guide}└─ "), name, tally, folded: 0 });
        }
    }

    fn print(&self, screen: &Screen, out: &mut impl Write) -> io::Result<()> {
        let badges: Vec<String> = self.lines.iter().map(|line| screen.badges(line.tally)).collect();
        let room = badges.iter().map(|badges| columns(badges)).max().unwrap_or(0);
        let names =
            self.lines.iter().map(|line| columns(&line.guide) + columns(&printable(&line.name)));
        // Names that are longer push their badges on.
        let fitting = names.filter(|name| name + 2 + room <= screen.width);
        let width = fitting.max().unwrap_or(0);
        for (line, badges) in self.lines.iter().zip(badges) {
            let Line { guide, name, folded, .. } = line;
            let name = printable(name);
            let name = if guide.is_empty() { screen.bold(&name) } else { name };
            let folded = match folded {
                0 => String::new(),
                folded => screen.dim(&format!("  ▸ {}", HumanCount(*folded as u64))),
            };
            let name = pad(&format!("{}{name}", screen.dim(guide)), width);
            writeln!(out, "{name}  {badges}{folded}")?;
        }
        Ok(())
    }
}
