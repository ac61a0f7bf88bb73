//! File systems that are known by what is behind the first 8 KiB.

use std::io;

use super::FileSystem;
use crate::bytes::window;
use crate::{ReadAt, ReadAtExt};

/// Where the volume descriptors of ISO 9660 and UDF begin, and how long each is.
// Source: ECMA-119, 6.2.1 and ECMA-167, 2/8.
pub(crate) const DESCRIPTORS: u64 = 0x8000;
const DESCRIPTOR: usize = 2048;
/// More of them are not looked at.
const MOST_DESCRIPTORS: usize = 32;

/// Where a magic number is, and whose.
const MAGICS: [(u64, &[u8], FileSystem); 8] = [
    // Source: ECMA-119, 8.1.
    (DESCRIPTORS + 1, b"CD001", FileSystem::Iso9660),
    // Source: Linux, Documentation of btrfs, "On-disk format", superblock at 64 KiB.
    (0x1_0040, b"_BHRfS_M", FileSystem::Btrfs),
    // Source: FreeBSD, sys/ufs/ffs/fs.h: SBLOCK_UFS1 and SBLOCK_UFS2, of which
    // NetBSD's makefs takes the first for both; fs_magic ends struct fs, at
    // 1372; either byte order.
    (8192 + 1372, &[0x54, 0x19, 0x01, 0x00], FileSystem::Ufs1),
    (8192 + 1372, &[0x00, 0x01, 0x19, 0x54], FileSystem::Ufs1),
    (8192 + 1372, &[0x19, 0x01, 0x54, 0x19], FileSystem::Ufs2),
    (8192 + 1372, &[0x19, 0x54, 0x01, 0x19], FileSystem::Ufs2),
    (65_536 + 1372, &[0x19, 0x01, 0x54, 0x19], FileSystem::Ufs2),
    (65_536 + 1372, &[0x19, 0x54, 0x01, 0x19], FileSystem::Ufs2),
];

pub(super) fn recognise(volume: &dyn ReadAt) -> io::Result<Option<FileSystem>> {
    // Of volumes that are both, ISO 9660 may say no more than that they are UDF.
    if is_udf(volume)? {
        return Ok(Some(FileSystem::Udf));
    }
    for (offset, magic, found) in MAGICS {
        if volume.read_vec_at(offset, magic.len())? == magic {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

/// Whether the sequence of descriptors says so, in which those of ISO 9660 may be as well.
// Source: ECMA-167, 2/8.3, 2/9.2 and 3/9.1: an extended area begins, and in it is an NSR descriptor. A
// descriptor takes a sector, of 2048 bytes at least.
fn is_udf(volume: &dyn ReadAt) -> io::Result<bool> {
    let sectors = volume.read_vec_at(DESCRIPTORS, MOST_DESCRIPTORS * DESCRIPTOR)?;
    for step in [DESCRIPTOR, 2 * DESCRIPTOR] {
        let names = (0..MOST_DESCRIPTORS).map(|index| window(&sectors, index * step + 1, 5));
        let known = names.map_while(|name| {
            let known: [&[u8]; 7] =
                [b"CD001", b"BEA01", b"NSR02", b"NSR03", b"TEA01", b"BOOT2", b"CDW02"];
            name.filter(|name| known.contains(name))
        });
        let mut inside = known.skip_while(|name| *name != b"BEA01");
        if inside.any(|name| name.starts_with(b"NSR")) {
            return Ok(true);
        }
    }
    Ok(false)
}
