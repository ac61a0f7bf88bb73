//! How much memory there is, and how much was used. Both are known on Linux only.

use std::fs;

/// Bytes of memory that programs can still have, as the system and the control group say.
pub fn available() -> Option<u64> {
    let free = kibibytes(&fs::read_to_string("/proc/meminfo").ok()?, "MemAvailable:")?;
    let number = |path: &str| fs::read_to_string(path).ok()?.trim().parse::<u64>().ok();
    let group = number("/sys/fs/cgroup/memory.max")
        .zip(number("/sys/fs/cgroup/memory.current"))
        .map(|(max, current)| max.saturating_sub(current));
    Some(group.map_or(free, |group| group.min(free)))
}

/// The most bytes of memory that this process had at a time.
pub fn peak() -> Option<u64> {
    kibibytes(&fs::read_to_string("/proc/self/status").ok()?, "VmHWM:")
}

/// The number behind a name in lines like `MemAvailable:   24064512 kB`, in bytes.
fn kibibytes(text: &str, name: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    line.split_whitespace().next()?.parse::<u64>().ok()?.checked_mul(1024)
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
}
