//! A VHD on a disk of a few bytes, read from end to end.
#![no_main]

use std::sync::Arc;

use diskprint_formats::ReadAt;
use diskprint_formats::vhd::{Disk, Header};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let file: Arc<dyn ReadAt> = Arc::new(bytes.to_vec());
    let Ok(Some(header)) = Header::read(&file) else { return };
    if let Ok(disk) = Disk::open(&file, &header, Some(diskprint_fuzz::below())) {
        diskprint_fuzz::visit_disk(&disk);
    }
});
