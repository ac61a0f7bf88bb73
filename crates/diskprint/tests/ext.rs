//! ext volumes that mke2fs and debugfs made, and how The Sleuth Kit and debugfs read them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use diskprint::{Digests, FileEntry, FileKind, FoundBy, Image, Known, Remains, Snapshot, diff};
use diskprint_testkit::need;
use tempfile::TempDir;

fn data(len: usize, seed: u8) -> Vec<u8> {
    (0..len).map(|at| (at as u8).wrapping_mul(31) ^ (at >> 8) as u8 ^ seed).collect()
}

fn run(program: &Path, args: &[&str], folder: &Path) -> String {
    let output = Command::new(program).args(args).current_dir(folder).output().unwrap();
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{program:?} {args:?}: {text}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Files of every size that maps blocks otherwise, and what is no file.
const FILES: [(&str, usize); 7] = [
    ("empty", 0),
    ("tiny", 40),
    ("inline", 100),
    ("block", 1000),
    ("indirect", 90_000),
    ("folder/double", 700_000),
    ("folder/below/large.bin", 3_000_000),
];

struct Volume {
    folder: TempDir,
    debugfs: PathBuf,
}

impl Volume {
    fn new(kind: &str, args: &[&str]) -> Option<Self> {
        Self::of_len(kind, args, "20M")
    }

    fn of_len(kind: &str, args: &[&str], len: &str) -> Option<Self> {
        let (mke2fs, debugfs) = (need::program("mke2fs")?, need::program("debugfs")?);
        let folder = TempDir::new().unwrap();
        let tree = folder.path().join("tree");
        fs::create_dir_all(tree.join("folder/below")).unwrap();
        for (seed, (name, len)) in (0..).zip(FILES) {
            fs::write(tree.join(name), data(len, seed)).unwrap();
        }
        for number in 0..200 {
            fs::write(tree.join(format!("folder/entry {number:03} – ü")), b"x").unwrap();
        }
        std::os::unix::fs::symlink("folder/double", tree.join("short link")).unwrap();
        std::os::unix::fs::symlink("a/".repeat(100), tree.join("long link")).unwrap();
        fs::hard_link(tree.join("block"), tree.join("folder/second name")).unwrap();
        let all = [&["-q", "-F", "-t", kind, "-d", "tree"], args, &["disk.raw", len]].concat();
        run(&mke2fs, &all, folder.path());
        Some(Self { folder, debugfs })
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("disk.raw")
    }

    fn debugfs(&self, request: &str) {
        run(&self.debugfs, &["-w", "-R", request, "disk.raw"], self.folder.path());
    }

    fn read(&self) -> Snapshot {
        read(&self.path())
    }
}

fn read(path: &Path) -> Snapshot {
    let scratch = TempDir::new().unwrap();
    let opened = Image::open(path, scratch.path(), &|_| ()).unwrap();
    Snapshot::read(&opened.image, &Known::new())
}

fn faults(snapshot: &Snapshot) -> Vec<String> {
    snapshot.faults.iter().map(ToString::to_string).collect()
}

fn entry<'s>(snapshot: &'s Snapshot, path: &str) -> &'s FileEntry {
    snapshot
        .files
        .iter()
        .find(|entry| entry.path == path.into())
        .unwrap_or_else(|| panic!("{path}"))
}

const KINDS: [(&str, &str, &[&str]); 6] = [
    ("ext2", "ext2", &["-b", "1024"]),
    ("ext2", "ext2", &["-b", "4096", "-I", "128"]),
    ("ext3", "ext3", &["-b", "1024"]),
    ("ext4", "ext4", &["-b", "1024"]),
    ("ext4", "ext4", &["-b", "4096", "-O", "inline_data,64bit"]),
    ("ext4", "ext4", &["-b", "1024", "-O", "meta_bg,^resize_inode"]),
];

