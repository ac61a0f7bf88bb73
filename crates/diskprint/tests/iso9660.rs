//! ISO 9660 volumes that genisoimage and xorriso made, compared with the files they were made of.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{MetadataExt, symlink};
use std::path::Path;
use std::process::Command;

use diskprint::{Digests, FileEntry, FileKind, Image, Known, Snapshot};
use diskprint_testkit::random::{Random, Repeat, seed};
use diskprint_testkit::{archive, need};
use tempfile::TempDir;

/// Files and folders in `root`, by path: content of a file, target of a link.
type Tree = BTreeMap<String, Option<Vec<u8>>>;

fn make_tree(root: &Path) -> Tree {
    let mut tree = Tree::new();
    let mut random = Random::new(1);
    for folder in [
        "a",
        "a/b",
        "a/b/c",
        "a/b/c/d",
        "a/b/c/d/e",
        "a/b/c/d/e/f",
        "a/b/c/d/e/f/g",
        "a/b/c/d/e/f/g/h",
        "a/b/c/d/e/f/g/h/i",
        "empty folder",
    ] {
        fs::create_dir(root.join(folder)).unwrap();
        tree.insert(folder.into(), None);
    }
    let long = format!("{} name.text", "long ".repeat(30));
    for (name, len) in [
        ("README.TXT", 10),
        ("a/noise.bin", 300_000),
        ("a/b/empty", 0),
        ("a/b/c/d/e/f/g/h/i/deep.txt", 2048),
        ("Ünïcödé ☃.txt", 3000),
        (&*long, 7),
        ("a/one.two.three", 1),
    ] {
        let bytes = random.bytes(len);
        fs::write(root.join(name), &bytes).unwrap();
        tree.insert(name.into(), Some(bytes));
    }
    for number in 0..90 {
        let name = format!("a/file number {number}");
        fs::write(root.join(&name), name.as_bytes()).unwrap();
        tree.insert(name.clone(), Some(name.into_bytes()));
    }
    symlink("../README.TXT", root.join("a/link")).unwrap();
    symlink("/usr/./bin", root.join("absolute")).unwrap();
    tree
}

/// Makes a volume of `root`; `None` where the program is not here.
fn make(program: &str, options: &[&str], root: &Path, folder: &Path) -> Option<Vec<u8>> {
    let path = need::program(program)?;
    let image = folder.join("made.iso");
    let mut command = Command::new(path);
    if program == "xorriso" {
        command.args(["-as", "mkisofs"]);
    }
    let output = command.args(options).arg("-o").arg(&image).arg(root).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    Some(fs::read(image).unwrap())
}

fn read(bytes: &[u8]) -> Snapshot {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("disk.iso");
    fs::write(&path, bytes).unwrap();
    let opened = Image::open(&path, folder.path(), &|_| ()).unwrap();
    Snapshot::read(&opened.image, &Known::new())
}

fn faults(snapshot: &Snapshot) -> Vec<String> {
    snapshot.faults.iter().map(ToString::to_string).collect()
}

/// Checks digests, and that the clusters of a file's byte runs are the file.
fn check_content(file: &FileEntry, expected: &[u8], image: &[u8]) {
    assert_eq!((file.kind, file.size), (FileKind::Regular, expected.len() as u64), "{}", file.path);
    assert_eq!(file.digests, Some(Digests::of(expected)), "{}", file.path);
    let mut stored = Vec::new();
    for run in file.runs.iter() {
        let at = file.runs.img_offset(&run).unwrap() as usize;
        stored.extend_from_slice(&image[at..at + run.len as usize]);
    }
    assert!(stored == expected, "{}", file.path);
}

