//! `diskprint check`: whether a run can work here.

mod database;
mod machine;
mod need;
mod results;
mod slices;

use std::io::{self, Write};

use anyhow::Error;
use serde::Serialize;

use crate::Outcome;
use crate::args::CheckArgs;
use crate::summary::printable;

/// What one check found.
#[derive(Debug, Serialize)]
struct Finding {
    check: &'static str,
    verdict: Verdict,
    found: String,
    /// What to do about it; `None` where nothing is to be done.
    mend: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
enum Verdict {
    Ok,
    Warning,
    Failed,
}

impl Finding {
    fn ok(check: &'static str, found: impl Into<String>) -> Self {
        Self { check, verdict: Verdict::Ok, found: found.into(), mend: None }
    }

    fn warning(check: &'static str, found: impl Into<String>, mend: impl Into<String>) -> Self {
        let (found, mend) = (found.into(), Some(mend.into()));
        Self { check, verdict: Verdict::Warning, found, mend }
    }

    fn failed(check: &'static str, found: impl Into<String>, mend: impl Into<String>) -> Self {
        let (found, mend) = (found.into(), Some(mend.into()));
        Self { check, verdict: Verdict::Failed, found, mend }
    }
}

/// All checks, as `--json` prints them.
#[derive(Serialize)]
struct Report {
    /// The worst of them.
    outcome: Verdict,
    checks: Vec<Finding>,
}

/// Checks what a run needs and prints what it found.
pub fn run(args: &CheckArgs) -> Result<Outcome, Error> {
    let program = format!("diskprint {}", env!("CARGO_PKG_VERSION"));
    let mut checks = vec![Finding::ok("program", program)];
    checks.extend(machine::check());
    let known = database::check(&args.database, args.results.as_deref(), &mut checks);
    let planned = slices::check(&args.tarballs, known, &mut checks);
    if let Some(results) = &args.results {
        checks.extend(results::check(results, need::of(&planned)));
    }
    let outcome = checks.iter().map(|finding| finding.verdict).max().unwrap_or(Verdict::Ok);
    let mut out = io::stdout().lock();
    if args.json {
        serde_json::to_writer_pretty(&mut out, &Report { outcome, checks })?;
        writeln!(out)?;
    } else {
        print(&mut out, &checks)?;
    }
    out.flush()?;
    Ok(if outcome == Verdict::Failed { Outcome::Failed } else { Outcome::Clean })
}

fn print(out: &mut impl Write, checks: &[Finding]) -> io::Result<()> {
    for Finding { check, verdict, found, mend } in checks {
        let verdict = match verdict {
            Verdict::Ok => "ok",
            Verdict::Warning => "warning",
            Verdict::Failed => "failed",
        };
        writeln!(out, "{verdict:<8} {check:<11} {}", printable(found))?;
        if let Some(mend) = mend {
            writeln!(out, "{:21}mend: {}", "", printable(mend))?;
        }
    }
    let count = |wanted| checks.iter().filter(|finding| finding.verdict == wanted).count();
    let (warnings, failed) = (count(Verdict::Warning), count(Verdict::Failed));
    writeln!(out, "\n{} ok, {warnings} warning, {failed} failed", count(Verdict::Ok))
}
