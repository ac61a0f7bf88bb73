//! What is told of partitions without files that can be read.

use std::fs;
use std::io::Write;
use std::process::{Command, Stdio};

use diskprint::{Image, Known, Snapshot};
use diskprint_testkit::need;
use tempfile::TempDir;

const MIB: usize = 1 << 20;

/// A disk that sfdisk divides, as `said`.
fn sfdisk(said: &str) -> Option<Vec<u8>> {
    let sfdisk = need::program("sfdisk")?;
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("disk.raw");
    fs::write(&path, vec![0; 16 * MIB]).unwrap();
    let mut sfdisk =
        Command::new(sfdisk).arg("-q").arg(&path).stdin(Stdio::piped()).spawn().unwrap();
    sfdisk.stdin.take().unwrap().write_all(said.as_bytes()).unwrap();
    assert!(sfdisk.wait().unwrap().success());
    Some(fs::read(path).unwrap())
}

fn faults(disk: &[u8]) -> Vec<String> {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("disk.raw");
    fs::write(&path, disk).unwrap();
    let opened = Image::open(&path, folder.path(), &|_| ()).unwrap();
    let snapshot = Snapshot::read(&opened.image, &Known::new());
    snapshot.faults.iter().map(ToString::to_string).collect()
}

#[test]
fn what_no_file_system_is_in_is_named_as_the_table_names_it() {
    let said = "label: gpt\n\
        size=2048,type=E3C9E316-0B5C-4DB8-817D-F92DF00215AE\n\
        size=2048,type=E75CAF8F-F680-4CEE-AFA3-B001E56EFC2D\n\
        size=2048,type=AF9B60A0-1431-4F62-BC68-3311714A69AD\n\
        size=2048,type=EBD0A0A2-B9E5-4433-87C0-68B6B72699C7\n\
        size=2048,type=0657FD6D-A4AB-43C4-84E5-0933C84B4F4F\n\
        size=2048,type=11111111-2222-3333-4444-555555555555\n";
    let Some(disk) = sfdisk(said) else { return };
    let none = "no file system was recognised";
    let every = "(left out: every file of this partition)";
    let says = |partition: u32, name: &str| {
        format!("p{partition}: {none}; the partition table says: {name} {every}")
    };
    assert_eq!(
        faults(&disk),
        [
            "disk 1 › p3: it is of a Windows dynamic disk, whose database of volumes is not read \
             (left out: every volume but one that begins with the partition)"
                .to_owned(),
            says(2, "Windows storage spaces"),
            says(3, "Windows dynamic disk data"),
            says(4, "Microsoft basic data"),
            format!("p6: {none} {every}"),
        ]
    );
}

#[test]
fn volumes_of_a_dynamic_disk_behind_the_first_are_told_and_swap_is_no_fault() {
    let said = "label: dos\nstart=2048,size=8192,type=42\nsize=8192,type=82\nsize=8192,type=83\n";
    let Some(mut disk) = sfdisk(said) else { return };
    let told = faults(&disk);
    assert_eq!(told.len(), 3, "{told:?}");
    assert!(told[0].contains("p1: it is of a Windows dynamic disk"), "{told:?}");
    assert!(told[1].contains("the partition table says: Windows dynamic disk"), "{told:?}");
    assert!(told[2].contains("p3: no file system was recognised; the partition table says: Linux"));
    // Swap in a partition for files is known as such.
    let third = (2048 + 2 * 8192) * 512;
    disk[third + 4086..third + 4096].copy_from_slice(b"SWAPSPACE2");
    assert_eq!(faults(&disk).len(), 2);
}
