//! Which file system a volume holds, seen from its content alone.

mod behind;

use std::io;

pub(crate) use behind::DESCRIPTORS as ISO_9660_DESCRIPTORS;

use crate::bytes::{u16_le, u32_le, window};
use crate::{ReadAt, ReadAtExt, exfat, ext, ntfs};

/// A file system, or what stands where one could be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[allow(missing_docs, reason = "each is named as it is called")]
pub enum FileSystem {
    Ntfs,
    ExFat,
    Fat12,
    Fat16,
    Fat32,
    ReFs,
    BitLocker,
    Ext2,
    Ext3,
    Ext4,
    Xfs,
    Btrfs,
    Hfs,
    HfsPlus,
    Apfs,
    Ufs1,
    Ufs2,
    Yaffs2,
    Iso9660,
    Udf,
    Luks,
    Lvm2,
    LinuxSwap,
    Bcache,
    Erofs,
    F2fs,
    Jfs,
    LinuxRaid,
    ReiserFs,
    SquashFs,
    Vmfs,
    Zfs,
}

impl FileSystem {
    /// The name in lower case: `ntfs`, `ext4`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ntfs => "ntfs",
            Self::ExFat => "exfat",
            Self::Fat12 => "fat12",
            Self::Fat16 => "fat16",
            Self::Fat32 => "fat32",
            Self::ReFs => "refs",
            Self::BitLocker => "bitlocker",
            Self::Ext2 => "ext2",
            Self::Ext3 => "ext3",
            Self::Ext4 => "ext4",
            Self::Xfs => "xfs",
            Self::Btrfs => "btrfs",
            Self::Hfs => "hfs",
            Self::HfsPlus => "hfsplus",
            Self::Apfs => "apfs",
            Self::Ufs1 => "ufs1",
            Self::Ufs2 => "ufs2",
            Self::Yaffs2 => "yaffs2",
            Self::Iso9660 => "iso9660",
            Self::Udf => "udf",
            Self::Luks => "luks",
            Self::Lvm2 => "lvm2",
            Self::LinuxSwap => "swap",
            Self::Bcache => "bcache",
            Self::Erofs => "erofs",
            Self::F2fs => "f2fs",
            Self::Jfs => "jfs",
            Self::LinuxRaid => "linux_raid",
            Self::ReiserFs => "reiserfs",
            Self::SquashFs => "squashfs",
            Self::Vmfs => "vmfs",
            Self::Zfs => "zfs",
        }
    }

    /// Whether it is known by a boot sector of its own, where a boot record would be.
    pub(crate) fn has_boot_sector(self) -> bool {
        matches!(
            self,
            Self::Ntfs
                | Self::ExFat
                | Self::Fat12
                | Self::Fat16
                | Self::Fat32
                | Self::ReFs
                | Self::BitLocker
        )
    }
}

/// How much of a volume's start most file systems are known by.
const START: usize = 8192;

/// Says which file system `volume` holds; `None` when it is none that is known.
///
/// # Errors
/// When the volume's start cannot be read.
pub fn recognise(volume: &dyn ReadAt) -> io::Result<Option<FileSystem>> {
    match whole(volume)? {
        None => copied(volume),
        found => Ok(found),
    }
}

/// Says which file system `volume` holds whose boot sector or superblock is whole.
pub(crate) fn whole(volume: &dyn ReadAt) -> io::Result<Option<FileSystem>> {
    let start = volume.read_vec_at(0, START)?;
    match boot_sector(&start).or_else(|| superblock(&start)) {
        None => behind::recognise(volume),
        found => Ok(found),
    }
}

/// Says which file system `volume` holds whose first sector is damaged, known by the copy of that:
/// NTFS by the last sector, FAT32 by sector 6, exFAT by sector 12, ext by the superblock of its second
/// group. Of FAT32 and exFAT, a first sector that ends as one should is no
/// damaged one: a disk that was divided later still has what an older volume left behind it.
// Source: Microsoft, "FAT32 File System Specification" 1.03, BPB_BkBootSec.
pub(crate) fn copied(volume: &dyn ReadAt) -> io::Result<Option<FileSystem>> {
    let start = volume.read_vec_at(0, START)?;
    let has_end = window(&start, 510, 2) == Some(&[0x55, 0xAA]);
    let copy = window(&start, 6 * 512, 512).and_then(boot_sector);
    if copy == Some(FileSystem::Fat32) && !has_end {
        return Ok(copy);
    }
    if exfat::BootSector::backup(volume).is_some() && !has_end {
        return Ok(Some(FileSystem::ExFat));
    }
    if ntfs::BootSector::backup(volume)?.is_some() {
        return Ok(Some(FileSystem::Ntfs));
    }
    let Some(superblock) = ext::backup::find(volume) else { return Ok(None) };
    Ok(ext_kind(&superblock.bytes))
}

