//! The segments of an E01 image: opened, and every byte of its disk read, forwards and in pieces.
//!
//! The input is a byte of choices, the length of the first segment as a 32-bit number, then one or
//! two segments. Checksums of section descriptors and tables are made right where it is chosen, so
//! that what is mutated is what they guard.
#![no_main]

use std::sync::Arc;

use diskprint_formats::ewf::{Image, adler32};
use diskprint_formats::{ReadAt, ReadAtExt};
use libfuzzer_sys::fuzz_target;

/// Choices: make checksums right, there are two segments.
const SEAL: u8 = 1;
const TWO: u8 = 2;

/// Disks are read so far, in bytes.
const MOST: u64 = 1 << 20;

fuzz_target!(|input: &[u8]| {
    let Some((&[choices, a, b, c, d], files)) = input.split_first_chunk() else { return };
    let len =
        if choices & TWO != 0 { u32::from_le_bytes([a, b, c, d]) as usize } else { usize::MAX };
    let (first, second) = files.split_at(len.min(files.len()));
    let mut segments = vec![first.to_vec()];
    if choices & TWO != 0 {
        segments.push(second.to_vec());
    }
    if choices & SEAL != 0 {
        segments.iter_mut().for_each(|segment| seal(segment));
    }
    let held: u64 = segments.iter().map(|segment| segment.len() as u64).sum();
    let segments = segments.into_iter().map(|it| Arc::new(it) as Arc<dyn ReadAt>).collect();
    let Ok(image) = Image::open(segments) else { return };
    assert!(image.findings().len() as u64 <= 8 + held / 13);
    image.findings().iter().for_each(|finding| drop(finding.to_string()));
    image.case_fields().iter().count();
    image.stored_hashes();
    let mut at = 0;
    while at < image.len().min(MOST) {
        let whole = image.read_vec_at(at, 4096);
        let piece = image.read_vec_at(at + 1, 100);
        if let (Ok(whole), Ok(piece)) = (whole, piece) {
            assert!(!whole.is_empty());
            let len = piece.len().min(whole.len() - 1);
            assert_eq!(whole[1..1 + len], piece[..len]);
        }
        at += 4096;
    }
});

// Source: EWF specification, "Section descriptor", "Table section", "Volume section".
fn seal(segment: &mut [u8]) {
    let mut at = 13;
    while let Some(descriptor) = segment.get_mut(at..at + 76) {
        put(descriptor, 72);
        let next = u64::from_le_bytes(*descriptor[16..].first_chunk().expect("8 bytes"));
        let kind = descriptor[..6].to_vec();
        let data = segment.get_mut(at + 76..).unwrap_or_default();
        match &kind[..] {
            b"volume" | b"disk\0\0" | b"data\0\0" if data.len() >= 1052 => put(data, 1048),
            b"table\0" | b"table2" if data.len() >= 28 => {
                put(data, 20);
                let count = u32::from_le_bytes(*data.first_chunk().expect("4 bytes")) as usize;
                let entries = count.checked_mul(4).filter(|len| *len <= data.len() - 28);
                if let Some(len) = entries {
                    put(&mut data[24..], len);
                }
            }
            _ => {}
        }
        match usize::try_from(next) {
            Ok(next) if next > at && next < segment.len() => at = next,
            _ => break,
        }
    }
}

/// Puts the checksum of what is before `at` there.
fn put(bytes: &mut [u8], at: usize) {
    let sum = adler32(&bytes[..at]);
    bytes[at..at + 4].copy_from_slice(&sum.to_le_bytes());
}
