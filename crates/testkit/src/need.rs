//! What a test needs from outside: test data and witness programs.
//!
//! A test whose need is absent says so loudly and ends; where `CI=true`, absence is a failure.

use std::env;
use std::path::{Path, PathBuf};

/// Returns the path of `name` in the shared test data, or `None` after saying that the calling
/// test is skipped.
///
/// The data are looked for in `$DISKPRINT_TEST_DATA`, then beside the workspace.
///
/// # Panics
/// When it is absent and `CI=true`.
#[track_caller]
pub fn data(name: &str) -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    let root = env::var_os("DISKPRINT_TEST_DATA").map_or(beside, PathBuf::from);
    let path = root.join(name);
    present(path.exists().then_some(path), name)
}

/// Returns the path of the program `name` on `$PATH`, or `None` after saying that the calling
/// test is skipped.
///
/// # Panics
/// When it is absent and `CI=true`.
#[track_caller]
pub fn program(name: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let found = env::split_paths(&path).map(|folder| folder.join(name)).find(|path| path.is_file());
    present(found, name)
}

/// Returns the path of `name` among what `./test` fetches into `target/tools`, or `None` after
/// saying that the calling test is skipped.
///
/// # Panics
/// When it is absent and `CI=true`.
#[track_caller]
pub fn fetched(name: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/tools").join(name);
    present(path.exists().then_some(path), name)
}

#[track_caller]
pub(crate) fn present<T>(found: Option<T>, name: &str) -> Option<T> {
    if found.is_none() {
        let test = std::panic::Location::caller();
        eprintln!("SKIPPED: {test}: {name} is not here");
        assert!(env::var("CI").as_deref() != Ok("true"), "{name} is not here, and this is CI");
    }
    found
}