/// What is known by the first sector.
fn boot_sector(start: &[u8]) -> Option<FileSystem> {
    let is = |offset, magic: &[u8]| window(start, offset, magic.len()) == Some(magic);
    if is(3, b"NTFS    ") {
        // Source: [MS-NTFS] is not public; "NTFS Documentation" (Russon, Fledel), "$Boot".
        Some(FileSystem::Ntfs)
    } else if is(3, b"EXFAT   ") {
        // Source: Microsoft, "exFAT file system specification", 3.1.2.
        Some(FileSystem::ExFat)
    } else if is(3, b"ReFS\0\0\0\0") {
        // Source: libfsrefs, "Resilient File System (ReFS)", "Volume header".
        Some(FileSystem::ReFs)
    } else if is(3, b"-FVE-FS-") || is(0x1A8, &BITLOCKER_TO_GO) {
        // Source: libbde, "BitLocker Drive Encryption (BDE) format", "Volume header".
        Some(FileSystem::BitLocker)
    } else {
        fat(start)
    }
}

/// GUID 4967D63B-2E29-4AD8-8399-F6A339E3D001, in what else looks like FAT32.
const BITLOCKER_TO_GO: [u8; 16] = [
    0x3B, 0xD6, 0x67, 0x49, 0x29, 0x2E, 0xD8, 0x4A, 0x83, 0x99, 0xF6, 0xA3, 0x39, 0xE3, 0xD0, 0x01,
];

/// Knows FAT by the sense of all its fields, and its kind by the number of clusters.
// Source: Microsoft, "FAT32 File System Specification" 1.03, "Boot Sector and BPB" and "FAT Type
// Determination".
fn fat(start: &[u8]) -> Option<FileSystem> {
    let byte = |offset: usize| start.get(offset).copied();
    let word = |offset| u16_le(start, offset).map(u64::from);
    let long = |offset| u32_le(start, offset).map(u64::from);
    let or_long = |word: u64, long: u64| if word != 0 { word } else { long };
    let (bytes_per_sector, sectors_per_cluster) = (word(11)?, u64::from(byte(13)?));
    let (reserved, fats, media) = (word(14)?, u64::from(byte(16)?), byte(21)?);
    let sensible = matches!((byte(0)?, byte(2)?), (0xEB, 0x90) | (0xE9, _))
        && matches!(bytes_per_sector, 512 | 1024 | 2048 | 4096)
        && sectors_per_cluster.is_power_of_two()
        && reserved > 0
        && matches!(fats, 1 | 2)
        && (media == 0xF0 || media >= 0xF8);
    let root_sectors = word(17)?.checked_mul(32)?.div_ceil(bytes_per_sector.max(1));
    let fat_sectors = or_long(word(22)?, long(36)?);
    let total = or_long(word(19)?, long(32)?);
    let before = fats.checked_mul(fat_sectors)?.checked_add(reserved)?.checked_add(root_sectors)?;
    let clusters = total.checked_sub(before)?.checked_div(sectors_per_cluster)?;
    match clusters {
        _ if !sensible || fat_sectors == 0 => None,
        0..4085 => Some(FileSystem::Fat12),
        4085..65525 => Some(FileSystem::Fat16),
        _ => Some(FileSystem::Fat32),
    }
}

