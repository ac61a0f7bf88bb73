//! Makes the seeds of the fuzz targets, in a folder for each: small disks, volumes and hives that
//! hold every kind of structure. What the testkit cannot write, other programs do where they are here.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use diskprint_testkit::ntfs::{
    self, Chunks, File, LogFile, Options, ROOT, Times, UsnJournal, Volume, file_name, kind,
    namespace, resident,
};
use diskprint_testkit::regf::log::{self, Entry};
use diskprint_testkit::regf::{Key, List, Name, Value, build_version};
use diskprint_testkit::udf::{self, Form};
use diskprint_testkit::{archive, ewf, ex01, gpt, mbr, vmdk};

/// Longer hives make a target slow and teach it nothing.
const MOST_LEN: usize = 300 << 10;
const BASE_BLOCK_LEN: usize = 4096;

fn main() {
    let folder = std::env::args_os().nth(1).map(PathBuf::from);
    let folder = folder.expect("the folder that is to hold the seeds, fuzz/corpus");
    hives(&folder);
    let volume = volume();
    put(&folder.join("ntfs"), "made", &volume);
    let packed = ntfs::pack_xpress4k(&[vec![7; 9000], (0..90).collect()].concat());
    put(&folder.join("wof"), "xpress4k", &[&[0, 0x82, 0x23, 0][..], &packed].concat());
    journals(&folder.join("ntfs_journals"));
    disks(&folder, &volume);
    real(&folder);
    let scratch = folder.join("scratch");
    fs::create_dir_all(&scratch).expect("a folder");
    of_programs(&folder, &scratch, &volume);
    fs::remove_dir_all(&scratch).expect("the folder is ours");
}

fn put(folder: &Path, name: &str, bytes: &[u8]) {
    fs::create_dir_all(folder).expect("a folder for the seeds");
    fs::write(folder.join(name), bytes).expect("room for the seeds");
}

/// Hives of the testkit, and the small ones among the real hives of the test data.
fn hives(folder: &Path) {
    let mut hives: Vec<(String, Vec<u8>)> = Vec::new();
    for list in [List::Li, List::Lf, List::Lh, List::Ri] {
        hives.push((format!("made-{list:?}"), build_version(&root(list), 5).bytes));
    }
    for minor in [3, 5] {
        // Of this length data are one cell in version 1.3, and two segments later.
        let big = Key::new("ROOT").value(Value::new("big", 3, &[0x31; 17_000]));
        hives.push((format!("made-big-{minor}"), build_version(&big, minor).bytes));
    }
    let real = archive::members("real-hives.tar.xz").unwrap_or_default();
    hives.extend(real.into_iter().filter(|(_, bytes)| bytes.len() <= MOST_LEN));
    for (name, bytes) in &hives {
        put(&folder.join("regf_base_block"), name, &bytes[..BASE_BLOCK_LEN]);
        put(&folder.join("regf_walk"), name, bytes);
        put(&folder.join("regf_cells"), name, &bytes[BASE_BLOCK_LEN..]);
    }
    for (name, bytes) in log_seeds() {
        put(&folder.join("regf_logs"), name, &bytes);
    }
}

/// A hive with two logs, in the form that the target says.
fn log_seeds() -> Vec<(&'static str, Vec<u8>)> {
    let states: Vec<Vec<u8>> = (0..3)
        .map(|n| build_version(&root(List::Lh).value(Value::dword("n", n)), 5).bytes)
        .collect();
    let entry = |n: usize| Entry::between(7 + n as u32, &states[n], &states[n + 1]);
    let dirty = log::with_numbers(&states[0], 8, 7);
    let torn = [vec![0; 512], states[0][512..].to_vec()].concat();
    let new = [log::new_log(&dirty, &[entry(0)]), log::new_log(&dirty, &[entry(1)])];
    let both = log::new_log(&dirty, &[entry(0), entry(1)]);
    let old = log::old_log(&states[0], &states[1], log::OLD, 8);
    vec![
        ("two-logs", log_seed(&dirty, &new[0], &new[1])),
        ("two-entries", log_seed(&dirty, &both, &[])),
        ("no-base-block", log_seed(&torn, &both, &[])),
        ("old", log_seed(&dirty, &old, &[])),
    ]
}

fn log_seed(hive: &[u8], log1: &[u8], log2: &[u8]) -> Vec<u8> {
    let lens = [hive.len() as u32, log1.len() as u32].map(u32::to_le_bytes).concat();
    [&[3, 0], lens.as_slice(), hive, log1, log2].concat()
}

