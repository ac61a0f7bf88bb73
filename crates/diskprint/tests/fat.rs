//! FAT volumes that mkfs.fat and mtools made, read as the tools of The Sleuth Kit read them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use diskprint::{Digests, FileEntry, FileKind, FoundBy, Image, Known, Remains, Snapshot, diff};
use diskprint_formats::{ReadAt as _, ReadAtExt as _};
use diskprint_testkit::need;
use tempfile::TempDir;

fn data(len: usize, seed: u8) -> Vec<u8> {
    (0..len).map(|at| (at as u8).wrapping_mul(31) ^ (at >> 8) as u8 ^ seed).collect()
}

/// A volume and the programs that change it.
struct Volume {
    folder: TempDir,
    programs: Vec<(&'static str, PathBuf)>,
}

const PROGRAMS: [&str; 8] =
    ["mkfs.fat", "mcopy", "mdel", "mren", "mmd", "mattrib", "mdeltree", "fls"];

impl Volume {
    fn new(args: &[&str]) -> Option<Self> {
        let found = PROGRAMS.iter().map(|name| Some((*name, need::program(name)?)));
        let programs = found.collect::<Option<Vec<_>>>()?;
        let volume = Self { folder: TempDir::new().unwrap(), programs };
        volume.run("mkfs.fat", &[&["-C", "-i", "1234abcd"], args, &["disk.raw", "40000"]].concat());
        Some(volume)
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("disk.raw")
    }

    fn run(&self, name: &str, args: &[&str]) -> String {
        let program = &self.programs.iter().find(|(known, _)| *known == name).unwrap().1;
        let mut command = Command::new(program);
        command.args(args).current_dir(self.folder.path());
        command.env("TZ", "UTC").env("LC_ALL", "C.UTF-8");
        let output = command.env("MTOOLS_SKIP_CHECK", "1").output().unwrap();
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{name} {args:?}: {text}");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    fn write(&self, path: &str, bytes: &[u8]) {
        fs::write(self.folder.path().join("file"), bytes).unwrap();
        self.run("mcopy", &["-i", "disk.raw", "-o", "-m", "file", &format!("::{path}")]);
    }

    fn read(&self) -> Snapshot {
        read(&self.path())
    }
}

fn read(path: &Path) -> Snapshot {
    let scratch = TempDir::new().unwrap();
    let opened = Image::open(path, scratch.path(), &|_| ()).unwrap();
    assert_eq!(opened.faults, []);
    Snapshot::read(&opened.image, &Known::new())
}

fn faults(snapshot: &Snapshot) -> Vec<String> {
    snapshot.faults.iter().map(ToString::to_string).collect()
}

fn paths(snapshot: &Snapshot) -> Vec<String> {
    let path = |entry: &FileEntry| {
        let path = entry.path.to_text().into_owned();
        if entry.is_live() { path } else { format!("{path} (deleted)") }
    };
    snapshot.files.iter().map(path).collect()
}

fn entry<'s>(snapshot: &'s Snapshot, path: &str) -> &'s FileEntry {
    snapshot
        .files
        .iter()
        .find(|entry| entry.path == path.into())
        .unwrap_or_else(|| panic!("{path}"))
}

/// Each width, with the clusters that make it so.
const KINDS: [(&str, &[&str]); 4] = [
    ("fat12", &["-F", "12", "-s", "64"]),
    ("fat16", &["-F", "16", "-s", "4"]),
    ("fat32", &["-F", "32", "-s", "1"]),
    ("fat12", &["-F", "12", "-s", "32", "-S", "4096"]),
];

