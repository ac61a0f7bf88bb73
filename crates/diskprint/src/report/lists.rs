//! What stands in the page as lists in plain text: what stayed behind, and what could not be read.

use std::io::{self, Write};

use super::doubt::{Doubt, Touched};
use super::life::{self, Behind};
use super::page::text;
use super::verdict::grouped;
use super::{Report, ReportSlice};

/// How many items of a list stand in the page.
pub(super) const MOST_LISTED: usize = 500;

pub(super) fn stayed(report: &Report, behind: &Behind, out: &mut impl Write) -> io::Result<()> {
    out.write_all(
        b"<section aria-labelledby=\"behind-title\">\n<h2 id=\"behind-title\">What stayed behind</h2>\n",
    )?;
    let paths = life::paths(&report.slices, behind);
    if paths.is_empty() {
        out.write_all(
            b"<p>Nothing that one of the steps created was still there after a later one.</p>\n",
        )?;
    } else {
        out.write_all(b"<p>Created by a step and not removed by any after it. ")?;
        out.write_all(
            b"<button id=\"behind-show\" type=\"button\">Show them above</button></p>\n",
        )?;
        let count = grouped(paths.len());
        writeln!(out, "<details><summary>{count} in a list</summary><ul class=\"faults\">")?;
        for path in paths.iter().take(MOST_LISTED) {
            writeln!(out, "<li class=\"path\">{}</li>", text(path))?;
        }
        more(out, paths.len(), "<code>diskprint export</code> has")?;
        out.write_all(b"</ul></details>\n")?;
    }
    out.write_all(b"</section>\n")
}

/// Says how much of a list is left out, and what has it.
pub(super) fn more(out: &mut impl Write, all: usize, has: &str) -> io::Result<()> {
    match all.saturating_sub(MOST_LISTED) {
        0 => Ok(()),
        more => writeln!(out, "<li>… and {} more, which {has}</li>", grouped(more)),
    }
}

/// The faults of each slice, with what they touch.
pub(super) fn faults_of(
    slices: &[ReportSlice],
    doubt: &Doubt,
    out: &mut impl Write,
) -> io::Result<()> {
    out.write_all(
        b"<section aria-labelledby=\"doubt-title\">\n<h2 id=\"doubt-title\">Doubt</h2>\n",
    )?;
    let all: usize = slices.iter().map(|slice| slice.faults.len()).sum();
    if all == 0 {
        out.write_all(b"<p>Everything could be read, and everything compared.</p>\n")?;
    } else {
        writeln!(
            out,
            "<p>{} faults: what could not be read in one of the states, or not compared. A change \
             there may be missing above; none was made up.</p>",
            grouped(all),
        )?;
        let of_slices = slices.iter().zip(&doubt.faults).enumerate();
        for (step, (slice, touched)) in of_slices.filter(|(_, (slice, _))| !slice.faults.is_empty())
        {
            faults_of_slice(step, slice, touched, out)?;
        }
    }
    out.write_all(b"</section>\n")
}

fn faults_of_slice(
    step: usize,
    slice: &ReportSlice,
    touched: &[Touched],
    out: &mut impl Write,
) -> io::Result<()> {
    let count = match slice.faults.len() {
        1 => "1 fault".to_owned(),
        count => format!("{} faults", grouped(count)),
    };
    let id = text(&slice.id);
    writeln!(
        out,
        "<details id=\"doubt-{step}\"><summary>{count} of slice {id}</summary><ul class=\"faults\">"
    )?;
    for (fault, touched) in slice.faults.iter().zip(touched).take(MOST_LISTED) {
        let (said, button) = said(step, touched);
        let fault = text(&fault.to_string());
        writeln!(
            out,
            "<li class=\"fault\">{fault} <span class=\"soft\">(touches {said})</span>{button}</li>"
        )?;
    }
    more(out, slice.faults.len(), "the table <code>diskprint_fault</code> of the database has")?;
    out.write_all(b"</ul></details>\n")
}

/// What a fault touches, in words, and a button that shows it.
fn said(step: usize, touched: &Touched) -> (String, String) {
    let button = |shows: &str, them: &str| {
        format!(" <button type=\"button\" class=\"touched\" {shows}>Show {them}</button>")
    };
    match touched {
        Touched::Slice => {
            ("the whole slice".to_owned(), button(&format!("data-step=\"{step}\""), "its changes"))
        }
        Touched::Places(_, 0) => ("no change".to_owned(), String::new()),
        Touched::Places(places, changes) => {
            let numbers: Vec<String> = places.iter().map(usize::to_string).collect();
            let shows = format!("data-places=\"{}\"", numbers.join(" "));
            match changes {
                1 => ("1 change".to_owned(), button(&shows, "it")),
                _ => (format!("{} changes", grouped(*changes)), button(&shows, "them")),
            }
        }
    }
}
