//! The work journal: who ran what, when, and how it ended.

use std::path::Path;

use diskprint::results;
use diskprint_store::JournalEntry;

use super::plan::Planned;
use super::watch::SequenceWatch;
use super::work::Work;
use crate::summary::{OUTCOME_CLEAN, OUTCOME_FAULTS};
use crate::{VERSION, now};

/// Notes in the work journal how a sequence ended.
pub fn note(work: &Work<'_>, last: &Planned, status: String, watch: &SequenceWatch<'_>) {
    let entry = JournalEntry {
        slice: last.id.clone(),
        time: now(),
        status,
        script: format!("diskprint {VERSION} run"),
        worker: worker(),
        outputdir: outputdir(work.results, &last.tarball),
    };
    if let Err(error) = work.session.with(|store| store.journal(&entry)) {
        watch.watch().warn(&format!("the work journal was not written: {error:#}"));
    }
}

/// The folder of a slice, with its absolute path: who reads the journal later is elsewhere.
fn outputdir(results: &Path, tarball: &Path) -> String {
    let folder = results::folder(results, tarball);
    std::path::absolute(&folder).unwrap_or(folder).display().to_string()
}

/// How a sequence ended that was done.
pub fn outcome(is_clean: bool) -> &'static str {
    if is_clean { OUTCOME_CLEAN } else { OUTCOME_FAULTS }
}

/// Who works: the user, the machine and the process.
fn worker() -> String {
    let user = ["USER", "LOGNAME"].iter().find_map(|name| std::env::var(name).ok());
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let user = user.unwrap_or_else(user_id);
    format!("{user}@{} process {}", host.trim(), std::process::id())
}

/// The number of the user, where the environment does not tell the name.
fn user_id() -> String {
    #[cfg(unix)]
    if let Ok(metadata) = std::fs::metadata("/proc/self") {
        return format!("uid {}", std::os::unix::fs::MetadataExt::uid(&metadata));
    }
    "unknown".to_owned()
}