fn root(list: List) -> Key {
    let wide = Name::from_units(vec![0x61, 0xD800, 0x416]);
    let value = |kind: u32, len| Value::new(&format!("v{kind}"), kind, &vec![0x31; len]);
    let values = (0..13).flat_map(|kind| [value(kind, 0), value(kind, 4), value(kind, 9)]);
    let mut root = Key::new("ROOT").with(Key::new("a").with(Key::new("b").value(value(1, 30))));
    root.list = list;
    root.class = Some(vec![0x43, 0x44]);
    root.values = values.collect();
    root.subkeys.extend((0..7).map(|n| Key::new(n.to_string().as_str())));
    root.with(Key::new(wide)).with(Key::new("twin")).with(Key::new("TWIN"))
}

/// A volume of NTFS with one file of each kind, in 150 KB.
fn volume() -> Vec<u8> {
    let options = Options { cluster: 512, clusters: 300, per_block: 3, ..Options::default() };
    let mut volume = Volume::new(Options { index_block: 1024, ..options });
    for name in ["a", "b", "c", "d"] {
        let file = volume.file(&format!("folder/{name}")).data("", name.as_bytes());
        volume.add(&file.data("stream", b"more"));
    }
    let plain: Vec<u8> = (0..3000u32).map(|at| (at % 7) as u8).collect();
    let runs = volume.stored(kind::DATA, "", &plain, 2);
    volume.add(&File::new(ROOT, "runs").with(runs));
    let packed = volume.compressed("", &vec![5; 9000], Chunks::Packed);
    volume.add(&File::new(ROOT, "packed").with(packed));
    let sparse = volume.sparse("", &[vec![0; 2048], vec![1; 700]].concat());
    volume.add(&File::new(ROOT, "sparse").with(sparse));
    let freed = volume.freed(b"gone");
    volume.add(&File::new(ROOT, "gone").with(freed).deleted());
    let link = resident(kind::REPARSE_POINT, "", &ntfs::symlink("there"));
    volume.add(&File::new(ROOT, "link").with(link));
    let split = volume.stored(kind::DATA, "", &[3; 600], 1);
    volume.add_split(&File::new(ROOT, "split").with(split).data("s", b"x"), false);
    let overlay = resident(kind::REPARSE_POINT, "", &ntfs::wof(0));
    let packed = ntfs::pack_xpress4k(&[8; 5000]);
    let main = volume.sparse("", &[0; 5000]);
    let file = File::new(ROOT, "overlaid").with(main).with(overlay);
    volume.add(&file.data("WofCompressedData", &packed[..packed.len().min(300)]));
    let mut journal = UsnJournal::new(7, 0);
    journal.created(ROOT, (ROOT, "x"));
    volume.usn_journal(&journal);
    volume.finish().bytes
}

fn journals(folder: &Path) {
    let file = |record| ntfs::Reference { record, sequence: 1 };
    let mut journal = UsnJournal::new(7, 0);
    for record in 30..80 {
        journal.created(file(record), (ROOT, "name"));
        journal.renamed(file(record), (ROOT, "name"), (ROOT, "other"));
        journal.deleted(file(record), (ROOT, "other"));
    }
    put(folder, "usn", &[vec![0; 8], journal.bytes].concat());
    for (name, is_version_2) in [("log-1", false), ("log-2", true)] {
        let mut log = LogFile::new(is_version_2, 3);
        let start = log.next().to_le_bytes();
        let name_of = |name| file_name(ROOT, name, namespace::WIN32, Times::from(0), 0, 0);
        for record in 30..45 {
            log.created(&Options::default(), file(record), &name_of("name"));
            log.renamed(file(record), &name_of("name"), &name_of("other"));
            log.deleted(&Options::default(), file(record), &name_of("other"));
            if record == 40 {
                log.restart();
            }
        }
        put(folder, name, &[start.to_vec(), log.stream(true)].concat());
    }
}

