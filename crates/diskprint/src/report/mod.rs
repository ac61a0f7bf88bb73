//! What a sequence did, for people: in words and numbers ([`overview`]), by place ([`tree`]), as the
//! life of one file or key ([`follow`]), and all of it as a page ([`write()`]).
//!
//! The page is to be handed over: a file that needs no network and no other file, and opens in any
//! browser. What a reader needs first stands in it as plain text and tables; the changes themselves
//! are packed, and the page's own script shows those that come into view. The same results give the
//! same bytes. Text from evidence is escaped, and written out where it would reorder other text;
//! the page forbids every script and style but its own, by their hashes.

mod between;
mod doubt;
pub mod fact;
pub mod follow;
mod life;
pub mod line;
mod lists;
mod noise;
mod overview;
mod packed;
mod page;
mod place;
mod registered;
pub mod tree;
mod verdict;

use std::io::{self, Write};

pub use between::{source, told};
pub use life::Counts;
pub use line::Line;
pub use noise::{Noise, NoisePlace};
pub use overview::{Overview, SliceOverview, Tally, overview};
pub use page::{PARTS, STYLE};
pub use place::cell_path;
pub use registered::{Item, Registered, registered};

use crate::{CellDelta, Delta, Fault, FileDelta, InterimChange, RecoveredCell};

/// What a report shows.
pub struct Report {
    /// The sequence, `8504-1-7895-1`.
    pub sequence: String,
    /// Its slices in their order; the first has no differences.
    pub slices: Vec<ReportSlice>,
    /// What other sequences change, too.
    pub noise: Noise,
    /// What else stands in the head of the page: a name and a text for each.
    pub notes: Vec<(String, String)>,
    /// How many changes are shown at most; the others are counted.
    pub most_changes: usize,
}

/// A slice, and what differs from the one before.
#[derive(Default)]
pub struct ReportSlice {
    /// Its id.
    pub id: String,
    /// What was done before it was recorded: `Install`, `Open`, `Default`.
    pub slicetype: String,
    /// Where its tarball lies.
    pub tarball: String,
    /// The hash by which that is known.
    pub slicehash: String,
    /// Differences of files and streams.
    pub files: Vec<FileDelta>,
    /// Differences of keys and values.
    pub cells: Vec<CellDelta>,
    /// Keys and values that no list leads to.
    pub recovered: Vec<RecoveredCell>,
    /// What happened to files since the slice before and neither of the two shows.
    pub interim: Vec<InterimChange>,
    /// What could not be read or compared.
    pub faults: Vec<Fault>,
}

impl ReportSlice {
    fn changes(&self) -> usize {
        self.files.len() + self.cells.len() + self.recovered.len()
    }
}

/// How many changes a report has, and how many of them it shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shown {
    /// All of them.
    pub changes: usize,
    /// Those that are in the page.
    pub shown: usize,
}

/// How many differences say new, altered and deleted.
pub fn counts_of<T, C>(deltas: &[Delta<T, C>]) -> [usize; 3] {
    let count = |is: fn(&Delta<T, C>) -> bool| deltas.iter().filter(|delta| is(delta)).count();
    let new = count(|delta| delta.before().is_none());
    let deleted = count(|delta| delta.after().is_none());
    [new, deltas.len() - new - deleted, deleted]
}