#[test]
fn files_are_listed_as_fls_lists_them_and_their_bytes_are_where_the_runs_say() {
    for (kind, args) in KINDS {
        let Some(volume) = Volume::new(args) else { return };
        let (large, small) = (data(300_001, 1), data(700, 2));
        for folder in ["::Folder with a long name", "::Folder with a long name/sub"] {
            volume.run("mmd", &["-i", "disk.raw", folder]);
        }
        volume.write("large.bin", &large);
        volume.write("Folder with a long name/Größe – 大きい.txt", &small);
        volume.write("Folder with a long name/sub/EMPTY", &[]);
        volume.write("gone now.txt", &small);
        volume.write("stays.txt", &small);
        volume.write("taken.bin", &data(200_000, 3));
        volume.run("mattrib", &["-i", "disk.raw", "+h", "+r", "::stays.txt"]);
        for path in ["::taken.bin", "::gone now.txt"] {
            volume.run("mdel", &["-i", "disk.raw", path]);
        }
        for number in 0..40 {
            volume.write(&format!("many{number:03}.dat"), &data(9000, number));
        }
        let snapshot = volume.read();
        assert_eq!(faults(&snapshot), [] as [&str; 0], "{kind}");
        let partition = &snapshot.partitions[0];
        assert_eq!((partition.file_system, partition.serial), (Some(kind), 0x1234_abcd));
        let image = fs::read(volume.path()).unwrap();
        for (path, content) in [
            ("large.bin", &large),
            ("Folder with a long name/Größe – 大きい.txt", &small),
            ("Folder with a long name/sub/EMPTY", &Vec::new()),
            ("stays.txt", &small),
            ("many039.dat", &data(9000, 39)),
        ] {
            let found = entry(&snapshot, path);
            assert_eq!((found.size, found.is_live()), (content.len() as u64, true), "{path}");
            assert_eq!(found.digests, Some(Digests::of(content)), "{path}");
            let at = |run: &diskprint::ByteRun| found.runs.img_offset(run).unwrap() as usize;
            let bytes = found.runs.iter().flat_map(|run| &image[at(&run)..][..run.len as usize]);
            assert!(bytes.copied().eq(content.iter().copied()), "{kind}: {path}");
        }
        assert_eq!(entry(&snapshot, "stays.txt").attributes & 0x3, 0x3);
        assert_eq!(entry(&snapshot, "Folder with a long name").kind, FileKind::Directory);
        compare_with_fls(&need::program("fls").unwrap(), &volume.path(), &snapshot);
    }
}

/// Every name, deleted or not, has the inode that fls gives it, and there are no others.
fn compare_with_fls(fls: &Path, volume: &Path, snapshot: &Snapshot) {
    let output = Command::new(fls).args(["-r", "-p"]).arg(volume).output().unwrap();
    let listed = String::from_utf8(output.stdout).unwrap();
    let line = |line: &str| {
        let (head, path) = line.split_once(":\t")?;
        // Tables, label and the like are no files.
        let is_label = path.ends_with("(Volume Label Entry)");
        let is_file = !path.starts_with('$') && !head.starts_with('v') && !is_label;
        let inode: u64 = head.split_whitespace().last()?.split(['-', '(']).next()?.parse().ok()?;
        is_file.then(|| (inode, head.contains('*'), path.to_owned()))
    };
    let mut theirs: Vec<_> = listed.lines().filter_map(line).collect();
    let own = |it: &FileEntry| (it.inode, !it.is_live(), it.path.to_text().into_owned());
    let mut ours: Vec<_> = snapshot.files.iter().map(own).collect();
    theirs.sort();
    ours.sort();
    assert_eq!(ours, theirs, "{listed}");
}

#[test]
fn deleted_files_say_what_is_left_of_them() {
    for (kind, args) in &KINDS[..3] {
        let Some(volume) = Volume::new(args) else { return };
        let (first, second) = (data(150_000, 1), data(100_000, 2));
        volume.run("mmd", &["-i", "disk.raw", "::long folder name"]);
        volume.write("long folder name/inside it.txt", &first);
        volume.write("reused.bin", &second);
        volume.run("mdeltree", &["-i", "disk.raw", "::long folder name"]);
        let snapshot = volume.read();
        assert_eq!(faults(&snapshot), [] as [&str; 0], "{kind}");
        let found = entry(&snapshot, "long folder name/inside it.txt");
        let deleted = found.deleted.unwrap();
        assert_eq!((deleted.found_by, deleted.remains), (FoundBy::DirectoryEntry, Remains::All));
        assert_eq!(found.digests, Some(Digests::of(&first)), "{kind}");
        assert_eq!(entry(&snapshot, "long folder name").deleted.unwrap().remains, Remains::All);

        // Others take its clusters.
        volume.run("mdel", &["-i", "disk.raw", "::reused.bin"]);
        for number in 0..30 {
            volume.write(&format!("new{number}"), &data(40_000, number));
        }
        let snapshot = volume.read();
        let gone = snapshot.files.iter().filter(|it| !it.is_live());
        assert!(gone.clone().all(|it| it.deleted.unwrap().remains != Remains::All), "{kind}");
        assert!(gone.clone().all(|it| it.digests.is_none()), "{kind}: {:?}", paths(&snapshot));
    }
}