/// What is known by a superblock in the first 8 KiB.
fn superblock(start: &[u8]) -> Option<FileSystem> {
    let is = |offset, magic: &[u8]| window(start, offset, magic.len()) == Some(magic);
    let any = |offset, magics: &[&[u8]]| magics.iter().any(|magic| is(offset, magic));
    // Source: cryptsetup, "LUKS On-Disk Format Specification" 1.2.3 and LUKS2 1.0, magic.
    if is(0, b"LUKS\xBA\xBE") {
        return Some(FileSystem::Luks);
    }
    // Source: "XFS Filesystem Structure", "Superblocks".
    if is(0, b"XFSB") {
        return Some(FileSystem::Xfs);
    }
    // Source: LVM2, lib/label: the label is in one of the first four sectors, its type at 24.
    if [0, 512, 1024, 1536].iter().any(|at| is(*at, b"LABELONE") && is(at + 24, b"LVM2 001")) {
        return Some(FileSystem::Lvm2);
    }
    // Source: Apple, "Apple File System Reference", nx_superblock_t: magic behind an obj_phys_t.
    if is(32, b"NXSB") {
        return Some(FileSystem::Apfs);
    }
    // Source: Apple, Technical Note TN1150, "Volume Header": signature and version 4 or 5.
    if any(1024, &[b"H+\0\x04", b"HX\0\x05"]) {
        return Some(FileSystem::HfsPlus);
    }
    if let Some(found) = hfs(start).or_else(|| yaffs2(start)) {
        return Some(found);
    }
    // Source: Linux, include/linux/swap.h: at the end of the first page of 4 KiB.
    if any(4086, &[b"SWAPSPACE2", b"SWAP-SPACE"]) {
        return Some(FileSystem::LinuxSwap);
    }
    start.get(1024..).and_then(ext_kind)
}

/// HFS, or HFS+ that lies in one: its signature is short, so that the blocks must make sense.
// Source: Apple, "Inside Macintosh: Files", "Master Directory Blocks": drSigWord, drNmAlBlks at 18,
// drAlBlkSiz at 20; Technical Note TN1150, "HFS Wrapper": drEmbedSigWord at 124.
fn hfs(start: &[u8]) -> Option<FileSystem> {
    let block = window(start, 1024, 162)?;
    let word = |at| window(block, at, 2).and_then(|it| it.first_chunk()).copied();
    let size = window(block, 20, 4).and_then(|it| it.first_chunk()).copied();
    let size = u32::from_be_bytes(size?);
    let is_hfs = word(0)? == *b"BD" && word(18)? != [0; 2] && size > 0 && size.is_multiple_of(512);
    let is_wrapper = word(124)? == *b"H+";
    is_hfs.then_some(if is_wrapper { FileSystem::HfsPlus } else { FileSystem::Hfs })
}

/// YAFFS2, which has no magic number: its first chunk is the header of a file or directory in the root
/// directory, whose unused checksum is all ones.
// Source: yaffs2, yaffs_guts.h, struct yaffs_obj_hdr and YAFFS_OBJECTID_ROOT.
fn yaffs2(start: &[u8]) -> Option<FileSystem> {
    let kind = u32_le(start, 0)?;
    let is_header = matches!(kind, 1 | 3) && u32_le(start, 4)? == 1 && u16_le(start, 8)? == 0xFFFF;
    let name = *start.get(10)?;
    (is_header && !matches!(name, 0 | b'/' | 0xFF)).then_some(FileSystem::Yaffs2)
}

