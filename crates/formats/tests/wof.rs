//! Chunks that another program compressed are inflated to what it was given.
//!
//! Windows images keep resources in the form that the Windows Overlay Filter keeps files in.

use std::fs;
use std::path::Path;
use std::process::Command;

use diskprint_formats::ReadAtExt;
use diskprint_formats::ntfs::wof::{Algorithm, Inflated};
use diskprint_testkit::need;
use sha1::{Digest, Sha1};

/// Content that looks like a program: words, repeats, calls, noise.
fn content(seed: u64, len: usize) -> Vec<u8> {
    let (mut state, mut bytes) = (seed, Vec::with_capacity(len + 64));
    let mut next = || {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize
    };
    let words: Vec<Vec<u8>> =
        (0..40).map(|_| (0..next() % 12 + 2).map(|_| (next() % 96 + 32) as u8).collect()).collect();
    while bytes.len() < len {
        match next() % 12 {
            0..=5 => bytes.extend_from_slice(&words[next() % words.len()]),
            6 => bytes.extend((0..next() % 40).map(|_| next() as u8)),
            7 => bytes.extend(std::iter::repeat_n(next() as u8, next() % 900)),
            8 => {
                bytes.push(0xE8);
                bytes.extend_from_slice(&(next() as u32 % 0x2_0000).to_le_bytes());
            }
            9 => bytes.extend_from_slice(&[0xE8, 0xFF, 0xFF, 0xFF, 0xFF, 0xE8, 1, 2]),
            _ => {
                let from = next() % bytes.len().max(1);
                let until = (from + next() % 3000).min(bytes.len());
                bytes.extend_from_within(from..until);
            }
        }
    }
    bytes.truncate(len);
    bytes
}

/// A resource of a Windows image: its bytes, its length, and the SHA-1 of its content.
struct Resource {
    packed: Vec<u8>,
    len: u64,
    sha1: [u8; 20],
}

/// The compressed resources of an image.
// Source: Microsoft, "Imaging Format" (WIMHEADER_V1_PACKED, RESHDR_DISK_SHORT, lookup table).
fn resources(image: &[u8]) -> Vec<Resource> {
    let long = |at: usize| u64::from_le_bytes(image[at..at + 8].try_into().unwrap());
    let size = |at: usize| (long(at) & 0xFF_FFFF_FFFF_FFFF) as usize;
    let (table, len) = (long(48 + 8) as usize, size(48));
    (table..table + len)
        .step_by(50)
        // Flags: 2 is metadata, 4 compressed.
        .filter(|at| image[at + 7] & 6 == 4)
        .map(|at| Resource {
            packed: image[long(at + 8) as usize..][..size(at)].to_vec(),
            len: long(at + 16),
            sha1: image[at + 30..at + 50].try_into().unwrap(),
        })
        .collect()
}

fn captured(wimlib: &Path, folder: &Path, compression: &str, chunk: &str) -> Vec<Resource> {
    let image = folder.parent().unwrap().join(format!("{compression}-{chunk}.wim"));
    let output = Command::new(wimlib)
        .args(["capture".as_ref(), folder, &image])
        .arg(format!("--compress={compression}"))
        .arg(format!("--chunk-size={chunk}"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    resources(&fs::read(image).unwrap())
}

#[test]
fn what_wimlib_compressed_is_inflated() {
    let Some(wimlib) = need::program("wimlib-imagex") else { return };
    let scratch = tempfile::tempdir().unwrap();
    let folder = scratch.path().join("files");
    fs::create_dir(&folder).unwrap();
    for (number, len) in [1, 9, 10, 11, 100, 4095, 4096, 4097, 32767, 32768, 32769, 70_000, 400_001]
        .into_iter()
        .enumerate()
    {
        fs::write(folder.join(number.to_string()), content(number as u64, len)).unwrap();
    }
    for (compression, chunk, algorithm) in [
        ("xpress", "4K", Algorithm::Xpress4K),
        ("xpress", "8K", Algorithm::Xpress8K),
        ("xpress", "16K", Algorithm::Xpress16K),
        ("lzx:20", "32K", Algorithm::Lzx),
        ("lzx:100", "32K", Algorithm::Lzx),
    ] {
        let found = captured(&wimlib, &folder, compression, chunk);
        assert!(found.len() > 6, "{compression}: {} are compressed", found.len());
        for Resource { packed, len, sha1 } in found {
            let inflated = Inflated::new(packed, algorithm, len);
            let whole = inflated.read_vec_at(0, len as usize).unwrap();
            assert_eq!(<[u8; 20]>::from(Sha1::digest(&whole)), sha1, "{compression} {len}");
            for (offset, count) in [(0, 1), (len / 2, 5000), (len - 1, 10), (len, 1)] {
                let part = inflated.read_vec_at(offset, count).unwrap();
                let end = (offset as usize + count).min(whole.len());
                assert_eq!(part, &whole[offset as usize..end]);
            }
        }
    }
}
