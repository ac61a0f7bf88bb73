//! Machines made for the test: which disks are chosen, and what archives may hold.

use std::error::Error;
use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::Command;

use diskprint::{Hex, Image, OpenError, Opened, Scratch};
use diskprint_formats::ReadAtExt;
use diskprint_testkit::{mbr, need, vmdk};
use proptest::prelude::*;
use sha2::{Digest, Sha256};
use tempfile::TempDir;

fn open(path: &Path) -> (Result<Opened, OpenError>, TempDir) {
    let scratch = TempDir::new().unwrap();
    (Image::open(path, scratch.path(), &|_| ()), scratch)
}

fn sound(path: &Path) -> (Opened, TempDir) {
    let (opened, scratch) = open(path);
    (opened.unwrap_or_else(|error| panic!("{}", message(&error))), scratch)
}

/// The error with its causes, as a person sees it.
fn message(error: &OpenError) -> String {
    let (mut text, mut cause) = (error.to_string(), error.source());
    while let Some(error) = cause {
        text.push_str(&format!(": {error}"));
        cause = error.source();
    }
    text
}

fn failure(path: &Path) -> String {
    message(&open(path).0.err().expect("an error"))
}

fn texts(opened: &Opened) -> Vec<String> {
    opened.faults.iter().map(ToString::to_string).collect()
}