#[test]
fn files_are_read_as_they_were_written_and_lie_where_the_runs_say() {
    for (file_system, kind, args) in KINDS {
        let Some(volume) = Volume::new(kind, args) else { return };
        let snapshot = volume.read();
        assert_eq!(faults(&snapshot), [] as [&str; 0], "{kind} {args:?}");
        assert_eq!(snapshot.partitions[0].file_system, Some(file_system));
        let image = fs::read(volume.path()).unwrap();
        for (seed, (name, len)) in (0..).zip(FILES) {
            let (found, content) = (entry(&snapshot, name), data(len, seed));
            assert_eq!((found.size, found.is_live()), (len as u64, true), "{kind}: {name}");
            assert_eq!(found.digests, Some(Digests::of(&content)), "{kind} {args:?}: {name}");
            if found.runs.iter().all(|run| run.fs_offset.is_some()) && !found.runs.is_empty() {
                let at = |run: &diskprint::ByteRun| found.runs.img_offset(run).unwrap() as usize;
                let runs = found.runs.iter();
                let bytes = runs.flat_map(|run| &image[at(&run)..][..run.len as usize]);
                assert!(bytes.copied().eq(content), "{kind} {args:?}: {name}");
            }
            let written = fs::metadata(volume.folder.path().join("tree").join(name)).unwrap();
            let written = written.modified().unwrap().duration_since(std::time::UNIX_EPOCH);
            let seconds = found.times.mtime.unix_nanos() / 1_000_000_000;
            assert_eq!(seconds, i128::from(written.unwrap().as_secs()), "{kind}: {name}");
        }
        let target = |name| entry(&snapshot, name).target.clone().unwrap();
        assert_eq!(target("short link"), "folder/double".into());
        assert_eq!(target("long link"), (&*"a/".repeat(100)).into());
        let twins = ["block", "folder/second name"].map(|name| entry(&snapshot, name));
        assert_eq!((twins[0].inode, twins[0].link_count), (twins[1].inode, 2));
        assert_eq!(twins[0].digests, twins[1].digests);
        assert_eq!(entry(&snapshot, "folder").kind, FileKind::Directory);
        compare_with_fls(&volume.path(), &snapshot);
    }
}

/// Every name in use has the inode that fls gives it, and there are no others.
fn compare_with_fls(path: &Path, snapshot: &Snapshot) {
    let Some(fls) = need::program("fls") else { return };
    let listed = run(&fls, &["-r", "-p", "-u", &path.to_string_lossy()], Path::new("/"));
    let line = |line: &str| {
        let (head, path) = line.split_once(":\t")?;
        let inode: u64 = head.split_whitespace().last()?.parse().ok()?;
        (!path.starts_with('$')).then(|| (inode, path.to_owned()))
    };
    let mut theirs: Vec<_> = listed.lines().filter_map(line).collect();
    let live = snapshot.files.iter().filter(|entry| entry.is_live());
    let mut ours: Vec<_> = live.map(|it| (it.inode, it.path.to_text().into_owned())).collect();
    theirs.sort();
    ours.sort();
    assert_eq!(ours, theirs);
}

#[test]
fn deleted_files_are_found_and_steps_are_told() {
    for (_, kind, args) in &KINDS[..4] {
        let Some(volume) = Volume::new(kind, args) else { return };
        let before = volume.read();
        assert!(diff::snapshots(&before, &volume.read()).is_empty(), "{kind}");
        // First, so that it takes no inode of those that go: debugfs gives all the same generation.
        fs::write(volume.folder.path().join("comes"), data(5000, 9)).unwrap();
        volume.debugfs("write comes comes.bin");
        volume.debugfs("rm folder/double");
        volume.debugfs("rm indirect");
        volume.debugfs("ln tiny renamed");
        volume.debugfs("unlink tiny");
        let after = volume.read();
        let found = diff::snapshots(&before, &after);
        let rows: Vec<_> = found
            .files
            .iter()
            .map(|delta| (delta.action(), delta.latest().path.to_text().into_owned()))
            .filter(|(_, path)| path != "folder")
            .collect();
        for row in [("deleted", "folder/double"), ("deleted", "indirect"), ("altered", "renamed")] {
            assert!(rows.contains(&(row.0, row.1.to_owned())), "{kind}: {rows:?}");
        }
        assert!(rows.iter().any(|(action, path)| *action == "new" && path.contains("comes.bin")));
        assert_eq!(rows.len(), 4, "{kind} {args:?}: {rows:?}");
        let gone: Vec<&FileEntry> = after.files.iter().filter(|it| it.deleted.is_some()).collect();
        let number = entry(&before, "folder/double").inode;
        let double = gone.iter().find(|it| it.path == "folder/double".into());
        let double = double.unwrap_or_else(|| panic!("{kind} {args:?}: {gone:?}"));
        let deleted = double.deleted.unwrap();
        assert_eq!((deleted.found_by, double.inode), (FoundBy::DirectoryEntry, number));
        if double.digests.is_some() {
            assert_eq!(double.digests, entry(&before, "folder/double").digests, "{kind}");
            assert_eq!(deleted.remains, Remains::All);
        }
    }
}