#[test]
fn files_are_those_that_the_volume_was_made_of() {
    let folder = TempDir::new().unwrap();
    let root = folder.path().join("root");
    fs::create_dir(&root).unwrap();
    let tree = make_tree(&root);
    for (program, options) in [
        ("genisoimage", &["-R", "-J", "-quiet"][..]),
        ("genisoimage", &["-J", "-joliet-long", "-D", "-quiet"]),
        ("xorriso", &["-R", "-quiet"]),
        ("xorriso", &["-J", "-joliet-long", "-R", "-quiet", "-partition_offset", "16"]),
    ] {
        let Some(bytes) = make(program, options, &root, folder.path()) else { return };
        let has_ridge = options.contains(&"-R");
        let snapshot = read(&bytes);
        assert_eq!(faults(&snapshot), [] as [&str; 0], "{program} {options:?}");
        let found: BTreeMap<String, &FileEntry> =
            snapshot.files.iter().map(|file| (file.path.to_text().into_owned(), file)).collect();
        assert_eq!(found.len(), snapshot.files.len());
        for (path, content) in &tree {
            // Joliet has 103 characters.
            let path = if has_ridge || path.len() < 103 { path.clone() } else { continue };
            let file = found.get(&path).unwrap_or_else(|| panic!("{program} {options:?}: {path}"));
            match content {
                Some(bytes_of) => check_content(file, bytes_of, &bytes),
                None => assert_eq!(file.kind, FileKind::Directory),
            }
            if has_ridge {
                let of = fs::metadata(root.join(&path)).unwrap();
                let seconds = file.times.mtime.unix_nanos() / 1_000_000_000;
                assert_eq!(seconds, i128::from(of.mtime()), "{path}");
                assert_eq!(file.attributes & 0o170_000, of.mode() & 0o170_000, "{path}");
            }
        }
        let links = snapshot.files.iter().filter(|file| file.kind == FileKind::Link);
        let links: Vec<String> =
            links.map(|it| format!("{} {}", it.path, it.target.as_ref().unwrap())).collect();
        let expected = ["a/link ../README.TXT", "absolute /usr/./bin"];
        assert_eq!(links, if has_ridge { &expected[..] } else { &[] });
    }
}

#[test]
fn without_extensions_names_are_those_of_the_records() {
    let folder = TempDir::new().unwrap();
    let root = folder.path().join("root");
    fs::create_dir_all(root.join("folder")).unwrap();
    fs::write(root.join("folder/a longer name.text"), b"text").unwrap();
    fs::write(root.join("plain"), b"x").unwrap();
    let Some(bytes) = make("genisoimage", &["-quiet"], &root, folder.path()) else { return };
    let snapshot = read(&bytes);
    assert_eq!(faults(&snapshot), [] as [&str; 0]);
    let paths: Vec<_> = snapshot.files.iter().map(|file| file.path.to_text()).collect();
    assert_eq!(paths, ["FOLDER", "FOLDER/A_LONGER.TEX", "PLAIN"]);
    check_content(&snapshot.files[1], b"text", &bytes);
}

#[test]
fn a_volume_of_another_program_is_read() {
    let Some(members) = archive::members("real-images/images.tar.xz") else { return };
    let (_, bytes) = members.into_iter().find(|(name, _)| name.ends_with("iso9660.raw")).unwrap();
    let snapshot = read(&bytes);
    assert_eq!(faults(&snapshot), [] as [&str; 0]);
    let paths: Vec<_> = snapshot.files.iter().map(|file| file.path.to_text()).collect();
    assert!(paths.len() > 2, "{paths:?}");
    assert!(snapshot.files.iter().all(|it| it.kind != FileKind::Regular || it.digests.is_some()));
}