/// Writes the page.
///
/// # Errors
/// When `out` fails.
pub fn write(report: &Report, out: &mut impl Write) -> io::Result<Shown> {
    let behind = life::behind(&report.slices);
    let doubt = doubt::doubt(&report.slices);
    let packed = packed::pack(report, &behind, &doubt)?;
    let changes = report.slices.iter().map(ReportSlice::changes).sum();
    let shown = Shown { changes, shown: packed.changes };
    page::write(report, &behind, &doubt, &packed, shown, out)?;
    Ok(shown)
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;
    use diskprint_formats::Name;
    use flate2::read::DeflateDecoder;
    use serde_json::Value;

    use super::*;
    use crate::printable::is_unsafe;
    use crate::{Delta, FileEntry, Place, Step};

    fn report(names: &[Name]) -> Report {
        let slice = |id: &str, names: &[Name]| ReportSlice {
            id: id.to_owned(),
            slicetype: "<b>Install</b>".into(),
            tarball: "<i>'\"&".into(),
            slicehash: "00".into(),
            files: names
                .iter()
                .map(|name| Delta::New(FileEntry { path: name.clone(), ..FileEntry::plain("") }))
                .collect(),
            cells: Vec::new(),
            recovered: Vec::new(),
            interim: Vec::new(),
            faults: names
                .iter()
                .map(|name| Fault::text(Place::from(Step::Path(name.clone())), "what", "it"))
                .collect(),
        };
        Report {
            sequence: "<u>1-1</u>".into(),
            slices: vec![slice("10", &[]), slice("20", names), slice("30", &[])],
            noise: Noise::default(),
            notes: vec![("<a>".into(), "<a>".into())],
            most_changes: 1000,
        }
    }

    fn page(report: &Report) -> (String, Shown) {
        let mut page = Vec::new();
        let shown = write(report, &mut page).unwrap();
        (String::from_utf8(page).unwrap(), shown)
    }

    fn unpacked(page: &str, id: &str) -> Value {
        let start = format!("<script type=\"application/octet-stream\" id=\"{id}\">");
        let packed = page.split(&start).nth(1).unwrap().split("</script>").next().unwrap();
        let packed = STANDARD.decode(packed).unwrap();
        let mut text = String::new();
        DeflateDecoder::new(&packed[..]).read_to_string(&mut text).unwrap();
        serde_json::from_str(&text).unwrap()
    }

    #[test]
    fn nothing_in_a_name_becomes_part_of_the_page_or_reorders_its_text() {
        let names = [
            "</script><script>alert(1)</script>".into(),
            "<img src=x onerror=alert(1)>".into(),
            "\"' onclick=alert(1) &amp; -->".into(),
            "a\u{202e}gnp.exe\u{2028}\0\u{1b}[2J\u{7f}".into(),
            Name::from_utf16([0xD800, 0x41]),
            "long/".repeat(6000).as_str().into(),
        ];
        let (page, shown) = page(&report(&names));
        assert_eq!(shown, Shown { changes: names.len(), shown: names.len() });
        assert!(!page.chars().any(|c| is_unsafe(c) && c != '\n'));
        let evidence = ["<img", "<b>Install", "<i>'", "<u>1-1", "<a>", "\"' onclick"];
        assert!(evidence.iter().all(|part| !page.contains(part)));
        assert_eq!(page.matches("<script").count(), 5, "index, doubt, hashes, one block, ours");
        let index = unpacked(&page, "index");
        assert_eq!(index["path"][0], "</script><script>alert(1)</script>");
        assert_eq!(index["path"][3], "a\\u{202e}gnp.exe\\u{2028}\\u{0}\\u{1b}[2J\\u{7f}");
        assert_eq!(index["path"][4], "\\ud800A");
        assert_eq!(index["stays"], serde_json::json!([1, 1, 1, 1, 1, 1]));
        let block = unpacked(&page, "block0");
        assert_eq!(block.as_array().unwrap().len(), names.len());
        assert_eq!(
            block[0].as_array().unwrap().len(),
            index["file_fields"].as_array().unwrap().len()
        );
    }

    #[test]
    fn a_change_knows_the_faults_that_touch_it_and_a_fault_how_many_it_touches() {
        let mut report = report(&["a/b".into(), "a/c".into(), "d".into()]);
        report.slices[1].faults = ["a", "a/c", "e"]
            .map(|path| Fault::text(Place::from(Step::Path(path.into())), "what", "it"))
            .to_vec();
        report.slices[1].faults.push(Fault::text(Place::from(Step::Slice(20)), "all", ""));
        let page = page(&report).0;
        let index = unpacked(&page, "index");
        assert_eq!(index["doubt"], serde_json::json!([1, 2, 0]));
        assert_eq!(index["doubts"], serde_json::json!([[], [0], [0, 1]]));
        let said = serde_json::json!([1, ["a: what (left out: it)"]]);
        assert_eq!(unpacked(&page, "doubt")[0], said);
        assert!(page.contains("<a href=\"#doubt-1\">4</a>"));
        for said in [
            "a: what (left out: it) <span class=\"soft\">(touches 2 changes)</span>",
            "data-places=\"1\">Show it<",
            "e: what (left out: it) <span class=\"soft\">(touches no change)</span></li>",
            "slice 20: all <span class=\"soft\">(touches the whole slice)</span>",
        ] {
            assert!(page.contains(said), "{said}");
        }
    }

    #[test]
    fn what_other_sequences_change_too_is_counted() {
        let mut report = report(&["a".into(), "b".into()]);
        report.noise = Noise::at_places_of(&report.slices);
        for _ in 0..2 {
            report.noise.begin_sequence();
            report.noise.add_file(&Delta::Deleted(FileEntry::plain("B")));
        }
        let index = unpacked(&page(&report).0, "index");
        assert_eq!((&index["seen"], &index["others"]), (&serde_json::json!([0, 2]), &2.into()));
    }

    #[test]
    fn what_is_too_much_is_counted() {
        let names: Vec<Name> = (0..600).map(|number| Name::from(&*format!("{number}"))).collect();
        let report = Report { most_changes: 300, ..report(&names) };
        let (page, shown) = page(&report);
        assert_eq!(shown, Shown { changes: 600, shown: 300 });
        assert!(page.contains("300 of 600 changes are in this page"));
        for more in ["and 100 more, which <code>diskprint export", "and 100 more, which the table"]
        {
            assert!(page.contains(more), "{more}");
        }
        let blocks = ["block0", "block1"].map(|id| unpacked(&page, id).as_array().unwrap().len());
        assert_eq!(blocks, [256, 44]);
    }
}
