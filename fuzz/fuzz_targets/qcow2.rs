//! A qcow2 on a disk of a few bytes, and each of its snapshots, read from end to end.
#![no_main]

use std::sync::Arc;

use diskprint_formats::ReadAt;
use diskprint_formats::qcow2::{Disk, Header, Snapshot};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let file: Arc<dyn ReadAt> = Arc::new(bytes.to_vec());
    let Ok(Some(header)) = Header::read(&file) else { return };
    let snapshots = Snapshot::list(&file, &header).unwrap_or_default();
    for snapshot in snapshots.iter().map(Some).chain([None]).take(4) {
        if let Ok(disk) = Disk::open(&file, &header, snapshot, Some(diskprint_fuzz::below())) {
            diskprint_fuzz::visit_disk(&disk);
        }
    }
});
