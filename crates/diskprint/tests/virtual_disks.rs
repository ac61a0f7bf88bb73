//! Disks of every format, bare, in a folder and in a tarball: which are found, what they stand on,
//! and that they read as qemu-img reads them.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use diskprint::{Image, OpenError, Opened, is_one_file, machine_states, slicehash};
use diskprint_formats::ReadAtExt;
use diskprint_testkit::random::{Random, seed};
use diskprint_testkit::{archive, mbr, need, vhdx};
use tempfile::TempDir;

fn open(path: &Path) -> Result<Opened, OpenError> {
    Image::open(path, TempDir::new().unwrap().path(), &|_| ())
}

fn sound(path: &Path) -> Opened {
    open(path).unwrap_or_else(|error| panic!("{}", message(&error)))
}

fn message(error: &OpenError) -> String {
    let (mut text, mut cause) = (error.to_string(), error.source());
    while let Some(error) = cause {
        text.push_str(&format!(": {error}"));
        cause = error.source();
    }
    text
}

fn failure(path: &Path) -> String {
    message(&open(path).err().expect("an error"))
}

fn texts(opened: &Opened) -> Vec<String> {
    opened.faults.iter().map(ToString::to_string).collect()
}

fn bytes(opened: &Opened, disk: usize) -> Vec<u8> {
    let reader = &opened.image.disks()[disk].reader;
    reader.read_vec_at(0, reader.len() as usize).unwrap()
}

fn run(program: &Path, folder: &Path, args: &[&str]) {
    let output = Command::new(program).args(args).current_dir(folder).output().unwrap();
    assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// A disk of one partition, some of it random.
fn raw_disk(random: &mut Random) -> Vec<u8> {
    let mut disk = vec![0; 8 << 20];
    disk[..512].copy_from_slice(&mbr::boot_record(&[(7, 2048, 4096)]));
    disk[(1 << 20) + 3..][..8].copy_from_slice(b"NTFS    ");
    for at in [2 << 20, 5 << 20] {
        disk[at..at + 300_000].copy_from_slice(&random.bytes(300_000));
    }
    disk
}

/// Everything in `folder`, packed.
fn tarball(folder: &Path) -> (PathBuf, TempDir) {
    let to = TempDir::new().unwrap();
    let path = to.path().join("t.tar");
    run(Path::new("tar"), folder, &["-cf", path.to_str().unwrap(), "."]);
    (path, to)
}

#[test]
fn each_format_is_read_bare_in_a_folder_and_in_a_tarball() {
    let Some(qemu_img) = need::program("qemu-img") else { return };
    let raw = raw_disk(&mut Random::new(seed(1)));
    for (format, options, container, kind) in [
        ("qcow2", "compat=1.1", "qcow2", "qcow2"),
        ("vpc", "subformat=dynamic,force_size=on", "vhd", "vhd-dynamic"),
        ("vpc", "subformat=fixed,force_size=on", "vhd", "vhd-fixed"),
        ("vhdx", "subformat=dynamic", "vhdx", "vhdx-dynamic"),
        ("vdi", "static=on", "vdi", "vdi-static"),
        ("vmdk", "subformat=streamOptimized", "vmdk", "streamOptimized"),
        ("raw", "preallocation=off", "raw", "raw"),
    ] {
        let folder = TempDir::new().unwrap();
        let beside = TempDir::new().unwrap();
        fs::write(beside.path().join("raw"), &raw).unwrap();
        let from = beside.path().join("raw");
        let to = folder.path().join("disk.img");
        let (from, disk) = (from.to_str().unwrap(), to.to_str().unwrap());
        run(&qemu_img, folder.path(), &["convert", "-O", format, "-o", options, from, disk]);
        fs::write(folder.path().join("notes.txt"), b"no disk").unwrap();
        let (tar, _kept) = tarball(folder.path());
        for (path, container) in
            [(&to, container), (&folder.path().into(), "folder"), (&tar, "tar")]
        {
            let opened = sound(path);
            assert_eq!(opened.image.container().name(), container, "{format}");
            assert_eq!((texts(&opened), opened.image.disks().len()), (vec![], 1), "{format}");
            assert_eq!(opened.image.disks()[0].format, kind);
            assert!(bytes(&opened, 0) == raw, "{format} {options} as {container}");
            assert_eq!(opened.image.partitions().0[0].file_system, Some("ntfs"));
        }
        assert_eq!(is_one_file(&to).unwrap(), format != "vmdk");
        assert_eq!(slicehash(&to, &|_| ()).unwrap(), sound(&to).slicehash);
    }
}

#[test]
fn an_appliance_is_read_by_its_content() {
    let Some(qemu_img) = need::program("qemu-img") else { return };
    let raw = raw_disk(&mut Random::new(seed(2)));
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("raw"), &raw).unwrap();
    let options = "subformat=streamOptimized";
    run(&qemu_img, folder.path(), &["convert", "-O", "vmdk", "-o", options, "raw", "m-disk1.vmdk"]);
    fs::write(folder.path().join("m.ovf"), "<?xml version=\"1.0\"?><Envelope/>").unwrap();
    fs::write(folder.path().join("m.mf"), "SHA256(m.ovf)= 00").unwrap();
    let pack = ["--format=ustar", "-cf", "m.ova", "m.ovf", "m.mf", "m-disk1.vmdk"];
    run(Path::new("tar"), folder.path(), &pack);
    let opened = sound(&folder.path().join("m.ova"));
    assert_eq!((texts(&opened), opened.image.container().name()), (vec![], "tar"));
    assert!(bytes(&opened, 0) == raw);
}

