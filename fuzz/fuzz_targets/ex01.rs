//! The segments of an Ex01 image: opened, and the start of its disk read.
//!
//! The input is the length of the first segment as a 32-bit number, then one or two segments.
//! Checksums of section descriptors are made right, so that what is mutated is what they guard.
#![no_main]

use std::sync::Arc;

use diskprint_formats::ewf::ex01::Image;
use diskprint_formats::{ReadAt, ReadAtExt};
use diskprint_testkit::ex01::seal_descriptor;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let Some((&len, files)) = input.split_first_chunk() else { return };
    let len = u32::from_le_bytes(len) as usize;
    let (first, second) = files.split_at(len.min(files.len()));
    let mut segments = vec![first.to_vec()];
    if !second.is_empty() {
        segments.push(second.to_vec());
    }
    segments.iter_mut().for_each(|segment| seal(segment));
    let segments = segments.into_iter().map(|it| Arc::new(it) as Arc<dyn ReadAt>).collect();
    let Ok(image) = Image::open(segments) else { return };
    assert!(image.findings().len() <= 16 + input.len() / 16);
    image.findings().iter().for_each(|finding| drop(finding.to_string()));
    let _ = image.read_vec_at(0, 1 << 20);
    let _ = image.read_vec_at(image.len().saturating_sub(5000), 1 << 16);
});

/// Seals the descriptors that can be followed from the last one.
fn seal(segment: &mut [u8]) {
    let Some(mut at) = segment.len().checked_sub(64) else { return };
    loop {
        seal_descriptor(segment, at);
        let Some(previous) = segment.get(at + 8..at + 16).and_then(|it| it.first_chunk()) else {
            return;
        };
        let previous = u64::from_le_bytes(*previous) as usize;
        if previous >= at || previous < 32 {
            return;
        }
        at = previous;
    }
}
