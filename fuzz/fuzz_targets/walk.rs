//! A raw disk of a few bytes, read as a slice is: partitions, files, digests, hives.
#![no_main]

use std::fs;

use diskprint::{Image, Known, Snapshot};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("disk.raw");
    fs::write(&path, bytes).expect("a file");
    if let Ok(opened) = Image::open(&path, folder.path(), &|_| {}) {
        Snapshot::read(&opened.image, &Known::new());
    }
});
