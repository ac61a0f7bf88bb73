use std::fs;
use std::path::{Path, PathBuf};
use std::thread;

use indicatif::HumanBytes;

use super::Finding;

/// Memory that a run takes for each file of a slice, in bytes.
// Measured: 126.7 MB at the peak, with two slices of 20,507 files each (bench/runs/2026-11-22).
const BYTES_PER_FILE: u64 = 6200;
/// Below this a slice of a Windows in use, of 300,000 files and more, may not fit; in bytes.
const LITTLE: u64 = 2 << 30;

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
    let Some(available) = available() else {
        let mend = "see that there are some GiB";
        return Finding::warning("memory", "this system does not say how much there is", mend);
    };
    let (memory, found) = match limit() {
        Some(limit) if limit < available => {
            let limited = format!("{}, the limit of the control group", HumanBytes(limit));
            (limit, limited)
        }
        _ => (available, format!("{} available", HumanBytes(available))),
    };
    if memory >= LITTLE {
        return Finding::ok("memory", found);
    }
    let files = memory / BYTES_PER_FILE / 1000 * 1000;
    let mend = format!(
        "end other programs or raise the limit, unless no slice has more than about {files} files"
    );
    Finding::warning("memory", found, mend)
}

/// What programs can take without swapping, in bytes.
// Source: proc(5), "/proc/meminfo".
fn available() -> Option<u64> {
    let text = fs::read_to_string("/proc/meminfo").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let kibibytes: u64 = line.trim().strip_suffix(" kB")?.trim().parse().ok()?;
    kibibytes.checked_mul(1024)
}

/// The lowest limit of memory of the control groups that this process is in, in bytes.
// Source: cgroups(7); of version 1 the controller's name is in the second field, of version 2 it
// is empty.
fn limit() -> Option<u64> {
    let text = fs::read_to_string("/proc/self/cgroup").ok()?;
    let limits = text.lines().filter_map(|line| {
        let (controllers, path) = line.split_once(':')?.1.split_once(':')?;
        let (root, file) = match controllers {
            "" => ("/sys/fs/cgroup", "memory.max"),
            _ if controllers.split(',').any(|name| name == "memory") => {
                ("/sys/fs/cgroup/memory", "memory.limit_in_bytes")
            }
            _ => return None,
        };
        lowest(Path::new(root), path, file)
    });
    limits.min()
}

/// The lowest number in `file` of the folder `path` in `root` and of those above it.
fn lowest(root: &Path, path: &str, file: &str) -> Option<u64> {
    let folder: PathBuf = root.join(path.trim_start_matches('/'));
    let above = folder.ancestors().take_while(|folder| folder.starts_with(root));
    // "max" is no number: there is no limit.
    above.filter_map(|at| fs::read_to_string(at.join(file)).ok()?.trim().parse().ok()).min()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lowest_limit_above_counts() {
        let root = tempfile::tempdir().unwrap();
        let inner = root.path().join("a/b");
        fs::create_dir_all(&inner).unwrap();
        fs::write(inner.join("memory.max"), "max\n").unwrap();
        fs::write(root.path().join("a/memory.max"), "1048576\n").unwrap();
        fs::write(root.path().join("memory.max"), "2097152\n").unwrap();
        assert_eq!(lowest(root.path(), "/a/b", "memory.max"), Some(1 << 20));
        assert_eq!(lowest(root.path(), "/", "memory.max"), Some(2 << 20));
        assert_eq!(lowest(root.path(), "/", "absent"), None);
    }
}
