//! The life of one file, key or value.

use std::io::{self, Write};

use anyhow::Error;
use diskprint::report::fact::{self, Fact};
use diskprint::report::follow::{self, Followed};
use diskprint::report::{self, ReportSlice, cell_path, tree};
use diskprint::row::{self, CELL, FILE, INTERIM, SliceName};
use diskprint::{InterimChange, RecoveredCell, printable};

use super::screen::{Screen, columns, pad};
use super::story::{self, Step, Story};
use super::{MOST_NEAREST, json, print_nearest, unread};
use crate::Outcome;
use crate::args::ShowArgs;
use crate::catalogue::table::print_json;
use crate::stored::Stored;
use diskprint::export::json_row;

/// Prints it.
pub fn run(
    args: &ShowArgs,
    path: &str,
    stored: &Stored,
    screen: &Screen,
    out: &mut impl Write,
) -> Result<Outcome, Error> {
    let slices = &*stored.slices;
    let followed = follow::follow(slices, path);
    let is_empty = followed.is_empty();
    let below = if is_empty { changes_below(slices, path) } else { 0 };
    let nearest = match is_empty && below == 0 {
        true => follow::nearest(slices, path, MOST_NEAREST),
        false => Vec::new(),
    };
    let outcome = if is_empty { Outcome::Failed } else { Outcome::Clean };
    let sequence = stored.last.sequence();
    if args.json {
        print_json(out, &as_json(stored, &sequence, path, &followed, nearest)?)?;
        return Ok(outcome);
    }
    if is_empty {
        print_nearest(&nothing(slices, path, below), &nearest)?;
        return Ok(outcome);
    }
    writeln!(out, "{}", screen.bold(&sequence))?;
    let page = Page { slices, screen };
    let stories =
        followed.files.iter().map(story::of_file).chain(followed.cells.iter().map(story::of_cell));
    for story in stories {
        page.story(&story, out)?;
    }
    page.recovered(&followed.recovered, out)?;
    page.interim(&followed.interim, out)?;
    let faults: usize = slices.iter().map(|slice| slice.faults.len()).sum();
    if faults > 0 {
        let said = format!(
            "Not all could be read ({faults} {}): what is not said above may have happened all the same.",
            if faults == 1 { "fault" } else { "faults" }
        );
        writeln!(out, "\n{}", screen.wrap(&said, 0))?;
    }
    Ok(outcome)
}

/// How many changes are in a place.
fn changes_below(slices: &[ReportSlice], path: &str) -> usize {
    tree::tree(slices, None).named(path).iter().map(|(_, place)| place.tally.sum()).sum()
}

/// Says that nothing changed at the path, and what did below it.
fn nothing(slices: &[ReportSlice], path: &str, below: usize) -> String {
    let mut said = format!("nothing changed at {path}{}", unread(slices));
    if below > 0 {
        said += &format!(" itself; {below} changes are below it, which --tree --below prints");
    }
    said
}

fn fact_name(fact: &Fact) -> String {
    match fact.name {
        "value_type_name" => "type".to_owned(),
        name => name.replace('_', " "),
    }
}

struct Page<'a> {
    slices: &'a [ReportSlice],
    screen: &'a Screen,
}

