//! Containers of APFS whose superblock cannot be.

use diskprint_formats::apfs::Volume;
use diskprint_testkit::apfs::{BLOCK, checksum};

#[test]
fn checkpoints_that_no_container_can_have_are_refused() {
    // Blocks of descriptors, and the first of them.
    for (blocks, base) in [(2u32, u64::MAX), (u32::MAX >> 1, 1 << 63), (1 << 20, 1)] {
        let mut container = vec![0; 4 * BLOCK];
        container[32..36].copy_from_slice(b"NXSB");
        container[36..40].copy_from_slice(&(BLOCK as u32).to_le_bytes());
        container[40] = 4;
        container[104..108].copy_from_slice(&blocks.to_le_bytes());
        container[112..120].copy_from_slice(&base.to_le_bytes());
        let sum = checksum(&container[..BLOCK]);
        container[..8].copy_from_slice(&sum);
        let Err(error) = Volume::open(container.as_slice()) else { panic!("{blocks} {base}") };
        assert!(error.to_string().contains("checkpoints"), "{error}");
    }
}
