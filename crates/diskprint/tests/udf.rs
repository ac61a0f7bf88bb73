//! UDF volumes that genisoimage, mkudffs and the testkit made, compared with the files they were made
//! of, and with what 7z reads.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use diskprint::{Digests, FileEntry, FileKind, Image, Known, RunKind, Snapshot};
use diskprint_testkit::need;
use diskprint_testkit::random::{Random, Repeat, seed};
use diskprint_testkit::udf::{self, BLOCK, File, Form};
use tempfile::TempDir;

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

fn entry<'s>(snapshot: &'s Snapshot, path: &str) -> &'s FileEntry {
    let found = snapshot.files.iter().find(|file| file.full_path().to_text() == path);
    found.unwrap_or_else(|| panic!("{path}: {:?}", faults(snapshot)))
}

/// Checks digests, and that the bytes of a file's byte runs are the file.
fn check_content(file: &FileEntry, expected: &[u8], image: &[u8]) {
    let path = file.full_path();
    assert_eq!((file.kind, file.size), (FileKind::Regular, expected.len() as u64), "{path}");
    assert_eq!(file.digests, Some(Digests::of(expected)), "{path}");
    let mut stored = Vec::new();
    for run in file.runs.iter() {
        let len = run.len as usize;
        match file.runs.img_offset(&run) {
            Some(at) => stored.extend_from_slice(&image[at as usize..at as usize + len]),
            None => {
                assert_eq!(run.kind, RunKind::Sparse);
                stored.resize(stored.len() + len, 0);
            }
        }
    }
    assert!(stored == expected, "{path}");
}

/// The files that 7z takes out of a volume, by path.
fn taken_out(bytes: &[u8]) -> Option<BTreeMap<String, Vec<u8>>> {
    let program = need::program("7z")?;
    let folder = TempDir::new().unwrap();
    let (image, out) = (folder.path().join("disk.iso"), folder.path().join("out"));
    fs::write(&image, bytes).unwrap();
    let mut command = Command::new(program);
    command.args(["x", "-tUdf", "-y"]).arg(format!("-o{}", out.display())).arg(&image);
    let output = command.env("LC_ALL", "C.UTF-8").output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let mut files = BTreeMap::new();
    collect(&out, &out, &mut files);
    Some(files)
}

fn collect(root: &Path, folder: &Path, files: &mut BTreeMap<String, Vec<u8>>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => collect(root, &path, files),
            false => {
                let name = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
                files.insert(name, fs::read(&path).unwrap());
            }
        }
    }
}

/// Compares the regular files in use with those that 7z takes out.
fn compare_with_7z(snapshot: &Snapshot, bytes: &[u8]) {
    let Some(expected) = taken_out(bytes) else { return };
    let is_file = |file: &&FileEntry| {
        file.is_live() && file.kind == FileKind::Regular && file.stream.is_none()
    };
    let files: Vec<&FileEntry> = snapshot.files.iter().filter(is_file).collect();
    let paths: Vec<String> = files.iter().map(|it| it.path.to_text().into_owned()).collect();
    assert_eq!(paths, expected.keys().cloned().collect::<Vec<_>>());
    for (file, content) in files.iter().zip(expected.values()) {
        assert_eq!(file.digests, Some(Digests::of(content)), "{}", file.path);
    }
}

