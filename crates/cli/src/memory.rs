//! How much memory there is, and how much was used. Both are known on Linux only.

use std::fs;
use std::path::{Path, PathBuf};

/// Bytes of memory that this program can still have, as the system and the control groups say.
pub fn available() -> Option<u64> {
    let free = free()?;
    Some(limit().map_or(free, |limit| limit.min(free)))
}

/// What programs can take without swapping, in bytes.
// Source: proc(5), "/proc/meminfo".
pub fn free() -> Option<u64> {
    kibibytes(&fs::read_to_string("/proc/meminfo").ok()?, "MemAvailable:")
}

/// The most bytes of memory that this process had at a time.
// Source: proc(5), "/proc/pid/status".
pub fn peak() -> Option<u64> {
    kibibytes(&fs::read_to_string("/proc/self/status").ok()?, "VmHWM:")
}

/// The number behind a name in lines like `MemAvailable:   24064512 kB`, in bytes.
fn kibibytes(text: &str, name: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    line.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok()?.checked_mul(1024)
}

/// The lowest limit of memory of the control groups that this process is in, in bytes.
// Source: cgroups(7); of version 1 the controller's name is in the second field, of version 2 it
// is empty.
pub fn limit() -> Option<u64> {
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
    fn sizes_are_read_by_their_names() {
        let text = "MemFree: 1 kB\nMemAvailable:   24064512 kB\nVmHWM: x kB\n";
        assert_eq!(kibibytes(text, "MemAvailable:"), Some(24_064_512 * 1024));
        assert_eq!(kibibytes(text, "VmHWM:"), None);
        assert_eq!(kibibytes(text, "MemTotal:"), None);
    }

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
