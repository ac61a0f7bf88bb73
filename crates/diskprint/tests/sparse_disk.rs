//! Volumes of 100 GB with a few files: what is read of them is what is in them.

use std::fs::File;
use std::io;
use std::process::Command;
use std::sync::atomic::{AtomicU64, Ordering};

use diskprint::{FileReader, Partition, list_files};
use diskprint_formats::{Known, ReadAt, file_system};
use diskprint_testkit::need;
use tempfile::TempDir;

/// Counts the bytes that are read.
struct Counting {
    below: FileReader,
    read: AtomicU64,
}

impl ReadAt for Counting {
    fn len(&self) -> u64 {
        self.below.len()
    }

    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        let count = self.below.read_at(buf, offset)?;
        self.read.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }

    fn known_at(&self, offset: u64, len: u64) -> (Known, u64) {
        self.below.known_at(offset, len)
    }
}

const GB: u64 = 1_000_000_000;

/// The most that may be read of a volume of 100 GB to list its files. Its maps of clusters in use
/// have 3 MB in NTFS, in FAT32 12 MB.
const MOST: u64 = 32 << 20;

#[test]
fn of_a_large_empty_volume_little_is_read() {
    for (program, args) in [
        ("mkntfs", &["-F", "-Q", "-q"][..]),
        ("mkfs.fat", &["-F", "32"]),
        ("mke2fs", &["-q", "-t", "ext4", "-E", "lazy_itable_init=1,lazy_journal_init=1"]),
    ] {
        let Some(path) = need::program(program) else { return };
        let folder = TempDir::new().unwrap();
        let image = folder.path().join("disk.raw");
        File::create(&image).unwrap().set_len(100 * GB).unwrap();
        let output = Command::new(path).args(args).arg(&image).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        let volume = Counting { below: FileReader::open(&image).unwrap(), read: 0.into() };
        let found = file_system::recognise(&volume).unwrap().unwrap();
        let len = volume.len();
        let partition =
            Partition { number: 1, len, file_system: Some(found.name()), ..Partition::default() };
        let (_, faults) = list_files(&volume, &partition).unwrap();
        assert_eq!(faults, []);
        let read = volume.read.load(Ordering::Relaxed);
        assert!(read < MOST, "{program} {args:?}: {read} bytes");
        println!("{program} {args:?}: {read} bytes");
    }
}
