//! What a hostile UDF volume costs: names that share an entry, and entries that go on for ever.

use std::io;
use std::sync::atomic::{AtomicU64, Ordering};

use diskprint_formats::udf::Volume;
use diskprint_formats::walked::{Content, Found, Volume as _};
use diskprint_formats::{Name, ReadAt};
use diskprint_testkit::udf::{self, BLOCK, File, Form, seal};

/// Counts the bytes that are read.
struct Counting {
    bytes: Vec<u8>,
    read: AtomicU64,
}

impl ReadAt for Counting {
    fn len(&self) -> u64 {
        self.bytes.len() as u64
    }

    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        let count = self.bytes.as_slice().read_at(buf, offset)?;
        self.read.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }
}

/// What was found, and how many bytes were read for it.
fn walk(bytes: &[u8]) -> (Vec<Found>, u64) {
    let reader = Counting { bytes: bytes.to_vec(), read: 0.into() };
    let volume = Volume::open(&reader).unwrap();
    let mut found = Vec::new();
    volume.walk(&mut |it| found.push(it));
    (found, reader.read.load(Ordering::Relaxed))
}

fn told(found: &[Found]) -> Vec<(String, String)> {
    let damages = found.iter().filter_map(|found| match found {
        Found::Damage(it) => Some(it),
        Found::File(_) => None,
    });
    let path = |path: &Option<Name>| path.as_ref().map(|it| it.to_text().to_string());
    damages.map(|it| (path(&it.path).unwrap_or_default(), it.error.to_string())).collect()
}

/// Places of the identifiers of files, which the testkit makes of 52 bytes where names have 5 letters.
fn identifiers(bytes: &[u8]) -> Vec<usize> {
    let is_one = |at: &usize| bytes[*at..].starts_with(&[1, 1, 3, 0]) && bytes[*at + 19] == 11;
    (280 * BLOCK..bytes.len() - 52).step_by(4).filter(is_one).collect()
}

const LEN: usize = 52;

/// How many files there are beside the first.
const OTHERS: usize = 600;

fn volume() -> Vec<u8> {
    let mut content: Vec<u8> = vec![1; 100 * BLOCK];
    content.push(2);
    let mut files = vec![File::new("chain", &content, Form::Continued)];
    let name = |at| format!("f{at:04}");
    files.extend((0..OTHERS).map(|at| File::new(&name(at), b"small", Form::Embedded)));
    udf::volume(&files, false)
}

#[test]
fn names_of_one_entry_that_goes_on_for_ever_cost_a_few_times_the_volume() {
    let mut bytes = volume();
    let sound = walk(&bytes);
    assert_eq!((sound.0.len(), told(&sound.0)), (OTHERS + 1, vec![]));
    // All names lead to the first file, ...
    let places = identifiers(&bytes);
    assert_eq!(places.len(), OTHERS + 1);
    let place = bytes[places[0] + 20..places[0] + 36].to_vec();
    for at in &places {
        bytes[at + 20..at + 36].copy_from_slice(&place);
        // The last is marked as deleted.
        bytes[at + 18] |= u8::from(Some(at) == places.last()) << 2;
        seal(&mut bytes[*at..*at + LEN], 257, 0);
    }
    // ... which is longer than anything, and whose descriptors lead back to themselves, ...
    let (block, of) = (|at: usize| (280 + at) * BLOCK, u32_at(&place, 4) as usize);
    bytes[block(of) + 56..block(of) + 64].copy_from_slice(&(1u64 << 60).to_le_bytes());
    let entry = block(of)..block(of) + 216 + 32;
    seal(&mut bytes[entry.clone()], 266, of as u32);
    let chain = u32_at(&bytes[entry], 216 + 16 + 4) as usize;
    // ... in as long an extent as is read.
    let len = 24 + u32_at(&bytes[block(chain)..], 20) as usize;
    let last = block(chain) + len - 16;
    let back = [0xC000_0000 | 1 << 20, chain as u32].map(u32::to_le_bytes).concat();
    bytes[last..last + 8].copy_from_slice(&back);
    seal(&mut bytes[block(chain)..block(chain) + len], 258, chain as u32);
    let (found, read) = walk(&bytes);
    let len = bytes.len() as u64;
    assert!(read < 20 * len + (80 << 20), "{read} bytes read of {len}");
    let runs = found.iter().map(|found| match found {
        Found::File(file) => match &file.content {
            Content::Extents(extents) => extents.runs.len(),
            _ => 0,
        },
        Found::Damage(_) => 0,
    });
    assert!(runs.sum::<usize>() < (16 * len + (64 << 20)) as usize / BLOCK);
    // Each name is told of, as a file or as one that was not read.
    let mut names: Vec<String> = told(&found).into_iter().map(|(path, _)| path).collect();
    names.dedup();
    assert_eq!(names.len(), OTHERS + 1);
    assert!(told(&found).last().unwrap().1.contains("many times the volume"), "{:?}", told(&found));
}

#[test]
fn no_checksum_is_of_more_than_the_identifier_of_a_file() {
    let mut bytes = volume();
    let at = identifiers(&bytes)[3];
    let more = 1000u16.to_le_bytes();
    bytes[at + 10..at + 12].copy_from_slice(&more);
    // The sum of the tag alone.
    bytes[at + 4] = 0;
    bytes[at + 4] = bytes[at..at + 16].iter().fold(0u8, |sum, byte| sum.wrapping_add(*byte));
    let (found, _) = walk(&bytes);
    let files = found.iter().filter(|found| matches!(found, Found::File(_))).count();
    assert_eq!(files, OTHERS + 1);
    let told = told(&found);
    assert!(told.len() == 1 && told[0].1.ends_with("it is cut"), "{told:?}");
}

#[test]
fn no_more_maps_are_read_than_a_volume_may_have() {
    let mut bytes = volume();
    for start in [32, 48] {
        let at = (start + 2) * BLOCK;
        // Nine maps of the first kind.
        let map = bytes[at + 440..at + 446].to_vec();
        bytes[at + 268] = 9;
        bytes[at + 440..at + 440 + 54].copy_from_slice(&map.repeat(9));
        seal(&mut bytes[at..at + 512], 6, (start + 2) as u32);
    }
    let error = Volume::open(bytes.as_slice()).err().unwrap();
    assert_eq!(error.to_string(), "Number of Partition Maps is 0x9");
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap())
}

#[test]
fn descriptors_of_a_volume_that_lead_back_to_themselves_are_told() {
    let mut bytes = volume();
    // The first extent of the main sequence: its length, and its sector.
    let extent = bytes[256 * BLOCK + 16..][..8].to_vec();
    let start = u32::from_le_bytes(extent[4..].try_into().unwrap()) as usize;
    let is_terminating = |sector: &usize| bytes[sector * BLOCK..].starts_with(&[8, 0]);
    let last = (start..).find(is_terminating).unwrap();
    // A pointer to it takes the place of the terminating descriptor.
    let pointer = &mut bytes[last * BLOCK..(last + 1) * BLOCK];
    pointer[20..28].copy_from_slice(&extent);
    seal(pointer, 3, last as u32);
    let (found, _) = walk(&bytes);
    let said = told(&found);
    assert!(said.len() == 1 && said[0].1.contains("more than 1024 descriptors"), "{said:?}");
    assert_eq!(found.len(), 1 + OTHERS + said.len());
}
