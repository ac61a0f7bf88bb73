//! Content as the Windows Overlay Filter packs it: a byte for the algorithm, three for the length
//! once it is inflated, and what is packed.
#![no_main]

use diskprint_formats::ReadAtExt;
use diskprint_formats::ntfs::wof::{Algorithm, Inflated};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let Some((&[number, a, b, c], packed)) = input.split_first_chunk() else { return };
    let words = [1, 2, 1, u32::from(number % 4)].map(u32::to_le_bytes).concat();
    let algorithm = Algorithm::of_reparse_data(&words).expect("one of four");
    let len = u32::from_le_bytes([a, b, c, 0]);
    let inflated = Inflated::new(packed, algorithm, len.into());
    let read = inflated.read_vec_at(0, len as usize);
    assert!(read.is_ok_and(|bytes| bytes.len() <= len as usize) || len > 0);
    let _ = inflated.read_vec_at(u64::from(len / 2), 5000);
});