/// Disks and archives of the testkit.
fn disks(folder: &Path, volume: &[u8]) {
    let mbr = mbr::disk(&[volume]);
    put(&folder.join("partition"), "mbr", &mbr[..mbr.len().min(40_000)]);
    put(&folder.join("walk"), "volume", volume);
    let files = [Form::Embedded, Form::Scattered, Form::Continued]
        .map(|form| udf::File::new(&format!("{form:?}"), &[7; 900], form));
    put(&folder.join("udf"), "metadata", &udf::volume(&files, true));
    let mut disk = vec![0; 128 << 10];
    gpt::write(&mut disk, 512, &[("EBD0A0A2-B9E5-4433-87C0-68B6B72699C7", 40, 100)]);
    put(&folder.join("partition"), "gpt", &disk);
    let line = "RW 32 SPARSE \"disk.vmdk\"";
    let text = vmdk::descriptor("monolithicSparse", 7, None, &[line]);
    let sparse = vmdk::sparse(&text, &[Some(1), None, Some(2), Some(3)]);
    put(&folder.join("vmdk"), "sparse", &sparse);
    let flat = vmdk::descriptor("twoGbMaxExtentFlat", 7, None, &["RW 1 FLAT \"a\" 0", "RW 9 ZERO"]);
    put(&folder.join("vmdk"), "flat", flat.as_bytes());
    let below = vmdk::descriptor("monolithicSparse", 8, Some((7, "disk.vmdk")), &[line]);
    put(&folder.join("vmdk"), "above", &vmdk::sparse(&below, &[None, Some(9), None, None]));
    put(&folder.join("tarball"), "vmdk", &archive::tarball(&[("vm/disk.vmdk", &sparse)]));
    let segments = ewf::segments(&mbr[..32 << 10], ewf::SMALL, [0; 16]);
    let [first, second, ..] = &*segments else { return };
    let len = (first.len() as u32).to_le_bytes();
    put(&folder.join("ewf_image"), "two", &[&[3][..], &len, first, second].concat());
    let form = ex01::Form { chunk_sectors: 8, ..ex01::SMALL };
    let segments = ex01::segments(&mbr[..40 << 10], form, [0; 16], [0; 20]);
    let [first, second, ..] = &*segments else { return };
    let len = (first.len() as u32).to_le_bytes();
    put(&folder.join("ex01"), "two", &[&len[..], first, second].concat());
    // An offset and a length of what is written over a disk.
    put(&folder.join("vhdx"), "regions", &[&[0, 0, 3, 0, 4, 0][..], b"regi"].concat());
}

/// Volumes of the test data that nothing here can make.
fn real(folder: &Path) {
    let real = archive::members("real-images/images.tar.xz").unwrap_or_default();
    for (name, bytes) in real.iter().filter(|(name, _)| name == "apfs.raw") {
        assert_eq!(bytes.get(32..36), Some(&b"NXSB"[..]), "a container from its first byte");
        put(&folder.join("apfs"), name, bytes);
    }
}

/// Disks and volumes that other programs write.
fn of_programs(folder: &Path, scratch: &Path, volume: &[u8]) {
    let path = |name: &str| scratch.join(name).display().to_string();
    fs::write(path("raw"), &volume[..64 << 10]).expect("room");
    let disks: [(&str, &[&str]); 7] = [
        ("qcow2", &["-O", "qcow2"]),
        ("qcow2", &["-O", "qcow2", "-c"]),
        ("qcow2", &["-O", "qcow2", "-o", "compat=0.10,cluster_size=512"]),
        ("qcow2", &["-O", "qcow2", "-o", "extended_l2=on,cluster_size=64k"]),
        ("vdi", &["-O", "vdi"]),
        ("vhd", &["-O", "vpc"]),
        ("vhd", &["-O", "vpc", "-o", "subformat=fixed"]),
    ];
    for (number, (target, options)) in disks.iter().enumerate() {
        let (raw, made) = (path("raw"), path(target));
        let args = [&["convert", "-f", "raw"][..], options, &[&raw, &made]].concat();
        if run("qemu-img", &args) {
            keep(&made, &folder.join(target), &format!("made-{number}"));
        }
    }
    for kind in ["mac", "bsd"] {
        let image = path(kind);
        fs::write(&image, vec![0; 256 << 10]).expect("room");
        let label = ["-s", &image, "mklabel", kind, "mkpart", "part", "ext2", "70s", "100s"];
        // Partitions of BSD have no names.
        let label = label.into_iter().filter(|word| kind == "mac" || *word != "part");
        if run("parted", &label.collect::<Vec<_>>()) {
            keep(&image, &folder.join("partition"), kind);
        }
    }
    fs::create_dir_all(path("files/folder")).expect("a folder");
    for (name, len) in [("files/one", 10), ("files/folder/two with a long name", 3000)] {
        fs::write(path(name), vec![7; len]).expect("room");
    }
    let fat = |name: &str, bits| {
        let image = path(name);
        run("mkfs.fat", &["-F", bits, "-C", "-s", "1", &image, "100"]).then_some(image)
    };
    if let Some(image) = fat("fat12", "12") {
        let files = [path("files/one"), path("files/folder")];
        if run("mcopy", &["-s", "-i", &image, &files[0], &files[1], "::"]) {
            keep(&image, &folder.join("fat"), "fat12");
            keep(&image, &folder.join("walk"), "fat12");
            if let Ok(listed) = Command::new("fiwalk").args(["-x", "-z", "-g", &image]).output() {
                put(&folder.join("dfxml_read"), "fiwalk", &listed.stdout);
            }
        }
    }
    // Too small for mtools.
    if let Some(image) = fat("fat32", "32") {
        keep(&image, &folder.join("fat"), "fat32");
    }
    let features = [("ext2", "ext2", ""), ("ext4", "ext4", ""), ("ext4", "inline", ",inline_data")];
    for (kind, name, more) in features {
        let (image, features) = (path(name), format!("^has_journal{more}"));
        let options = ["-q", "-t", kind, "-b", "1024", "-N", "32", "-O", &features, "-d"];
        if run("mke2fs", &[&options[..], &[&path("files"), &image, "100"]].concat()) {
            keep(&image, &folder.join("ext"), name);
            keep(&image, &folder.join("walk"), name);
        }
    }
    for (name, options) in [("rock-ridge", "-R"), ("joliet", "-J")] {
        let image = path(name);
        let options = [options, "-quiet", "-no-pad", "-o", &image, &path("files")];
        if run("genisoimage", &options) {
            keep(&image, &folder.join("iso9660"), name);
            keep(&image, &folder.join("walk"), name);
        }
    }
    let image = path("bridge.udf");
    if run("genisoimage", &["-udf", "-quiet", "-no-pad", "-o", &image, &path("files")]) {
        keep(&image, &folder.join("udf"), "bridge");
    }
    let packed = path("machine.zip");
    let script =
        "import sys, zipfile; zipfile.ZipFile(sys.argv[1], 'w', 8).write(sys.argv[2], 'd.vdi')";
    if run("python3", &["-c", script, &packed, &path("vdi")]) {
        keep(&packed, &folder.join("tarball"), "zip");
    }
    let image = path("exfat");
    fs::write(&image, vec![0; 1 << 20]).expect("room");
    if run("mkfs.exfat", &["-c", "512", "-b", "512", &image]) {
        let mut bytes = fs::read(&image).expect("it was just made");
        exfat_files(&mut bytes);
        put(&folder.join("exfat"), "made", &bytes);
    }
}