#[test]
fn damage_is_told_with_its_place_and_the_rest_is_read() {
    let folder = TempDir::new().unwrap();
    let root = folder.path().join("root");
    fs::create_dir_all(root.join("sub")).unwrap();
    fs::write(root.join("sub/inner"), vec![1; 5000]).unwrap();
    fs::write(root.join("outer"), vec![2; 5000]).unwrap();
    let Some(sound) = make("genisoimage", &["-R", "-quiet"], &root, folder.path()) else { return };
    // The root directory's block, in the primary volume descriptor, and a record in there.
    let root_block = &sound[(16 << 11) + 158..][..4];
    let start = u32::from_le_bytes(root_block.try_into().unwrap()) as usize * 2048;
    let sub = start + sound[start..].windows(3).position(|it| it == b"SUB").unwrap() - 33;
    let with = |at: usize, value: &[u8]| {
        let mut bytes = sound.clone();
        bytes[at..at + value.len()].copy_from_slice(value);
        read(&bytes)
    };
    let said = |snapshot: &Snapshot, what: &str| {
        let faults = faults(snapshot);
        assert!(faults.iter().any(|fault| fault.contains(what)), "{faults:?}");
        assert!(snapshot.files.iter().any(|file| file.path.to_text() == "outer"));
    };
    // The two halves of a number; a directory outside; one in itself; a cut file.
    let snapshot = with(sub + 6, &[1]);
    said(&snapshot, "extent location is");
    assert_eq!(snapshot.files.len(), 3);
    let snapshot = with(sub + 2, &[0, 0, 0, 0x7F]);
    said(&snapshot, "sub: extent of 2048 bytes at block 2130706432: the volume has");
    assert!(!snapshot.unread.folders.is_empty());
    said(&with(sub + 2, root_block), "was read before, under another name");
    let cut = read(&sound[..sound.len() - 150 * 2048 - 4000]);
    said(&cut, "bytes at block");
}

#[test]
fn a_tree_of_joliet_that_cannot_be_read_is_told() {
    let folder = TempDir::new().unwrap();
    let root = folder.path().join("root");
    fs::create_dir(&root).unwrap();
    fs::write(root.join("a long name"), b"text").unwrap();
    let Some(mut bytes) = make("genisoimage", &["-J", "-quiet"], &root, folder.path()) else {
        return;
    };
    assert_eq!(read(&bytes).files[0].path.to_text(), "a long name");
    let record = (17 << 11) + 156;
    bytes[record] = 3;
    let snapshot = read(&bytes);
    let faults = faults(&snapshot);
    assert!(faults[0].contains(&format!("directory record at offset {record:#x}")), "{faults:?}");
    check_content(&snapshot.files[0], b"text", &bytes);
}

/// Where the identifier of a record is.
fn find(volume: &[u8], identifier: &[u8]) -> usize {
    volume.windows(identifier.len()).position(|it| it == identifier).unwrap()
}

#[test]
fn what_continues_a_record_is_followed_and_bounded() {
    let folder = TempDir::new().unwrap();
    let root = folder.path().join("root");
    fs::create_dir(&root).unwrap();
    let long = "name ".repeat(50);
    fs::write(root.join(&long), b"text").unwrap();
    fs::write(root.join("outer"), b"text").unwrap();
    let Some(sound) = make("genisoimage", &["-R", "-quiet"], &root, folder.path()) else { return };
    let snapshot = read(&sound);
    assert_eq!(faults(&snapshot), [] as [&str; 0]);
    assert!(snapshot.files.iter().any(|file| file.path.to_text() == long));
    // The entry CE of the record: block, offset and length, each in both orders.
    let record = find(&sound, b"NAME_NAM") - 33;
    let entry = record + find(&sound[record..], b"CE\x1C\x01");
    let both = |number: usize| {
        let number = number as u32;
        [number.to_le_bytes(), number.to_be_bytes()].concat()
    };
    let with = |block: usize, offset: usize, len: usize| {
        let mut bytes = sound.clone();
        let area = [both(block), both(offset), both(len)].concat();
        bytes[entry + 4..entry + 28].copy_from_slice(&area);
        read(&bytes)
    };
    // Behind the end; of any length; a loop, which leads back to the entry itself.
    for (area, what) in [
        ((1 << 24, 0, 100), "one is not in the volume"),
        ((record >> 11, 0, 1 << 30), "one is longer than 64 KiB"),
        ((record >> 11, entry % 2048, 28), "there are more than 64, or they are a loop"),
    ] {
        let snapshot = with(area.0, area.1, area.2);
        let faults = faults(&snapshot);
        assert!(faults.len() == 1 && faults[0].contains(what), "{faults:?}");
        assert_eq!((snapshot.files.len(), snapshot.unread.folders.len()), (2, 1));
    }
}