#[test]
fn renames_changes_and_what_comes_and_goes_are_told_and_nothing_else() {
    for (kind, args) in &KINDS[..3] {
        let Some(volume) = Volume::new(args) else { return };
        volume.run("mmd", &["-i", "disk.raw", "::a"]);
        for (path, seed) in [("a/kept", 1), ("a/moved away", 2), ("changed", 3), ("goes", 4)] {
            volume.write(path, &data(5000, seed));
        }
        let before = volume.read();
        assert!(diff::snapshots(&before, &volume.read()).is_empty(), "{kind}");
        volume.run("mren", &["-i", "disk.raw", "::a/moved away", "::a/is here now"]);
        volume.run("mdel", &["-i", "disk.raw", "::goes"]);
        volume.write("changed", &data(6000, 5));
        volume.write("comes", &data(10, 6));
        let after = volume.read();
        let found = diff::snapshots(&before, &after);
        assert_eq!(found.faults, []);
        let row = |delta: &diskprint::FileDelta| {
            let path = delta.latest().path.to_text().into_owned();
            let renamed = delta.changes().is_some_and(|changes| changes.renamed);
            let modified = delta.changes().is_some_and(|changes| changes.modified);
            (delta.action(), path, renamed, modified)
        };
        let rows: Vec<_> = found.files.iter().map(row).collect();
        let expected = [
            ("altered", "a/is here now", true, false),
            ("altered", "changed", false, true),
            ("new", "comes", false, false),
            ("deleted", "goes", false, false),
        ];
        let expected = expected
            .map(|(action, path, renamed, modified)| (action, path.to_owned(), renamed, modified));
        assert_eq!(rows, expected, "{kind}");
    }
}

#[test]
fn damage_is_told_and_the_rest_is_read() {
    let Some(volume) = Volume::new(KINDS[2].1) else { return };
    volume.run("mmd", &["-i", "disk.raw", "::lost"]);
    volume.write("lost/file", &data(3000, 1));
    volume.write("loops", &data(3000, 2));
    volume.write("whole", &data(3000, 3));
    let sound = volume.read();
    let first = |path: &str| {
        let run = entry(&sound, path).runs.iter().next().unwrap();
        run.fs_offset.unwrap()
    };
    let mut image = fs::read(volume.path()).unwrap();
    let reserved = usize::from(u16::from_le_bytes([image[14], image[15]]));
    let table_sectors = u32::from_le_bytes(image[36..40].try_into().unwrap()) as usize;
    let data_start = (reserved + 2 * table_sectors) * 512;
    let cluster = |path: &str| (first(path) as usize - data_start) / 512 + 2;
    for table in [reserved * 512, (reserved + table_sectors) * 512] {
        let mut set = |cluster: usize, next: u32| {
            image[table + cluster * 4..][..4].copy_from_slice(&next.to_le_bytes());
        };
        set(cluster("loops"), cluster("loops") as u32);
        set(cluster("lost"), 0x0FFF_0000);
    }
    // The copy in sector 6 stands in for the first.
    image[..512].fill(0);
    fs::write(volume.path(), &image).unwrap();
    let snapshot = volume.read();
    let faults = faults(&snapshot);
    assert_eq!(faults.len(), 3, "{faults:?}");
    for (fault, part) in faults.iter().zip(["its copy in sector 6", "lost: cluster ", "returns to"])
    {
        assert!(fault.contains(part), "{faults:?}");
    }
    assert_eq!(entry(&snapshot, "whole").digests, Some(Digests::of(&data(3000, 3))));
    assert_eq!((entry(&snapshot, "loops").size, entry(&snapshot, "loops").digests), (3000, None));
    // What lies before the damage of the folder is read.
    assert_eq!(entry(&snapshot, "lost/file").digests, Some(Digests::of(&data(3000, 1))));
}

