//! File systems of a few kilobytes, to be filled up.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::need;

/// Set in the process in which a test runs that [`may_mount`].
const INSIDE: &str = "DISKPRINT_TEST_MAY_MOUNT";

/// Returns `true` in a process whose mounts nobody else sees and end with it. Elsewhere it runs
/// the calling test, whose name is `test`, in such a process, and returns `false` when that passed,
/// or after saying that the test is skipped where the system permits no such process.
///
/// # Panics
/// When the test fails, and when it is not permitted and `CI=true`.
#[track_caller]
pub fn may_mount(test: &str) -> bool {
    if env::var_os(INSIDE).is_some() {
        return true;
    }
    let is_permitted = |options: &&str| {
        let mut trial = Command::new("unshare");
        trial.args([options, "mount", "-t", "tmpfs", "none", "/tmp"]);
        trial.output().is_ok_and(|trial| trial.status.success())
    };
    // As any user, and as root where users may not.
    let options = ["-rm", "-m"].into_iter().find(is_permitted);
    let Some(options) = need::present(options, "the right to mount (unshare -rm)") else {
        return false;
    };
    let status = Command::new("unshare")
        .arg(options)
        .arg(env::current_exe().expect("the test's own program"))
        .args([test, "--exact", "--nocapture"])
        .env(INSIDE, "1")
        .status()
        .expect("unshare");
    assert!(status.success(), "{test}, with mounts of its own: {status}");
    false
}

/// A file system in memory of a size that can grow, for tests that [`may_mount`].
pub struct SmallDisk {
    folder: PathBuf,
}

impl SmallDisk {
    /// Mounts an empty one of `kib` KiB, at least 4, on `folder`.
    ///
    /// # Panics
    /// When that fails.
    pub fn mount(folder: &Path, kib: u32) -> Self {
        let disk = Self { folder: folder.to_owned() };
        disk.run_mount(&size(kib));
        disk
    }

    /// Makes it `kib` KiB large.
    ///
    /// # Panics
    /// When that fails.
    pub fn grow(&self, kib: u32) {
        self.run_mount(&format!("remount,{}", size(kib)));
    }

    /// Mounts it anew or again; with its type, as what it is mounted with already is not repeated
    /// then, which users may not set.
    fn run_mount(&self, options: &str) {
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", options, "none"]).arg(&self.folder);
        let status = mount.status().expect("mount");
        assert!(status.success(), "{mount:?}: {status}");
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // What is left of it ends with the process.
        let _ = Command::new("umount").arg(&self.folder).status();
    }
}

fn size(kib: u32) -> String {
    // 0 would mean that there is no limit.
    format!("size={}k", kib.max(4))
}
