//! VMDKs that qemu-img or the testkit wrote, compared byte by byte with what they were made from.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use diskprint_formats::vmdk::{Descriptor, Disk, Error};
use diskprint_formats::{Known, ReadAt, ReadAtExt};
use diskprint_testkit::{need, vmdk};
use proptest::prelude::*;

/// An empty folder of this test's own.
fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("vmdk").join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder
}

fn run(program: &Path, folder: &Path, args: &[&str]) {
    let output = Command::new(program).args(args).current_dir(folder).output().unwrap();
    assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// Data, holes and zeros that were written, over more than one grain table (32 MiB each); the
/// length is no multiple of the grain.
fn pattern() -> Vec<u8> {
    let len = 67 * (1 << 20) + 5 * 512;
    let mut bytes = vec![0; len];
    let mut state = 1u32;
    for (index, chunk) in bytes.chunks_mut(40_000).enumerate() {
        if index % 7 < 3 || index > 1700 {
            for byte in chunk {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                *byte = if index % 2 == 0 { (state >> 24) as u8 } else { (state >> 30) as u8 };
            }
        }
    }
    bytes
}

/// Bytes that say where they are kept: at their own places, which begin at `start`.
struct Kept {
    bytes: Vec<u8>,
    start: u64,
}

impl ReadAt for Kept {
    fn len(&self) -> u64 {
        self.bytes.len() as u64
    }

    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        self.bytes.read_at(buf, offset)
    }

    fn known_at(&self, offset: u64, len: u64) -> (Known, u64) {
        let known = Known::At { source: SOURCE, offset: self.start + offset };
        (known, len.min(self.len().saturating_sub(offset)))
    }
}

const SOURCE: u64 = 7;

fn open(folder: &Path, name: &str, parent: Option<Arc<dyn ReadAt>>) -> Result<Disk, Error> {
    let read = |name: &str| {
        let bytes = fs::read(folder.join(name))?;
        Ok(Arc::new(Kept { bytes, start: place_of(name) }) as Arc<dyn ReadAt>)
    };
    let file = read(name).unwrap();
    let descriptor = Descriptor::read(&file)?.expect("a descriptor");
    Disk::open(&file, &descriptor, parent, &mut |extent| read(extent))
}

/// Where a file is kept: far behind the others of its folder.
fn place_of(name: &str) -> u64 {
    name.bytes().fold(1, |place, byte| (place * 31 + u64::from(byte)) % 1_000_003) << 32
}

fn open_bytes(bytes: Vec<u8>, parent: Option<Arc<dyn ReadAt>>) -> Result<Disk, Error> {
    let file: Arc<dyn ReadAt> = Arc::new(bytes);
    let descriptor = Descriptor::read(&file)?.ok_or(Error::DescriptorLine("at all"))?;
    Disk::open(&file, &descriptor, parent, &mut |_| Err(io::ErrorKind::NotFound.into()))
}

/// How many bytes are known to be zeros.
fn zeros_at(disk: &Disk, offset: u64, len: u64) -> u64 {
    match disk.known_at(offset, len) {
        (Known::Zeros, len) => len,
        _ => 0,
    }
}

/// What is known of the disk must be so: `files` are those that it is kept in. Returns how many
/// bytes are said to be kept there.
fn check_known(disk: &Disk, files: &[(&str, &[u8])], expected: &[u8], what: &str) -> u64 {
    let (mut offset, mut kept) = (0, 0);
    while offset < expected.len() as u64 {
        let (known, len) = disk.known_at(offset, 100_000);
        assert!((1..=100_000).contains(&len), "{what}: {len} at {offset}");
        let bytes =
            &expected[offset as usize..][..(len as usize).min(expected.len() - offset as usize)];
        match known {
            Known::Zeros => assert!(bytes.iter().all(|byte| *byte == 0), "{what}: {offset}"),
            Known::At { source, offset: at } => {
                assert_eq!(source, SOURCE);
                let is_here = |(name, _): &&(&str, &[u8])| place_of(name) >> 32 == at >> 32;
                let (_, file) = files.iter().find(is_here).expect("one of the files");
                assert!(file[at as u32 as usize..].starts_with(bytes), "{what}: {offset}");
                kept += len;
            }
            Known::Nothing => {}
        }
        offset += len;
    }
    kept
}

