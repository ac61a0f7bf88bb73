//! E01 images that we write, asked of ewfverify, ewfinfo and ewfexport; and what is read of them.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use diskprint::archive::{self, Archived, Form};
use diskprint::{Container, Digests, Image, ImageDisk};
use diskprint_formats::{Known, ReadAt, ReadAtExt};
use diskprint_testkit::{ewf, ex01, mbr, need};
use tempfile::TempDir;

/// An empty folder of this test's own.
fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("archive").join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder
}

/// Zeros, text, and bytes that do not compress, in stretches that are no multiple of a chunk.
fn pattern(len: usize) -> Vec<u8> {
    let mut bytes = vec![0; len];
    let mut state = 1u32;
    for (index, stretch) in bytes.chunks_mut(170_000).enumerate() {
        for byte in stretch {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            *byte = match index % 3 {
                0 => 0,
                1 => (state >> 24) as u8,
                _ => b'a' + (state >> 30) as u8,
            };
        }
    }
    bytes
}

fn disk(number: u32, reader: Arc<dyn ReadAt>) -> ImageDisk {
    ImageDisk { number, format: "raw".into(), files: Vec::new(), reader, stored_hashes: None }
}

fn form(segment_len: u64) -> Form {
    Form {
        case_number: "8504-1-7895-1-10".into(),
        evidence_number: "1".into(),
        notes: "slicehash äbc\tdef".into(),
        set: archive::set_of("a set"),
        segment_len,
    }
}

fn written(folder: &Path, bytes: &[u8], segment_len: u64) -> Archived {
    let disk = disk(1, Arc::new(bytes.to_vec()));
    archive::write(&disk, folder, &form(segment_len)).unwrap()
}

fn run(program: &Path, folder: &Path, args: &[&str]) -> String {
    let output = Command::new(program).args(args).current_dir(folder).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{args:?}: {text}");
    text
}

/// Opens what was written, which has no findings and states the right digests.
fn opened(path: &Path) -> Image {
    let scratch = tempfile::tempdir().unwrap();
    let opened = Image::open(path, scratch.path(), &|_| {}).unwrap();
    assert_eq!(opened.faults, []);
    assert_eq!(opened.image.verify(), []);
    opened.image
}

/// A sequence of sizes: a sector, a chunk and what is around it, more than a table, several blocks.
const LENS: [usize; 7] = [512, 32_768, 33_280, 2 << 20, (2 << 20) + 512, 5_000_192, 40 << 20];

#[test]
fn ewf_tools_find_what_we_write_right() {
    let (Some(ewfverify), Some(ewfexport), Some(ewfinfo)) =
        (need::program("ewfverify"), need::program("ewfexport"), need::program("ewfinfo"))
    else {
        return;
    };
    for (len, segment_len) in
        LENS.iter().flat_map(|len| [(*len, 1 << 20), (*len, archive::SEGMENT)])
    {
        let folder = folder(&format!("tools-{len}-{segment_len}"));
        let bytes = pattern(len);
        let archived = written(&folder, &bytes, segment_len);
        assert!(archived.faults.is_empty());
        assert_eq!(archived.segments.len() > 1, segment_len == 1 << 20 && len >= 2 << 20);
        for (name, made) in &archived.segments {
            assert_eq!(fs::metadata(folder.join(name)).unwrap().len(), made.bytes);
            assert!(made.bytes <= segment_len, "{name}");
        }
        let said = run(&ewfverify, &folder, &["-q", "-d", "sha1", "out.E01"]);
        assert!(said.contains("ewfverify: SUCCESS"), "{said}");
        run(&ewfexport, &folder, &["-u", "-q", "-f", "raw", "-t", "back", "out.E01"]);
        assert!(fs::read(folder.join("back.raw")).unwrap() == bytes, "{len} {segment_len}");
        let said = run(&ewfinfo, &folder, &["out.E01"]);
        let said: Vec<String> = said
            .lines()
            .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "))
            .collect();
        for line in [
            "Case number: 8504-1-7895-1-10",
            "Evidence number: 1",
            "Notes: slicehash äbc def",
            "Software version used: diskprint",
            "File format: EnCase 6",
            "Sectors per chunk: 64",
            "Compression level: good (fast) compression",
            "Media type: fixed disk",
            "Is physical: no",
            &format!("Number of sectors: {}", len / 512),
        ] {
            assert!(said.iter().any(|said| said == line), "{line} in {said:#?}");
        }
        let image = opened(&folder.join("out.E01"));
        assert!(image.disks()[0].reader.read_vec_at(0, len).unwrap() == bytes);
        let _ = fs::remove_dir_all(&folder);
    }
}

