use std::fs::File;
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use diskprint_formats::{Known, ReadAt, ReadAtExt};
use tempfile::TempDir;

/// Where the volume begins in the copy, in bytes; as many follow it.
pub(super) const START: u64 = 1 << 20;
/// How much is read at once, and left out where it is all zeros, in bytes.
const BLOCK: u64 = 64 << 10;
const SECTOR: u64 = 512;

/// A copy of a volume as the one partition of a disk, for a program that opens files; it goes when
/// this is dropped.
///
/// Its start and its end are ours, so that no program takes what is in the volume for a disk of
/// another format, which could name any file of the host as the one that it stands on.
pub(super) struct Copy {
    folder: TempDir,
    /// How many bytes of the volume could not be read, and are zeros.
    pub(super) unread: u64,
}

impl Copy {
    /// Copies `volume` into a new folder in `scratch`; zeros take no room.
    pub(super) fn of(volume: &dyn ReadAt, scratch: &Path) -> io::Result<Self> {
        let folder = tempfile::Builder::new().prefix("fiwalk-").tempdir_in(scratch)?;
        let mut copy = Self { folder, unread: 0 };
        let mut file = File::create_new(copy.path())?;
        file.write_all(&boot_record(volume.len()))?;
        let mut offset = 0;
        while offset < volume.len() {
            offset = offset.saturating_add(copy.block(volume, offset, &mut file)?);
        }
        let end = START.checked_add(volume.len()).and_then(|end| end.checked_add(START));
        file.set_len(end.ok_or(io::ErrorKind::FileTooLarge)?)?;
        Ok(copy)
    }

    /// The file.
    pub(super) fn path(&self) -> PathBuf {
        self.folder.path().join("disk.raw")
    }

    /// Copies what is at `offset` and says how much that was, at least one byte.
    fn block(&mut self, volume: &dyn ReadAt, offset: u64, file: &mut File) -> io::Result<u64> {
        let left = volume.len().saturating_sub(offset);
        if let (Known::Zeros, len @ 1..) = volume.known_at(offset, left) {
            return Ok(len);
        }
        let len = left.min(BLOCK);
        match volume.read_vec_at(offset, usize::try_from(len).unwrap_or(0)) {
            Ok(bytes) if bytes.iter().all(|byte| *byte == 0) => {}
            Ok(bytes) => {
                file.seek(SeekFrom::Start(START.saturating_add(offset)))?;
                file.write_all(&bytes)?;
            }
            Err(_) => self.unread = self.unread.saturating_add(len),
        }
        Ok(len)
    }
}

/// The first sector of a disk with one partition.
// Source: UEFI specification 2.10, 5.2.1, "Legacy Master Boot Record".
fn boot_record(volume_len: u64) -> [u8; SECTOR as usize] {
    const HFS: u8 = 0xAF;
    let sectors = |bytes: u64| u32::try_from(bytes.div_ceil(SECTOR)).unwrap_or(u32::MAX);
    let (start, count) = (sectors(START).to_le_bytes(), sectors(volume_len).to_le_bytes());
    let entry = [[0, 0, 2, 0], [HFS, 0xFF, 0xFF, 0xFF], start, count].concat();
    let mut sector = [0; SECTOR as usize];
    for (to, from) in sector.iter_mut().skip(446).zip(entry) {
        *to = from;
    }
    for (to, from) in sector.iter_mut().skip(510).zip([0x55, 0xAA]) {
        *to = from;
    }
    sector
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::MetadataExt;

    use super::*;

    #[test]
    fn a_copy_is_the_volume_without_room_for_zeros_and_goes() {
        let scratch = tempfile::tempdir().unwrap();
        let mut volume = vec![0; 8 << 20];
        volume[5 << 20..][..3].copy_from_slice(b"any");
        volume.extend(b"end");
        let copy = Copy::of(&volume, scratch.path()).unwrap();
        let made = fs::read(copy.path()).unwrap();
        assert_eq!(made.len(), volume.len() + (2 << 20));
        assert!(made[1 << 20..][..volume.len()] == volume, "the volume is there as it is");
        assert!(fs::metadata(copy.path()).unwrap().blocks() * 512 < 1 << 20);
        drop(copy);
        assert_eq!(fs::read_dir(scratch.path()).unwrap().count(), 0);
    }

    #[test]
    fn what_cannot_be_read_is_counted() {
        struct Bad;
        impl ReadAt for Bad {
            fn len(&self) -> u64 {
                3 * BLOCK
            }

            fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
                match offset / BLOCK {
                    1 => Err(io::ErrorKind::InvalidData.into()),
                    _ => {
                        buf.fill(7);
                        Ok(buf.len())
                    }
                }
            }
        }
        let scratch = tempfile::tempdir().unwrap();
        let copy = Copy::of(&Bad, scratch.path()).unwrap();
        assert_eq!(copy.unread, BLOCK);
        let made = fs::read(copy.path()).unwrap();
        assert_eq!(made.iter().filter(|byte| **byte == 7).count() as u64, 2 * BLOCK);
    }
}
