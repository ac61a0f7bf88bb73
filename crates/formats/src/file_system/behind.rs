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
const MAGICS: [(u64, &[u8], FileSystem); 19] = [
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
    // Source: Linux, fs/squashfs/squashfs_fs.h, fs/erofs/erofs_fs.h, include/linux/f2fs_fs.h.
    (0, b"hsqs", FileSystem::SquashFs),
    (1024, &[0xE2, 0xE1, 0xF5, 0xE0], FileSystem::Erofs),
    (1024, &[0x10, 0x20, 0xF5, 0xF2], FileSystem::F2fs),
    // Source: Linux, fs/jfs/jfs_superblock.h, and fs/reiserfs/reiserfs.h up to 6.12.
    (0x8000, b"JFS1", FileSystem::Jfs),
    (0x1_0034, b"ReIsErFs", FileSystem::ReiserFs),
    (0x1_0034, b"ReIsEr2Fs", FileSystem::ReiserFs),
    // Source: Linux, include/uapi/linux/raid/md_p.h: versions 1.1 and 1.2 of the superblock; one of
    // version 1.0 or 0.90 is at the end, and the volume at the start can be read.
    (0, &[0xFC, 0x4E, 0x2B, 0xA9, 1, 0, 0, 0], FileSystem::LinuxRaid),
    (4096, &[0xFC, 0x4E, 0x2B, 0xA9, 1, 0, 0, 0], FileSystem::LinuxRaid),
    // Source: bcache-tools, bcache.h, bcache_magic behind the checksum, offset, version and identifiers.
    (4096 + 24, &BCACHE, FileSystem::Bcache),
    // Source: libblkid of util-linux, superblocks/vmfs.c: of a volume, and of the file system in it.
    (0x10_0000, &[0x0D, 0xD0, 0x01, 0xC0], FileSystem::Vmfs),
    (0x20_0000, &[0x5E, 0xF1, 0xAB, 0x2F], FileSystem::Vmfs),
];
const BCACHE: [u8; 16] = [
    0xC6, 0x85, 0x73, 0xF6, 0x4E, 0x1A, 0x45, 0xCA, 0x82, 0x65, 0xF5, 0x7F, 0x48, 0xBA, 0x6D, 0x81,
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
    Ok(is_zfs(volume)?.then_some(FileSystem::Zfs))
}

/// Whether one of the uberblocks of the first label is there, in either byte order.
// Source: Sun Microsystems, "ZFS On-Disk Specification", 1.2.3 and 1.3: they are 128 KiB behind the
// label's start, each 1 KiB long or as long as a sector.
fn is_zfs(volume: &dyn ReadAt) -> io::Result<bool> {
    const MAGIC: u64 = 0x00BA_B10C;
    let uberblocks = volume.read_vec_at(128 << 10, 128 << 10)?;
    let mut first = uberblocks.chunks(1 << 10).filter_map(|it| it.first_chunk());
    Ok(first.any(|it| u64::from_le_bytes(*it) == MAGIC || u64::from_be_bytes(*it) == MAGIC))
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