/// The chain of a file goes on in another's, and that of a directory leads outside.
#[test]
fn what_shares_clusters_is_read_and_of_a_directory_what_comes_before_the_damage() {
    let Some(volume) = Volume::new(KINDS[2].1) else { return };
    let [one, two] = [data(3000, 1), data(3000, 2)];
    volume.write("one", &one);
    volume.write("two", &two);
    volume.run("mmd", &["-i", "disk.raw", "::many"]);
    for index in 0..40 {
        volume.write(&format!("many/{index:02}"), b"");
    }
    let sound = volume.read();
    assert_eq!(faults(&sound), [] as [&str; 0]);
    let mut image = fs::read(volume.path()).unwrap();
    let reserved = usize::from(u16::from_le_bytes([image[14], image[15]]));
    let table_sectors = u32::from_le_bytes(image[36..40].try_into().unwrap()) as usize;
    let data_start = (reserved + 2 * table_sectors) * 512;
    let cluster = |path: &str, index: usize| {
        let mut starts = entry(&sound, path).runs.iter().flat_map(|run| {
            let start = run.fs_offset.unwrap() as usize;
            (start..start + run.len as usize).step_by(512)
        });
        (starts.nth(index).unwrap() - data_start) / 512 + 2
    };
    for table in [reserved * 512, (reserved + table_sectors) * 512] {
        let mut set = |cluster: usize, next: usize| {
            image[table + cluster * 4..][..4].copy_from_slice(&(next as u32).to_le_bytes());
        };
        set(cluster("two", 1), cluster("one", 2));
        set(cluster("many", 1), 0x0FFF_0000);
    }
    fs::write(volume.path(), &image).unwrap();
    let snapshot = volume.read();
    let faults = faults(&snapshot);
    assert_eq!(faults.len(), 2, "{faults:?}");
    assert!(faults[0].contains("two: cluster") && faults[0].contains("another file"), "{faults:?}");
    assert!(faults[1].contains("many: cluster"), "{faults:?}");
    // As icat reads it.
    let mixed = [&two[..1024], &one[1024..]].concat();
    assert_eq!(entry(&snapshot, "one").digests, Some(Digests::of(&one)));
    assert_eq!(entry(&snapshot, "two").digests, Some(Digests::of(&mixed)));
    // Two clusters have 32 entries, of which two are dots.
    let names = paths(&snapshot).into_iter().filter(|path| path.starts_with("many/"));
    assert!(names.eq((0..30).map(|index| format!("many/{index:02}"))), "{:?}", paths(&snapshot));
    let found = diff::snapshots(&sound, &snapshot);
    let rows: Vec<_> = found.files.iter().map(|row| row.latest().path.to_text()).collect();
    assert_eq!(rows, ["two"]);
    // What was behind the damage of the folder is not said to be deleted.
    let said = |path: &str| found.faults.iter().any(|fault| fault.to_string().contains(path));
    assert!(said("many/30") && said("many/39"), "{:?}", found.faults);
}

#[test]
fn volumes_that_linux_wrote_are_listed_as_fls_lists_them() {
    let Some(fls) = need::program("fls") else { return };
    for case in ["fat32", "exfat"] {
        let Some(tarball) = need::data(&format!("edge/{case}.tar.gz")) else { return };
        let scratch = TempDir::new().unwrap();
        let image = Image::open(&tarball, scratch.path(), &|_| ()).unwrap().image;
        let snapshot = Snapshot::read(&image, &Known::new());
        assert_eq!(faults(&snapshot), [] as [&str; 0]);
        let bytes = image.volume(&snapshot.partitions[0]).unwrap();
        let path = scratch.path().join("volume.raw");
        fs::write(&path, bytes.read_vec_at(0, bytes.len() as usize).unwrap()).unwrap();
        compare_with_fls(&fls, &path, &snapshot);
        let live = snapshot.files.iter().filter(|it| it.is_live() && it.kind == FileKind::Regular);
        assert!(live.clone().count() > 0 && live.clone().all(|it| it.digests.is_some()), "{case}");
    }
}

