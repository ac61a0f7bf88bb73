//! A VMDK whose extents are all the same few bytes, read from end to end.
#![no_main]

use std::sync::Arc;

use diskprint_formats::ReadAt;
use diskprint_formats::vmdk::{Descriptor, Disk};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let file: Arc<dyn ReadAt> = Arc::new(bytes.to_vec());
    let Ok(Some(descriptor)) = Descriptor::read(&file) else { return };
    let below = descriptor.parent_cid.map(|_| diskprint_fuzz::below());
    if let Ok(disk) = Disk::open(&file, &descriptor, below, &mut |_| Ok(Arc::clone(&file))) {
        disk.findings().iter().for_each(|finding| drop(finding.to_string()));
        diskprint_fuzz::visit_disk(&disk);
    }
});