/// Tells ext2, ext3 and ext4 apart by the features that the older ones cannot have.
// Source: Linux, Documentation/filesystems/ext4/super.rst.
fn ext_kind(superblock: &[u8]) -> Option<FileSystem> {
    const HAS_JOURNAL: u32 = 0x4;
    /// FILETYPE, RECOVER, JOURNAL_DEV, META_BG.
    const EXT3_INCOMPATIBLE: u32 = 0x2 | 0x4 | 0x8 | 0x10;
    /// SPARSE_SUPER, LARGE_FILE, BTREE_DIR.
    const EXT3_READ_ONLY: u32 = 0x1 | 0x2 | 0x4;
    if u16_le(superblock, 0x38)? != 0xEF53 {
        return None;
    }
    let feature = |offset| u32_le(superblock, offset);
    let (compatible, incompatible, read_only) = (feature(0x5C)?, feature(0x60)?, feature(0x64)?);
    let newer = incompatible & !EXT3_INCOMPATIBLE != 0 || read_only & !EXT3_READ_ONLY != 0;
    Some(match (newer, compatible & HAS_JOURNAL != 0) {
        (true, _) => FileSystem::Ext4,
        (false, true) => FileSystem::Ext3,
        (false, false) => FileSystem::Ext2,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(len: usize, parts: &[(usize, &[u8])]) -> Option<FileSystem> {
        let mut volume = vec![0; len];
        for (at, bytes) in parts {
            volume[*at..][..<[u8]>::len(bytes)].copy_from_slice(bytes);
        }
        recognise(&volume).unwrap()
    }

    #[test]
    fn file_systems_are_known_by_their_content() {
        assert_eq!(with(100, &[]), None);
        assert_eq!(with(512, &[(3, b"NTFS    ")]), Some(FileSystem::Ntfs));
        assert_eq!(with(512, &[(3, b"-FVE-FS-")]), Some(FileSystem::BitLocker));
        assert_eq!(with(4096, &[(0, b"LUKS\xBA\xBE")]), Some(FileSystem::Luks));
        let label = [(512, &b"LABELONE"[..]), (536, b"LVM2 001")];
        assert_eq!(with(4096, &label), Some(FileSystem::Lvm2));
        assert_eq!(with(4096, &label[..1]), None);
        assert_eq!(with(4096, &[(4086, b"SWAPSPACE2")]), Some(FileSystem::LinuxSwap));
        assert_eq!(with(0x9000, &[(0x8001, b"CD001")]), Some(FileSystem::Iso9660));
        let udf = [(0x8001, &b"BEA01"[..]), (0x8801, b"NSR03")];
        assert_eq!(with(0xA000, &udf), Some(FileSystem::Udf));
        assert_eq!(with(0xA000, &udf[..1]), None);
        assert_eq!(with(0x2800, &[(9564, &[0x54, 0x19, 1, 0])]), Some(FileSystem::Ufs1));
        assert_eq!(with(0x1_1000, &[(66_908, &[0x19, 0x54, 1, 0x19])]), Some(FileSystem::Ufs2));
    }

    #[test]
    fn file_systems_of_apple_and_of_flash_are_known() {
        assert_eq!(with(4096, &[(32, b"NXSB")]), Some(FileSystem::Apfs));
        assert_eq!(with(4096, &[(1024, b"H+\0\x04")]), Some(FileSystem::HfsPlus));
        assert_eq!(with(4096, &[(1024, b"HX\0\x05")]), Some(FileSystem::HfsPlus));
        let hfs = [(1024, &b"BD"[..]), (1042, &[0, 9]), (1044, &[0, 0, 2, 0]), (1148, b"H+")];
        assert_eq!(with(4096, &hfs[..3]), Some(FileSystem::Hfs));
        assert_eq!(with(4096, &hfs), Some(FileSystem::HfsPlus));
        assert_eq!(with(4096, &hfs[..1]), None);
        let yaffs2 = [(0, &[3, 0, 0, 0, 1, 0, 0, 0, 0xFF, 0xFF][..]), (10, b"name")];
        assert_eq!(with(4096, &yaffs2), Some(FileSystem::Yaffs2));
        assert_eq!(with(4096, &yaffs2[..1]), None);
    }

    #[test]
    fn what_is_not_read_is_named() {
        let at = |len, offset: usize, magic: &[u8]| with(len, &[(offset, magic)]);
        assert_eq!(at(8192, 0, b"hsqs"), Some(FileSystem::SquashFs));
        assert_eq!(at(8192, 1024, &[0xE2, 0xE1, 0xF5, 0xE0]), Some(FileSystem::Erofs));
        assert_eq!(at(8192, 1024, &[0x10, 0x20, 0xF5, 0xF2]), Some(FileSystem::F2fs));
        assert_eq!(at(0x9000, 0x8000, b"JFS1"), Some(FileSystem::Jfs));
        assert_eq!(at(0x2_0000, 0x1_0034, b"ReIsEr2Fs"), Some(FileSystem::ReiserFs));
        let raid = [0xFC, 0x4E, 0x2B, 0xA9, 1, 0, 0, 0];
        assert_eq!(at(8192, 4096, &raid), Some(FileSystem::LinuxRaid));
        assert_eq!(at(8192, 0, &raid[..4]), None, "another version");
        for slot in [0, 127] {
            let at = at(0x4_0000, 0x2_0000 + slot * 1024, &[0x0C, 0xB1, 0xBA, 0]);
            assert_eq!(at, Some(FileSystem::Zfs));
        }
        assert_eq!(at(0x4_0000, 0x2_0200, &[0x0C, 0xB1, 0xBA, 0]), None);
    }

    #[test]
    fn ext_is_named_by_its_features() {
        let ext = |features: &[(usize, &[u8])]| {
            with(4096, &[&[(1024 + 0x38, &[0x53, 0xEF][..])], features].concat())
        };
        assert_eq!(ext(&[]), Some(FileSystem::Ext2));
        assert_eq!(ext(&[(1024 + 0x5C, &[4])]), Some(FileSystem::Ext3));
        assert_eq!(ext(&[(1024 + 0x60, &[0x42])]), Some(FileSystem::Ext4));
    }
}
