//! The partition tables of a disk of a few bytes: what does not lie in it is told.
#![no_main]

use diskprint_formats::partition::{self, Partition};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(layout) = partition::read(&bytes) else { return };
    assert!(layout.partitions.len() <= bytes.len());
    let is_outside = |it: &&Partition| it.start.saturating_add(it.len) > bytes.len() as u64;
    let outside = layout.partitions.iter().filter(is_outside).count();
    assert!(outside <= layout.findings.len());
    layout.findings.iter().for_each(|finding| drop(finding.to_string()));
});