#[test]
fn a_file_of_several_extents_is_one() {
    let folder = TempDir::new().unwrap();
    let root = folder.path().join("root");
    fs::create_dir(&root).unwrap();
    fs::write(root.join("FIRST"), vec![1; 4096]).unwrap();
    fs::write(root.join("NEXT"), vec![2; 3000]).unwrap();
    let Some(sound) = make("genisoimage", &["-quiet"], &root, folder.path()) else { return };
    // Flag "multi-extent" in the first one's record, or in the last.
    let first = find(&sound, b"FIRST.;1") - 33;
    let next = find(&sound, b"NEXT.;1") - 33;
    let mut bytes = sound.clone();
    bytes[first + 25] |= 0x80;
    let snapshot = read(&bytes);
    assert_eq!(faults(&snapshot), [] as [&str; 0]);
    assert_eq!(snapshot.files.len(), 1);
    check_content(&snapshot.files[0], &[vec![1; 4096], vec![2; 3000]].concat(), &bytes);
    bytes[first + 25] = 0;
    bytes[next + 25] |= 0x80;
    let snapshot = read(&bytes);
    let faults = faults(&snapshot);
    assert!(faults[0].contains("ends before the last extent"), "{faults:?}");
    assert_eq!((snapshot.files.len(), snapshot.unread.folders.len()), (1, 1));
}

#[test]
fn a_volume_that_is_a_divided_disk_as_well_is_read() {
    let folder = TempDir::new().unwrap();
    let root = folder.path().join("root");
    fs::create_dir(&root).unwrap();
    fs::write(root.join("file"), b"text").unwrap();
    // xorriso's partition begins behind the boot record; that of isohybrid with it, of type 0x17.
    let options = ["-R", "-quiet", "--protective-msdos-label"];
    let Some(labelled) = make("xorriso", &options, &root, folder.path()) else { return };
    let mut hybrid = labelled.clone();
    let sectors = (hybrid.len() / 512) as u32;
    hybrid[446..462].copy_from_slice(&[0x80, 0, 1, 0, 0x17, 63, 32, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    hybrid[458..462].copy_from_slice(&sectors.to_le_bytes());
    for bytes in [labelled, hybrid] {
        assert_eq!(bytes[510..512], [0x55, 0xAA]);
        let snapshot = read(&bytes);
        let file = snapshot.files.iter().find(|file| file.path.to_text() == "file");
        let file = file.unwrap_or_else(|| panic!("{:?}", faults(&snapshot)));
        check_content(file, b"text", &bytes);
    }
}

#[test]
fn a_volume_with_any_bytes_changed_ends() {
    let folder = TempDir::new().unwrap();
    let root = folder.path().join("root");
    fs::create_dir(&root).unwrap();
    make_tree(&root);
    let Some(mut sound) = make("genisoimage", &["-R", "-J", "-quiet"], &root, folder.path()) else {
        return;
    };
    sound.truncate(120 << 11);
    let first = seed(1);
    for round in 0..2000 {
        let seed = first.wrapping_add(round);
        let _repeat = Repeat(seed);
        let mut random = Random::new(seed);
        let mut bytes = sound.clone();
        for _ in 0..1 + random.below(20) {
            let at = (16 << 11) + random.below(bytes.len() - (16 << 11));
            bytes[at] = random.below(256) as u8;
        }
        let snapshot = read(&bytes);
        assert!(snapshot.files.len() < 10_000);
    }
}
