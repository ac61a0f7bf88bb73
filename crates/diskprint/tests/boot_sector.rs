//! NTFS volumes whose boot sector is damaged, read by the copy in their last sector.

use std::fs;
use std::process::Command;

use diskprint::{Image, Known, Snapshot};
use diskprint_testkit::mbr::boot_record;
use diskprint_testkit::need;
use tempfile::TempDir;

const MIB: usize = 1 << 20;

/// A volume that mkntfs made, its files those of the file system itself.
fn volume() -> Option<Vec<u8>> {
    let mkntfs = need::program("mkntfs")?;
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("volume.raw");
    fs::write(&path, vec![0; 8 * MIB]).unwrap();
    let made = Command::new(mkntfs).args(["-F", "-q"]).arg(&path).output().unwrap();
    assert!(made.status.success(), "{made:?}");
    Some(fs::read(path).unwrap())
}

fn read(disk: &[u8]) -> (Vec<String>, Vec<String>) {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("disk.raw");
    fs::write(&path, disk).unwrap();
    let opened = Image::open(&path, folder.path(), &|_| ()).unwrap();
    let snapshot = Snapshot::read(&opened.image, &Known::new());
    let paths = snapshot.files.iter().map(|file| format!("{} {}", file.full_path(), file.size));
    (paths.collect(), snapshot.faults.iter().map(ToString::to_string).collect())
}

const USED: &str = "p1: the boot sector is damaged; its copy in the last sector was used";

#[test]
fn a_volume_is_read_by_the_copy_of_its_boot_sector() {
    let Some(sound) = volume() else { return };
    let (files, faults) = read(&sound);
    assert!(files.len() > 10 && faults.is_empty(), "{faults:?}");
    // All of it, its name, the size of clusters, where the $MFT and its mirror are.
    for damaged in [0..512, 3..4, 13..14, 0x30..0x40] {
        let mut volume = sound.clone();
        volume[damaged.clone()].iter_mut().for_each(|byte| *byte = 0xA5 & !*byte);
        assert_eq!(read(&volume), (files.clone(), vec![USED.to_owned()]), "{damaged:?}");
        // In a partition as well.
        let mut disk = vec![0; MIB];
        let sectors = (volume.len() / 512) as u32;
        disk[..512].copy_from_slice(&boot_record(&[(7, 2048, sectors)]));
        disk.extend(&volume);
        assert_eq!(read(&disk), (files.clone(), vec![USED.to_owned()]), "{damaged:?}");
    }
    let mut gone = sound.clone();
    gone[..512].fill(0);
    gone[8 * MIB - 512..].fill(0);
    assert_eq!(read(&gone).0, [] as [&str; 0]);
}

#[test]
fn a_disk_that_was_divided_since_is_not_what_its_last_sector_says() {
    let Some(mut disk) = volume() else { return };
    disk[..512].copy_from_slice(&boot_record(&[(0x83, 2048, 4096)]));
    let (files, faults) = read(&disk);
    assert_eq!(files, [] as [&str; 0]);
    assert!(faults[0].contains("the partition table says: Linux"), "{faults:?}");
}
