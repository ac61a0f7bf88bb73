//! File systems that are known by what is behind the first 8 KiB.

use std::io;

use super::FileSystem;
use crate::bytes::window;
use crate::{ReadAt, ReadAtExt};

/// Where the volume descriptors of ISO 9660 and UDF begin, and how long each is.
// Source: ECMA-119, 6.2.1 and ECMA-167, 2/8.
pub(crate) const DESCRIPTORS: u64 = 0x8000;
const DESCRIPTOR: usize = 2048;

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
    for (offset, magic, found) in MAGICS {
        if volume.read_vec_at(offset, magic.len())? == magic {
            return Ok(Some(found));
        }
    }
    Ok(is_udf(volume)?.then_some(FileSystem::Udf))
}

/// Whether a sequence of descriptors says so that is not of ISO 9660, too.
// Source: ECMA-167, 2/9.2 and 3/9.1: an extended area begins, and in it an NSR descriptor.
fn is_udf(volume: &dyn ReadAt) -> io::Result<bool> {
    let sectors = volume.read_vec_at(DESCRIPTORS, 4 * DESCRIPTOR)?;
    let name = |index: usize| window(&sectors, index * DESCRIPTOR + 1, 5).unwrap_or_default();
    let is_nsr = |index| matches!(name(index), b"NSR02" | b"NSR03");
    Ok(name(0) == b"BEA01" && (1..4).any(is_nsr))
}