#[test]
fn damage_is_told_and_the_rest_is_read() {
    let Some(volume) = Volume::new("ext4", &["-b", "1024"]) else { return };
    let sound = volume.read();
    let number = entry(&sound, "folder/below/large.bin").inode;
    volume.debugfs(&format!("set_inode_field <{number}> block[0] 0"));
    volume.debugfs("feature needs_recovery");
    let snapshot = volume.read();
    let faults = faults(&snapshot);
    assert!(faults[0].contains("the journal was not replayed"), "{faults:?}");
    assert!(faults.len() >= 2 && faults[1].contains("large.bin"), "{faults:?}");
    let large = entry(&snapshot, "folder/below/large.bin");
    assert_eq!((large.size, large.digests), (3_000_000, None));
    assert!(entry(&snapshot, "folder/double").digests.is_some());
}

#[test]
fn a_volume_is_read_by_the_copy_of_its_superblock() {
    for (block_size, len) in [("1024", "20M"), ("2048", "40M")] {
        let Some(volume) = Volume::of_len("ext4", &["-b", block_size], len) else { return };
        let sound = volume.read();
        assert_eq!(faults(&sound), [] as [&str; 0]);
        let bytes = fs::read(volume.path()).unwrap();
        let block = block_size.parse::<usize>().unwrap();
        let descriptors = if block == 1024 { 2048 } else { block };
        // All before the first inodes; the magic number; the inodes of a group; the descriptors.
        for damaged in
            [0..descriptors + block, 1080..1081, 1064..1066, descriptors..descriptors + 64]
        {
            let mut bytes = bytes.clone();
            bytes[damaged.clone()].fill(0);
            let path = volume.folder.path().join("damaged.raw");
            fs::write(&path, &bytes).unwrap();
            let snapshot = read(&path);
            let told = faults(&snapshot);
            assert!(told.len() == 1 && told[0].contains("their copy at block"), "{told:?}");
            assert_eq!(snapshot.files, sound.files, "{damaged:?}");
        }
    }
}

#[test]
fn inodes_that_cannot_be_read_are_told() {
    let Some(volume) = Volume::new("ext4", &["-b", "1024"]) else { return };
    let mut bytes = fs::read(volume.path()).unwrap();
    // The last group's bitmap of inodes and its inodes, moved behind the end.
    let groups = bytes.len() / (8192 * 1024);
    let descriptor = 2048 + 64 * groups;
    bytes[descriptor + 4..descriptor + 12].fill(0x7F);
    bytes[descriptor + 0x12] = 0;
    let path = volume.folder.path().join("damaged.raw");
    fs::write(&path, &bytes).unwrap();
    let snapshot = read(&path);
    let told = faults(&snapshot);
    let has = |what: &str| told.iter().any(|fault| fault.contains(what));
    assert!(has("their bitmaps cannot be read"), "{told:?}");
    assert!(has("not all of their inodes can be read"), "{told:?}");
}

#[test]
fn a_name_that_is_no_text_is_told() {
    use std::os::unix::ffi::OsStrExt;
    let Some(mke2fs) = need::program("mke2fs") else { return };
    let folder = TempDir::new().unwrap();
    let tree = folder.path().join("tree");
    fs::create_dir(&tree).unwrap();
    fs::write(tree.join(std::ffi::OsStr::from_bytes(b"caf\xE9")), b"x").unwrap();
    run(&mke2fs, &["-q", "-F", "-d", "tree", "disk.raw", "2M"], folder.path());
    let snapshot = read(&folder.path().join("disk.raw"));
    let told = faults(&snapshot);
    assert!(told.len() == 1 && told[0].contains("caf\u{FFFD}: its name is not UTF-8"), "{told:?}");
    assert_eq!(entry(&snapshot, "caf\u{FFFD}").digests, Some(Digests::of(b"x")));
}
