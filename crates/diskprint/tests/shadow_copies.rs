//! Shadow copies of volumes: listed as vshadowinfo lists them, damaged catalogs too.

use std::fs;
use std::process::Command;

use diskprint::{Image, Known, Snapshot, dump};
use diskprint_formats::ntfs::ShadowCopy;
use diskprint_testkit::need;
use diskprint_testkit::ntfs::{Options, Volume};
use tempfile::TempDir;

const COPIES: [([u8; 16], u64, u64); 3] = [
    ([1; 16], 132_223_104_000_000_000, 2 << 20),
    ([2; 16], 132_223_110_000_000_000, 2 << 20),
    ([3; 16], 132_223_120_000_000_000, 2 << 20),
];

/// A volume with the copies, and where their catalog is.
fn volume() -> (Vec<u8>, u64) {
    let mut volume = Volume::new(Options { clusters: 1024, ..Options::default() });
    let catalog = volume.shadow_copies(&COPIES, 2);
    (volume.finish().bytes, catalog)
}

fn read(folder: &TempDir, bytes: &[u8]) -> (Snapshot, String) {
    let path = folder.path().join("disk.raw");
    fs::write(&path, bytes).unwrap();
    let opened = Image::open(&path, folder.path(), &|_| ()).unwrap();
    (Snapshot::read(&opened.image, &Known::new()), dump::image(&opened).to_string())
}

#[test]
fn shadow_copies_are_listed() {
    let folder = TempDir::new().unwrap();
    let (bytes, _) = volume();
    let (snapshot, shown) = read(&folder, &bytes);
    let found = &snapshot.partitions[0].shadow_copies;
    let key = |it: &ShadowCopy| (it.store.0, it.created.0, it.volume_len);
    assert_eq!(found.iter().map(key).collect::<Vec<_>>(), COPIES);
    assert_eq!(snapshot.faults, []);
    let line = "02020202-0202-0202-0202-020202020202, made 2020-01-01T00:10:00";
    assert!(shown.contains(line), "{shown}");

    let Some(program) = need::program("vshadowinfo") else { return };
    let witness = Command::new(program).arg(folder.path().join("disk.raw")).output().unwrap();
    let said = String::from_utf8(witness.stdout).unwrap();
    let lines = |word: &str| -> Vec<String> {
        let lines = said.lines().filter(|line| line.trim_start().starts_with(word));
        lines.map(|line| line.split_once(": ").unwrap().1.to_owned()).collect()
    };
    let stores: Vec<String> = found.iter().map(|it| it.store.to_string().to_lowercase()).collect();
    assert_eq!(lines("Shadow copy ID"), stores, "{said}");
    assert_eq!(
        lines("Creation time"),
        [
            "Jan 01, 2020 00:00:00.000000000 UTC",
            "Jan 01, 2020 00:10:00.000000000 UTC",
            "Jan 01, 2020 00:26:40.000000000 UTC",
        ]
    );
}

#[test]
fn a_damaged_catalog_is_a_fault_and_the_files_are_read() {
    let folder = TempDir::new().unwrap();
    let (sound, catalog) = volume();
    let at = catalog as usize;
    for (place, with, what) in [
        (at, 0, "no catalog is there"),
        (at + 20, 9, "no catalog is there"),
        // The next block is this one.
        (at + 40, 0, "the catalog does not end"),
    ] {
        let mut bytes = sound.clone();
        match what {
            "the catalog does not end" => {
                bytes[place..place + 8].copy_from_slice(&catalog.to_le_bytes());
            }
            _ => bytes[place] = with,
        }
        let (snapshot, _) = read(&folder, &bytes);
        let faults: Vec<String> = snapshot.faults.iter().map(ToString::to_string).collect();
        let expected = format!(
            "p1: catalog of shadow copies at offset {catalog:#x}: {what} \
             (left out: the list of shadow copies)"
        );
        assert_eq!(faults, [expected]);
        assert!(snapshot.files.iter().any(|file| file.path.to_text() == "$MFT"));
    }
}
