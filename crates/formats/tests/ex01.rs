//! Ex01 images that the testkit wrote, read as today's libewf reads them, damaged ones too.

use std::fs;
use std::process::Command;
use std::sync::Arc;

use diskprint_formats::ewf::Error;
use diskprint_formats::ewf::ex01::Image;
use diskprint_formats::{ReadAt, ReadAtExt};
use diskprint_testkit::random::{Random, Repeat, seed};
use diskprint_testkit::{ex01, need};

const CHUNK: usize = 64 * 512;

fn opened(segments: Vec<Vec<u8>>) -> Result<Image, Error> {
    Image::open(segments.into_iter().map(|bytes| Arc::new(bytes) as Arc<dyn ReadAt>).collect())
}

/// A disk of 14 chunks, the last of them cut: zeros, one word over and over, text, noise.
fn disk() -> Vec<u8> {
    let mut random = Random::new(1);
    let mut disk = Vec::new();
    for chunk in 0..14 {
        let word = b"wordword";
        match chunk % 5 {
            0 => disk.extend(vec![0; CHUNK]),
            1 => disk.extend(word.iter().cycle().take(CHUNK)),
            2 | 3 => disk.extend(random.bytes(CHUNK)),
            _ => disk.extend(b"some text, ".iter().cycle().take(CHUNK)),
        }
    }
    disk.truncate(disk.len() - 7 * 512);
    disk
}

fn made() -> (Vec<u8>, Vec<Vec<u8>>) {
    let disk = disk();
    let segments = ex01::segments(&disk, ex01::SMALL, [9; 16], [8; 20]);
    assert_eq!(segments.len(), 3);
    (disk, segments)
}

fn findings(image: &Image) -> Vec<String> {
    image.findings().iter().map(ToString::to_string).collect()
}

const NOT_ACQUIRED: &str = "1 sectors of the medium could not be read when the image was made, \
                            the first is 3; the image has zeros there";

#[test]
fn a_whole_image_is_the_disk() {
    let (disk, segments) = made();
    let image = opened(segments).unwrap();
    assert_eq!(findings(&image), [NOT_ACQUIRED]);
    assert_eq!(image.len(), disk.len() as u64);
    let mut at = 0;
    for len in [1, 511, 40_000, 3, 100_000].into_iter().cycle() {
        let bytes = image.read_vec_at(at as u64, len).unwrap();
        assert!(bytes == disk[at..disk.len().min(at + len)], "differs behind {at}");
        at += len;
        if at >= disk.len() {
            break;
        }
    }
    let stored = image.stored_hashes();
    assert_eq!((stored.md5, stored.sha1), (Some([9; 16]), Some([8; 20])));
    assert_eq!(image.case_fields().get("cn"), Some("case 7"));
}

/// Prints the disk of the segments that it is given.
const WITNESS: &str = "
import sys, pyewf
handle = pyewf.handle()
handle.open(sys.argv[1:])
sys.stdout.buffer.write(handle.read_buffer(handle.get_media_size()))
";

#[test]
fn libewf_reads_the_same() {
    let (Some(python), Some(library)) = (need::program("python3"), need::fetched("pyewf")) else {
        return;
    };
    let (disk, segments) = made();
    let folder = tempfile::tempdir().unwrap();
    let paths: Vec<_> = (1..)
        .zip(&segments)
        .map(|(number, bytes)| {
            let path = folder.path().join(format!("image.Ex{number:02}"));
            fs::write(&path, bytes).unwrap();
            path
        })
        .collect();
    let mut command = Command::new(python);
    command.args(["-c", WITNESS]).args(paths).env("PYTHONPATH", library);
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(output.stdout == disk);
}

#[test]
fn what_is_damaged_is_told_and_the_rest_is_read() {
    let (disk, segments) = made();
    let place = |segment: usize, kind: u32, nth: usize| {
        let all = ex01::descriptors(&segments[segment]);
        all.into_iter().filter(|it| it.0 == kind).nth(nth).unwrap().1
    };
    let lost = |image: &Image| -> Vec<usize> {
        let chunks = disk.chunks(CHUNK).enumerate();
        let is_lost = |(index, chunk): &(usize, &[u8])| {
            let chunk: &[u8] = chunk;
            let read = image.read_vec_at((index * CHUNK) as u64, chunk.len());
            read.map(|bytes| assert!(bytes == chunk, "chunk {index} is another")).is_err()
        };
        chunks.filter(is_lost).map(|(index, _)| index).collect()
    };
    let spoilt = |segment: usize, at: usize| {
        let mut segments = segments.clone();
        segments[segment][at] ^= 0x10;
        opened(segments)
    };
    // Chunk 2 begins where the sectors do: 0 and 1 are patterns.
    let image = spoilt(0, place(0, 3, 0) - 20_000).unwrap();
    assert_eq!((lost(&image), findings(&image)), (vec![2], vec![NOT_ACQUIRED.to_owned()]));
    // An entry of the second table, which has chunks 3 to 5.
    let image = spoilt(0, place(0, 4, 1) - 40).unwrap();
    assert_eq!(lost(&image), [3, 4, 5]);
    assert!(findings(&image)[0].contains("table entries at offset"), "{:?}", findings(&image));
    assert!(findings(&image)[2].contains("the tables list 11 chunks"), "{:?}", findings(&image));
    // The descriptor of a table: nothing before it can be found.
    let image = spoilt(1, place(1, 4, 0)).unwrap();
    assert_eq!(lost(&image), [6, 7, 8]);
    assert!(
        findings(&image)[1].contains("can be followed back to offset"),
        "{:?}",
        findings(&image)
    );

    let error = |segments: Vec<Vec<u8>>| opened(segments).err().unwrap().to_string();
    let two = vec![segments[0].clone(), segments[1].clone()];
    assert_eq!(error(two), "segment 3 is missing: the one before it is not the last");
    let swapped = vec![segments[1].clone(), segments[0].clone(), segments[2].clone()];
    assert_eq!(error(swapped), "segment 1: its header says that it is number 2");
    let mut other = segments.clone();
    other[2][20] ^= 1;
    assert!(error(other).starts_with("segment 3 is of another image"));
    let mut encrypted = segments.clone();
    let at = place(0, 1, 0);
    encrypted[0][at + 4] |= 2;
    ex01::seal_descriptor(&mut encrypted[0], at);
    assert_eq!(error(encrypted), "an encrypted EnCase Ex01 is not read; decrypt it with EnCase");
    let mut packed = segments.clone();
    packed[0][10] = 2;
    assert!(error(packed).contains("compressed by bzip2"));
}

#[test]
fn an_image_with_any_bytes_changed_ends_and_has_no_other_bytes() {
    let (disk, segments) = made();
    let first = seed(1);
    for round in 0..1000 {
        let seed = first.wrapping_add(round);
        let _repeat = Repeat(seed);
        let mut random = Random::new(seed);
        let mut segments = segments.clone();
        for _ in 0..1 + random.below(4) {
            let segment = random.below(segments.len());
            let at = random.below(segments[segment].len());
            segments[segment][at] = random.below(256) as u8;
        }
        let Ok(image) = opened(segments) else { continue };
        for (index, chunk) in disk.chunks(CHUNK).enumerate() {
            let read = image.read_vec_at((index * CHUNK) as u64, chunk.len());
            assert!(read.is_err() || read.unwrap() == chunk, "chunk {index}");
        }
    }
}
