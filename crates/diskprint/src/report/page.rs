//! The page itself: what is said in plain text and tables, and around it what shows the changes.

use std::io::{self, Write};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::between::between;
use super::doubt::Doubt;
use super::life::Behind;
use super::lists::{faults_of, stayed};
use super::packed::Packed;
use super::verdict::{grouped, sentences};
use super::{Report, ReportSlice, Shown};
use crate::printable;
use crate::results::sha256;

/// The style of our pages.
pub const STYLE: &str = include_str!("report.css");
/// What the scripts of our pages are made with; a script of a page follows it.
pub const PARTS: &str = include_str!("parts.js");
const SCRIPT: &str = concat!(include_str!("parts.js"), include_str!("report.js"));

pub(super) fn write(
    report: &Report,
    behind: &Behind,
    doubt: &Doubt,
    packed: &Packed,
    shown: Shown,
    out: &mut impl Write,
) -> io::Result<()> {
    let title = format!("diskprint: {}", report.sequence);
    write!(
        out,
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; \
         style-src '{}'; script-src '{}'; base-uri 'none'; form-action 'none'\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n",
        source_of(STYLE),
        source_of(SCRIPT),
        text(&title),
    )?;
    head(report, behind, shown, out)?;
    out.write_all(CHANGES.as_bytes())?;
    stayed(report, behind, out)?;
    between(&report.slices, out)?;
    faults_of(&report.slices, doubt, out)?;
    out.write_all(b"</main>\n<div id=\"printed\"></div>\n")?;
    packed_block(out, "index", &packed.index)?;
    writeln!(out, "<script>{SCRIPT}</script>")?;
    packed_block(out, "doubt", &packed.doubt)?;
    packed_block(out, "hashes", &packed.hashes)?;
    for (number, block) in packed.blocks.iter().enumerate() {
        packed_block(out, &format!("block{number}"), block)?;
    }
    out.write_all(b"</body>\n</html>\n")
}

/// The hash by which the page allows a style or script.
// Source: Content Security Policy Level 3, "hash-source"
fn source_of(text: &str) -> String {
    format!("sha256-{}", STANDARD.encode(sha256(text.as_bytes())))
}

/// Text for an element or an attribute between quotation marks.
pub(super) fn text(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in printable(text).chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c => escaped.push(c),
        }
    }
    escaped
}

fn packed_block(out: &mut impl Write, id: &str, data: &str) -> io::Result<()> {
    writeln!(out, "<script type=\"application/octet-stream\" id=\"{id}\">{data}</script>")
}

fn head(report: &Report, behind: &Behind, shown: Shown, out: &mut impl Write) -> io::Result<()> {
    out.write_all(
        b"<header>\n<div class=\"actions\"><button id=\"theme\" type=\"button\">Light or dark</button>\
          <button id=\"print\" type=\"button\">Print</button></div>\n",
    )?;
    writeln!(out, "<h1>{}</h1>", text(&report.sequence))?;
    writeln!(out, "<div class=\"verdict\">")?;
    for sentence in sentences(&report.slices, behind) {
        writeln!(out, "<p>{}</p>", text(&sentence))?;
    }
    writeln!(out, "</div>")?;
    if shown.shown < shown.changes {
        writeln!(
            out,
            "<p><strong>{} of {} changes are in this page</strong>, the first ones; \
             <code>diskprint export</code> has all of them. The numbers in the text are those of all.</p>",
            grouped(shown.shown),
            grouped(shown.changes),
        )?;
    }
    out.write_all(b"</header>\n<main>\n<details><summary>What was compared</summary>\n")?;
    out.write_all(b"<table class=\"facts\"><tbody>\n")?;
    for (name, note) in &report.notes {
        writeln!(out, "<tr><th scope=\"row\">{}</th><td>{}</td></tr>", text(name), text(note))?;
    }
    out.write_all(b"</tbody></table>\n")?;
    compared(&report.slices, out)?;
    out.write_all(b"</details>\n")
}

/// Names of the columns that say what a slice is, and of those that count.
const COLUMNS: [&str; 4] = ["slice", "recorded after", "tarball", "its hash"];
const COUNTS: [&str; 4] = ["files", "keys, values", "recovered", "faults"];

