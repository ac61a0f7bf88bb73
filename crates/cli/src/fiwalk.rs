//! Which program lists file systems that have no reader here.

use std::env;
use std::path::{Path, PathBuf};

use diskprint::Fiwalk;

/// Names another program, or none where it is empty.
const VARIABLE: &str = "DISKPRINT_FIWALK";

/// The program that `DISKPRINT_FIWALK` names, or `fiwalk` in `PATH`, with its copies in `scratch`;
/// `None` where there is none, or the variable is empty.
pub fn find(scratch: &Path) -> Option<Fiwalk> {
    let program = match env::var_os(VARIABLE) {
        Some(name) => Some(PathBuf::from(name)).filter(|name| !name.as_os_str().is_empty()),
        None => in_path("fiwalk"),
    };
    Some(Fiwalk::new(program?, scratch))
}

fn in_path(name: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    // A program in the working directory may be evidence.
    let folders = env::split_paths(&path).filter(|folder| folder.is_absolute());
    folders.map(|folder| folder.join(name)).find(|program| program.is_file())
}
