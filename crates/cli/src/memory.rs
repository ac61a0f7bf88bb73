//! How much memory there is, and how much was used. Both are known on Linux only.

use std::fs;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use serde::Deserialize;

/// An amount of memory as people write it: `512MiB`, `2GB`, or a number of bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Size(pub u64);

impl FromStr for Size {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let (number, unit) = text.split_at(digits);
        let factor: u64 = match unit.trim().to_ascii_lowercase().as_str() {
            "" | "b" => 1,
            "kb" => 1_000,
            "mb" => 1_000_000,
            "gb" => 1_000_000_000,
            "k" | "kib" => 1 << 10,
            "m" | "mib" => 1 << 20,
            "g" | "gib" => 1 << 30,
            _ => return Err(format!("{unit:?} is no unit: one of KiB, MiB, GiB, KB, MB, GB")),
        };
        let number: u64 =
            number.parse().map_err(|_| "a number and a unit, as 512MiB".to_owned())?;
        number.checked_mul(factor).map(Self).ok_or_else(|| "more than there can be".to_owned())
    }
}

impl TryFrom<String> for Size {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

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
    fn amounts_are_read_with_their_units() {
        let sizes =
            [("1024", 1024), ("512MiB", 512 << 20), ("2g", 2 << 30), ("3 GB", 3_000_000_000)];
        for (text, bytes) in sizes {
            assert_eq!(text.parse(), Ok(Size(bytes)), "{text}");
        }
        for wrong in ["", "MiB", "-1", "1.5GiB", "3 TB", "99999999999GiB"] {
            assert!(wrong.parse::<Size>().is_err(), "{wrong}");
        }
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