#[test]
fn what_an_exfat_volume_lost_is_found_and_damage_is_told() {
    let Some(tarball) = need::data("edge/exfat.tar.gz") else { return };
    let scratch = TempDir::new().unwrap();
    let image = Image::open(&tarball, scratch.path(), &|_| ()).unwrap().image;
    let sound = Snapshot::read(&image, &Known::new());
    let window = image.volume(&sound.partitions[0]).unwrap();
    let bytes = window.read_vec_at(0, window.len() as usize).unwrap();
    let at = |offset: usize| u32::from_le_bytes(bytes[offset..offset + 4].try_into().unwrap());
    let heap = at(88) as usize * 512;
    // The entry of a file lies where its inode says.
    let entry_of = |path: &str| heap + (entry(&sound, path).inode as usize - 3) * 32;
    let path = scratch.path().join("volume.raw");
    let changed = |change: &dyn Fn(&mut Vec<u8>)| {
        let mut bytes = bytes.clone();
        change(&mut bytes);
        fs::write(&path, bytes).unwrap();
        read(&path)
    };
    let name = "Dir 0/file_06.txt";
    let delete = |bytes: &mut Vec<u8>| {
        let (start, count) = (entry_of(name), usize::from(bytes[entry_of(name) + 1]) + 1);
        (0..count).for_each(|index| bytes[start + index * 32] &= 0x7F);
    };
    let deleted = changed(&delete);
    assert_eq!(faults(&deleted), [] as [&str; 0]);
    let found = entry(&deleted, name);
    assert_eq!((found.is_live(), found.size), (false, 70_000));
    // Its clusters are still marked as in use.
    assert_eq!(found.deleted.unwrap().remains, Remains::Part);
    let rows = diff::snapshots(&sound, &deleted).files;
    assert_eq!(rows.iter().map(|row| row.latest().path.to_text()).collect::<Vec<_>>(), [name]);

    let checksum = changed(&|bytes| bytes[entry_of(name) + 8] ^= 2);
    let said = faults(&checksum);
    assert!(
        said[0].contains(&format!("{name}: the entries of a file have the checksum")),
        "{said:?}"
    );
    assert_eq!(entry(&checksum, name).digests, entry(&sound, name).digests);
    // It is said to begin where another file does.
    let (other, at) = ("Dir 0/file_09.txt", 32 + 20);
    let shared = changed(&|bytes| {
        let first = bytes[entry_of(other) + at..][..4].to_vec();
        bytes[entry_of(name) + at..][..4].copy_from_slice(&first);
    });
    let said = faults(&shared);
    assert!(said.len() == 2 && said[1].contains("belongs to another file"), "{said:?}");
    assert_eq!(entry(&shared, other).digests, entry(&sound, other).digests);
    assert_ne!(entry(&shared, name).digests, entry(&sound, name).digests);
    let start = |path: &str| entry(&shared, path).runs.iter().next().unwrap().fs_offset;
    assert_eq!(start(name), start(other));
    let outside = changed(&|bytes| bytes[entry_of(name) + 32 + 23] = 0xFF);
    let said = faults(&outside);
    assert!(said.iter().any(|fault| fault.contains("the volume has clusters 2 to")), "{said:?}");
    // A field that cannot be, one that could be but for the checksum, and all of the first sector.
    for (places, with) in [(108..109, 99), (80..81, 77), (0..512, 0)] {
        let copied = changed(&|bytes| bytes[places.clone()].fill(with));
        let said = faults(&copied);
        assert!(said.len() == 1 && said[0].contains("its copy in sector 12"), "{said:?}");
        assert_eq!(copied.files.len(), sound.files.len());
    }
    // Both regions: of two that may be damaged the first counts.
    let unsure = changed(&|bytes| [0, 12 * 512].iter().for_each(|at| bytes[at + 100] ^= 1));
    assert!(faults(&unsure)[0].contains("nor does that of its copy"), "{:?}", faults(&unsure));
    assert_eq!(unsure.files.len(), sound.files.len());
    // What changes in use is not counted.
    assert_eq!(faults(&changed(&|bytes| bytes[106] |= 2)), [] as [&str; 0]);
}