impl Page<'_> {
    /// Prints what each slice says of one thing.
    fn story(&self, story: &Story, out: &mut impl Write) -> io::Result<()> {
        writeln!(out, "\n{} {}", story.kind, self.screen.bold(&printable(&story.path)))?;
        let names: Vec<String> = self
            .slices
            .iter()
            .map(|slice| format!("{} {}", printable(&slice.id), printable(&slice.slicetype)))
            .collect();
        let width = names.iter().map(|name| columns(name)).max().unwrap_or(0);
        let mut is_there = story.was_there;
        for (at, name) in names.iter().enumerate() {
            let mut name = pad(name, width);
            let steps = || story.steps.iter().filter(|(slice, _)| *slice == at);
            if steps().next().is_none() {
                let state = match (is_there, at) {
                    (true, 0) => "there",
                    // It has no row of its own when its file is moved.
                    (true, _) if story.kind == "stream" => "not changed; it is where its file is",
                    (true, _) => "not changed",
                    (false, _) => "not there",
                };
                writeln!(out, "  {name}  {}", self.screen.dim(state))?;
            }
            for (_, step) in steps() {
                let Step { action, what, facts } = step;
                writeln!(out, "  {name}  {}", self.screen.action(*action, &printable(what)))?;
                self.facts(facts, width + 6, out)?;
                is_there = *action != 2;
                name = " ".repeat(width);
            }
        }
        Ok(())
    }

    /// Prints facts, each in one line, or in two where that is too wide.
    fn facts(&self, facts: &[Fact], indent: usize, out: &mut impl Write) -> io::Result<()> {
        let said: Vec<(String, &Fact)> = facts.iter().map(|fact| (fact_name(fact), fact)).collect();
        let width = said.iter().map(|(name, _)| columns(name)).max().unwrap_or(0);
        for (name, Fact { before, after, .. }) in said {
            let [before, after] = [before, after].map(|it| it.as_deref().map(printable));
            let name = format!("{:indent$}{}  ", "", pad(&name, width));
            let line = match (before, after) {
                (Some(before), Some(after)) => {
                    let one = format!("{name}{before} → {after}");
                    let two = format!("{name}{before}\n{:1$}→ {after}", "", columns(&name) - 2);
                    if columns(&one) > self.screen.width { two } else { one }
                }
                (None, Some(one)) | (Some(one), None) => format!("{name}{one}"),
                (None, None) => continue,
            };
            writeln!(out, "{line}")?;
        }
        Ok(())
    }

    /// Prints keys and values that no list leads to.
    fn recovered(
        &self,
        recovered: &[(usize, &RecoveredCell)],
        out: &mut impl Write,
    ) -> io::Result<()> {
        if !recovered.is_empty() {
            writeln!(out, "\n{}", self.screen.bold("Deleted, and still found"))?;
        }
        for (at, found) in recovered {
            let slice = self.slices.get(*at).map(|slice| printable(&slice.id));
            let kind = story::cell_kind(&found.cell);
            let path = self.screen.action(3, &printable(&cell_path(&found.cell)));
            let (place, confidence) = (found.place.name(), found.confidence.name());
            let slice = slice.unwrap_or_default();
            writeln!(out, "  {slice}  {kind} {path}  ({place}, {confidence} confidence)")?;
            self.facts(&fact::of_recovered(found), 6, out)?;
        }
        Ok(())
    }

    /// Prints what happened between slices.
    fn interim(
        &self,
        interim: &[(usize, &[InterimChange])],
        out: &mut impl Write,
    ) -> io::Result<()> {
        if !interim.is_empty() {
            writeln!(out, "\n{}", self.screen.bold("Between the slices"))?;
        }
        for (at, changes) in interim {
            let Some(first) = changes.first() else { continue };
            let slice = self.slices.get(*at).map(|slice| printable(&slice.id)).unwrap_or_default();
            writeln!(out, "  before {slice}  file ({})", report::source(first))?;
            for change in *changes {
                writeln!(out, "      {}", printable(&report::told(change)))?;
            }
        }
        Ok(())
    }
}

fn as_json<'a>(
    stored: &'a Stored,
    sequence: &'a str,
    asked: &'a str,
    followed: &Followed<'_>,
    nearest: Vec<String>,
) -> Result<json::Followed<'a>, Error> {
    let name = |at: usize| SliceName {
        osetid: Some(&stored.last.osetid),
        appetid: Some(&stored.last.appetid),
        sliceid: stored.slices.get(at).map_or("", |slice| &slice.id),
    };
    let life = |story: Story, steps| json::Life {
        kind: story.kind,
        path: story.path,
        was_there: story.was_there,
        steps,
    };
    let mut lives = Vec::new();
    for it in &followed.files {
        let rows =
            it.steps.iter().map(|(at, delta)| json_row(&FILE, &row::file(&name(*at), delta)));
        lives.push(life(story::of_file(it), rows.collect::<Result<_, _>>()?));
    }
    for it in &followed.cells {
        let rows =
            it.steps.iter().map(|(at, delta)| json_row(&CELL, &row::cell(&name(*at), delta)));
        lives.push(life(story::of_cell(it), rows.collect::<Result<_, _>>()?));
    }
    let found = followed.recovered.iter();
    let recovered = found.map(|(at, it)| json_row(&CELL, &row::recovered(&name(*at), it)));
    let recovered = recovered.collect::<Result<_, _>>()?;
    let all = followed.interim.iter().flat_map(|(at, all)| all.iter().map(move |it| (*at, it)));
    let interim = all.map(|(at, it)| json_row(&INTERIM, &row::interim(&name(at), it)));
    let interim = interim.collect::<Result<_, _>>()?;
    Ok(json::Followed { sequence, asked, lives, recovered, interim, nearest })
}
