use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use crate::run::plan::Planned;

/// Room that a run needs, estimated.
pub(super) struct Need {
    /// For what is unpacked, while it is read; in bytes.
    pub scratch: u64,
    /// For what stays, in bytes.
    pub outputs: u64,
    /// Files that are made.
    pub files: u64,
}

/// What the members of a compressed tarball take, in sizes of the tarball.
const UNPACKED: u64 = 4;
/// What the outputs of a slice take, in bytes, beside a share of its unpacked size.
// Measured: a tenth where a slice has 1.1 GB in 20,507 files (bench/runs/2026-11-22), 6 MB where
// it is nearly empty but for its hives (the sample).
const OUTPUTS: u64 = 16 << 20;
/// The part of a slice's unpacked size that its outputs take beside that.
const OUTPUTS_OF_UNPACKED: u64 = 10;
/// Files that are made for each slice.
const FILES: u64 = 200;

/// What reading these slices needs, as the help of `check` explains; `None` without slices.
pub(super) fn of(slices: &[Planned]) -> Option<Need> {
    // Sequences may share slices.
    let tarballs: BTreeSet<&Path> = slices.iter().map(|slice| &*slice.tarball).collect();
    let sizes: Vec<Size> = tarballs.iter().filter_map(|tarball| size(tarball).ok()).collect();
    let scratch = sizes.iter().map(|size| size.scratch).max()?;
    let outputs =
        sizes.iter().map(|size| OUTPUTS.saturating_add(size.unpacked / OUTPUTS_OF_UNPACKED));
    let outputs = outputs.fold(0, u64::saturating_add);
    Some(Need { scratch, outputs, files: FILES.saturating_mul(sizes.len() as u64) })
}

struct Size {
    scratch: u64,
    unpacked: u64,
}

fn size(path: &Path) -> io::Result<Size> {
    if path.is_dir() {
        let mut unpacked = 0u64;
        for entry in fs::read_dir(path)? {
            unpacked = unpacked.saturating_add(entry?.metadata()?.len());
        }
        return Ok(Size { scratch: 0, unpacked });
    }
    let mut file = File::open(path)?;
    let len = file.metadata()?.len();
    let mut start = Vec::new();
    (&mut file).take(512).read_to_end(&mut start)?;
    Ok(match start.as_slice() {
        [0x1F, 0x8B, ..] => {
            let unpacked = trailer(&mut file, len)?.max(len.saturating_mul(UNPACKED));
            Size { scratch: unpacked, unpacked }
        }
        // xz, bzip2, Zstandard.
        [0xFD, b'7', b'z', ..] | [b'B', b'Z', b'h', ..] | [0x28, 0xB5, 0x2F, 0xFD, ..] => {
            let unpacked = len.saturating_mul(UNPACKED);
            Size { scratch: unpacked, unpacked }
        }
        start if start.get(257..262) == Some(b"ustar") => Size { scratch: len, unpacked: len },
        _ => Size { scratch: 0, unpacked: len },
    })
}

/// The unpacked size that the last member of a gzip file says: its lower 32 bits.
// Source: RFC 1952, 2.3.1 "ISIZE".
fn trailer(file: &mut File, len: u64) -> io::Result<u64> {
    let mut size = [0; 4];
    file.seek(SeekFrom::Start(len.saturating_sub(4)))?;
    file.read_exact(&mut size)?;
    Ok(u32::from_le_bytes(size).into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn size_of(bytes: &[u8]) -> (u64, u64) {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(bytes).unwrap();
        let Size { scratch, unpacked } = size(file.path()).unwrap();
        (scratch, unpacked)
    }

    #[test]
    fn a_tarball_takes_four_times_its_size_or_what_its_trailer_says() {
        let gzip = |size: u32| [&[0x1F, 0x8B], &[0; 94][..], &size.to_le_bytes()].concat();
        assert_eq!(
            size_of(&gzip(50)),
            (400, 400),
            "there were more than 32 bits, or several members"
        );
        assert_eq!(size_of(&gzip(72_000_000)), (72_000_000, 72_000_000));
        assert_eq!(size_of(&[b"BZh".as_slice(), &[0; 97]].concat()), (400, 400));
        let mut tar = vec![0; 1024];
        tar[257..262].copy_from_slice(b"ustar");
        assert_eq!(size_of(&tar), (1024, 1024));
        assert_eq!(size_of(&[0; 700]), (0, 700), "a disk is read where it is");
    }
}