fn tar(folder: &Path, args: &[&str]) {
    let output = Command::new("tar").args(args).current_dir(folder).output().unwrap();
    assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// A disk of one partition in two flat extents, and the machine's settings.
fn machine(folder: &Path) {
    let mut disk = vec![0; 4 << 20];
    disk[..512].copy_from_slice(&mbr::boot_record(&[(7, 2048, 4096)]));
    disk[(1 << 20) + 3..][..8].copy_from_slice(b"NTFS    ");
    let (first, second) = disk.split_at(3 << 20);
    let extents = ["RW 6144 FLAT \"d-f001.vmdk\" 0", "RW 2048 FLAT \"d-f002.vmdk\" 0"];
    let text = vmdk::descriptor("twoGbMaxExtentFlat", 1, None, &extents);
    fs::write(folder.join("d.vmdk"), text).unwrap();
    fs::write(folder.join("d-f001.vmdk"), first).unwrap();
    fs::write(folder.join("d-f002.vmdk"), second).unwrap();
    fs::write(folder.join("._d.vmdk"), b"decoy").unwrap();
    fs::write(folder.join("m.vmx"), "scsi0:0.fileName = \"d.vmdk\"\n").unwrap();
}

#[test]
fn a_folder_a_descriptor_and_a_raw_disk_are_opened_too() {
    let folder = TempDir::new().unwrap();
    machine(folder.path());
    let parts = ["d-f001.vmdk", "d-f002.vmdk"].map(|name| fs::read(folder.path().join(name)));
    let raw: Vec<u8> = parts.into_iter().flat_map(Result::unwrap).collect();
    let elsewhere = TempDir::new().unwrap();
    // By its content it is a disk, whatever its name says.
    fs::write(elsewhere.path().join("x.tar.gz"), &raw).unwrap();
    for (path, container) in [
        (folder.path().to_owned(), "folder"),
        (folder.path().join("d.vmdk"), "vmdk"),
        (elsewhere.path().join("x.tar.gz"), "raw"),
    ] {
        let (opened, _scratch) = sound(&path);
        assert_eq!(opened.image.container().name(), container);
        assert_eq!(opened.faults, []);
        assert!(opened.image.disks()[0].reader.read_vec_at(0, 8 << 20).unwrap() == raw);
        let (partitions, faults) = opened.image.partitions();
        assert_eq!((partitions.len(), faults.len()), (1, 0));
        assert_eq!(partitions[0].file_system, Some("ntfs"));
        let by_hand = Hex(&Sha256::digest(&raw)).to_string();
        assert_eq!(Hex(&opened.slicehash).to_string() == by_hand, container == "raw");
    }
}

/// A sparse disk of four grains, the second full of `byte`.
fn sparse(cid: u32, parent: Option<(u32, &str)>, byte: u8) -> Vec<u8> {
    let text = vmdk::descriptor("monolithicSparse", cid, parent, &["RW 32 SPARSE \"any.vmdk\""]);
    vmdk::sparse(&text, &[None, Some(byte), None, None])
}

fn second_grains(opened: &Opened) -> Vec<u8> {
    let disks = opened.image.disks().iter();
    disks.map(|disk| disk.reader.read_vec_at(4096, 1).unwrap()[0]).collect()
}

#[test]
fn settings_choose_the_disks_and_their_order() {
    let folder = TempDir::new().unwrap();
    let write = |name: &str, bytes: &[u8]| fs::write(folder.path().join(name), bytes).unwrap();
    for (name, byte) in [("a.vmdk", 1), ("b.vmdk", 2), ("c.vmdk", 3)] {
        write(name, &sparse(byte.into(), None, byte));
    }
    assert_eq!(second_grains(&sound(folder.path()).0), [1, 2, 3], "without settings: all");
    write("m.vmx", b"sata0:1.fileName = \"C:\\old place\\C.vmdk\"\nide0:0.fileName=\"a.vmdk\"\n");
    let (opened, _scratch) = sound(folder.path());
    assert_eq!(second_grains(&opened), [3, 1]);
    let unconnected = "member \"b.vmdk\": the disk is not connected to the machine";
    assert!(texts(&opened)[0].starts_with(unconnected), "{:?}", opened.faults);
    write("m.vmx", b"scsi0:0.fileName = \"gone.vmdk\"\nscsi0:1.fileName = \"b.vmdk\"\n");
    let (opened, _scratch) = sound(folder.path());
    assert_eq!((second_grains(&opened), opened.image.disks()[0].number), (vec![2], 2));
    assert!(texts(&opened)[0].contains("\"gone.vmdk\", which is not there"));
    write("n.vmx", b"scsi0:0.fileName = \"b.vmdk\"\n");
    assert!(failure(folder.path()).contains("two machines"));
}

#[test]
fn snapshots_are_followed_and_their_odd_cases_are_told() {
    let folder = TempDir::new().unwrap();
    let write = |name: &str, bytes: &[u8]| fs::write(folder.path().join(name), bytes).unwrap();
    write("d.vmdk", &sparse(1, None, 1));
    write("d-000001.vmdk", &sparse(2, Some((1, "/other host/d.vmdk")), 2));
    write("d-000002.vmdk", &sparse(3, Some((2, "d-000001.vmdk")), 3));
    let (opened, _scratch) = sound(folder.path());
    assert_eq!((second_grains(&opened), texts(&opened)), (vec![3], vec![]));
    assert_eq!(opened.image.disks()[0].files, ["d-000002.vmdk", "d-000001.vmdk", "d.vmdk"]);
    // A snapshot that is named itself is the current state, but not one after it.
    let (opened, _scratch) = sound(&folder.path().join("d-000001.vmdk"));
    assert_eq!(second_grains(&opened), [2]);
    write("d-000003.vmdk", &sparse(4, Some((1, "d.vmdk")), 4));
    let (opened, _scratch) = sound(folder.path());
    assert_eq!((second_grains(&opened), texts(&opened)), (vec![3, 4], vec![]), "both branches");
    // Settings name one disk, and one of its branches is its current state.
    write("m.vmx", b"scsi0:0.fileName = \"d.vmdk\"\n");
    let (opened, _scratch) = sound(folder.path());
    assert_eq!(second_grains(&opened), [4]);
    assert!(texts(&opened)[0].contains("several snapshots; \"d-000003.vmdk\" was read"));
    fs::remove_file(folder.path().join("d-000003.vmdk")).unwrap();
    fs::remove_file(folder.path().join("m.vmx")).unwrap();
    write("d-000002.vmdk", &sparse(3, Some((9, "d-000001.vmdk")), 3));
    let (opened, _scratch) = sound(folder.path());
    assert!(texts(&opened)[0].contains("parentCID is not its CID"), "{:?}", texts(&opened));
    write("d.vmdk", &sparse(1, Some((3, "d-000002.vmdk")), 1));
    assert!(failure(folder.path()).contains("returns to itself"));
    fs::remove_file(folder.path().join("d.vmdk")).unwrap();
    assert!(failure(folder.path()).contains("names the disk \"/other host/d.vmdk\""));
}

/// Packs the folder with tar(1) and the given options into file `t` of a new folder.
fn pack(folder: &Path, options: &[&str]) -> TempDir {
    let tarball = TempDir::new().unwrap();
    let path = tarball.path().join("t");
    tar(folder, &[options, &["-cf", path.to_str().unwrap(), "."]].concat());
    tarball
}

fn packed(folder: &Path, options: &[&str]) -> (Opened, TempDir) {
    sound(&pack(folder, options).path().join("t"))
}

#[test]
fn archives_of_every_kind_give_the_same_disk() {
    let Some(_) = need::program("tar") else { return };
    let folder = TempDir::new().unwrap();
    let long = folder.path().join("a folder whose name is long enough ".repeat(6));
    fs::create_dir(&long).unwrap();
    machine(&long);
    let mut expected = fs::read(long.join("d-f001.vmdk")).unwrap();
    // Holes between, so many that their map needs more than the header.
    let sparse = fs::File::create(long.join("d-f001.vmdk")).unwrap();
    sparse.set_len(expected.len() as u64).unwrap();
    for at in (0..expected.len()).step_by(64 << 10) {
        expected[at + 600] = 7;
        let data = &expected[at..at + 4096];
        std::os::unix::fs::FileExt::write_all_at(&sparse, data, at as u64).unwrap();
    }
    for options in [
        &["--format=gnu", "-z"][..],
        &["--format=gnu", "-S", "-j"],
        &["--format=pax", "-J"],
        &["--format=pax", "-S"],
        &["--format=pax", "-S", "--sparse-version=0.0"],
        &["--format=pax", "-S", "--sparse-version=0.1"],
    ] {
        let (opened, _scratch) = packed(folder.path(), options);
        assert_eq!(opened.faults, [], "{options:?}");
        let disk = &opened.image.disks()[0];
        assert!(disk.reader.read_vec_at(0, 3 << 20).unwrap() == expected, "{options:?}");
        assert_eq!(disk.reader.len(), 4 << 20);
    }
}

#[test]
fn members_that_lead_outside_are_refused_and_the_rest_is_read() {
    let folder = TempDir::new().unwrap();
    machine(folder.path());
    std::os::unix::fs::symlink("/etc/passwd", folder.path().join("link.vmdk")).unwrap();
    let outside = "--transform=s,^./d-f002.vmdk,../evil.vmdk,";
    let text = failure(&pack(folder.path(), &["-P", outside]).path().join("t"));
    assert!(text.contains("extent \"d-f002.vmdk\""), "{text}");
    let (opened, _scratch) = packed(folder.path(), &[]);
    let refused = ["member \"./link.vmdk\": it is a link (left out: the member)"];
    assert_eq!(texts(&opened), refused);
}

#[test]
fn bytes_behind_the_end_are_reported_and_damage_anywhere_is_an_error() {
    let folder = TempDir::new().unwrap();
    machine(folder.path());
    let tarball = pack(folder.path(), &[]);
    let file = tarball.path().join("t");
    let plain = fs::read(&file).unwrap();
    fs::write(&file, [&plain[..], b"more"].concat()).unwrap();
    assert_eq!(sound(&file).0.faults.len(), 1);
    let gzip = |bytes: &[u8]| {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    };
    let (first, second) = plain.split_at(plain.len() / 2);
    let mut members = [gzip(first), gzip(second)].concat();
    fs::write(&file, &members).unwrap();
    assert_eq!(sound(&file).0.faults, [], "several gzip members are one stream");
    let zstd = zstd::encode_all(&plain[..], 1).unwrap();
    fs::write(&file, &zstd).unwrap();
    assert_eq!(sound(&file).0.image.container().name(), "tar.zst");
    members.extend_from_slice(b"junk");
    for damaged in [
        &members[..],
        &members[..members.len() - 5],
        &plain[..plain.len() / 2],
        &zstd[..zstd.len() - 3],
        &[&zstd[..], b"junk"].concat(),
    ] {
        fs::write(&file, damaged).unwrap();
        println!("{}", failure(&file));
    }
}

#[test]
fn a_tarball_that_takes_too_much_room_is_stopped() {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("d.vmdk"), vec![1; 1 << 20]).unwrap();
    tar(folder.path(), &["-cf", "t.log", "d.vmdk"]);
    let scratch = Scratch { folder: folder.path(), limit: Some(500_000), cache: None };
    let opened = Image::open(&folder.path().join("t.log"), scratch, &|_| ());
    let text = message(&opened.err().expect("an error"));
    assert!(text.contains("more than the 500000 bytes allowed"), "{text}");
}

