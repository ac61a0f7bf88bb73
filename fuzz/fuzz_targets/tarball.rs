//! An archive of a few bytes, whatever it is compressed with, and the disks in it.
#![no_main]

use std::fs;

use diskprint::{Image, Known, Snapshot};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("machine.tar");
    fs::write(&path, bytes).expect("a file");
    if let Ok(opened) = Image::open(&path, folder.path(), &|_| {}) {
        Snapshot::read(&opened.image, &Known::new());
    }
});