#[test]
fn a_disk_of_any_format_stands_on_one_of_any_other_and_every_state_can_be_opened() {
    let Some(qemu_img) = need::program("qemu-img") else { return };
    let Some(qemu_io) = need::program("qemu-io") else { return };
    for (format, options) in [
        ("raw", "preallocation=off"),
        ("qcow2", "compat=0.10"),
        ("vmdk", "subformat=monolithicSparse"),
        ("vhdx", "subformat=dynamic"),
        ("vpc", "force_size=on"),
        ("vdi", "static=off"),
    ] {
        let folder = TempDir::new().unwrap();
        let path = |name: &str| folder.path().join(name);
        let mut expected = vec![raw_disk(&mut Random::new(seed(3)))];
        fs::write(path("made-from"), &expected[0]).unwrap();
        let convert =
            ["convert", "-f", "raw", "-O", format, "-o", options, "made-from", "base.img"];
        run(&qemu_img, folder.path(), &convert);
        fs::remove_file(path("made-from")).unwrap();
        let below = ["create", "-f", "qcow2", "-b", "base.img", "-F", format, "middle.img"];
        run(&qemu_img, folder.path(), &below);
        let write = |name: &str, byte: u8, expected: &mut Vec<Vec<u8>>| {
            let write = format!("write -P {byte} {}k 64k", 3000 + u32::from(byte));
            run(&qemu_io, folder.path(), &["-f", "qcow2", "-c", &write, name]);
            let mut state = expected.last().unwrap().clone();
            state[(3000 + usize::from(byte)) << 10..][..65536].fill(byte);
            expected.push(state);
        };
        write("middle.img", 1, &mut expected);
        run(&qemu_img, folder.path(), &["snapshot", "-c", "installed", "middle.img"]);
        run(&qemu_img, folder.path(), &["snapshot", "-c", "the same", "middle.img"]);
        expected.push(expected[1].clone());
        write("middle.img", 2, &mut expected);
        let above = ["create", "-f", "qcow2", "-b", "middle.img", "-F", "qcow2", "top.img"];
        run(&qemu_img, folder.path(), &above);
        write("top.img", 3, &mut expected);
        let (tar, _kept) = tarball(folder.path());
        for path in [path("top.img"), folder.path().into(), tar] {
            let opened = sound(&path);
            assert_eq!((texts(&opened), opened.image.disks().len()), (vec![], 1), "{format}");
            assert_eq!(opened.image.disks()[0].files, ["top.img", "middle.img", "base.img"]);
            assert!(bytes(&opened, 0) == *expected.last().unwrap(), "{format}");
        }
        assert!(!is_one_file(&path("top.img")).unwrap());
        let states = machine_states(&path("top.img")).unwrap().states;
        let names: Vec<_> = states.iter().map(|it| (it.number, &*it.name)).collect();
        let [first, second] = [(2, "installed"), (3, "the same")];
        assert_eq!(names, [(1, "base.img"), first, second, (4, "middle.img"), (5, "top.img")]);
        assert_eq!(machine_states(folder.path()).unwrap().states, states, "{format}");
        let before = machine_states(&states[2].path).unwrap().states;
        assert_eq!(before, states[..3], "{format}");
        let mut hashes = Vec::new();
        for (state, expected) in states.iter().zip(&expected) {
            let opened = sound(&state.path);
            assert!(bytes(&opened, 0) == *expected, "{format}: {state:?}");
            assert_eq!(slicehash(&state.path, &|_| ()).unwrap(), opened.slicehash, "{format}");
            hashes.push(opened.slicehash);
        }
        assert!(failure(&path("middle.img/@9")).contains("no snapshot"));
        hashes.sort();
        hashes.dedup();
        assert_eq!(hashes.len(), 5, "each state has a hash of its own");
        fs::remove_file(path("base.img")).unwrap();
        assert!(failure(&path("top.img")).contains("names the disk \"base.img\""));
    }
}