/// Reads the disk in pieces of many lengths, and checks that what it says to be zeros is.
fn assert_same(disk: &Disk, expected: &[u8], what: &str) {
    assert!(disk.len() >= expected.len() as u64, "{what}: {} bytes", disk.len());
    assert!(disk.len() < expected.len() as u64 + (1 << 20), "{what}: {} bytes", disk.len());
    let mut offset = 0;
    for len in [1, 511, 65_536, 3, 1 << 20, 70_001, 10 << 20].into_iter().cycle() {
        let got = disk.read_vec_at(offset as u64, len).unwrap();
        let end = expected.len().min(offset + len);
        assert!(got[..end - offset] == expected[offset..end], "{what}: differs after {offset}");
        let zeros = zeros_at(disk, offset as u64, (expected.len() - offset) as u64) as usize;
        let zeros = &expected[offset..offset + zeros];
        assert!(zeros.iter().all(|byte| *byte == 0), "{what}: not all zeros after {offset}");
        offset = end;
        if offset == expected.len() {
            break;
        }
    }
    assert_eq!(disk.read_vec_at(disk.len(), 10).unwrap(), [] as [u8; 0], "{what}");
}

#[test]
fn each_kind_reads_as_the_raw_disk_it_was_made_from() {
    let Some(qemu_img) = need::program("qemu-img") else { return };
    let (folder, raw) = (folder("kinds"), pattern());
    fs::write(folder.join("raw"), &raw).unwrap();
    for kind in [
        "monolithicSparse",
        "monolithicFlat",
        "twoGbMaxExtentSparse",
        "twoGbMaxExtentFlat",
        "streamOptimized",
    ] {
        let (name, subformat) = (format!("{kind}.vmdk"), format!("subformat={kind}"));
        let args = ["convert", "-f", "raw", "-O", "vmdk", "-o", &subformat, "raw", &name];
        run(&qemu_img, &folder, &args);
        let disk = open(&folder, &name, None).unwrap();
        assert_same(&disk, &raw, kind);
        assert_eq!(disk.findings().len(), 0, "{kind}: {:?}", disk.findings());
        let holes = zeros_at(&disk, 140_000, 1) > 0;
        assert_eq!(holes, !kind.ends_with("Flat"), "{kind}: zeros are known without reading");
        let files: Vec<(String, Vec<u8>)> = fs::read_dir(&folder)
            .unwrap()
            .map(|entry| entry.unwrap())
            .map(|it| (it.file_name().into_string().unwrap(), fs::read(it.path()).unwrap()))
            .collect();
        let files: Vec<_> = files.iter().map(|(name, bytes)| (&**name, &**bytes)).collect();
        let kept = check_known(&disk, &files, &raw, kind);
        assert_eq!(kept > 0, kind != "streamOptimized", "{kind}: it is known where bytes are");
    }
}