#[test]
fn a_volume_that_is_iso_9660_as_well_is_read_as_udf() {
    let Some(program) = need::program("genisoimage") else { return };
    let folder = TempDir::new().unwrap();
    let root = folder.path().join("root");
    fs::create_dir_all(root.join("a/b/empty folder")).unwrap();
    let mut random = Random::new(1);
    let long = format!("{} name.text", "long ".repeat(20));
    let mut tree = BTreeMap::new();
    for (name, len) in
        [("a/noise.bin", 300_000), ("a/b/empty", 0), ("Ünïcödé ☃.txt", 3000), (&long, 7)]
    {
        let bytes = random.bytes(len);
        fs::write(root.join(name), &bytes).unwrap();
        tree.insert(name.to_owned(), bytes);
    }
    for number in 0..90 {
        let name = format!("a/file number {number}");
        fs::write(root.join(&name), name.as_bytes()).unwrap();
        tree.insert(name.clone(), name.into_bytes());
    }
    let image = folder.path().join("made.iso");
    let mut command = Command::new(program);
    let made = command.args(["-udf", "-quiet", "-o"]).arg(&image).arg(&root).output().unwrap();
    assert!(made.status.success(), "{made:?}");
    let bytes = fs::read(image).unwrap();
    let snapshot = read(&bytes);
    assert_eq!(faults(&snapshot), [] as [&str; 0]);
    assert_eq!(snapshot.partitions[0].file_system, Some("udf"));
    for (path, content) in &tree {
        check_content(entry(&snapshot, path), content, &bytes);
    }
    assert_eq!(entry(&snapshot, "a/b/empty folder").kind, FileKind::Directory);
    let regular = snapshot.files.iter().filter(|file| file.kind == FileKind::Regular);
    assert_eq!(regular.count(), tree.len());
    compare_with_7z(&snapshot, &bytes);

    // Without its anchors it is ISO 9660 and no more.
    let mut other = bytes.clone();
    for place in [256, other.len() / BLOCK - 1] {
        let tag = &mut other[place * BLOCK..][..16];
        assert_eq!(tag[..2], [2, 0]);
        tag.fill(0);
    }
    let snapshot = read(&other);
    let told = faults(&snapshot);
    assert!(told.len() == 1 && told[0].contains("those that ISO 9660 has are read"), "{told:?}");
    check_content(entry(&snapshot, "A/NOISE.BIN"), &tree["a/noise.bin"], &other);
}

#[test]
fn volumes_of_mkudffs_are_opened_whatever_their_partition() {
    let Some(program) = need::program("mkudffs") else { return };
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("disk.udf");
    // Plain ones, with blocks of 512 bytes too; with packets that may be moved; with virtual blocks.
    for (media, revision) in [
        ("hd", "1.02"),
        ("hd", "2.01"),
        ("dvd", "1.50"),
        ("dvdram", "2.01"),
        ("cdrw", "1.50"),
        ("dvdrw", "2.01"),
        ("cdr", "1.50"),
        ("cdr", "2.01"),
    ] {
        fs::write(&path, vec![0; 30 << 20]).unwrap();
        let mut command = Command::new(&program);
        command.args([format!("--media-type={media}"), format!("--udfrev={revision}")]);
        let made = command.arg(&path).output().unwrap();
        assert!(made.status.success(), "{media} {revision}: {made:?}");
        let snapshot = read(&fs::read(&path).unwrap());
        assert_eq!(faults(&snapshot), [] as [&str; 0], "{media} {revision}");
        let partition = &snapshot.partitions[0];
        assert_eq!(partition.file_system, Some("udf"));
        assert_eq!(partition.block_size, if media == "hd" { 512 } else { 2048 });
        assert!(partition.serial != 0, "{media} {revision}");
        let paths: Vec<_> = snapshot.files.iter().map(|file| file.path.to_text()).collect();
        // What packets are moved to is a file.
        let known = ["lost+found", "Non-Allocatable Space"];
        assert!(paths.iter().all(|path| known.contains(&&**path)), "{paths:?}");
    }
}

/// Files of all forms.
fn files() -> Vec<File> {
    let mut random = Random::new(7);
    let mut sparse = random.bytes(5 * BLOCK + 100);
    sparse[BLOCK..3 * BLOCK].fill(0);
    let many = (0..40).map(|number| File::new(&format!("{number} ☃"), b"x", Form::Embedded));
    let mut streams = File::new("with streams", b"main", Form::Embedded);
    streams.streams.push(("first stream".into(), random.bytes(3000)));
    streams.streams.push(("second".into(), b"2".to_vec()));
    let mut gone = File::new("gone", &random.bytes(3000), Form::Whole);
    gone.is_deleted = true;
    vec![
        File::new("embedded", b"a text", Form::Embedded),
        File::new("empty", b"", Form::Whole),
        File::new("whole", &random.bytes(10_000), Form::Whole),
        File::directory("folder", vec![File::directory("many", many.collect())]),
        File::new("pieces", &random.bytes(7000), Form::Scattered),
        File::new("scattered", &sparse, Form::Scattered),
        File::new("continued", &sparse, Form::Continued),
        streams,
        gone,
    ]
}

/// Those of them that 7z reads: it knows neither holes, nor extents that go on with descriptors, nor
/// streams, and takes names that are marked as deleted for an error.
fn is_for_7z(file: &File) -> bool {
    let has_holes = matches!(file.name.as_str(), "scattered" | "continued");
    !has_holes && !file.is_deleted && file.streams.is_empty()
}