#[test]
fn the_same_disk_gives_the_same_bytes_with_any_number_of_threads() {
    let bytes = pattern(9 << 20);
    let mut all = Vec::new();
    for threads in [1, 2, 5] {
        let folder = folder(&format!("threads-{threads}"));
        let write = || written(&folder, &bytes, 1 << 20).segments;
        all.push(diskprint::pipeline::with_threads(threads, write).unwrap());
    }
    assert!(all[0].len() > 3);
    assert!(all.windows(2).all(|pair| pair[0] == pair[1]));
}

/// A disk some sectors of which cannot be read, and the second half of which is known to be zeros.
struct Damaged(Vec<u8>);

const LOST: [u64; 3] = [100, 101, 300];

impl ReadAt for Damaged {
    fn len(&self) -> u64 {
        self.0.len() as u64
    }

    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        let end = offset + buf.len() as u64;
        assert!(end <= self.len() / 2, "what is known is not read");
        match LOST.iter().any(|lost| offset < (lost + 1) * 512 && lost * 512 < end) {
            true => Err(io::Error::other("no such grain")),
            false => self.0.read_at(buf, offset),
        }
    }

    fn known_at(&self, offset: u64, len: u64) -> (Known, u64) {
        let half = self.len() / 2;
        match offset < half {
            true => (Known::Nothing, len.min(half - offset)),
            false => (Known::Zeros, len.min(self.len() - offset)),
        }
    }
}

#[test]
fn sectors_that_cannot_be_read_are_zeros_and_told_in_the_image_and_by_faults() {
    let folder = folder("damaged");
    let mut bytes = pattern(4 << 20);
    bytes[2 << 20..].fill(0);
    let archived =
        archive::write(&disk(2, Arc::new(Damaged(bytes.clone()))), &folder, &form(1 << 30))
            .unwrap();
    for lost in LOST {
        bytes[lost as usize * 512..][..512].fill(0);
    }
    let faults: Vec<String> = archived.faults.iter().map(ToString::to_string).collect();
    assert_eq!(
        faults,
        [
            "disk 2: no such grain (left out: sectors 100 to 101 in the archive: zeros)",
            "disk 2: no such grain (left out: sector 300 in the archive: zeros)",
        ]
    );
    let path = folder.join("out-2.E01");
    let scratch = tempfile::tempdir().unwrap();
    let opened = Image::open(&path, scratch.path(), &|_| {}).unwrap();
    let told: Vec<String> = opened.faults.iter().map(ToString::to_string).collect();
    assert!(told[0].contains("3 sectors of the medium could not be read"), "{told:?}");
    assert!(opened.image.disks()[0].reader.read_vec_at(0, 4 << 20).unwrap() == bytes);
    assert_eq!(opened.image.verify(), []);
    if let (Some(ewfverify), Some(ewfinfo)) = (need::program("ewfverify"), need::program("ewfinfo"))
    {
        let said = run(&ewfverify, &folder, &["-q", "-d", "sha1", "out-2.E01"]);
        assert!(said.contains("ewfverify: SUCCESS"), "{said}");
        let said = run(&ewfinfo, &folder, &["out-2.E01"]);
        assert!(said.contains("at sector(s): 100 - 10"), "{said}");
    }
}

#[test]
fn a_disk_that_ends_within_a_sector_is_kept_whole() {
    let folder = folder("odd");
    let bytes = pattern(70_001);
    let archived = written(&folder, &bytes, 1 << 30);
    assert_eq!(archived.faults.len(), 1);
    let image = opened(&folder.join("out.E01"));
    let back = image.disks()[0].reader.read_vec_at(0, 80_000).unwrap();
    assert_eq!(back.len(), 70_144);
    assert!(back[..70_001] == bytes && back[70_001..].iter().all(|byte| *byte == 0));
}

/// The segments of an image of the testkit, some with endings in small letters, and its disk.
fn segments(md5: [u8; 16]) -> (Vec<(String, Vec<u8>)>, Vec<u8>) {
    let bytes = pattern(61_440);
    let endings = ["E01", "E02", "e03", "E04", "E05"];
    let segments = ewf::segments(&bytes, ewf::SMALL, md5);
    assert_eq!(segments.len(), endings.len());
    let named = endings.iter().map(|ending| format!("a disk.{ending}")).zip(segments);
    (named.collect(), bytes)
}

fn folder_of_segments(name: &str, md5: [u8; 16]) -> (PathBuf, Vec<u8>) {
    let folder = folder(name);
    let (segments, bytes) = segments(md5);
    for (name, segment) in segments {
        fs::write(folder.join(name), segment).unwrap();
    }
    (folder, bytes)
}