#[test]
fn a_chain_that_returns_to_itself_or_does_not_end_is_an_error() {
    let Some(qemu_img) = need::program("qemu-img") else { return };
    let folder = TempDir::new().unwrap();
    let create = |name: &str, below: &str| {
        run(
            &qemu_img,
            folder.path(),
            &["create", "-u", "-f", "qcow2", "-b", below, "-F", "qcow2", name, "1M"],
        );
    };
    create("a.qcow2", "b.qcow2");
    create("b.qcow2", "a.qcow2");
    assert!(failure(&folder.path().join("a.qcow2")).contains("returns to itself"));
    assert!(failure(folder.path()).contains("returns to itself"));
    // Beside a disk that can be read it is a fault.
    run(&qemu_img, folder.path(), &["create", "-f", "qcow2", "sound.qcow2", "1M"]);
    let opened = sound(folder.path());
    assert_eq!(opened.image.disks()[0].files, ["sound.qcow2"]);
    assert!(texts(&opened)[0].contains("returns to itself"), "{:?}", texts(&opened));
    let template = fs::read(folder.path().join("a.qcow2")).unwrap();
    let at = template.windows(7).position(|it| it == b"b.qcow2").unwrap();
    let chain = TempDir::new().unwrap();
    for number in 0..400u32 {
        let mut file = template.clone();
        file[at..at + 7].copy_from_slice(format!("c{:06}", number + 1).as_bytes());
        fs::write(chain.path().join(format!("c{number:06}")), file).unwrap();
    }
    assert!(failure(&chain.path().join("c000000")).contains("more than 256 others"));
}

#[test]
fn every_disk_that_no_other_stands_on_is_read_in_the_order_of_names() {
    let Some(qemu_img) = need::program("qemu-img") else { return };
    let folder = TempDir::new().unwrap();
    let create =
        |args: &[&str]| run(&qemu_img, folder.path(), &[&["create", "-q", "-f"], args].concat());
    create(&["qcow2", "base.qcow2", "1M"]);
    create(&["qcow2", "-b", "base.qcow2", "-F", "qcow2", "z.qcow2"]);
    create(&["qcow2", "-b", "base.qcow2", "-F", "qcow2", "y.qcow2"]);
    create(&["vdi", "c.vdi", "1M"]);
    let opened = sound(folder.path());
    let first: Vec<_> = opened.image.disks().iter().map(|disk| &*disk.files[0]).collect();
    assert_eq!(first, ["y.qcow2", "z.qcow2", "c.vdi"]);
    assert_eq!(texts(&opened), [] as [&str; 0]);
}

#[test]
fn parts_of_a_raw_disk_are_joined_and_one_that_is_missing_is_named() {
    let raw = raw_disk(&mut Random::new(seed(5)));
    for names in [
        ["d.001", "d.002", "d.003"],
        ["d.000", "d.001", "d.002"],
        ["d.0001", "d.0002", "d.0003"],
        ["d.raw.aa", "d.raw.ab", "d.raw.ac"],
    ] {
        let folder = TempDir::new().unwrap();
        let path = |name: &str| folder.path().join(name);
        for (name, part) in names.iter().zip(raw.chunks(3 << 20)) {
            fs::write(path(name), part).unwrap();
        }
        let (tar, _kept) = tarball(folder.path());
        for (path, container) in
            [(path(names[0]), "split"), (folder.path().into(), "folder"), (tar, "tar")]
        {
            let opened = sound(&path);
            assert_eq!((opened.image.container().name(), texts(&opened)), (container, vec![]));
            assert_eq!(opened.image.disks()[0].files, names);
            assert!(bytes(&opened, 0) == raw, "{names:?}");
        }
        assert!(!is_one_file(&path(names[0])).unwrap());
        let part = fs::read(path(names[1])).unwrap();
        fs::write(path(names[1]), &part[..part.len() - 512]).unwrap();
        assert!(texts(&sound(&path(names[0])))[0].contains("the first has 3145728"));
        fs::remove_file(path(names[1])).unwrap();
        let missing = format!("whose part \"{}\" is not there", names[1]);
        for path in [path(names[0]), folder.path().into()] {
            assert!(failure(&path).contains(&missing), "{}", failure(&path));
        }
    }
}

/// A VHDX of one block; `parent` is the id of the last write to the one below.
fn vhdx_of(byte: u8, parent: Option<&str>) -> Vec<u8> {
    let entries = parent.map(|id| [("parent_linkage", id), ("relative_path", ".\\base.vhdx")]);
    let block = match parent {
        Some(_) => {
            let own = (0..2048).map(|sector| sector < 1000).collect();
            vhdx::Block::Partial(vec![byte; 1 << 20], own)
        }
        None => vhdx::Block::Full(vec![byte; 1 << 20]),
    };
    vhdx::disk(&[block], entries.as_ref().map(|it| &it[..]))
}