#[test]
fn a_flipped_bit_in_a_compressed_grain_is_seen() {
    let Some(qemu_img) = need::program("qemu-img") else { return };
    let folder = folder("flipped");
    fs::write(folder.join("raw"), &pattern()[..1 << 20]).unwrap();
    let option = "subformat=streamOptimized";
    let args = ["convert", "-f", "raw", "-O", "vmdk", "-o", option, "raw", "stream.vmdk"];
    run(&qemu_img, &folder, &args);
    let sound = fs::read(folder.join("stream.vmdk")).unwrap();
    // The first grain's marker is the first sector behind the overhead (field 64 of the header).
    let marker = field(&sound, 64);
    let len = u32::from_le_bytes(sound[marker + 8..marker + 12].try_into().unwrap()) as usize;
    for at in [marker, marker + 10, marker + 12 + len / 2, marker + 12 + len - 1] {
        let mut damaged = sound.clone();
        damaged[at] ^= 0x10;
        let disk = open_bytes(damaged, None).unwrap();
        assert!(disk.read_vec_at(0, 10).is_err(), "flipped at {at:#x}");
        assert!(disk.read_vec_at(65_536, 10).is_ok(), "the next grain is sound");
    }
    // A writer that cannot seek leaves the directory's place to a footer: marker, header, end.
    let mut streamed = sound.clone();
    streamed[56..64].fill(0xFF);
    assert!(open_bytes(streamed.clone(), None).is_err(), "no footer");
    streamed.extend_from_slice(&[0; 512]);
    streamed.extend_from_slice(&sound[..512]);
    streamed.extend_from_slice(&[0; 512]);
    let disk = open_bytes(streamed, None).unwrap();
    assert_same(&disk, &pattern()[..1 << 20], "with a footer");
}

#[test]
fn a_snapshot_reads_through_to_its_parent() {
    let Some(qemu_img) = need::program("qemu-img") else { return };
    let Some(qemu_io) = need::program("qemu-io") else { return };
    let (folder, mut raw) = (folder("chain"), pattern());
    fs::write(folder.join("raw"), &raw).unwrap();
    run(&qemu_img, &folder, &["convert", "-f", "raw", "-O", "vmdk", "raw", "base.vmdk"]);
    let create = ["create", "-f", "vmdk", "-b", "base.vmdk", "-F", "vmdk", "delta.vmdk"];
    run(&qemu_img, &folder, &create);
    for (offset, len, byte) in [(70_144, 200_192, 0xAB), (40 << 20, 512, 0xCD), (1 << 20, 4096, 0)]
    {
        let write = format!("write -P {byte} {offset} {len}");
        run(&qemu_io, &folder, &["-f", "vmdk", "-c", &write, "delta.vmdk"]);
        raw[offset..offset + len].fill(byte);
    }
    assert!(matches!(open(&folder, "delta.vmdk", None), Err(Error::ParentMissing { .. })));
    let parent = Arc::new(open(&folder, "base.vmdk", None).unwrap());
    assert_same(&open(&folder, "delta.vmdk", Some(parent)).unwrap(), &raw, "chain");
}

const OWN: &str = "RW 96 SPARSE \"own name.vmdk\"";

/// Twelve grains in three tables: written, never written, zeros that were written.
fn small(parent: bool) -> (Vec<u8>, Vec<u8>) {
    let grains =
        [Some(1), None, Some(0), Some(4), None, None, None, None, Some(9), None, None, Some(12)];
    let parent = parent.then_some((7, "base.vmdk"));
    let text = vmdk::descriptor("monolithicSparse", 8, parent, &[OWN]);
    let expected = grains.iter().flat_map(|grain| [grain.unwrap_or(0); 4096]).collect();
    (vmdk::sparse(&text, &grains), expected)
}

#[test]
fn what_was_never_written_is_the_parents_and_zeros_behind_its_end() {
    let (bytes, written) = small(true);
    let parent = vec![0xEE; 5 * 4096 + 100];
    let disk = open_bytes(bytes, Some(Arc::new(parent))).unwrap();
    let got = disk.read_vec_at(0, 12 * 4096).unwrap();
    let grain = |index: usize| (got[index * 4096], got[index * 4096 + 4095]);
    assert_eq!((grain(0), grain(1), grain(2)), ((1, 1), (0xEE, 0xEE), (0, 0)));
    assert_eq!((grain(5), grain(7)), ((0xEE, 0), (0, 0)));
    assert_eq!(got[11 * 4096..], written[11 * 4096..]);
    let zeros = |grain: u64| zeros_at(&disk, grain * 4096, 12 * 4096);
    assert_eq!(zeros(1), 0, "the parent is not known to be zeros");
    assert_eq!(zeros(6), 2 * 4096, "behind the parent's end");
}

