//! An APFS container of a few bytes, whose objects have the checksums that they ought to have, walked
//! from end to end.
#![no_main]

use diskprint_formats::apfs::Volume;
use diskprint_testkit::apfs::{BLOCK, checksum};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let mut bytes = bytes.to_vec();
    // What is no object loses its first bytes to this, which nothing depends on.
    for block in bytes.chunks_exact_mut(BLOCK).filter(|block| block[..8] != [0; 8]) {
        let sum = checksum(block);
        block[..8].copy_from_slice(&sum);
    }
    if let Ok(volume) = Volume::open(bytes.as_slice()) {
        diskprint_fuzz::visit_volume(bytes.as_slice(), &volume);
    }
});
