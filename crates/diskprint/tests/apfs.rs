//! A real APFS container, and how The Sleuth Kit reads it; and what becomes of damage.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use diskprint::{Digests, FileEntry, FileKind, Image, Known, Snapshot, diff};
use diskprint_testkit::apfs::{BLOCK, checksum};
use diskprint_testkit::{archive, need};
use tempfile::TempDir;

struct Container {
    folder: TempDir,
    bytes: Vec<u8>,
}

impl Container {
    fn real() -> Option<Self> {
        let members = archive::members("real-images/images.tar.xz")?;
        let (_, bytes) = members.into_iter().find(|(path, _)| path == "apfs.raw").unwrap();
        Some(Self { folder: TempDir::new().unwrap(), bytes })
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("apfs.raw")
    }

    /// Reads these bytes as a disk of their own.
    fn read(&self, bytes: &[u8]) -> Snapshot {
        fs::write(self.path(), bytes).unwrap();
        let image = Image::open(&self.path(), self.folder.path(), &|_| ()).unwrap().image;
        Snapshot::read(&image, &Known::new())
    }
}

fn output(program: &Path, args: &[&str], image: &Path) -> Vec<u8> {
    let output = Command::new(program).args(args).arg(image).output().unwrap();
    assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

#[test]
fn a_real_container_has_the_files_that_the_sleuth_kit_lists() {
    let (Some(fls), Some(icat)) = (need::program("fls"), need::program("icat")) else { return };
    let (Some(pstat), Some(container)) = (need::program("pstat"), Container::real()) else {
        return;
    };
    let snapshot = container.read(&container.bytes);
    assert_eq!(snapshot.faults, []);
    let partition = &snapshot.partitions[0];
    assert_eq!((partition.file_system, partition.block_size), (Some("apfs"), 4096));
    assert_eq!((partition.block_count, partition.serial), (1014, 0xd08a_9fa0_d5a5_458b));
    let files = snapshot.files.iter().filter(|file| file.stream.is_none());
    let mut ours: BTreeMap<String, &FileEntry> =
        files.map(|file| (file.path.to_text().into_owned(), file)).collect();

    let pool = String::from_utf8(output(&pstat, &[], &container.path())).unwrap();
    let (_, block) = pool.split_once("APSB Block Number: ").unwrap();
    let block = block.lines().next().unwrap();
    let args = ["-r", "-m", "", "-P", "apfs", "-B", block];
    let list = String::from_utf8(output(&fls, &args, &container.path())).unwrap();
    for line in list.lines() {
        let fields: Vec<&str> = line.split('|').collect();
        let [_, name, inode, mode, uid, _, size, atime, mtime, ctime, crtime] = fields[..] else {
            panic!("{line}")
        };
        let (name, target) = match name.split_once(" -> ") {
            Some((name, target)) => (name, Some(target.into())),
            None => (name, None),
        };
        let file = ours.remove(&format!("apfs_test{name}")).expect(name);
        assert_eq!(file.inode.to_string(), inode, "{name}");
        assert_eq!(file.kind.letter(), &mode[..1], "{name}");
        assert_eq!((file.owner_id.to_string().as_str(), &file.target), (uid, &target), "{name}");
        let times = [file.times.atime, file.times.mtime, file.times.ctime, file.times.crtime];
        let seconds = times.map(|time| (time.unix_nanos() / 1_000_000_000).to_string());
        assert_eq!(seconds, [atime, mtime, ctime, crtime], "{name}");
        if file.kind == FileKind::Regular {
            let args = ["-P", "apfs", "-B", block];
            let content = Command::new(&icat).args(args).arg(container.path()).arg(inode).output();
            assert_eq!(file.digests, Some(Digests::of(&content.unwrap().stdout)), "{name}");
            assert_eq!(file.size.to_string(), size, "{name}");
        }
    }
    assert!(ours.is_empty(), "{ours:?}");
}

#[test]
fn extended_attributes_and_resource_forks_are_streams() {
    let Some(container) = Container::real() else { return };
    let snapshot = container.read(&container.bytes);
    let streams = snapshot.files.iter().filter(|file| file.stream.is_some());
    let streams: Vec<(String, u64)> =
        streams.map(|file| (file.full_path().to_text().into_owned(), file.size)).collect();
    assert_eq!(
        streams,
        [
            ("apfs_test/a_directory/a_file:myxattr".to_owned(), 21),
            ("apfs_test/a_directory/a_resourcefork:com.apple.ResourceFork".to_owned(), 17),
        ]
    );
}

#[test]
fn a_damaged_container_is_read_as_far_as_it_can_be_and_hides_nothing() {
    let Some(container) = Container::real() else { return };
    let sound = &container.bytes;
    let whole = container.read(sound);
    let has_sum = |block: &[u8]| block[..8] != [0; 8] && block[..8] == checksum(block);
    let summed: Vec<usize> =
        (0..sound.len() / BLOCK).filter(|at| has_sum(&sound[at * BLOCK..][..BLOCK])).collect();
    assert!(summed.len() > 10, "{summed:?}");
    let mut random = 7u64;
    let mut next = |below: usize| {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (random >> 33) as usize % below
    };
    let mut read = 0;
    for round in 0..400 {
        let mut bytes = sound.clone();
        for _ in 0..[1, 3, 10, 40][round % 4] {
            let block = summed[next(summed.len())];
            let used = (8..BLOCK).filter(|at| sound[block * BLOCK + at] != 0);
            let used: Vec<usize> = used.collect();
            bytes[block * BLOCK + used[next(used.len())]] = next(256) as u8;
        }
        // Every other one is damage that no checksum tells.
        if round % 2 == 0 {
            for block in &summed {
                let sum = checksum(&bytes[block * BLOCK..][..BLOCK]);
                bytes[block * BLOCK..][..8].copy_from_slice(&sum);
            }
        }
        let snapshot = container.read(&bytes);
        read += usize::from(snapshot.partitions.iter().any(|partition| partition.is_read));
        // Without the magic number there is no container.
        if round % 2 == 1 && !snapshot.partitions.is_empty() {
            let found = diff::snapshots(&whole, &snapshot);
            assert_eq!(found.files, [], "round {round}: {:?}", snapshot.faults);
        }
    }
    assert!(read > 100, "{read}");
}
