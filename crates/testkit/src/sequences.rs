//! Many small sequences: each slice a raw NTFS image with some files and a hive, no two sequences
//! alike.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::ntfs::{File, Options, ROOT, Reference, Volume, kind};
use crate::regf::{self, Key, Value};

/// What each sequence is made of.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    /// Slices.
    pub slices: u64,
    /// So many sequences that follow one another start from the same bytes.
    pub share: u64,
    /// Files in the first slice, up to about a hundred, which one directory holds; each later one has one more, one of other content, one of another
    /// name, and from the third on lacks one.
    pub files: u64,
    /// Length of each file, in bytes.
    pub len: usize,
    /// Keys in the hive; each later slice has one more.
    pub keys: u64,
}

/// The id of the sequence with that number, as diskprint calls it.
pub fn name(number: u64) -> String {
    format!("8504-1-{number}-1")
}

/// Writes the slices of the sequence with that number into `folder`; returns the path of the last.
///
/// # Errors
/// When they cannot be written.
pub fn write(folder: &Path, number: u64, shape: Shape) -> io::Result<PathBuf> {
    let mut last = PathBuf::new();
    for slice in 0..shape.slices {
        last = folder.join(format!("{}-{}.raw", name(number), (slice + 1) * 10));
        fs::write(&last, image(number, slice, shape))?;
    }
    Ok(last)
}

const CLUSTER: usize = 512;
/// Room for boot sector, system files, directories and a small hive.
const OWN_CLUSTERS: usize = 180;

fn image(number: u64, slice: u64, shape: Shape) -> Vec<u8> {
    let Shape { slices, share, files, len, keys } = shape;
    // Each file has a record of two clusters, each key about a cluster of its hive in all.
    let per_file = len.div_ceil(CLUSTER) + 3;
    // The volume does not grow with its slices.
    let clusters = OWN_CLUSTERS + per_file * (files + slices) as usize + (keys + slices) as usize;
    let options = Options {
        cluster: CLUSTER,
        clusters,
        per_block: 30,
        serial: number / share,
        ..Options::default()
    };
    let mut volume = Volume::new(options);
    let hive = hive(number, slice, keys);
    let hive = volume.stored(kind::DATA, "", &hive, 0);
    volume.add(&File::new(ROOT, "SYSTEM").with(hive));
    let folder = volume.add(&File::directory(ROOT, "Program"));
    for file in 0..files + slice {
        if slice >= 2 && file == 3 {
            volume.reserve();
        } else {
            add(&mut volume, folder, file, number, slice, shape);
        }
    }
    volume.finish().bytes
}

/// Adds a file whose bytes depend on its number and on who made it what it is.
fn add(volume: &mut Volume, folder: Reference, file: u64, number: u64, slice: u64, shape: Shape) {
    // The files of the first slice are those of all sequences that start from it.
    let made_by = match file {
        1 if slice > 0 => (number, slice),
        file if file >= shape.files => (number, file - shape.files + 1),
        _ => (number / shape.share, 0),
    };
    let moved = if file == 2 { slice } else { 0 };
    let name = format!("{file}-{moved}.dll");
    let seed = made_by.0 << 32 | made_by.1 << 24 | file;
    let data = volume.stored(kind::DATA, "", &noise(seed, shape.len), 0);
    volume.add(&File::new(folder, &name).with(data));
}

fn hive(number: u64, slice: u64, keys: u64) -> Vec<u8> {
    let key = |key: u64| {
        let by = if key < keys { 0 } else { number };
        Key::new(format!("key {key}").as_str())
            .value(Value::string("text", &format!("value {key} of {by}")))
            .value(Value::dword("number", (by + key) as u32))
    };
    regf::build(&(0..keys + slice).map(key).fold(Key::new("ROOT"), Key::with)).bytes
}

/// Bytes without any order: SplitMix64 (Steele and others, "Fast splittable pseudorandom number
/// generators", 2014).
fn noise(seed: u64, len: usize) -> Vec<u8> {
    let mut state = seed;
    let mut next = || {
        state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut word = state;
        word = (word ^ (word >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        word ^ (word >> 31)
    };
    let mut bytes: Vec<u8> = (0..len.div_ceil(8)).flat_map(|_| next().to_le_bytes()).collect();
    bytes.truncate(len);
    bytes
}