fn compared(slices: &[ReportSlice], out: &mut impl Write) -> io::Result<()> {
    out.write_all(b"<table class=\"facts slices\"><thead><tr>")?;
    for name in COLUMNS {
        write!(out, "<th scope=\"col\">{name}</th>")?;
    }
    for name in COUNTS {
        write!(out, "<th scope=\"col\" class=\"number\">{name}</th>")?;
    }
    out.write_all(b"</tr></thead><tbody>\n")?;
    for (step, slice) in slices.iter().enumerate() {
        let ReportSlice { id, slicetype, tarball, slicehash, .. } = slice;
        out.write_all(b"<tr>")?;
        let classes = ["", "", "path", "mono"];
        for ((name, class), said) in
            COLUMNS.iter().zip(classes).zip([id, slicetype, tarball, slicehash])
        {
            write!(out, "<td class=\"{class}\" data-label=\"{name}\">{}</td>", text(said))?;
        }
        let ReportSlice { files, cells, recovered, faults, .. } = slice;
        let faults = match faults.len() {
            0 => "0".to_owned(),
            count => format!("<a href=\"#doubt-{step}\">{}</a>", grouped(count)),
        };
        let counts = [files.len(), cells.len(), recovered.len()].map(grouped);
        for (name, count) in COUNTS.iter().zip(counts.into_iter().chain([faults])) {
            write!(out, "<td class=\"number\" data-label=\"{name}\">{count}</td>")?;
        }
        out.write_all(b"</tr>\n")?;
    }
    out.write_all(b"</tbody></table>\n")
}

/// What shows the changes; the script fills it.
const CHANGES: &str = r#"<noscript><p>The lists and charts of the changes need JavaScript; what stands in text does not.</p></noscript>
<section id="life" aria-labelledby="life-title">
<h2 id="life-title">Slice by slice</h2>
<svg id="steps" role="group" aria-label="Changes of each slice; choose one to see its changes alone"></svg>
<div class="legend"><span><i class="dot dot-new"></i>new</span><span><i class="dot dot-altered"></i>altered</span><span><i class="dot dot-deleted"></i>deleted</span><span><i class="dot dot-recovered"></i>recovered: deleted keys and values found in slack</span></div>
</section>
<section id="where" aria-labelledby="where-title">
<h2 id="where-title">Where</h2>
<div id="where-grid">
<svg id="icicle" role="img" aria-label="Changes by place: wider is more; the list beside it says the same"></svg>
<div id="tree" class="scroll" role="tree" aria-label="Places with changes" tabindex="0"></div>
</div>
</section>
<section id="what" aria-labelledby="what-title">
<h2 id="what-title">What</h2>
<div class="tools">
<input id="query" type="search" aria-label="Search paths, keys and digests" placeholder="Search a path, a key or a digest   ( / )">
<select id="action" aria-label="Action"><option value="">all actions</option><option value="0">new</option><option value="1">altered</option><option value="2">deleted</option><option value="3">recovered</option></select>
<select id="kind" aria-label="Files or registry"><option value="">files and registry</option><option value="files">files</option><option value="registry">registry</option></select>
<select id="artefact" aria-label="Known as"><option value="">known as anything</option></select>
<button id="grouped" type="button" aria-pressed="false">Group by what it is known as</button>
<button id="stays" type="button" aria-pressed="false">What stayed behind</button>
<button id="quiet" type="button" aria-pressed="false" hidden>Hide noise</button>
<button id="doubted" type="button" aria-pressed="false" hidden>In doubt</button>
<button id="clear" type="button">Show all</button>
</div>
<p class="soft" id="count" role="status"></p>
<div id="rows" class="scroll" role="grid" aria-label="Changes" tabindex="0">
<div class="head" role="row">
<span role="columnheader" class="w-step"><button type="button" data-sort="step">slice</button></span>
<span role="columnheader" class="w-action"><button type="button" data-sort="action"><span class="word">action</span></button></span>
<span role="columnheader" class="w-kind"><button type="button" data-sort="kind">kind</button></span>
<span role="columnheader" class="cell grow"><button type="button" data-sort="path">path</button></span>
<span role="columnheader" class="w-changes">changes</span>
<span role="columnheader" class="w-artefact"><button type="button" data-sort="artefact">known as</button></span>
<span role="columnheader" class="w-size"><button type="button" data-sort="size">size</button></span>
</div>
</div>
<div id="detail" role="region" aria-label="The chosen change" tabindex="0" aria-live="polite"><p class="none">Choose a change to see it before and after.</p></div>
</section>
"#;