#[test]
fn parents_are_known_by_their_ids_where_they_have_some() {
    let folder = TempDir::new().unwrap();
    let path = |name: &str| folder.path().join(name);
    // The testkit's own id of the last write.
    let id = "{A2A2A2A2-A2A2-A2A2-A2A2-A2A2A2A2A2A2}";
    fs::write(path("child.avhdx"), vhdx_of(2, Some(id))).unwrap();
    assert!(failure(&path("child.avhdx")).contains("names the disk \".\\\\base.vhdx\""));
    // By its id, whatever it is called.
    fs::write(path("renamed.bin"), vhdx_of(1, None)).unwrap();
    let opened = sound(&path("child.avhdx"));
    assert_eq!(texts(&opened), [] as [&str; 0]);
    assert!(bytes(&opened, 0)[999 * 512..1001 * 512] == [[2; 512], [1; 512]].concat());
    assert_eq!(sound(folder.path()).image.disks()[0].files, ["child.avhdx", "renamed.bin"]);
    // By its name, and it has changed.
    fs::rename(path("renamed.bin"), path("base.vhdx")).unwrap();
    fs::write(path("child.avhdx"), vhdx_of(2, Some(&id.replace("A2A2A2A2A2A2}", "A2A2A2A2A2A3}"))))
        .unwrap();
    let told = texts(&sound(&path("child.avhdx")));
    assert!(told[0].contains("parent_linkage is not its DataWriteGuid"), "{told:?}");
}

#[test]
fn images_that_others_made_read_as_qemu_img_reads_them() {
    let Some(qemu_img) = need::program("qemu-img") else { return };
    let Some(members) = archive::members("real-images/images.tar.xz") else { return };
    let folder = TempDir::new().unwrap();
    for (name, bytes) in &members {
        fs::write(folder.path().join(name), bytes).unwrap();
    }
    let path = |name: &str| folder.path().join(name);
    let file_systems = |opened: &Opened| -> Vec<_> {
        opened.image.partitions().0.into_iter().map(|it| it.file_system).collect()
    };
    for (name, format, found) in [
        ("windows_volume.qcow2", "qcow2", "ntfs"),
        ("ext2.qcow2", "qcow2", "ext2"),
        ("ext2.vhd", "vpc", "ext2"),
        ("ext2.vmdk", "vmdk", "ext2"),
    ] {
        let convert = ["convert", "-f", format, "-O", "raw", name, "expected"];
        run(&qemu_img, folder.path(), &convert);
        let opened = sound(&path(name));
        assert_eq!(texts(&opened), [] as [&str; 0], "{name}");
        assert!(bytes(&opened, 0) == fs::read(path("expected")).unwrap(), "{name}");
        assert_eq!(file_systems(&opened), [Some(found)], "{name}");
    }
    fs::remove_file(path("expected")).unwrap();
    let split = sound(&path("ext2.splitraw.000"));
    assert_eq!(bytes(&split, 0).len(), 4 << 20);
    assert!(bytes(&split, 0) == bytes(&sound(&path("ext2.qcow2")), 0), "the same volume");
    // Their footers have wrong checksums, for which qemu-img refuses them.
    let child = sound(&path("image-differential.vhd"));
    assert_eq!(child.image.disks()[0].files, ["image-differential.vhd", "image.vhd"]);
    assert!(texts(&child).iter().all(|it| it.contains("checksum is")), "{:?}", texts(&child));
    assert!(failure(&path("fat-differential.vhd")).contains("fat-parent.vhd"));
}

#[test]
fn a_fixed_vhd_that_is_shorter_than_it_says_is_read_as_far_as_it_goes() {
    let Some(qemu_img) = need::program("qemu-img") else { return };
    let folder = TempDir::new().unwrap();
    let disk = raw_disk(&mut Random::new(seed(1)));
    fs::write(folder.path().join("disk.raw"), &disk).unwrap();
    let fixed = ["-O", "vpc", "-o", "subformat=fixed,force_size=on"];
    run(&qemu_img, folder.path(), &[&["convert"], &fixed[..], &["disk.raw", "d.vhd"]].concat());
    let path = folder.path().join("d.vhd");
    let whole = fs::read(&path).unwrap();
    assert_eq!(texts(&sound(&path)), [] as [&str; 0]);
    fs::write(&path, [&whole[..5 << 20], &whole[whole.len() - 512..]].concat()).unwrap();
    let opened = sound(&path);
    let told = texts(&opened);
    let expected = "a fixed disk of 8388608 bytes; 5242880 are there, and were read";
    assert!(told.len() == 1 && told[0].contains(expected), "{told:?}");
    assert!(bytes(&opened, 0) == disk[..5 << 20]);
}