/// Puts files into the root directory of an exFAT volume: one in one piece, one in a chain, a directory
/// with a file, and a deleted one.
// Source: Microsoft, exFAT file system specification, "Directory Structure".
fn exfat_files(bytes: &mut [u8]) {
    let long = |bytes: &[u8], at| u32::from_le_bytes(*bytes[at..].first_chunk().expect("4 bytes"));
    let [table, heap, root] = [80, 88, 96].map(|at| long(bytes, at) as usize);
    let start = |cluster: usize| (heap + cluster - 2) * 512;
    let is_free = |entry: &usize| bytes[*entry] == 0;
    let end = (start(root)..).step_by(32).find(is_free).expect("an end of the root directory");
    let sets = [
        exfat_set("piece", 0x20, 700, 900, true),
        exfat_set("chain", 0x20, 710, 1000, false),
        exfat_set("folder", 0x10, 720, 512, true),
        exfat_set("gone", 0x20, 730, 512, true),
    ];
    for (index, set) in sets.iter().enumerate() {
        let place = &mut bytes[end + index * 96..][..96];
        place.copy_from_slice(set);
        if index == 3 {
            place.iter_mut().step_by(32).for_each(|kind| *kind &= 0x7F);
        }
    }
    bytes[start(720)..][..96].copy_from_slice(&exfat_set("inner", 0x20, 740, 10, true));
    for (cluster, next) in [(710, 715), (715, u32::MAX)] {
        bytes[table * 512 + cluster * 4..][..4].copy_from_slice(&next.to_le_bytes());
    }
}

/// The entries of a file.
fn exfat_set(name: &str, attributes: u8, first: u32, len: u64, in_one_piece: bool) -> [u8; 96] {
    let mut set = [0; 96];
    (set[0], set[1], set[4]) = (0x85, 2, attributes);
    (set[32], set[33], set[35]) = (0xC0, if in_one_piece { 3 } else { 1 }, name.len() as u8);
    set[40..48].copy_from_slice(&len.to_le_bytes());
    set[52..56].copy_from_slice(&first.to_le_bytes());
    set[56..64].copy_from_slice(&len.to_le_bytes());
    set[64] = 0xC1;
    name.bytes().zip(set[66..].iter_mut().step_by(2)).for_each(|(byte, unit)| *unit = byte);
    let covered = set.iter().enumerate().filter(|(at, _)| !matches!(at, 2 | 3));
    let sum = covered.fold(0u16, |sum, (_, byte)| sum.rotate_right(1).wrapping_add((*byte).into()));
    set[2..4].copy_from_slice(&sum.to_le_bytes());
    set
}

fn keep(from: &str, folder: &Path, name: &str) {
    put(folder, name, &fs::read(from).expect("it was just made"));
}

/// Whether a program is here and succeeds; it is told when not.
fn run(program: &str, args: &[&str]) -> bool {
    let output = Command::new(program).args(args).output();
    let is_done = output.as_ref().is_ok_and(|output| output.status.success());
    if !is_done {
        println!("no seeds of {program}: {output:?}");
    }
    is_done
}
