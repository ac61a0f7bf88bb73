//! Files that the Windows Overlay Filter keeps compressed are read as Windows shows them.

use std::fs;

use diskprint::{Digests, Image, Known, Snapshot};
use diskprint_testkit::ntfs as kit;
use diskprint_testkit::ntfs::kind;
use kit::{Clusters, File, Options, ROOT, Volume};
use tempfile::TempDir;

fn read(bytes: &[u8]) -> Snapshot {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("disk.raw");
    fs::write(&path, bytes).unwrap();
    let opened = Image::open(&path, folder.path(), &|_| ()).unwrap();
    Snapshot::read(&opened.image, &Known::new())
}

/// Chunks of 4 KiB that are packed, stored, and cut at the end.
fn content() -> Vec<u8> {
    let noise = (0..5000u32).map(|at| (at.wrapping_mul(2_654_435_761) >> 13) as u8);
    let mut content = [vec![7; 8192], noise.collect(), vec![0; 8192]].concat();
    content.truncate(8192 + 5000 + 7000);
    content
}

/// A file whose main stream is a hole of `len` bytes, kept by WOF as `algorithm` says.
fn file(volume: &mut Volume, name: &str, algorithm: u32, len: usize) -> File {
    let hole = vec![(None, len.div_ceil(4096) as u64)];
    let sparse = Clusters { flags: kit::SPARSE, ..volume.sizes(hole, len) };
    File::new(ROOT, name)
        .with(kit::resident(kind::REPARSE_POINT, "", &kit::wof(algorithm)))
        .with(kit::non_resident(kind::DATA, "", &sparse))
}

fn lines(snapshot: &Snapshot, plain: &[u8]) -> Vec<String> {
    let files = snapshot.files.iter().filter(|entry| entry.inode >= 24);
    let line = |entry: &diskprint::FileEntry| {
        let known = match entry.digests {
            Some(digests) if digests == Digests::of(plain) => "as it was",
            Some(_) => "read",
            None => "not read",
        };
        format!("{} {} {known}", entry.full_path(), entry.size)
    };
    files.map(line).collect()
}

#[test]
fn content_is_inflated() {
    let plain = content();
    let packed = kit::pack_xpress4k(&plain);
    let mut volume = Volume::new(Options::default());
    let in_clusters = volume.stored(kind::DATA, "WofCompressedData", &packed, 1);
    let one = file(&mut volume, "one", 0, plain.len()).with(in_clusters);
    volume.add(&one);
    let short = [9; 4096];
    let two = file(&mut volume, "two", 0, short.len());
    volume.add(&two.data("WofCompressedData", &kit::pack_xpress4k(&short)));
    let built = volume.finish();
    let snapshot = read(&built.bytes);
    assert_eq!(snapshot.faults, []);
    let stream = packed.len();
    assert_eq!(
        lines(&snapshot, &plain),
        [
            "one 20192 as it was".to_owned(),
            format!("one:WofCompressedData {stream} read"),
            "two 4096 read".to_owned(),
            "two:WofCompressedData 263 read".to_owned(),
        ]
    );
    let two = snapshot.files.iter().find(|entry| entry.full_path().to_text() == "two").unwrap();
    assert_eq!(two.digests, Some(Digests::of(&short)));
}

#[test]
fn what_cannot_be_inflated_is_a_fault() {
    let plain = content();
    let packed = kit::pack_xpress4k(&plain);
    let mut volume = Volume::new(Options::default());
    let elsewhere = file(&mut volume, "alone", 0, 4096);
    volume.add(&elsewhere);
    let unknown = file(&mut volume, "unknown", 9, 4096).data("WofCompressedData", b"x");
    volume.add(&unknown);
    let mut damaged = packed.clone();
    // Where the second chunk begins.
    damaged[0..4].copy_from_slice(&[0xFF; 4]);
    let damaged =
        file(&mut volume, "damaged", 0, plain.len()).data("WofCompressedData", &damaged[..400]);
    volume.add(&damaged);
    let snapshot = read(&volume.finish().bytes);
    let mut faults: Vec<String> = snapshot.faults.iter().map(ToString::to_string).collect();
    faults.sort();
    assert_eq!(
        faults,
        [
            "p1 › inode 24 › alone: content is compressed by WOF, and the stream that has it cannot be read (left out: digests of its content)",
            "p1 › inode 25 › unknown: content is kept by WOF in a Windows image elsewhere, or compressed in a way that is not known (left out: digests of its content)",
            "p1 › inode 26 › damaged: compressed chunk 0 of 5: it takes more bytes than it holds (left out: digests of its content)",
        ]
    );
}
