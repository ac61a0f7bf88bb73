//! The first bytes of a file, which every file of an image shows to the reader of hives.
#![no_main]

use diskprint_formats::regf::{BaseBlock, checksum, is_hive};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    is_hive(bytes);
    checksum(bytes);
    if let Some(block) = BaseBlock::read(bytes) {
        assert!(bytes.len() >= 512);
        assert_eq!(block.checksum_valid, block.checksum == checksum(bytes));
        assert!(block.checksum_valid || block.is_dirty());
        block.file_name.to_text();
        block.last_written.to_string();
    }
    diskprint_fuzz::visit_hive(bytes.to_vec());
});
