//! What happened between two slices, as a list in plain text.

use std::io::{self, Write};

use super::ReportSlice;
use super::lists::{MOST_LISTED, more};
use super::page::text;
use super::verdict::grouped;
use crate::InterimChange;

/// What journals tell that the slices do not show; nothing where they tell nothing.
pub(super) fn between(slices: &[ReportSlice], out: &mut impl Write) -> io::Result<()> {
    if slices.iter().all(|slice| slice.interim.is_empty()) {
        return Ok(());
    }
    out.write_all(
        b"<section aria-labelledby=\"between-title\">\n\
          <h2 id=\"between-title\">Between the slices</h2>\n\
          <p>Files that were there only between two slices, and names that files had only then, as \
          the journals of their file systems tell. They are not among the changes above.</p>\n",
    )?;
    for (before, slice) in slices.iter().zip(slices.iter().skip(1)) {
        of_slice(before, slice, out)?;
    }
    out.write_all(b"</section>\n")
}

fn of_slice(before: &ReportSlice, slice: &ReportSlice, out: &mut impl Write) -> io::Result<()> {
    let files = || slice.interim.chunk_by(InterimChange::is_of_same_file);
    let count = match files().count() {
        0 => return Ok(()),
        1 => "1 file".to_owned(),
        count => format!("{} files", grouped(count)),
    };
    let (from, to) = (text(&before.id), text(&slice.id));
    writeln!(
        out,
        "<details><summary>{count} between slices {from} and {to}</summary><ul class=\"faults\">"
    )?;
    for changes in files().take(MOST_LISTED) {
        let said: Vec<String> = changes.iter().map(|change| text(&told(change))).collect();
        let source = changes.first().map(source).unwrap_or_default();
        let said = said.join("; ");
        writeln!(out, "<li>{said} <span class=\"soft\">({})</span></li>", text(&source))?;
    }
    more(out, files().count(), "<code>diskprint export</code> has")?;
    out.write_all(b"</ul></details>\n")
}

/// `2020-01-01T00:00:07Z renamed a to b`.
pub fn told(change: &InterimChange) -> String {
    let InterimChange { time, action, path, path_before, .. } = change;
    let when = if time.is_unset() { String::new() } else { format!("{} ", time.seconds_text()) };
    let path = path.to_text();
    match path_before {
        Some(before) => format!("{when}{} {} to {path}", action.name(), before.to_text()),
        None => format!("{when}{} {path}", action.name()),
    }
}

/// `partition 1, inode 61-1, $UsnJrnl from 8192`.
pub fn source(first: &InterimChange) -> String {
    let InterimChange { partition, file, journal, number, .. } = first;
    format!("partition {partition}, inode {file}, {} from {number}", journal.name())
}
