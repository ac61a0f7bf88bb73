//! Members of the shared test data's archives.

use std::fs::File;
use std::io::Read;

use crate::need;

/// Reads all files of a `.tar.xz` in the test data: path and bytes, sorted by path. `None` after
/// saying that the test is skipped.
///
/// # Panics
/// When it is no such archive, or absent and `CI=true`.
#[track_caller]
pub fn members(name: &str) -> Option<Vec<(String, Vec<u8>)>> {
    let file = File::open(need::data(name)?).expect(name);
    let mut archive = tar::Archive::new(liblzma::read::XzDecoder::new(file));
    let mut members = Vec::new();
    for entry in archive.entries().expect(name) {
        let mut entry = entry.expect(name);
        if entry.header().entry_type().is_file() {
            let path = entry.path().expect(name).to_string_lossy().into_owned();
            let mut bytes = Vec::new();
            entry.read_to_end(&mut bytes).expect(name);
            members.push((path.trim_start_matches("./").to_owned(), bytes));
        }
    }
    members.sort();
    Some(members)
}
