//! Archives: those of the shared test data, and tarballs of machines.

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

/// Returns a `.tar.gz` with these members, in their order.
pub fn tarball(members: &[(&str, &[u8])]) -> Vec<u8> {
    let gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    let mut archive = tar::Builder::new(gzip);
    for (path, bytes) in members {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        archive.append_data(&mut header, path, *bytes).expect("in memory");
    }
    archive.into_inner().expect("in memory").finish().expect("in memory")
}
