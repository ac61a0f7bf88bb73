use axum::body::Body;
use axum::extract::{RawPathParams, Request, State};
use axum::http::Response;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY};
use diskprint::export::{Format, Writer};
use diskprint::report::{self, Noise, Report};
use diskprint_store::{
    LastRun, SliceRow, Store, noise, report_slices, run_notes, stored_sequence, write_rows,
};
use serde::Deserialize;

use super::Asked;
use crate::answer::{Problem, set};
use crate::connections::Connections;
use crate::download::{File, download};

#[derive(Deserialize)]
struct Exported {
    format: Option<String>,
}

pub(super) async fn export(
    State(connections): State<Connections>,
    parts: RawPathParams,
    request: Request,
) -> Response<Body> {
    let asked = Asked::<Exported>::read(&parts, &request);
    let answer = async {
        let asked = asked?;
        let (format, content_type) = match asked.query.format.as_deref() {
            None | Some("jsonl") => (Format::Jsonl, "application/jsonl"),
            Some("csv") => (Format::Csv, "text/csv; charset=utf-8"),
            Some(other) => {
                return Err(Problem::bad_request(format!("{other:?} is no format: jsonl, csv")));
            }
        };
        let find = move |store: &dyn Store| {
            let (sequence, _) = with_results(store, asked.part(0))?;
            let extension = if format == Format::Csv { "csv" } else { "jsonl" };
            Ok((File { name: file_name(&sequence, extension), content_type }, sequence))
        };
        download(&connections, find, move |store, sequence, out| {
            let mut writer = Writer::new(format, out)?;
            write_rows(store, &sequence, &mut writer)?;
            Ok(writer.finish()?)
        })
        .await
    };
    answer.await.unwrap_or_else(Problem::response)
}

#[derive(Deserialize)]
struct Reported {
    most_changes: Option<usize>,
    /// Whether to look at what other sequences change, too.
    alone: Option<bool>,
    /// Whether to show it instead of saving it.
    inline: Option<bool>,
}

/// How many changes a report carries that is made here, where nobody says.
const MOST_CHANGES: usize = 200_000;

pub(super) async fn report(
    State(connections): State<Connections>,
    parts: RawPathParams,
    request: Request,
) -> Response<Body> {
    let asked = Asked::<Reported>::read(&parts, &request);
    let answer = async {
        let asked = asked?;
        let Reported { most_changes, alone, inline } = asked.query;
        let most_changes = most_changes.unwrap_or(MOST_CHANGES).min(MOST_CHANGES);
        let find = move |store: &dyn Store| {
            let found = with_results(store, asked.part(0))?;
            let content_type = "text/html; charset=utf-8";
            Ok((File { name: file_name(&found.0, "html"), content_type }, found))
        };
        let made = download(&connections, find, move |store, (sequence, run), out| {
            let slices = report_slices(store, &sequence)?;
            let noise = match sequence.last() {
                Some(last) if !alone.unwrap_or(false) => noise(store, &last.id, &slices)?,
                _ => Noise::default(),
            };
            let name = sequence.last().map(|last| last.id.sequence()).unwrap_or_default();
            let version = env!("CARGO_PKG_VERSION");
            let notes = run_notes(&run, version);
            let report = Report { sequence: name, slices, noise, notes, most_changes };
            let mut out = out;
            report::write(&report, &mut out)?;
            Ok(())
        });
        let mut made = made.await?;
        // The page brings a policy of its own, which allows its script by its hash.
        set(&mut made, CONTENT_SECURITY_POLICY, "frame-ancestors 'none'");
        if inline.unwrap_or(false) {
            set(&mut made, CONTENT_DISPOSITION, "inline");
        }
        Ok(made)
    };
    answer.await.unwrap_or_else(Problem::response)
}

fn with_results(store: &dyn Store, name: &str) -> Result<(Vec<SliceRow>, LastRun), Problem> {
    let sequence = stored_sequence(store, name)?;
    let run = match sequence.last() {
        Some(last) => store.last_run(&last.id)?,
        None => None,
    };
    let run = run.ok_or_else(|| Problem::not_found(format!("no results of {name} are stored")))?;
    Ok((sequence, run))
}

/// The name of a file, of letters that no system minds.
fn file_name(sequence: &[SliceRow], extension: &str) -> String {
    let name = sequence.last().map(|last| last.id.to_string()).unwrap_or_default();
    let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '-';
    let name: String = name.chars().map(|c| if is_plain(c) { c } else { '_' }).collect();
    format!("{name}.{extension}")
}
