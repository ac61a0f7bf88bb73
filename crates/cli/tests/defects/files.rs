//! What is told of files: defect 10, and the half of 13 that is about listing them.

use std::fs;

use diskprint_testkit::ntfs::{File, ROOT};

use crate::sequence::{Sequence, disk, line};
use crate::support;

/// Defect 10: alternate data streams were not listed, and the byte runs of resident files led to
/// the start of the partition.
#[test]
fn streams_have_rows_and_resident_files_lead_to_their_bytes() {
    const RESIDENT: &[u8] = b"resident bytes of the file";
    let state = |mark: &[u8]| {
        disk(|volume| {
            let file = File::new(ROOT, "download.exe").data("", RESIDENT);
            volume.add(&file.data("Zone.Identifier", mark));
        })
    };
    let disks = [state(b"[ZoneTransfer] 3"), state(b"[ZoneTransfer] 0")];
    let sequence = Sequence::of(&disks);
    sequence.run(0, &["--quiet"]);
    let mut rows = sequence.rows();
    rows.retain(|row| row["path"] != "$MFT");
    let rows: Vec<String> =
        rows.iter().map(|row| line(row, "action path stream changes")).collect();
    assert_eq!(rows, ["altered download.exe Zone.Identifier modified"]);

    let listing = fs::read_to_string(sequence.outputs(1).join("files/fiout.dfxml")).unwrap();
    let object = listing.split("<fileobject>").find(|it| it.contains(">download.exe<")).unwrap();
    let run = object.split("<byte_run ").nth(1).unwrap().split('>').next().unwrap();
    let field = |name: &str| -> usize {
        run.split_once(&format!(" {name}='"))
            .unwrap()
            .1
            .split('\'')
            .next()
            .unwrap()
            .parse()
            .unwrap()
    };
    let (start, len) = (field("img_offset"), field("len"));
    assert_eq!(&disks[1][start..start + len], RESIDENT, "{run}");
    assert!(listing.contains(">download.exe:Zone.Identifier<"), "{listing}");
}

/// Defect 13: that the lister of files failed was not seen.
#[test]
fn a_listing_that_lacks_something_is_no_success() {
    let sound = disk(|volume| {
        volume.add(&File::new(ROOT, "lost.txt").data("", b"x"));
        volume.add(&File::new(ROOT, "kept.txt").data("", b"x"));
    });
    let sequence = Sequence::of(&[sound.clone(), torn(sound, "lost.txt")]);
    let told = sequence.run(2, &[]);
    assert!(told.contains("Faults, 10 → 20:") && told.contains("inode 24"), "{told}");
    let status = fs::read_to_string(sequence.outputs(1).join("files.status.log")).unwrap();
    assert_eq!(status, "Started.\n2\n");
    let stored = "SELECT count(*) > 0 FROM diskprint_fault WHERE place LIKE '%inode 24%'";
    assert_eq!(sequence.sql(stored), ["1"]);
    // The file is not said to be deleted.
    assert!(!sequence.rows().iter().any(|row| row["path"] == "lost.txt"));
    let again = support::json(&sequence.outputs(1).join("files/manifest.json"));
    assert!(again["faults"].as_u64() > Some(0), "{again}");
}

/// The disk with the metadata record of the file torn: its second sector is of another write.
fn torn(mut disk: Vec<u8>, name: &str) -> Vec<u8> {
    let name: Vec<u8> = name.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let record = (0..disk.len() / 512)
        .map(|sector| sector * 512)
        .find(|at| {
            let sector = &disk[*at..at + 512];
            sector.starts_with(b"FILE") && sector.windows(name.len()).any(|it| it == name)
        })
        .unwrap();
    disk[record + 1022] ^= 0xFF;
    disk
}
