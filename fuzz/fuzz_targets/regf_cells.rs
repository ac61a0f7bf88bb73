//! The hive bins data alone: base block and bin headers are made right around them, so that
//! what is mutated are cells and not what guards them.
#![no_main]

use diskprint_formats::regf::checksum;
use libfuzzer_sys::fuzz_target;

// Source of the layout: regf spec, "Base block" and "Hive bin".
const BLOCK: usize = 4096;

fuzz_target!(|cells: &[u8]| {
    let len = cells.len().max(1).next_multiple_of(BLOCK);
    let mut file = vec![0; BLOCK];
    file.extend(cells);
    file.resize(BLOCK + len, 0);
    let fields = [1, 5, 0, 1, 32, len as u32, 1];
    file[..4].copy_from_slice(b"regf");
    for (index, field) in fields.into_iter().enumerate() {
        put(&mut file, 20 + 4 * index, field);
    }
    // One bin takes all.
    file[BLOCK..BLOCK + 4].copy_from_slice(b"hbin");
    put(&mut file, BLOCK + 4, 0);
    put(&mut file, BLOCK + 8, len as u32);
    let sum = checksum(&file);
    put(&mut file, 508, sum);
    diskprint_fuzz::visit_hive(file);
});

fn put(file: &mut [u8], at: usize, field: u32) {
    file[at..at + 4].copy_from_slice(&field.to_le_bytes());
}