#[test]
fn an_image_is_opened_by_its_first_segment_in_a_folder_and_in_a_tarball() {
    let (folder, bytes) = folder_of_segments("opened", [0; 16]);
    let (segments, _) = segments([0; 16]);
    let members: Vec<(String, &[u8])> =
        segments.iter().map(|(name, bytes)| (format!("vm/{name}"), &bytes[..])).collect();
    let members: Vec<(&str, &[u8])> = members.iter().map(|(name, it)| (&**name, *it)).collect();
    let tarball = folder.parent().unwrap().join("opened.tar");
    fs::write(&tarball, diskprint_testkit::archive::tarball(&members)).unwrap();
    let scratch = tempfile::tempdir().unwrap();
    let open = |path: &Path| Image::open(path, scratch.path(), &|_| {}).unwrap();
    for (path, container) in
        [(folder.join("a disk.E01"), Container::Ewf), (folder.clone(), Container::Folder)]
    {
        let opened = open(&path);
        assert_eq!((opened.image.container(), &opened.faults[..]), (container, &[][..]));
        let [disk] = opened.image.disks() else { panic!() };
        assert_eq!((disk.number, &*disk.format), (1, "e01"));
        assert_eq!(disk.files.len(), 5);
        assert!(disk.reader.read_vec_at(0, 1 << 20).unwrap() == bytes);
    }
    let opened = open(&tarball);
    assert_eq!(opened.image.disks()[0].files[2], "vm/a disk.e03");
    assert!(opened.image.disks()[0].reader.read_vec_at(0, 1 << 20).unwrap() == bytes);
    assert!(!diskprint::is_one_file(&folder.join("a disk.E01")).unwrap());
    // The slicehash is of all segments: another byte in the last one is another slice.
    let hash = || diskprint::slicehash(&folder.join("a disk.E01"), &|_| {}).unwrap();
    let before = hash();
    let last = folder.join("a disk.E05");
    let mut segment = fs::read(&last).unwrap();
    let sectors = ewf::data_of(&segment, "sectors", 0);
    segment[sectors] ^= 1;
    fs::write(&last, segment).unwrap();
    assert_ne!(hash(), before);
}

#[test]
fn what_cannot_be_opened_says_why() {
    let (folder, _) = folder_of_segments("refused", [0; 16]);
    let scratch = tempfile::tempdir().unwrap();
    let why = |name: &str| {
        let error = Image::open(&folder.join(name), scratch.path(), &|_| {}).err().unwrap();
        let mut text = error.to_string();
        let mut source = std::error::Error::source(&error);
        while let Some(error) = source {
            text += &format!(": {error}");
            source = error.source();
        }
        text
    };
    let expected = "segment 1: its header says that it is number 2";
    assert!(why("a disk.E02").ends_with(expected), "{}", why("a disk.E02"));
    fs::remove_file(folder.join("a disk.e03")).unwrap();
    let expected = "segment 3 is missing: the one before it is not the last";
    assert!(why("a disk.E01").ends_with(expected), "{}", why("a disk.E01"));
    fs::write(folder.join("b.Lx01"), [&b"LEF2\x0D\x0A\x81\x00"[..], &[0; 600]].concat()).unwrap();
    assert!(why("b.Lx01").contains("EnCase Lx01, which holds files"), "{}", why("b.Lx01"));
}

#[test]
fn digests_that_are_not_those_stated_are_a_fault() {
    let (folder, _) = folder_of_segments("stated", [9; 16]);
    let scratch = tempfile::tempdir().unwrap();
    let opened = Image::open(&folder.join("a disk.E01"), scratch.path(), &|_| {}).unwrap();
    let faults: Vec<String> = opened.image.verify().iter().map(ToString::to_string).collect();
    assert_eq!(faults.len(), 1);
    let expected = "disk 1: its image states MD5 09090909090909090909090909090909, its bytes have ";
    assert!(faults[0].starts_with(expected), "{faults:?}");
}

#[test]
fn an_image_of_version_2_is_a_disk_with_the_digests_that_it_states() {
    let folder = TempDir::new().unwrap();
    let disk = mbr::disk(&[&[7; 40_000]]);
    let Digests { md5, sha1, .. } = Digests::of(&disk);
    let segments = ex01::segments(&disk, ex01::SMALL, md5, sha1);
    assert!(segments.len() > 1);
    for (number, bytes) in (1..).zip(&segments) {
        fs::write(folder.path().join(format!("a.Ex{number:02}")), bytes).unwrap();
    }
    let path = folder.path().join("a.Ex01");
    let opened = Image::open(&path, folder.path(), &|_| ()).unwrap();
    let [found] = opened.image.disks() else { panic!("{} disks", opened.image.disks().len()) };
    assert_eq!((found.format.as_str(), found.files.len()), ("ex01", segments.len()));
    assert!(found.reader.read_vec_at(0, disk.len() + 1).unwrap() == disk);
    assert_eq!(opened.image.verify(), []);
    let said: Vec<String> = opened.faults.iter().map(ToString::to_string).collect();
    assert_eq!(said.len(), 1, "{said:?}");
    assert!(said[0].starts_with("disk 1 › member \"a.Ex01\": 1 sectors of the medium"), "{said:?}");
}