/// Offset of `sector` field `at` in the header.
fn field(bytes: &[u8], at: usize) -> usize {
    u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap()) as usize * 512
}

#[test]
fn redundant_directories_and_tables_are_read_where_the_first_are_damaged() {
    let (mut bytes, expected) = small(false);
    let directory = field(&bytes, 56);
    bytes[directory..directory + 4].copy_from_slice(&[0xFF; 4]);
    let disk = open_bytes(bytes.clone(), None).unwrap();
    assert_same(&disk, &expected, "one table");
    assert!(disk.findings()[0].to_string().contains("own name.vmdk"), "{:?}", disk.findings());
    bytes[56..64].copy_from_slice(&[0x7F; 8]);
    let disk = open_bytes(bytes.clone(), None).unwrap();
    assert_same(&disk, &expected, "the directory");
    assert_eq!(disk.findings().len(), 1, "{:?}", disk.findings());
    bytes[48..56].copy_from_slice(&[0x7F; 8]);
    assert!(matches!(open_bytes(bytes, None), Err(Error::InExtent { .. })));
}

#[test]
fn a_truncated_disk_reads_up_to_the_cut_and_says_so_behind_it() {
    let (mut bytes, expected) = small(false);
    bytes.truncate(bytes.len() - 4096);
    let disk = open_bytes(bytes, None).unwrap();
    assert!(!disk.findings().is_empty(), "a table names a grain outside of the file");
    assert_eq!(disk.read_vec_at(0, 11 * 4096).unwrap(), expected[..11 * 4096]);
    assert!(disk.read_vec_at(11 * 4096, 1).is_err());
}

#[test]
fn a_claim_of_an_enormous_disk_costs_nothing() {
    let (mut bytes, _) = small(false);
    bytes[12..20].copy_from_slice(&(1u64 << 54).to_le_bytes());
    let error = open_bytes(bytes.clone(), None).unwrap_err();
    assert!(matches!(error, Error::InExtent { .. }), "{error}");
    bytes[12..20].copy_from_slice(&(1u64 << 63).to_le_bytes());
    assert!(matches!(open_bytes(bytes, None), Err(Error::HeaderField { .. })));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn damaged_disks_never_panic(
        flips in prop::collection::vec((0usize..6000, any::<u8>()), 1..6),
        cut in 0usize..80_000,
    ) {
        let (mut bytes, _) = small(false);
        for (at, mask) in flips {
            bytes[at] ^= mask;
        }
        bytes.truncate(bytes.len().saturating_sub(cut / 2));
        if let Ok(disk) = open_bytes(bytes, None) {
            for offset in (0..disk.len().min(1 << 20)).step_by(4096) {
                let _ = (disk.read_vec_at(offset, 5000), disk.known_at(offset, 5000));
            }
            let _ = disk.read_vec_at(disk.len() - disk.len().min(10), 100);
        }
    }
}

#[test]
fn what_lies_behind_the_end_of_its_file_is_not_the_end_of_the_disk() {
    let text = vmdk::descriptor("monolithicFlat", 7, None, &["RW 16 FLAT \"flat\" 0"]);
    let file: Arc<dyn ReadAt> = Arc::new(text.into_bytes());
    let descriptor = Descriptor::read(&file).unwrap().unwrap();
    let short = |_: &str| Ok(Arc::new(vec![1u8; 1024]) as Arc<dyn ReadAt>);
    let disk = Disk::open(&file, &descriptor, None, &mut { short }).unwrap();
    assert_eq!(disk.len(), 8192);
    assert_eq!(disk.known_at(2048, 100), (Known::Nothing, 100));
    assert!(disk.read_exact_at(&mut [0; 100], 2048).is_err());
}
