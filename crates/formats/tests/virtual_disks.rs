//! qcow2, VHD, VHDX and VDI that qemu-img or the testkit wrote, compared byte by byte with what
//! they were made from.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use diskprint_formats::{Known, ReadAt, ReadAtExt, qcow2, vdi, vhd, vhdx};
use diskprint_testkit::random::{Random, Repeat, seed};
use diskprint_testkit::{need, vhdx as build};
use proptest::prelude::*;

fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("virtual-disks").join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder
}

fn run(program: &Path, folder: &Path, args: &[&str]) {
    let output = Command::new(program).args(args).current_dir(folder).output().unwrap();
    assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// `len` bytes with data that shrinks, data that does not, and holes.
fn raw_disk(random: &mut Random, len: usize) -> Vec<u8> {
    let mut disk = vec![0; len];
    let mut at = 0;
    while at < len {
        let part = (1 + random.below(300)) * 4096;
        let end = len.min(at + part);
        match random.below(4) {
            0 => disk[at..end].copy_from_slice(&random.bytes(end - at)),
            1 => {
                let word = random.bytes(7);
                disk[at..end].iter_mut().zip(word.iter().cycle()).for_each(|(it, w)| *it = *w);
            }
            _ => {}
        }
        at = end;
    }
    disk
}

type Parent = Option<Arc<dyn ReadAt>>;

/// Opens a disk of any of the formats.
fn open_bytes(bytes: Vec<u8>, below: Parent) -> io::Result<Arc<dyn ReadAt>> {
    let file: Arc<dyn ReadAt> = Arc::new(bytes);
    if let Some(header) = qcow2::Header::read(&file)? {
        for snapshot in qcow2::Snapshot::list(&file, &header)? {
            qcow2::Disk::open(&file, &header, Some(&snapshot), below.clone())?;
        }
        return Ok(Arc::new(qcow2::Disk::open(&file, &header, None, below)?));
    }
    if let Some(header) = vhdx::Header::read(&file)? {
        return Ok(Arc::new(vhdx::Disk::open(&file, &header, below)?));
    }
    if let Some(header) = vdi::Header::read(&file)? {
        return Ok(Arc::new(vdi::Disk::open(&file, &header, below)?));
    }
    if let Some(header) = vhd::Header::read(&file)? {
        return Ok(Arc::new(vhd::Disk::open(&file, &header, below)?));
    }
    Err(io::ErrorKind::Unsupported.into())
}

fn open(folder: &Path, name: &str, below: Parent) -> Arc<dyn ReadAt> {
    open_bytes(fs::read(folder.join(name)).unwrap(), below)
        .unwrap_or_else(|e| panic!("{name}: {e}"))
}

/// Reads the disk in pieces of many lengths, and checks what it says to be zeros. Returns how much
/// that is. A disk may be longer than what it was made from, by what its format rounds up.
fn assert_same(disk: &dyn ReadAt, expected: &[u8], what: &str) -> u64 {
    let longer = disk.len().checked_sub(expected.len() as u64);
    assert!(longer.is_some_and(|it| it < 1 << 20), "{what}: {} bytes", disk.len());
    let (mut offset, mut zeros) = (0, 0);
    for len in [1, 511, 65_536, 3, 1 << 20, 70_001, 10 << 20].into_iter().cycle() {
        let end = expected.len().min(offset + len);
        let mut got = vec![0xEE; end - offset];
        disk.read_exact_at(&mut got, offset as u64).unwrap();
        assert!(got == expected[offset..end], "{what}: differs after {offset}");
        offset = end;
        if offset == expected.len() {
            break;
        }
    }
    let mut offset = 0;
    while offset < expected.len() {
        let (known, len) = disk.known_at(offset as u64, 3_000_000);
        assert!((1..=3_000_000).contains(&len), "{what}: {len} at {offset}");
        let end = expected.len().min(offset + len as usize);
        if known == Known::Zeros {
            assert!(expected[offset..end].iter().all(|byte| *byte == 0), "{what}: {offset}");
            zeros += len;
        }
        offset = end;
    }
    assert_eq!(disk.read_vec_at(disk.len(), 10).unwrap(), [] as [u8; 0], "{what}");
    zeros
}

/// Format, options of qemu-img, and whether its blocks are too large to leave the holes out, or are
/// all there.
const KINDS: [(&str, &str, bool); 15] = [
    ("qcow2", "compat=0.10", false),
    ("qcow2", "compat=1.1", false),
    ("qcow2", "cluster_size=512", false),
    ("qcow2", "cluster_size=2M", false),
    ("qcow2", "extended_l2=on,cluster_size=128k", false),
    ("qcow2", "preallocation=metadata", true),
    ("qcow2", "compression_type=zstd", false),
    ("vpc", "subformat=dynamic", false),
    ("vpc", "subformat=fixed", true),
    ("vpc", "subformat=dynamic,force_size=on", false),
    ("vhdx", "subformat=dynamic", true),
    ("vhdx", "subformat=dynamic,block_size=1M", false),
    ("vhdx", "subformat=fixed", true),
    ("vdi", "static=off", false),
    ("vdi", "static=on", true),
];

#[test]
fn each_kind_reads_as_the_raw_disk_it_was_made_from() {
    let Some(qemu_img) = need::program("qemu-img") else { return };
    let folder = folder("kinds");
    let seed = seed(1);
    let _repeat = Repeat(seed);
    let mut random = Random::new(seed);
    let raw = raw_disk(&mut random, (37 << 20) + 3 * 512);
    fs::write(folder.join("raw"), &raw).unwrap();
    for (number, (format, options, is_full)) in KINDS.into_iter().enumerate() {
        let name = format!("{number}");
        let convert = ["convert", "-f", "raw", "-O", format, "-o", options, "raw", &name];
        run(&qemu_img, &folder, &convert);
        let zeros = assert_same(&*open(&folder, &name, None), &raw, options);
        assert!(is_full || zeros > 1 << 20, "{format} {options}: {zeros} are known to be zeros");
    }
    for (number, options) in
        ["compression_type=zlib", "compression_type=zstd", "compat=0.10", "extended_l2=on"]
            .into_iter()
            .enumerate()
    {
        let name = format!("c{number}");
        let convert = ["convert", "-c", "-f", "raw", "-O", "qcow2", "-o", options, "raw", &name];
        run(&qemu_img, &folder, &convert);
        assert!(fs::metadata(folder.join(&name)).unwrap().len() < raw.len() as u64 * 2 / 3);
        assert_same(&*open(&folder, &name, None), &raw, options);
    }
}

#[test]
fn writes_over_a_backing_file_and_snapshots_are_read_as_qemu_does() {
    let Some(qemu_img) = need::program("qemu-img") else { return };
    let Some(qemu_io) = need::program("qemu-io") else { return };
    let seed = seed(2);
    let _repeat = Repeat(seed);
    let mut random = Random::new(seed);
    for options in ["compat=1.1", "compat=0.10", "extended_l2=on", "cluster_size=4k"] {
        let folder = folder("chain");
        let mut raw = raw_disk(&mut random, 5 << 20);
        fs::write(folder.join("raw"), &raw).unwrap();
        run(&qemu_img, &folder, &["convert", "-O", "qcow2", "raw", "base"]);
        let create =
            ["create", "-f", "qcow2", "-o", options, "-b", "base", "-F", "qcow2", "top", "6M"];
        run(&qemu_img, &folder, &create);
        raw.resize(6 << 20, 0);
        let mut states = Vec::new();
        for round in 0..3u8 {
            for _ in 0..8 {
                let at = random.below((6 << 20) / 512 - 400) * 512;
                let (len, byte) = ((1 + random.below(300)) * 512, random.below(3) as u8 * 77);
                let write = match (byte, options) {
                    (0, _) => format!("write -z {at} {len}"),
                    _ => format!("write -P {byte} {at} {len}"),
                };
                run(&qemu_io, &folder, &["-f", "qcow2", "-c", &write, "top"]);
                raw[at..at + len].fill(byte);
            }
            if round < 2 {
                run(&qemu_img, &folder, &["snapshot", "-c", &format!("state {round}"), "top"]);
                states.push(raw.clone());
            }
        }
        let base = open(&folder, "base", None);
        assert!(open_bytes(fs::read(folder.join("top")).unwrap(), None).is_err(), "no base");
        assert_same(&*open(&folder, "top", Some(base.clone())), &raw, options);
        let file: Arc<dyn ReadAt> = Arc::new(fs::read(folder.join("top")).unwrap());
        let header = qcow2::Header::read(&file).unwrap().unwrap();
        assert_eq!(header.backing_format.as_deref(), Some("qcow2"));
        let snapshots = qcow2::Snapshot::list(&file, &header).unwrap();
        let names: Vec<_> = snapshots.iter().map(|it| (&*it.id, &*it.name)).collect();
        assert_eq!(names, [("1", "state 0"), ("2", "state 1")]);
        assert!(snapshots[0].seconds > 1_700_000_000);
        for (snapshot, expected) in snapshots.iter().zip(&states) {
            let disk = qcow2::Disk::open(&file, &header, Some(snapshot), Some(base.clone()));
            assert_same(&disk.unwrap(), expected, &snapshot.name);
        }
    }
}

#[test]
fn a_cluster_that_the_file_ends_in_is_zeros_behind_the_end() {
    let Some(qemu_img) = need::program("qemu-img") else { return };
    let folder = folder("end");
    fs::write(folder.join("raw"), [7; 65536]).unwrap();
    run(&qemu_img, &folder, &["convert", "-O", "qcow2", "raw", "disk"]);
    let file = fs::read(folder.join("disk")).unwrap();
    let place = file.windows(16).position(|bytes| bytes == [7; 16]).unwrap();
    let cut = open_bytes(file[..place + 1000].to_vec(), None).unwrap();
    let mut expected = vec![7; 1000];
    expected.resize(65536, 0);
    assert!(cut.read_vec_at(0, 65536).unwrap() == expected);
    let cut = open_bytes(file[..place].to_vec(), None).unwrap();
    let error = cut.read_vec_at(0, 1).unwrap_err().to_string();
    assert!(error.contains("behind the file's end"), "{error}");
}

#[test]
fn what_is_not_read_is_refused_by_name() {
    let Some(qemu_img) = need::program("qemu-img") else { return };
    let folder = folder("refused");
    let key = ["--object", "secret,id=s,data=secret"];
    let luks = ["-o", "encrypt.format=luks,encrypt.key-secret=s,encrypt.iter-time=10"];
    let create = [&["create", "-f", "qcow2"][..], &key, &luks, &["luks", "1M"]].concat();
    run(&qemu_img, &folder, &create);
    let data = ["create", "-f", "qcow2", "-o", "data_file=data.raw", "external", "1M"];
    run(&qemu_img, &folder, &data);
    for (name, what) in [("luks", "an encrypted disk is not read"), ("external", "another file")] {
        let error = open_bytes(fs::read(folder.join(name)).unwrap(), None).err().unwrap();
        assert!(error.to_string().contains(what), "{name}: {error}");
    }
}

/// A VHD or VDI that qemu-img wrote, made a differencing one of `parent`.
fn differencing(mut file: Vec<u8>, parent: &[u8]) -> Vec<u8> {
    if file[64..68] == [0x7F, 0x10, 0xDA, 0xBE] {
        file[76] = 4;
        let (own, link) = (392..424, 424);
        file[link..link + 32].copy_from_slice(&parent[own]);
        return file;
    }
    let end = file.len() - 512;
    file[512 + 40..512 + 56].copy_from_slice(&parent[68..84]);
    for (index, unit) in "parent.vhd".encode_utf16().enumerate() {
        file[512 + 64 + 2 * index..][..2].copy_from_slice(&unit.to_be_bytes());
    }
    for (start, len, at) in [(0, 512, 64), (end, 512, 64), (512, 1024, 36)] {
        if len == 512 {
            file[start + 60..start + 64].copy_from_slice(&4u32.to_be_bytes());
        }
        let part = &mut file[start..start + len];
        part[at..at + 4].fill(0);
        let sum = !part.iter().map(|byte| u32::from(*byte)).sum::<u32>();
        part[at..at + 4].copy_from_slice(&sum.to_be_bytes());
    }
    file
}

#[test]
fn differencing_disks_read_through_to_their_parents() {
    let Some(qemu_img) = need::program("qemu-img") else { return };
    let seed = seed(3);
    let _repeat = Repeat(seed);
    let mut random = Random::new(seed);
    // No rounding to cylinders: qemu-img keeps this length in both formats.
    let len = 9 << 20;
    let (below, above) = (raw_disk(&mut random, len), raw_disk(&mut random, len));
    for (format, options, block) in
        [("vpc", "subformat=dynamic,force_size=on", 2 << 20), ("vdi", "static=off", 1 << 20)]
    {
        let folder = folder(&format!("differencing-{format}"));
        let mut expected = below.clone();
        // The second half of the child was never written.
        let mut child = above.clone();
        child[len / 2..].fill(0);
        fs::write(folder.join("below"), &below).unwrap();
        fs::write(folder.join("above"), &child).unwrap();
        for name in ["below", "above"] {
            let to = format!("{name}.disk");
            run(
                &qemu_img,
                &folder,
                &["convert", "-f", "raw", "-O", format, "-o", options, name, &to],
            );
        }
        let parent = fs::read(folder.join("below.disk")).unwrap();
        let mut child_file = fs::read(folder.join("above.disk")).unwrap();
        for (number, part) in child.chunks(block).enumerate() {
            if part.iter().any(|byte| *byte != 0) {
                expected[number * block..][..part.len()].copy_from_slice(part);
            }
        }
        if format == "vpc" {
            // Sectors 3 to 9 of the first block that is there are the parent's.
            let table = u64::from_be_bytes(child_file[528..536].try_into().unwrap()) as usize;
            let number = (0..4).find(|it| child_file[table + it * 4] != 0xFF).unwrap();
            let place =
                u32::from_be_bytes(child_file[table + number * 4..][..4].try_into().unwrap());
            let bitmap = place as usize * 512;
            child_file[bitmap] &= 0b1110_0000;
            child_file[bitmap + 1] &= 0b0011_1111;
            let range = number * block + 3 * 512..number * block + 10 * 512;
            expected[range.clone()].copy_from_slice(&below[range]);
        }
        let child_file = differencing(child_file, &parent);
        assert!(open_bytes(child_file.clone(), None).is_err(), "{format}: without its parent");
        let parent = open_bytes(parent, None).unwrap();
        assert_same(&*open_bytes(child_file, Some(parent)).unwrap(), &expected, format);
    }
}

#[test]
fn a_damaged_footer_is_replaced_by_its_copy() {
    let Some(qemu_img) = need::program("qemu-img") else { return };
    let folder = folder("footer");
    fs::write(folder.join("raw"), [7; 1 << 20]).unwrap();
    run(&qemu_img, &folder, &["convert", "-O", "vpc", "raw", "disk"]);
    let mut file = fs::read(folder.join("disk")).unwrap();
    let end = file.len() - 512;
    file[end..].fill(0);
    let read = |file: &Vec<u8>| vhd::Header::read(file).unwrap().unwrap();
    assert!(read(&file).findings[0].to_string().contains("its copy was read"));
    file.truncate(end);
    assert_eq!(read(&file).findings.len(), 1);
    file[100] ^= 1;
    let header = read(&file);
    assert!(header.findings[0].to_string().contains("checksum"), "{:?}", header.findings);
    assert!(open_bytes(file, None).unwrap().read_vec_at(0, 1 << 20).unwrap() == [7; 1 << 20]);
}

#[test]
fn a_vhdx_of_the_testkit_is_one_to_qemu_img_too() {
    let Some(qemu_img) = need::program("qemu-img") else { return };
    let folder = folder("vhdx-built");
    let mut random = Random::new(seed(4));
    let block = random.bytes(1 << 20);
    let blocks = [build::Block::Absent, build::Block::Full(block.clone()), build::Block::Zeros];
    let file = build::disk(&blocks, None);
    fs::write(folder.join("disk"), &file).unwrap();
    run(&qemu_img, &folder, &["convert", "-f", "vhdx", "-O", "raw", "disk", "raw"]);
    let raw = fs::read(folder.join("raw")).unwrap();
    assert!(raw[1 << 20..2 << 20] == block);
    assert_same(&*open_bytes(file, None).unwrap(), &raw, "built");
}

#[test]
fn sectors_of_a_differencing_vhdx_are_its_own_or_its_parents() {
    let mut random = Random::new(seed(5));
    let (own, below) = (random.bytes(1 << 20), random.bytes(5 << 20));
    let mut expected = below.clone();
    let is_own = |sector: usize| sector % 7 == 3 || (100..900).contains(&sector);
    for sector in (0..2048).filter(|sector| is_own(*sector)) {
        let at = sector * 512;
        expected[(2 << 20) + at..][..512].copy_from_slice(&own[at..at + 512]);
    }
    expected[3 << 20..4 << 20].fill(0);
    expected[4 << 20..].copy_from_slice(&own);
    let bits = (0..2048).map(is_own).collect();
    let blocks = [
        build::Block::Absent,
        build::Block::Absent,
        build::Block::Partial(own.clone(), bits),
        build::Block::Zeros,
        build::Block::Full(own),
    ];
    let parent = [("parent_linkage", "{2DC27766-F623-4200-9D64-115E9BFD4A08}")];
    let file = build::disk(&blocks, Some(&parent));
    assert!(open_bytes(file.clone(), None).is_err(), "without its parent");
    assert_same(&*open_bytes(file, Some(Arc::new(below))).unwrap(), &expected, "differencing");
}

#[test]
fn the_log_of_a_vhdx_that_was_not_closed_is_replayed_as_qemu_img_does() {
    let Some(qemu_img) = need::program("qemu-img") else { return };
    let Some(qemu_io) = need::program("qemu-io") else { return };
    let folder = folder("vhdx-log");
    run(&qemu_img, &folder, &["create", "-f", "vhdx", "-o", "block_size=1M", "disk", "20M"]);
    let writes = ["write -P 5 3M 64k", "write -P 6 7M 2M", "sigraise 9"];
    let mut io = Command::new(&qemu_io);
    for write in writes {
        io.args(["-c", write]);
    }
    let status = io.args(["-f", "vhdx", "disk"]).current_dir(&folder).output().unwrap().status;
    assert!(!status.success(), "it was killed");
    let mut file = fs::read(folder.join("disk")).unwrap();
    // What the log writes is taken from where it belongs: the block allocation table.
    let sound = file.clone();
    let table = 192 << 10;
    let regions = &sound[table + 16..table + 16 + 64];
    let bat = regions.chunks(32).find(|it| it[..4] == [0x66, 0x77, 0xC2, 0x2D]).unwrap();
    let bat = u64::from_le_bytes(bat[16..24].try_into().unwrap()) as usize;
    file[bat..bat + 4096].fill(0);
    // QEMU empties its log at once by forgetting its id: the last entry still has it.
    let log = u64::from_le_bytes(file[(64 << 10) + 72..][..8].try_into().unwrap()) as usize;
    let entries =
        (log..log + (1 << 20)).step_by(4096).filter(|at| file[*at..].starts_with(b"loge"));
    let last =
        entries.max_by_key(|at| u64::from_le_bytes(file[at + 16..][..8].try_into().unwrap()));
    let id: [u8; 16] = file[last.unwrap() + 32..][..16].try_into().unwrap();
    [64 << 10, 128 << 10].iter().for_each(|at| file[at + 48..at + 64].copy_from_slice(&id));
    build::seal(&mut file);
    fs::write(folder.join("disk"), &file).unwrap();
    let header = vhdx::Header::read(&(Arc::new(file.clone()) as Arc<dyn ReadAt>)).unwrap().unwrap();
    assert!(header.findings[0].to_string().contains("replayed in memory"), "{:?}", header.findings);
    run(&qemu_img, &folder, &["check", "-r", "all", "disk"]);
    run(&qemu_img, &folder, &["convert", "-f", "vhdx", "-O", "raw", "disk", "raw"]);
    let raw = fs::read(folder.join("raw")).unwrap();
    assert!(raw[3 << 20..(3 << 20) + 65536] == [5; 65536] && raw[8 << 20] == 6);
    assert_same(&*open_bytes(file.clone(), None).unwrap(), &raw, "replayed");
    // A log whose entries are all damaged: the disk is read without it, and that is said.
    (log..log + (1 << 20)).step_by(4096).for_each(|at| file[at + 4] ^= 1);
    let header = vhdx::Header::read(&(Arc::new(file) as Arc<dyn ReadAt>)).unwrap().unwrap();
    assert!(header.findings[0].to_string().contains("writes that were under way are lost"));
}

#[test]
fn entries_of_a_vhdx_log_are_written_in_their_order_around_its_end() {
    let qemu_img = need::program("qemu-img");
    let folder = folder("vhdx-ring");
    let mut random = Random::new(seed(7));
    let (block, sectors) = (random.bytes(1 << 20), [random.bytes(4096), random.bytes(4096)]);
    let sound = build::disk(&[build::Block::Absent, build::Block::Full(block.clone())], None);
    let data = sound.len() - (1 << 20);
    let log = [
        vec![build::Write::Sector(data, &sectors[0]), build::Write::Zeros(data + 8192, 12288)],
        vec![build::Write::Sector(data + 12288, &sectors[1])],
        vec![build::Write::Zeros(data + 4096, 4096), build::Write::Sector(data, &sectors[1])],
    ];
    for (start, wraps) in [(131_072, false), ((1 << 20) - 12288, true)] {
        let mut file = sound.clone();
        // An entry that was written long before those.
        build::put_log(&mut file, 50, 65536, &[vec![build::Write::Zeros(data, 1 << 20)]]);
        build::put_log(&mut file, 100, start, &log);
        let mut expected = [vec![0; 1 << 20], block.clone()].concat();
        let own = &mut expected[1 << 20..];
        own[..4096].copy_from_slice(&sectors[1]);
        own[4096..20480].fill(0);
        own[12288..16384].copy_from_slice(&sectors[1]);
        assert_same(&*open_bytes(file.clone(), None).unwrap(), &expected, "replayed");
        // Around the log's end qemu-img 10.0 takes the last entry for a whole sequence, though that
        // says that its sequence begins elsewhere ([MS-VHDX] 2.3.3).
        if let (Some(qemu_img), false) = (&qemu_img, wraps) {
            fs::write(folder.join("disk"), &file).unwrap();
            run(qemu_img, &folder, &["check", "-q", "-r", "all", "disk"]);
            run(qemu_img, &folder, &["convert", "-f", "vhdx", "-O", "raw", "disk", "raw"]);
            assert!(fs::read(folder.join("raw")).unwrap() == expected, "qemu-img replays it so");
        }
        // Without the last entry the two before it are a whole sequence.
        let last = (1 << 20) + (start + 8192 + 8192) % (1 << 20);
        file[last + 4] ^= 1;
        let own = &mut expected[1 << 20..];
        own[..4096].copy_from_slice(&sectors[0]);
        own[4096..8192].copy_from_slice(&block[4096..8192]);
        assert_same(&*open_bytes(file, None).unwrap(), &expected, "without the last");
    }
}

#[test]
fn entries_of_a_vhdx_log_before_its_tail_are_not_written_again() {
    let mut random = Random::new(seed(8));
    let (block, sector) = (random.bytes(1 << 20), random.bytes(4096));
    let mut file = build::disk(&[build::Block::Full(block.clone())], None);
    let data = file.len() - (1 << 20);
    // It was written to its place, and then something else was: the next begins the log anew.
    build::put_log(&mut file, 99, 65536, &[vec![build::Write::Zeros(data, 1 << 20)]]);
    build::put_log(&mut file, 100, 65536 + 4096, &[vec![build::Write::Sector(data, &sector)]]);
    let expected = [&sector[..], &block[4096..]].concat();
    assert_same(&*open_bytes(file, None).unwrap(), &expected, "from the tail on");
}

#[test]
fn one_damaged_copy_of_a_vhdxs_headers_is_told_and_two_are_an_error() {
    let sound = build::disk(&[build::Block::Full(vec![9; 1 << 20])], None);
    for copies in [[64 << 10, 128 << 10], [192 << 10, 256 << 10]] {
        for at in copies {
            let mut file = sound.clone();
            file[at + 8] ^= 1;
            let file: Arc<dyn ReadAt> = Arc::new(file);
            let header = vhdx::Header::read(&file).unwrap().unwrap();
            assert!(header.findings[0].to_string().contains("one of two copies"));
        }
        let mut file = sound.clone();
        copies.iter().for_each(|at| file[at + 8] ^= 1);
        assert!(open_bytes(file, None).err().unwrap().to_string().contains("checksum"));
    }
}

/// Small disks of every format that qemu-img made once, and one with a log.
fn small() -> &'static [Vec<u8>] {
    static SMALL: std::sync::OnceLock<Vec<Vec<u8>>> = std::sync::OnceLock::new();
    SMALL.get_or_init(|| {
        let Some(qemu_img) = need::program("qemu-img") else { return Vec::new() };
        let folder = folder("small");
        let mut random = Random::new(6);
        let mut raw = vec![0; 300 << 10];
        raw[..4096].copy_from_slice(&random.bytes(4096));
        raw[100 << 10..].fill(0x55);
        fs::write(folder.join("raw"), &raw).unwrap();
        let kinds = [
            &["-O", "qcow2", "-o", "cluster_size=4k"][..],
            &["-c", "-O", "qcow2", "-o", "compression_type=zstd"],
            &["-c", "-O", "qcow2", "-o", "cluster_size=512"],
            &["-O", "qcow2", "-o", "extended_l2=on"],
            &["-O", "vpc"],
            &["-O", "vdi"],
        ];
        let mut files: Vec<Vec<u8>> = kinds
            .iter()
            .map(|kind| {
                let args = [&["convert", "-f", "raw"][..], kind, &["raw", "disk"]].concat();
                run(&qemu_img, &folder, &args);
                if kind.contains(&"cluster_size=4k") {
                    run(&qemu_img, &folder, &["snapshot", "-c", "s", "disk"]);
                }
                fs::read(folder.join("disk")).unwrap()
            })
            .collect();
        let bits = (0..2048).map(|sector| sector % 3 == 0).collect();
        let blocks = [build::Block::Partial(vec![1; 1 << 20], bits), build::Block::Absent];
        files.push(build::disk(&blocks, Some(&[("parent_linkage", "x")])));
        files
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn damaged_disks_never_panic(
        which in 0usize..7,
        flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0u8..3), 1..8),
        cut in prop::option::of(any::<prop::sample::Index>()),
    ) {
        let Some(sound) = small().get(which) else { return Ok(()) };
        let mut bytes = sound.clone();
        for (at, mask, near) in flips {
            // Most damage is done where tables are.
            let within = if near == 0 { bytes.len() } else { bytes.len().min(8192) };
            bytes[at.index(within)] ^= mask;
        }
        if which == 6 {
            build::seal(&mut bytes);
        }
        if let Some(cut) = cut {
            let len = cut.index(bytes.len());
            bytes.truncate(len);
        }
        let parent: Arc<dyn ReadAt> = Arc::new(vec![3; 1 << 20]);
        if let Ok(disk) = open_bytes(bytes, Some(parent)) {
            for offset in (0..disk.len().min(1 << 20)).step_by(4096) {
                let (known, len) = disk.known_at(offset, 5000);
                prop_assert!((1..=5000).contains(&len), "{len} at {offset}");
                let read = disk.read_vec_at(offset, len as usize);
                if let (Known::Zeros, Ok(bytes)) = (known, read) {
                    prop_assert!(bytes.iter().all(|byte| *byte == 0), "not zeros at {offset}");
                }
            }
            let _ = disk.read_vec_at(disk.len() - disk.len().min(10), 100);
            let _ = disk.known_at(0, disk.len());
        }
    }
}