#[test]
fn contents_are_read_however_they_lie() {
    for has_metadata in [false, true] {
        let files = files();
        let bytes = udf::volume(&files, has_metadata);
        let snapshot = read(&bytes);
        assert_eq!(faults(&snapshot), [] as [&str; 0]);
        for file in files.iter().filter(|file| file.content.is_some() && !file.is_deleted) {
            let found = entry(&snapshot, &file.name);
            check_content(found, file.content.as_ref().unwrap(), &bytes);
            assert_eq!((found.owner_id, found.attributes), (1000, 0o100_754));
            let times = [found.times.atime, found.times.mtime, found.times.crtime];
            let seconds = times.map(|time| time.unix_nanos() / 1_000_000_000 % 60);
            assert_eq!(
                (seconds, found.times.ctime.text().as_str()),
                ([1, 2, 3], "2020-02-29T23:30:04.5002030Z")
            );
        }
        check_content(entry(&snapshot, "folder/many/39 ☃"), b"x", &bytes);
        let streams = &files.iter().find(|file| !file.streams.is_empty()).unwrap().streams;
        for (name, content) in streams {
            check_content(entry(&snapshot, &format!("with streams:{name}")), content, &bytes);
        }
        let gone = entry(&snapshot, "gone");
        assert_eq!((gone.is_live(), gone.size, gone.digests), (false, 3000, None));
        let runs: u64 = gone.runs.iter().map(|run| run.len).sum();
        assert_eq!(runs, 3000);
        assert_eq!(snapshot.partitions[0].serial, 0x1234_5678_9ABC_DEF0);
        let known: Vec<File> = files.into_iter().filter(is_for_7z).collect();
        let bytes = udf::volume(&known, has_metadata);
        compare_with_7z(&read(&bytes), &bytes);
    }
}

#[test]
fn damage_is_told_and_what_is_there_twice_is_read() {
    let sound = udf::volume(&files(), true);
    let expected = read(&sound);
    let with = |places: &[usize]| {
        let mut bytes = sound.clone();
        places.iter().for_each(|place| bytes[*place] ^= 0x55);
        read(&bytes)
    };
    let (partition, metadata) = (280 * BLOCK, 288 * BLOCK);
    // The first anchor; a descriptor of the main sequence; the metadata file.
    for (place, what) in [
        (256 * BLOCK, None),
        (34 * BLOCK + 300, Some("the reserve was read")),
        (partition + 27 + 16, None),
        (partition + 20, Some("its mirror was read")),
    ] {
        let snapshot = with(&[place]);
        let told = faults(&snapshot);
        assert_eq!(told.len(), usize::from(what.is_some()), "{told:?}");
        assert!(what.is_none_or(|what| told[0].contains(what)), "{told:?}");
        assert_eq!(snapshot.files, expected.files, "{place:#x}");
    }
    // The entry of a file, of which the root's is the second: its tag, and what its checksum is of.
    let lost = with(&[metadata + 2 * BLOCK]);
    let told = faults(&lost);
    assert!(told.len() == 1 && told[0].contains("embedded: descriptor at offset"), "{told:?}");
    assert_eq!(lost.files.len(), expected.files.len() - 1);
    assert!(!lost.unread.folders.is_empty());
    let doubtful = with(&[metadata + 2 * BLOCK + 216]);
    let told = faults(&doubtful);
    assert!(told.len() == 1 && told[0].contains("embedded: descriptor at offset"), "{told:?}");
    assert!(told[0].contains("its checksum is"), "{told:?}");
    assert_eq!(doubtful.files.len(), expected.files.len());
    // Neither anchor.
    let none = with(&[256 * BLOCK, sound.len() - BLOCK]);
    assert!(faults(&none)[0].contains("no anchor leads to a logical volume"));
}

#[test]
fn a_volume_with_any_bytes_changed_ends() {
    let first = seed(1);
    let both = [udf::volume(&files(), false), udf::volume(&files(), true)];
    for round in 0..2000 {
        let seed = first.wrapping_add(round);
        let _repeat = Repeat(seed);
        let mut random = Random::new(seed);
        let mut bytes = both[round as usize % 2].clone();
        for _ in 0..1 + random.below(20) {
            // Where descriptors are, of which some bytes are most of what is read.
            let block = [32, 33, 34, 280 + random.below(130), 288 + random.below(40)];
            let at = block[random.below(block.len())] * BLOCK + random.below(512);
            if let Some(byte) = bytes.get_mut(at) {
                *byte = random.below(256) as u8;
            }
        }
        let snapshot = read(&bytes);
        assert!(snapshot.files.len() < 10_000);
    }
}
