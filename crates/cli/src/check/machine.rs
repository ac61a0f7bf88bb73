use std::thread;

use indicatif::HumanBytes;

use super::Finding;
use crate::memory;

/// Memory that a run takes for each file of a slice, in bytes, and what it takes beside them: for
/// hives, and for what is read at a time.
// Measured: 948 MB at the peak with 2,000,000 files (bench/runs/2026-11-25-paths), 167 MB with 116,000
// (bench/runs/2026-11-25-e2e).
const BYTES_PER_FILE: u64 = 450;
const BESIDE_FILES: u64 = 128 << 20;
/// Below this a slice of a Windows in use, of 300,000 files and more, may not fit; in bytes.
const LITTLE: u64 = 512 << 20;

/// Cores and memory.
pub(super) fn check() -> Vec<Finding> {
    vec![cores(), memory()]
}

fn cores() -> Finding {
    match thread::available_parallelism() {
        Ok(count) => Finding::ok("cores", format!("{count} for this process")),
        Err(error) => Finding::warning(
            "cores",
            format!("their number is not known: {error}"),
            "name a number with --threads",
        ),
    }
}

fn memory() -> Finding {
    let Some(free) = memory::free() else {
        let mend = "see that there are some GiB";
        return Finding::warning("memory", "this system does not say how much there is", mend);
    };
    let (memory, found) = match memory::limit() {
        Some(limit) if limit < free => {
            let limited = format!("{}, the limit of the control group", HumanBytes(limit));
            (limit, limited)
        }
        _ => (free, format!("{} available", HumanBytes(free))),
    };
    if memory >= LITTLE {
        return Finding::ok("memory", found);
    }
    let files = memory.saturating_sub(BESIDE_FILES) / BYTES_PER_FILE / 1000 * 1000;
    let mend = format!(
        "end other programs or raise the limit, unless no slice has more than about {files} files"
    );
    Finding::warning("memory", found, mend)
}
