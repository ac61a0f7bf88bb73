//! A VHDX on a disk of a few bytes, read from end to end: its checksums are made right, so that
//! what is mutated is what they guard.
//!
//! The input is written over a small sound disk: an offset of four bytes, a length of two, that
//! many bytes, and so on.
#![no_main]

use std::sync::Arc;

use diskprint_formats::ReadAt;
use diskprint_formats::vhdx::{Disk, Header};
use diskprint_testkit::vhdx::{Block, disk, seal};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let own = (0..2048).map(|sector| sector % 3 == 0).collect();
    let blocks = [Block::Partial(vec![1; 1 << 20], own), Block::Absent];
    let mut bytes = disk(&blocks, Some(&[("parent_linkage", "x")]));
    let mut rest = input;
    while let Some((&[a, b, c, d, e, f], behind)) = rest.split_first_chunk() {
        let (at, len) = (u32::from_le_bytes([a, b, c, d]), u16::from_le_bytes([e, f]));
        let (new, behind) = behind.split_at(behind.len().min(len.into()));
        let at = at as usize % bytes.len();
        bytes.iter_mut().skip(at).zip(new).for_each(|(it, new)| *it = *new);
        rest = behind;
    }
    seal(&mut bytes);
    let file: Arc<dyn ReadAt> = Arc::new(bytes);
    let Ok(Some(header)) = Header::read(&file) else { return };
    if let Ok(disk) = Disk::open(&file, &header, Some(diskprint_fuzz::below())) {
        diskprint_fuzz::visit_disk(&disk);
    }
});
