//! E01 images that ewfacquire, others or the testkit wrote, compared byte by byte with what they
//! were made from.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;

use diskprint_formats::ewf::{Error, Image, segment_number};
use diskprint_formats::{ReadAt, ReadAtExt};
use diskprint_testkit::{ewf, need};

/// An empty folder of this test's own.
fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("ewf").join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder
}

fn run(program: &Path, folder: &Path, args: &[&str]) -> String {
    let mut command = Command::new(program);
    let output = command.args(args).current_dir(folder).stdin(Stdio::null()).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{args:?}: {text}");
    text
}

/// Zeros, text, and bytes that do not compress, in stretches that are no multiple of a chunk.
fn pattern(len: usize) -> Vec<u8> {
    let mut bytes = vec![0; len];
    let mut state = 1u32;
    for (index, stretch) in bytes.chunks_mut(50_000).enumerate() {
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

fn opened(segments: Vec<Vec<u8>>) -> Result<Image, Error> {
    Image::open(segments.into_iter().map(|bytes| Arc::new(bytes) as Arc<dyn ReadAt>).collect())
}

/// The segments that a program wrote, in the order of their numbers.
fn segments_in(folder: &Path) -> Vec<Vec<u8>> {
    let paths = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut numbered: Vec<(u32, Vec<u8>)> = paths
        .map(|path| fs::read(path).unwrap())
        .filter_map(|bytes| Some((segment_number(&bytes, 1).ok()?, bytes)))
        .collect();
    numbered.sort();
    numbered.into_iter().map(|(_, bytes)| bytes).collect()
}

/// Reads in full and in odd pieces, forwards and backwards.
#[track_caller]
fn assert_reads(image: &Image, expected: &[u8]) {
    assert_eq!(image.len(), expected.len() as u64);
    assert!(image.read_vec_at(0, expected.len()).unwrap() == expected, "read in full");
    let mut pieces = Vec::new();
    let (mut at, mut len) = (0, 1);
    while at < expected.len() {
        pieces.push((at, len));
        at += len;
        len = (len * 7 + 3) % 70_001 + 1;
    }
    for (at, len) in pieces.iter().chain(pieces.iter().rev()) {
        let expected = &expected[*at..(*at + *len).min(expected.len())];
        assert!(image.read_vec_at(*at as u64, *len).unwrap() == expected, "{len} at {at}");
    }
    assert_eq!(image.read_vec_at(expected.len() as u64, 1).unwrap(), [0; 0]);
}

#[test]
fn what_ewfacquire_writes_is_read_as_it_was() {
    let Some(ewfacquire) = need::program("ewfacquire") else { return };
    let cases: [&[&str]; 14] = [
        &["-f", "encase6", "-c", "fast", "-C", "case 7", "-d", "sha1"],
        &["-f", "encase6", "-c", "best", "-b", "16"],
        &["-f", "encase6", "-c", "none", "-S", "1MiB"],
        &["-f", "encase6", "-c", "empty-block", "-S", "1MiB", "-d", "sha1"],
        &["-f", "encase6", "-c", "fast", "-P", "4096", "-b", "128", "-S", "1MiB"],
        &["-f", "encase6", "-c", "fast", "-b", "4096"],
        &["-f", "encase7", "-c", "fast"],
        &["-f", "encase5", "-c", "best", "-S", "1MiB"],
        &["-f", "encase3", "-c", "fast"],
        &["-f", "encase2", "-c", "fast", "-S", "1MiB"],
        &["-f", "ftk", "-c", "none"],
        &["-f", "linen6", "-c", "fast"],
        &["-f", "smart", "-c", "fast", "-S", "1MiB"],
        &["-f", "ewf", "-c", "none", "-S", "1MiB"],
    ];
    // Not a multiple of any chunk; with 4096 bytes a sector ewfacquire takes whole sectors only.
    for (nth, sectors) in [(0, 9009), (1, 8192), (2, 1), (3, 64)] {
        for (number, args) in
            cases.iter().enumerate().filter(|(_, args)| nth == 0 || args[3] == "fast")
        {
            let is_4k = args.contains(&"4096") && args.contains(&"-P");
            let len = if is_4k { sectors * 4096 } else { sectors * 512 };
            let bytes = pattern(if is_4k { len / 4 / 4096 * 4096 + 4096 } else { len });
            let folder = folder(&format!("acquired-{nth}-{number}"));
            fs::write(folder.join("disk.raw"), &bytes).unwrap();
            let args = [&["-u", "-t", "out"], *args, &["disk.raw"]].concat();
            let said = run(&ewfacquire, &folder, &args);
            let image = opened(segments_in(&folder)).unwrap_or_else(|e| panic!("{args:?}: {e}"));
            let findings: Vec<_> = image.findings().iter().map(ToString::to_string).collect();
            assert_eq!(findings, [""; 0], "{args:?}");
            assert_reads(&image, &bytes);
            let md5 = image.stored_hashes().md5.expect("ewfacquire stores the MD5");
            let md5: String = md5.iter().map(|byte| format!("{byte:02x}")).collect();
            assert!(said.contains(&md5), "{args:?}: {md5} in {said}");
            if args.contains(&"sha1") {
                use sha1::{Digest, Sha1};
                assert_eq!(image.stored_hashes().sha1, Some(Sha1::digest(&bytes).into()));
            }
            if args.contains(&"case 7") {
                assert_eq!(image.case_fields().get("c"), Some("case 7"));
            }
            let _ = fs::remove_dir_all(&folder);
        }
    }
}

#[test]
fn what_ewfacquirestream_writes_is_read_as_it_was() {
    let Some(ewfacquirestream) = need::program("ewfacquirestream") else { return };
    let bytes = pattern(5_000_192);
    let folder = folder("stream");
    fs::write(folder.join("disk.raw"), &bytes).unwrap();
    let input = fs::File::open(folder.join("disk.raw")).unwrap();
    let mut command = Command::new(ewfacquirestream);
    command.args(["-t", "out", "-S", "1MiB", "-c", "fast"]).current_dir(&folder).stdin(input);
    assert!(command.output().unwrap().status.success());
    let segments = segments_in(&folder);
    assert!(segments.len() > 1);
    assert_reads(&opened(segments).unwrap(), &bytes);
}

#[test]
fn a_public_image_of_two_segments_is_read_as_ewfexport_does() {
    let (Some(archive), Some(ewfexport), Some(tar)) =
        (need::data("real-images/images.tar.xz"), need::program("ewfexport"), need::program("tar"))
    else {
        return;
    };
    let folder = folder("public");
    let archive = archive.canonicalize().unwrap();
    let names = ["ext2.split.E01", "ext2.split.E02"];
    run(&tar, &folder, &["-xJf", archive.to_str().unwrap(), names[0], names[1]]);
    run(&ewfexport, &folder, &["-u", "-q", "-f", "raw", "-t", "out", names[0]]);
    let expected = fs::read(folder.join("out.raw")).unwrap();
    let segments = names.iter().map(|name| fs::read(folder.join(name)).unwrap()).collect();
    let image = opened(segments).unwrap();
    assert_reads(&image, &expected);
    assert!(image.findings().is_empty());
}

/// An image of 20 chunks: ten sectors more than 19 of them, in four segments.
fn small() -> (Vec<u8>, Vec<Vec<u8>>) {
    let bytes: Vec<u8> = pattern(150_000)[49_000..49_000 + 19 * 2048 + 512].to_vec();
    let segments = ewf::segments(&bytes, ewf::SMALL, [9; 16]);
    (bytes, segments)
}

/// Which chunks cannot be read; the others are as they were.
fn unreadable(image: &Image, expected: &[u8]) -> Vec<usize> {
    let chunk = |(index, chunk): (usize, &[u8])| match image
        .read_vec_at(index as u64 * 2048, chunk.len())
    {
        Ok(bytes) => {
            assert!(bytes == chunk, "chunk {index} is another");
            None
        }
        Err(_) => Some(index),
    };
    expected.chunks(2048).enumerate().filter_map(chunk).collect()
}

fn findings(image: &Image) -> Vec<String> {
    image.findings().iter().map(ToString::to_string).collect()
}

#[test]
fn a_whole_image_has_no_findings() {
    let (bytes, segments) = small();
    assert_eq!(segments.len(), 4);
    let image = opened(segments).unwrap();
    assert_reads(&image, &bytes);
    assert_eq!(findings(&image), [""; 0]);
    assert_eq!(image.stored_hashes().md5, Some([9; 16]));
    assert_eq!(image.case_fields().get("c"), Some("case 7"));
    assert_eq!(image.case_fields().get("a"), Some("an image"));
}

#[test]
fn a_chunk_whose_checksum_is_wrong_is_an_error_for_itself_alone() {
    let (bytes, segments) = small();
    for byte in 0..segments[1].len() {
        let at = ewf::data_of(&segments[1], "sectors", 0);
        let end = ewf::data_of(&segments[1], "table", 0) - 76;
        if !(at..end).contains(&byte) {
            continue;
        }
        let mut damaged = segments.clone();
        damaged[1][byte] ^= 0x10;
        let image = opened(damaged).unwrap();
        let lost = unreadable(&image, &bytes);
        assert!(matches!(lost[..], [6..9]), "byte {byte}: {lost:?}");
        assert_eq!(findings(&image), [""; 0]);
    }
}

#[test]
fn a_damaged_table_is_read_from_its_copy_and_without_that_its_chunks_alone_are_lost() {
    let (bytes, segments) = small();
    let (table, copy) =
        (ewf::data_of(&segments[0], "table", 1), ewf::data_of(&segments[0], "table2", 1));
    for byte in [0, 9, 20, 24, 30, 36] {
        let mut damaged = segments.clone();
        damaged[0][table + byte] ^= 1;
        let image = opened(damaged.clone()).unwrap();
        assert_eq!(findings(&image), ["a table is damaged, its copy was read"]);
        assert_reads(&image, &bytes);
        damaged[0][copy + byte] ^= 1;
        let image = opened(damaged).unwrap();
        assert_eq!(findings(&image).len(), 1);
        assert!(findings(&image)[0].contains("it and its copy are damaged"));
        assert_eq!(unreadable(&image, &bytes), [3, 4, 5]);
    }
}

#[test]
fn a_table_that_states_more_than_fits_is_damaged() {
    let (bytes, mut segments) = small();
    for kind in ["table", "table2"] {
        let at = ewf::data_of(&segments[0], kind, 0);
        segments[0][at..at + 4].copy_from_slice(&u32::MAX.to_le_bytes());
        ewf::seal_at(&mut segments[0], at, 20);
    }
    let image = opened(segments).unwrap();
    let Error::TableLost { source, .. } = &image.findings()[0] else { panic!() };
    assert!(source.to_string().contains("4294967295 entries, its section has room for 4"));
    assert_eq!(unreadable(&image, &bytes), [0, 1, 2]);
}

#[test]
fn entries_that_point_outside_of_the_segment_are_errors_of_their_chunks() {
    let (bytes, mut segments) = small();
    for kind in ["table", "table2"] {
        let at = ewf::data_of(&segments[0], kind, 0);
        segments[0][at + 28..at + 32].copy_from_slice(&0xFFFF_FFF0u32.to_le_bytes());
        ewf::seal_at(&mut segments[0], at + 24, 12);
    }
    let image = opened(segments).unwrap();
    assert_eq!(unreadable(&image, &bytes), [1]);
}

#[test]
fn loops_of_sections_end() {
    let (bytes, mut segments) = small();
    let sections = ewf::sections(&segments[2]);
    let (_, at) = sections[3];
    for next in [13, at as u64, u64::MAX, segments[2].len() as u64] {
        segments[2][at + 16..at + 24].copy_from_slice(&next.to_le_bytes());
        ewf::seal_at(&mut segments[2], at, 72);
        let image = opened(segments.clone()).unwrap();
        assert!(findings(&image)[0].starts_with("segment 3: its sections end at offset"));
        // The second table of the segment is behind it; what follows is numbered from the end.
        assert!(findings(&image)[1].contains("list 17 chunks, the volume section says 20"));
        assert_eq!(unreadable(&image, &bytes), [15, 16, 17]);
    }
}

#[test]
fn no_damage_to_a_section_descriptor_makes_a_chunk_another() {
    let (bytes, segments) = small();
    for segment in 0..segments.len() {
        for (kind, at) in ewf::sections(&segments[segment]) {
            for byte in [0, 4, 5, 16, 17, 24, 25, 72] {
                let mut damaged = segments.clone();
                damaged[segment][at + byte] ^= 0x11;
                match opened(damaged) {
                    Ok(image) => {
                        assert_ne!(findings(&image), [""; 0], "{segment} {kind} {byte}");
                        unreadable(&image, &bytes);
                    }
                    Err(error) => assert!(
                        matches!(error, Error::NoVolume | Error::SegmentMissing { .. }),
                        "{segment} {kind} {byte}: {error}"
                    ),
                }
            }
        }
    }
}

#[test]
fn segments_that_are_missing_twice_there_or_of_another_image_are_refused() {
    let (bytes, segments) = small();
    let error = |segments: Vec<Vec<u8>>| opened(segments).err().map(|error| error.to_string());
    let missing = "segment 4 is missing: the one before it is not the last";
    assert_eq!(error(segments[..3].to_vec()).as_deref(), Some(missing));
    let other = "segment 2: its header says that it is number 3";
    assert_eq!(error([&segments[..1], &segments[2..]].concat()).as_deref(), Some(other));
    assert!(matches!(opened(segments[1..].to_vec()), Err(Error::SegmentNumber { stated: 2, .. })));
    let mut mixed = segments.clone();
    mixed[2] = ewf::segments(&bytes, ewf::Form { set: [8; 16], ..ewf::SMALL }, [9; 16]).remove(2);
    assert!(matches!(opened(mixed), Err(Error::OtherSet { segment: 3, .. })));
    assert!(matches!(
        opened(Vec::new()),
        Err(Error::SegmentMissing { segment: 1 } | Error::NoVolume)
    ));
}

#[test]
fn relatives_that_are_not_read_are_refused_by_name() {
    for (magic, name) in
        [(&b"LEF2\x0D\x0A\x81\x00"[..], "Lx01"), (b"LVF\x09\x0D\x0A\xFF\x00", "L01")]
    {
        let error = opened(vec![[magic, &[0; 100]].concat()]).err().unwrap().to_string();
        assert!(error.contains(name) && error.contains("is not read"), "{error}");
    }
}

#[test]
fn fields_of_the_volume_that_cannot_be_are_refused() {
    let (_, segments) = small();
    let fields: [(usize, u32); 5] = [(8, 0), (12, 0), (12, 1 << 17), (8, u32::MAX), (20, 1)];
    for (at, value) in fields {
        let mut segments = segments.clone();
        let volume = ewf::data_of(&segments[0], "volume", 0);
        segments[0][volume + at..volume + at + 4].copy_from_slice(&value.to_le_bytes());
        ewf::seal_at(&mut segments[0], volume, 1048);
        assert!(matches!(opened(segments), Err(Error::VolumeField { .. })), "{at}: {value}");
    }
}

#[test]
fn what_is_cut_or_flipped_never_panics_and_reads_end() {
    let (bytes, segments) = small();
    let visit = |segments: Vec<Vec<u8>>| {
        if let Ok(image) = opened(segments) {
            image.findings().iter().for_each(|finding| drop(finding.to_string()));
            let most = image.len().min(1 << 20) as usize;
            let _ = image.read_vec_at(0, most);
            for chunk in 0..(most / 2048) as u64 {
                let _ = image.read_vec_at(chunk * 2048 + 7, 100);
            }
        }
    };
    for segment in [0, 3] {
        for len in 0..segments[segment].len() {
            let mut cut = segments.clone();
            cut[segment].truncate(len);
            visit(cut);
        }
    }
    for segment in [0, 3] {
        for byte in 0..segments[segment].len() {
            for bit in [0, 7] {
                let mut flipped = segments.clone();
                flipped[segment][byte] ^= 1 << bit;
                visit(flipped);
            }
        }
    }
    assert!(!bytes.is_empty());
}