#[test]
fn progress_ends_at_the_length_of_the_file() {
    let folder = TempDir::new().unwrap();
    machine(folder.path());
    let tarball = pack(folder.path(), &["-z"]);
    let (path, last) = (tarball.path().join("t"), std::cell::Cell::new(0));
    Image::open(&path, folder.path(), &|read| last.set(read)).map(drop).unwrap();
    assert_eq!(last.get(), fs::metadata(&path).unwrap().len());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn damaged_archives_never_panic(
        flips in prop::collection::vec((0usize..26_000, any::<u8>()), 1..8),
        cut in 0usize..40_000,
        format in prop::sample::select(vec!["--format=gnu", "--format=pax"]),
    ) {
        let folder = TempDir::new().unwrap();
        let path = |name: &str| folder.path().join(name);
        fs::write(path("d.vmdk"), sparse(1, None, 1)).unwrap();
        let hole = fs::File::create(path("s.vmdk")).unwrap();
        hole.set_len(1 << 20).unwrap();
        std::os::unix::fs::FileExt::write_all_at(&hole, b"data", 4096).unwrap();
        tar(folder.path(), &["-S", format, "-cf", "t.log", "s.vmdk", "d.vmdk"]);
        let mut bytes = fs::read(path("t.log")).unwrap();
        for (at, mask) in flips {
            let at = at % bytes.len();
            bytes[at] ^= mask;
        }
        bytes.truncate(bytes.len().saturating_sub(cut / 4));
        fs::write(path("t.log"), bytes).unwrap();
        let scratch = Scratch { folder: folder.path(), limit: Some(1 << 30), cache: None };
        if let Ok(opened) = Image::open(&path("t.log"), scratch, &|_| ()) {
            let _ = opened.image.partitions();
        }
    }
}