/// A volume with two tables, of which the second is the active one.
#[test]
fn of_two_tables_of_chains_the_active_one_is_read() {
    let Some(tarball) = need::data("edge/exfat.tar.gz") else { return };
    let scratch = TempDir::new().unwrap();
    let image = Image::open(&tarball, scratch.path(), &|_| ()).unwrap().image;
    let sound = Snapshot::read(&image, &Known::new());
    let window = image.volume(&sound.partitions[0]).unwrap();
    let mut bytes = window.read_vec_at(0, window.len() as usize).unwrap();
    let at = |offset: usize| u32::from_le_bytes(bytes[offset..offset + 4].try_into().unwrap());
    let [table, len, heap, root] = [80, 84, 88, 96].map(|offset| at(offset) as usize);
    // Between the table and the clusters there is room for another.
    assert!(table + 2 * len <= heap, "{table} {len} {heap}");
    let first = bytes[table * 512..][..len * 512].to_vec();
    bytes[(table + len) * 512..][..len * 512].copy_from_slice(&first);
    bytes[table * 512 + 8..][..len * 512 - 8].fill(0);
    for boot_sector in [0, 12 * 512] {
        bytes[boot_sector + 106] |= 1;
        bytes[boot_sector + 110] = 2;
    }
    // The bitmap is that of the second table.
    let entries = heap * 512 + (root - 2) * (512 << bytes[109]);
    let bitmap = (entries..).step_by(32).find(|entry| bytes[*entry] == 0x81).unwrap();
    bytes[bitmap + 1] = 1;
    let path = scratch.path().join("volume.raw");
    fs::write(&path, bytes).unwrap();
    let snapshot = read(&path);
    let said = faults(&snapshot);
    assert!(said.len() == 1 && said[0].contains("checksum of the boot region"), "{said:?}");
    let content = |snapshot: &Snapshot| -> Vec<_> {
        snapshot.files.iter().map(|file| (file.path.clone(), file.digests)).collect()
    };
    assert_eq!(content(&snapshot), content(&sound));
}

#[test]
fn the_active_table_is_read_and_its_copy_is_compared() {
    for (kind, args) in &KINDS[..3] {
        let Some(volume) = Volume::new(args) else { return };
        volume.write("file", &data(300_001, 1));
        let sound = volume.read();
        assert_eq!(faults(&sound), [] as [&str; 0]);
        let image = fs::read(volume.path()).unwrap();
        let word = |at: usize| usize::from(u16::from_le_bytes([image[at], image[at + 1]]));
        let (first, len) = match word(22) {
            0 => (word(14) * 512, word(36) * 512),
            sectors => (word(14) * 512, sectors * 512),
        };
        let changed = |change: &dyn Fn(&mut Vec<u8>)| {
            let mut image = image.clone();
            change(&mut image);
            fs::write(volume.path(), image).unwrap();
            volume.read()
        };
        let copy = changed(&|image| image[first + len + 9..first + len + 12].fill(0x55));
        let said = faults(&copy);
        let expected =
            "the two tables of chains differ in 3 bytes of what was read, first at byte 0x9";
        assert!(said.len() == 1 && said[0].contains(expected), "{kind}: {said:?}");
        assert_eq!(copy.files, sound.files);
        // That the volume is in use may be noted in one of them.
        assert_eq!(faults(&changed(&|image| image[first + len + 1] ^= 0x80)), [] as [&str; 0]);
        if *kind == "fat32" {
            let second = changed(&|image| {
                image[40] = 0x81;
                image[first..first + len].fill(0);
            });
            assert_eq!(faults(&second), [] as [&str; 0]);
            assert_eq!(second.files, sound.files);
        }
    }
}
