//! NTFS volumes that the testkit wrote, read as snapshots: whole, damaged, hostile.

use std::fs;
use std::time::{Duration, Instant};

use diskprint::{Digests, FileEntry, FileKind, FoundBy, Image, Known, Remains, RunKind, Snapshot};
use diskprint_testkit::ntfs as kit;
use diskprint_testkit::ntfs::kind;
use kit::{Built, Chunks, Clusters, File, Options, ROOT, Reference, Times, Volume};
use proptest::prelude::*;
use tempfile::TempDir;

/// Reads the bytes as a raw disk without partition table.
fn read(bytes: &[u8]) -> Snapshot {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("disk.raw");
    fs::write(&path, bytes).unwrap();
    let opened = Image::open(&path, folder.path(), &|_| ()).unwrap();
    assert_eq!(opened.faults, []);
    Snapshot::read(&opened.image, &Known::new())
}

fn data(len: usize, seed: u8) -> Vec<u8> {
    (0..len).map(|at| (at / 256) as u8 ^ (at as u8).wrapping_mul(31) ^ seed).collect()
}

fn faults(snapshot: &Snapshot) -> Vec<String> {
    snapshot.faults.iter().map(ToString::to_string).collect()
}

/// Entries of users' files: path, `:stream`, and whether name and record are in use.
fn listing(snapshot: &Snapshot) -> Vec<String> {
    let show = |entry: &FileEntry| {
        let state = match (entry.alloc.name, entry.alloc.inode) {
            (true, true) => "",
            (false, true) => " (name gone)",
            (true, false) => " (record gone)",
            (false, false) => " (deleted)",
        };
        format!("{}{state}", entry.full_path())
    };
    snapshot.files.iter().filter(|entry| entry.inode >= 24).map(show).collect()
}

fn entry<'s>(snapshot: &'s Snapshot, path: &str) -> &'s FileEntry {
    let found = snapshot.files.iter().find(|entry| entry.full_path().to_text() == path);
    found.unwrap_or_else(|| panic!("no {path} in {:?}", listing(snapshot)))
}

/// A volume with `keep/one` (4 clusters), `keep/two` (in its record), and `third` (2 clusters).
struct Sample {
    volume: Volume,
    keep: Reference,
    one: Reference,
    third: Reference,
}

const SAMPLE: [&str; 4] = ["keep", "keep/one", "keep/two", "third"];

fn sample() -> Sample {
    let mut volume = Volume::new(Options::default());
    let keep = volume.add(&File::directory(ROOT, "keep"));
    let content = volume.stored(kind::DATA, "", &data(4 * 4096, 1), 0);
    let one = volume.add(&File::new(keep, "one").with(content));
    volume.add(&File::new(keep, "two").data("", b"two"));
    let content = volume.stored(kind::DATA, "", &data(5000, 3), 0);
    let third = volume.add(&File::new(ROOT, "third").with(content));
    Sample { volume, keep, one, third }
}

fn put(built: &mut Built, at: usize, bytes: &[u8]) {
    built.bytes[at..at + bytes.len()].copy_from_slice(bytes);
}

#[test]
fn a_sound_volume_has_no_faults() {
    let snapshot = read(&sample().volume.finish().bytes);
    assert_eq!(faults(&snapshot), [] as [&str; 0]);
    assert_eq!(listing(&snapshot), SAMPLE);
    assert_eq!(entry(&snapshot, "keep/two").digests, Some(Digests::of(b"two")));
}

#[test]
fn everything_written_is_in_the_snapshot() {
    let mut volume = Volume::new(Options { mft_run: 5, mft_list: true, ..Options::default() });
    let plain = data(5 * 4096 + 9, 7);
    let packed = data(100_000, 8).into_iter().map(|byte| byte & 3).collect::<Vec<_>>();
    let attribute = volume.stored(kind::DATA, "", &plain, 2);
    let times = Times::from(4711);
    let file = File::new(ROOT, "file").times(times).with(attribute).data("s", b"stream");
    let file = volume.add(&file.name(ROOT, "link", kit::namespace::POSIX));
    let attribute = volume.compressed("", &packed, Chunks::Packed);
    volume.add(&File::new(ROOT, "packed").with(attribute));
    for (name, value) in [
        ("junction", kit::junction(r"\??\C:\there")),
        ("symlink", kit::symlink(r"..\there")),
        ("odd", kit::reparse_point(0x8000_001B, b"anything")),
    ] {
        let reparse = kit::resident(kind::REPARSE_POINT, "", &value);
        volume.add(&File::new(ROOT, name).with(reparse));
    }
    let image = volume.finish().bytes;
    let snapshot = read(&image);
    assert_eq!(faults(&snapshot), [] as [&str; 0]);
    let expected = [
        "file",
        "file:s",
        "junction",
        "link",
        "link:s",
        "odd",
        "odd:$REPARSE_POINT",
        "packed",
        "symlink",
    ];
    assert_eq!(listing(&snapshot), expected);
    for name in ["file", "link"] {
        let found = entry(&snapshot, name);
        assert_eq!((found.inode, found.seq, found.link_count), (file.record, 1, 2));
        assert_eq!((found.size, found.digests), (plain.len() as u64, Some(Digests::of(&plain))));
        assert_eq!(found.times.mtime.0, times.mtime);
        assert_eq!(found.times.atime.0, times.atime);
        assert_eq!(found.times.ctime.0, times.ctime);
        assert_eq!(found.times.crtime.0, times.crtime);
        assert_eq!(entry(&snapshot, &format!("{name}:s")).digests, Some(Digests::of(b"stream")));
        assert_eq!(found.runs.len(), 3);
        let at = |run: &diskprint::ByteRun| found.runs.img_offset(run).unwrap() as usize;
        let joined: Vec<u8> = found
            .runs
            .iter()
            .flat_map(|run| &image[at(&run)..][..run.len as usize])
            .copied()
            .collect();
        assert!(joined == plain, "the bytes of the runs are the file's");
    }
    let found = entry(&snapshot, "packed");
    assert_eq!(found.digests, Some(Digests::of(&packed)));
    assert_eq!(found.runs.iter().next().unwrap().kind, RunKind::Compressed);
    let links = ["junction", "symlink", "odd"].map(|name| {
        let found = entry(&snapshot, name);
        (found.kind, found.target.as_ref().map(|target| target.to_text().into_owned()))
    });
    assert_eq!(
        links,
        [
            (FileKind::Link, Some(r"\??\C:\there".to_owned())),
            (FileKind::Link, Some(r"..\there".to_owned())),
            (FileKind::Regular, None),
        ]
    );
}

#[test]
fn what_is_beside_the_content_is_listed_and_content_that_is_elsewhere_is_told() {
    let mut volume = Volume::new(Options::default());
    let with = |kind, name: &str, value: &[u8]| kit::resident(kind, name, value);
    let file = File::new(ROOT, "file").data("", b"x");
    let file = file.with(with(0xE0, "", b"attributes")).with(with(0x40, "", &[7; 16]));
    volume.add(&file.with(with(0x100, "$EFS", b"keys")));
    let mut alias = 3u32.to_le_bytes().to_vec();
    alias.extend("package\0entry\0C:\\app.exe\0\0".encode_utf16().flat_map(u16::to_le_bytes));
    let mut link = 2u32.to_le_bytes().to_vec();
    link.extend(b"/etc/hosts");
    for (name, tag, data) in [
        ("alias.exe", 0x8000_001B, &alias[..]),
        ("link", 0xA000_001D, &link),
        ("socket", 0x8000_0023, b""),
    ] {
        let reparse = with(kind::REPARSE_POINT, "", &kit::reparse_point(tag, data));
        volume.add(&File::new(ROOT, name).with(reparse));
    }
    for (name, tag) in [("cloud", 0x9000_601A), ("store", 0x8000_0013)] {
        let hole = volume.sizes(vec![(None, 2)], 5000);
        let file = File::new(ROOT, name).with(kit::non_resident(kind::DATA, "", &hole));
        let reparse = with(kind::REPARSE_POINT, "", &kit::reparse_point(tag, b"where"));
        volume.add(&file.with(reparse));
    }
    let mut secret = volume.stored(kind::DATA, "", &data(4096, 2), 0);
    secret.bytes[0x0D] = 0x40; // flags: encrypted
    volume.add(&File::new(ROOT, "secret").with(secret));
    let snapshot = read(&volume.finish().bytes);
    assert_eq!(
        faults(&snapshot),
        [
            "p1 › inode 30: content is encrypted (EFS); its digests are of the encrypted bytes (left out: digests of the plain content)",
            "p1 › inode 28 › cloud: content, or a part of it, is not here but where CLOUD keeps it (left out: digests of its content)",
            "p1 › inode 29 › store: content, or a part of it, is not here but where DEDUP keeps it (left out: digests of its content)",
        ]
    );
    let expected = [
        "alias.exe",
        "alias.exe:$REPARSE_POINT",
        "cloud",
        "cloud:$REPARSE_POINT",
        "file",
        "file:$EA",
        "file:$EFS",
        "file:$OBJECT_ID",
        "link",
        "secret",
        "socket",
        "socket:$REPARSE_POINT",
        "store",
        "store:$REPARSE_POINT",
    ];
    assert_eq!(listing(&snapshot), expected);
    assert_eq!(entry(&snapshot, "file:$EA").digests, Some(Digests::of(b"attributes")));
    let target = |path| entry(&snapshot, path).target.as_ref().map(|it| it.to_text().into_owned());
    assert_eq!(target("alias.exe").as_deref(), Some(r"C:\app.exe"));
    assert_eq!(target("link").as_deref(), Some("/etc/hosts"));
    assert_eq!(entry(&snapshot, "link").kind, FileKind::Link);
    assert_eq!(entry(&snapshot, "secret").digests, Some(Digests::of(&data(4096, 2))));
}

#[test]
fn deleted_files_are_found_with_their_paths() {
    let Sample { mut volume, keep, .. } = sample();
    let content = volume.stored(kind::DATA, "", &data(4096, 4), 0);
    // Its cluster is free now, that of the next was taken by `third`.
    let free = volume.used.iter().rposition(|used| *used).unwrap();
    volume.freed.push(free as u64);
    volume.add(&File::new(keep, "gone").with(content).deleted());
    let taken = Clusters { runs: vec![(Some(4), 1)], ..volume.sizes(vec![], 4096) };
    volume.add(&File::new(keep, "taken").with(kit::non_resident(kind::DATA, "", &taken)).deleted());
    let folder = volume.add(&File::directory(keep, "folder").deleted());
    let as_it_was = Reference { sequence: 1, ..folder };
    volume.add(&File::new(as_it_was, "inside").data("", b"x").deleted());
    let other = Reference { sequence: 9, ..keep };
    volume.add(&File::new(other, "orphan").data("", b"x").deleted());
    let snapshot = read(&volume.finish().bytes);
    assert_eq!(faults(&snapshot), [] as [&str; 0]);
    let mut expected = SAMPLE.map(String::from).to_vec();
    let deleted =
        ["$OrphanFiles/orphan", "keep/folder", "keep/folder/inside", "keep/gone", "keep/taken"];
    expected.extend(deleted.map(|path| format!("{path} (deleted)")));
    assert_eq!(listing(&snapshot), expected);
    assert_eq!(entry(&snapshot, "keep/gone").digests, Some(Digests::of(&data(4096, 4))));
    assert_eq!(entry(&snapshot, "keep/taken").digests, None, "another file has its cluster");
    assert_eq!(entry(&snapshot, "keep/gone").seq, 2);
}

#[test]
fn a_deleted_file_does_not_take_from_records_that_were_used_again() {
    let Sample { mut volume, .. } = sample();
    let streams = File::new(ROOT, "split").data("a", b"own").data("b", b"gone");
    let (split, extensions) = volume.add_split(&streams.deleted(), false);
    let (kept, reused) = (extensions[0], extensions[1]);
    // The second record now belongs to another use of the same base record, with other data.
    let later = Reference { record: split.record, sequence: 9 };
    let strange = kit::resident(kind::DATA, "strange", b"strange");
    volume.extend(reused, later, vec![strange], 5, 0);
    let snapshot = read(&volume.finish().bytes);
    assert!(kept < reused);
    assert_eq!(faults(&snapshot), [] as [&str; 0], "what is deleted may be overwritten");
    assert_eq!(entry(&snapshot, "split:a").digests, Some(Digests::of(b"own")));
    let of_split = snapshot.files.iter().filter(|entry| entry.inode == split.record);
    assert_eq!(of_split.count(), 2, "the file and its one stream");
}

/// What one damage does: the faults it gives, and which of the sample's files are still there.
fn check(built: Built, expected: &[&str], files: &[&str]) {
    let snapshot = read(&built.bytes);
    assert_eq!(faults(&snapshot), expected);
    assert_eq!(listing(&snapshot), files);
}

#[test]
fn a_damaged_record_is_one_fault() {
    let rest = ["keep", "keep/two", "third"];
    let Sample { volume, one, .. } = sample();
    let mut built = volume.finish();
    let at = built.record_at(one.record);
    let clean = built.bytes.clone();
    let mut damage = |at: usize, bytes: &[u8], expected: &str| {
        built.bytes.clone_from(&clean);
        put(&mut built, at, bytes);
        let snapshot = read(&built.bytes);
        assert_eq!(faults(&snapshot), [expected]);
        assert_eq!(listing(&snapshot), rest);
        assert!(snapshot.unread.inodes.contains(&(1, 25)));
    };
    damage(
        at,
        b"BAAD",
        "p1 › inode 25: signature is [42, 41, 41, 44], expected \"FILE\" (left out: the file of this record)",
    );
    damage(
        at + 510,
        &[9, 9],
        "p1 › inode 25: sector 0 of the record ends in 0x0909, its update sequence number is 0x0007: it was not written whole (left out: the file of this record)",
    );
    damage(
        at + 1022,
        &[9, 9],
        "p1 › inode 25: sector 1 of the record ends in 0x0909, its update sequence number is 0x0007: it was not written whole (left out: the file of this record)",
    );
    damage(
        at + 6,
        &[9, 0],
        "p1 › inode 25: update sequence at byte 4 of its record: count is 0x9, 1024 bytes are there (left out: the file of this record)",
    );
    damage(
        at,
        &[0; 1024],
        "p1 › inode 25: signature is [00, 00, 00, 00], expected \"FILE\" (left out: the file of this record)",
    );
}

#[test]
fn a_damaged_record_that_is_not_in_use_is_told_too() {
    let Sample { mut volume, keep, .. } = sample();
    let gone = volume.add(&File::new(keep, "gone").deleted());
    let mut built = volume.finish();
    let at = built.record_at(gone.record);
    put(&mut built, at, b"BAAD");
    check(
        built,
        &[
            "p1 › inode 28: signature is [42, 41, 41, 44], expected \"FILE\" (left out: the file of this record)",
        ],
        &SAMPLE,
    );
}

#[test]
fn attributes_that_do_not_fit_end_a_record() {
    let Sample { volume, one, .. } = sample();
    // The length of $FILE_NAME, behind $STANDARD_INFORMATION of 0x60 bytes.
    let mut built = volume.finish();
    let at = built.record_at(one.record) + 0x38 + 0x60;
    put(&mut built, at + 4, &[0, 0, 0, 0]);
    let snapshot = read(&built.bytes);
    assert_eq!(
        faults(&snapshot),
        [
            "p1 › inode 25: attribute at byte 152 of its record: length is 0x0, 176 bytes are there (left out: a part of this file)",
            "p1 › inode 25: a file in use has no name (left out: the file among those in use)",
        ]
    );
    assert!(snapshot.unread.inodes.contains(&(1, 25)));
    let expected = ["keep", "keep/two", "third", "$OrphanFiles/OrphanFile-25 (name gone)"];
    assert_eq!(listing(&snapshot), expected);
}

/// The sample with other clusters for `third`.
fn with_clusters(clusters: Clusters) -> Built {
    let Sample { volume, third, .. } = sample();
    volume.finish_with(|volume| {
        let record = volume.records.get_mut(&third.record).unwrap();
        *record.attributes.last_mut().unwrap() = kit::non_resident(kind::DATA, "", &clusters);
    })
}

#[test]
fn data_that_cannot_be_there_is_a_fault_of_its_file() {
    let sizes = |runs: &[kit::Run], data_size| Clusters {
        runs: runs.to_vec(),
        data_size,
        initialized_size: data_size,
        ..Clusters::default()
    };
    let lost = "(left out: size, byte runs and digests of its content)";
    for (clusters, what) in [
        (sizes(&[(Some(510), 3)], 5000), "run of 3 clusters at cluster 510: the volume has 512"),
        (
            sizes(&[(Some(1 << 55), 3)], 5000),
            "run of 3 clusters at cluster 36028797018963968: the volume has 512",
        ),
        (sizes(&[(Some(4), 1)], 5000), "runs cover 4096 bytes, the content has 5000"),
        (
            sizes(&[(Some(4), 1)], u64::MAX),
            "runs cover 4096 bytes, the content has 18446744073709551615",
        ),
        (
            Clusters { lowest_vcn: 7, ..sizes(&[(Some(4), 2)], 5000) },
            "attribute 0x80 \"\": the piece for cluster 0 is missing, the next begins at 7",
        ),
        (
            Clusters { flags: 2, unit: 4, ..sizes(&[(Some(4), 2)], 5000) },
            "compression method 2 with units of 2^4 clusters is not known",
        ),
        (
            Clusters { flags: 1, unit: 9, ..sizes(&[(Some(4), 2)], 5000) },
            "compression method 1 with units of 2^9 clusters is not known",
        ),
    ] {
        let expected = format!("p1 › inode 27 › third: {what} {lost}");
        check(with_clusters(clusters), &[&expected], &SAMPLE);
    }
}

#[test]
fn a_claim_of_exabytes_costs_nothing() {
    let started = Instant::now();
    for flags in [kit::SPARSE, kit::COMPRESSED] {
        let len = 1 << 62;
        let built = with_clusters(Clusters {
            runs: vec![(None, len / 4096)],
            flags,
            unit: 4,
            data_size: len,
            initialized_size: len,
            ..Clusters::default()
        });
        let snapshot = read(&built.bytes);
        assert_eq!(snapshot.faults.len(), 1, "{:?}", faults(&snapshot));
        assert!(
            faults(&snapshot)[0].starts_with("p1 › inode 27 › third: 4611686018427387904 bytes")
        );
        assert_eq!(entry(&snapshot, "third").size, len);
        assert_eq!(listing(&snapshot), SAMPLE);
    }
    assert!(started.elapsed() < Duration::from_secs(5));
}

#[test]
fn files_that_share_all_clusters_do_not_multiply_the_work() {
    let Sample { mut volume, .. } = sample();
    for number in 0..60 {
        let all = volume.sizes(vec![(Some(0), 512)], 512 * 4096);
        let all = kit::non_resident(kind::DATA, "", &all);
        volume.add(&File::new(ROOT, &format!("x{number:02}")).with(all));
    }
    volume.options.per_block = 24;
    let snapshot = read(&volume.finish().bytes);
    let done =
        snapshot.files.iter().filter(|entry| entry.size == 512 * 4096 && entry.digests.is_some());
    assert_eq!(done.count(), 31);
    assert_eq!(snapshot.faults.len(), 60 - 31, "{:?}", faults(&snapshot));
    assert!(faults(&snapshot).iter().all(|fault| fault.contains("than is plausible")));
    assert_eq!(listing(&snapshot).len(), 64);
}

#[test]
fn an_extension_record_must_be_the_one_that_was_listed() {
    let what = "(left out: a part of this file)";
    let build = |spoil: &dyn Fn(&mut kit::Record)| {
        let Sample { mut volume, .. } = sample();
        let file = File::new(ROOT, "split").data("", b"main").data("s", b"stream");
        let (_, extensions) = volume.add_split(&file, false);
        let built = volume.finish_with(|volume| {
            spoil(volume.records.get_mut(&extensions[1]).unwrap());
        });
        (extensions[1], read(&built.bytes))
    };
    let (_, sound) = build(&|_| ());
    assert_eq!(faults(&sound), [] as [&str; 0]);
    assert_eq!(listing(&sound).len(), 6);
    for (spoil, expected) in [
        (
            Box::new(|record: &mut kit::Record| record.base.record = 24) as Box<dyn Fn(&mut kit::Record)>,
            vec![
                format!("p1 › inode 28: extension record 30: it belongs to record 24-1, not to record 28-1 {what}"),
                "p1 › inode 30: extension record in use that its base record 24-1 does not list (left out: what this record adds to its file)".to_owned(),
            ],
        ),
        (
            Box::new(|record| record.sequence = 2),
            vec![
                format!("p1 › inode 28: extension record 30: its sequence number is 2, the list says 1 {what}"),
                "p1 › inode 30: extension record in use that its base record 28-1 does not list (left out: what this record adds to its file)".to_owned(),
            ],
        ),
        (
            Box::new(|record| record.flags = 0),
            vec![format!("p1 › inode 28: extension record 30: it is not in use {what}")],
        ),
    ] {
        let (number, snapshot) = build(&*spoil);
        assert_eq!(number, 30);
        assert_eq!(faults(&snapshot), expected);
        let mut expected = SAMPLE.to_vec();
        expected.insert(3, "split");
        assert_eq!(listing(&snapshot), expected);
        assert!(snapshot.unread.inodes.contains(&(1, 28)));
    }
}

#[test]
fn an_extension_record_that_nobody_lists_is_told() {
    let Sample { mut volume, one, .. } = sample();
    let number = volume.reserve();
    let stream = kit::resident(kind::DATA, "lost", b"lost");
    volume.extend(number, one, vec![stream], 1, 1);
    let expected = "p1 › inode 28: extension record in use that its base record 25-1 does not list (left out: what this record adds to its file)";
    check(volume.finish(), &[expected], &SAMPLE);
}

#[test]
fn a_record_in_the_place_of_another_is_told() {
    let Sample { volume, one, .. } = sample();
    let mut built = volume.finish();
    let at = built.record_at(one.record);
    put(&mut built, at + 0x2C, &[99]);
    let expected =
        "p1 › inode 25: record says that it is number 99 (left out: a part of this file)";
    check(built, &[expected], &SAMPLE);
}

#[test]
fn without_the_root_directory_all_paths_are_still_known() {
    let mut built = sample().volume.finish();
    let at = built.record_at(5);
    put(&mut built, at, b"BAAD");
    let expected = "p1 › inode 5: signature is [42, 41, 41, 44], expected \"FILE\" (left out: the file of this record)";
    check(built, &[expected], &SAMPLE);
}

#[test]
fn without_a_directory_its_files_are_in_use_at_a_path_that_is_not_known() {
    let Sample { mut volume, keep, .. } = sample();
    let below = volume.add(&File::directory(keep, "below"));
    volume.add(&File::new(below, "deep").data("", b"x"));
    let mut built = volume.finish();
    let at = built.record_at(keep.record);
    put(&mut built, at, b"BAAD");
    let lost = |inode: u64, path: &str, directory: u64| {
        format!(
            "p1 › inode {inode} › $OrphanFiles/{path}: the way up from directory {directory}-1 cannot be read, or is too long (left out: the folders in this path)"
        )
    };
    let expected = [
        "p1 › inode 24: signature is [42, 41, 41, 44], expected \"FILE\" (left out: the file of this record)".to_owned(),
        lost(25, "one", 24),
        lost(26, "two", 24),
        lost(28, "below", 24),
        lost(29, "deep", 28),
    ];
    let expected: Vec<&str> = expected.iter().map(String::as_str).collect();
    let files = [
        "$OrphanFiles/below",
        "$OrphanFiles/deep",
        "$OrphanFiles/one",
        "$OrphanFiles/two",
        "third",
    ];
    check(built, &expected, &files);
}

#[test]
fn directories_inside_each_other_are_told() {
    let Sample { mut volume, .. } = sample();
    let (a, b) = (Reference { record: 28, sequence: 1 }, Reference { record: 29, sequence: 1 });
    volume.add(&File::directory(b, "a"));
    volume.add(&File::directory(a, "b"));
    volume.add(&File::new(b, "inside"));
    let snapshot = read(&volume.finish().bytes);
    assert_eq!(faults(&snapshot).len(), 3, "{:?}", faults(&snapshot));
    assert!(faults(&snapshot).iter().all(|fault| fault.contains("the way up from directory")));
    assert!(listing(&snapshot).ends_with(&[
        "keep".into(),
        "keep/one".into(),
        "keep/two".into(),
        "third".into()
    ]));
}

#[test]
fn names_that_are_not_in_their_directory_are_told() {
    let Sample { mut volume, keep, .. } = sample();
    volume.add(&File::new(keep, "stale").unlisted());
    let expected = "p1 › inode 28 › keep/stale: directory 24-1 does not list this name of a file in use (left out: this name among those in use)";
    let mut files = SAMPLE.to_vec();
    files.push("keep/stale (name gone)");
    check(volume.finish(), &[expected], &files);
}

#[test]
fn odd_names_are_told() {
    let Sample { mut volume, .. } = sample();
    for name in ["keep/one", "", "..", "."] {
        volume.add(&File::new(ROOT, name));
    }
    let snapshot = read(&volume.finish().bytes);
    let tell = |inode: u64, what: &str| {
        format!(
            "p1 › inode {inode}: name {what}: a path with it may look like that of another file"
        )
    };
    assert_eq!(
        faults(&snapshot),
        [
            tell(28, "\"keep/one\" has a slash in it"),
            tell(29, "\"\" is empty"),
            tell(30, "\"..\" stands for a directory"),
            tell(31, "\".\" stands for a directory"),
        ]
    );
    assert_eq!(listing(&snapshot).len(), 8);
}

/// The sample with 20 more files in `keep`, whose index then has blocks.
fn many() -> (Volume, Reference, Vec<String>) {
    let Sample { mut volume, keep, .. } = sample();
    let mut files = SAMPLE.map(String::from).to_vec();
    for number in 0..20 {
        volume.add(&File::new(keep, &format!("n{number:02}")));
        files.push(format!("keep/n{number:02}"));
    }
    files.sort();
    (volume, keep, files)
}

#[test]
fn damaged_index_blocks_leave_their_names_in_use() {
    let index = "(left out: which names of this directory are in use)";
    let damages: [(Damage<'_>, String); 5] = [
        (
            &|volume, keep| {
                let blocks = blocks_at(volume, keep);
                volume.bytes[blocks..blocks + 4].copy_from_slice(b"BAAD");
            },
            format!(
                "p1 › inode 24: index block 0: signature is [42, 41, 41, 44], expected \"INDX\" {index}"
            ),
        ),
        (
            &|volume, keep| {
                let blocks = blocks_at(volume, keep);
                volume.bytes[blocks + 4096 + 1022] ^= 1;
            },
            format!(
                "p1 › inode 24: index block 1: sector 1 of the record ends in 0x0006, its update sequence number is 0x0007: it was not written whole {index}"
            ),
        ),
        (
            &|volume, keep| drop_attribute(volume, keep, kind::BITMAP),
            format!("p1 › inode 24: record has no readable $BITMAP of its index {index}"),
        ),
        (
            &|volume, keep| drop_attribute(volume, keep, kind::INDEX_ALLOCATION),
            format!("p1 › inode 24: record has no $INDEX_ALLOCATION, which its root needs {index}"),
        ),
        (
            &|volume, keep| drop_attribute(volume, keep, kind::INDEX_ROOT),
            format!("p1 › inode 24: record has no resident $INDEX_ROOT {index}"),
        ),
    ];
    for (damage, expected) in damages {
        let (volume, keep, files) = many();
        let built = volume.finish_with(|volume| damage(volume, keep.record));
        let snapshot = read(&built.bytes);
        assert_eq!(faults(&snapshot), [expected]);
        assert_eq!(listing(&snapshot), files);
    }
}

#[test]
fn what_is_left_of_names_in_the_slack_of_an_index_is_found() {
    let (mut volume, keep, mut files) = many();
    let gone = volume.add(&File::new(keep, "gone").deleted());
    let built = volume.finish_with(|volume| {
        let blocks = blocks_at(volume, keep.record);
        let record_of = |name: &str| {
            let units: Vec<u8> = name.encode_utf16().flat_map(u16::to_le_bytes).collect();
            let has = |record: &&u64| {
                let all = &volume.records[record].attributes;
                all.iter().any(|it| it.kind == kind::FILE_NAME && it.bytes.ends_with(&units))
            };
            *volume.records.keys().find(has).unwrap()
        };
        let again = Reference { record: record_of("n19"), sequence: 1 };
        let long_gone = Reference { record: 60, sequence: 3 };
        // Behind the end of a block in use, none of them across the end of a sector.
        for (at, file, parent, name) in [
            (0xC10, long_gone, keep, "slack"),
            (0xC90, again, keep, "n19"),
            (0xD10, Reference { sequence: 1, ..gone }, keep, "gone"),
            (0xE10, long_gone, Reference { record: 40, sequence: 1 }, "other"),
        ] {
            let key = kit::file_name(parent, name, 3, Times::from(9), 77, 0x20);
            let len = (0x10 + key.len()).next_multiple_of(8);
            let entry = &mut volume.bytes[blocks + at..][..len];
            entry.fill(0);
            entry[..8].copy_from_slice(&file.raw().to_le_bytes());
            entry[8..10].copy_from_slice(&(len as u16).to_le_bytes());
            entry[10..12].copy_from_slice(&(key.len() as u16).to_le_bytes());
            entry[16..16 + key.len()].copy_from_slice(&key);
        }
    });
    let snapshot = read(&built.bytes);
    assert_eq!(faults(&snapshot), [] as [&str; 0]);
    files.extend(["keep/gone (deleted)".to_owned(), "keep/slack (deleted)".to_owned()]);
    assert_eq!(listing(&snapshot), files, "a name in use, and one that a record has, are no news");
    let [slack, gone] = ["keep/slack", "keep/gone"].map(|path| entry(&snapshot, path));
    let deleted = |entry: &FileEntry| entry.deleted.map(|it| (it.found_by, it.remains));
    assert_eq!(deleted(slack), Some((FoundBy::DirectoryEntry, Remains::Unknown)));
    assert_eq!((slack.inode, slack.seq, slack.size), (60, 3, 77));
    assert_eq!(slack.name_times.unwrap().mtime.0, Times::from(9).mtime);
    assert_eq!(deleted(gone).map(|it| it.0), Some(FoundBy::Record));
}

/// Spoils the index of the directory with this number.
type Damage<'a> = &'a dyn Fn(&mut Volume, u64);

fn drop_attribute(volume: &mut Volume, record: u64, kind: u32) {
    volume.records.get_mut(&record).unwrap().attributes.retain(|attribute| attribute.kind != kind);
}

/// Where the blocks of a directory's index begin: of its one run the distance has one byte.
fn blocks_at(volume: &Volume, record: u64) -> usize {
    let attributes = &volume.records[&record].attributes;
    let found = attributes.iter().find(|a| a.kind == kind::INDEX_ALLOCATION).unwrap();
    let runs_at = usize::from(found.bytes[0x20]);
    assert_eq!(found.bytes[runs_at], 0x11);
    usize::from(found.bytes[runs_at + 2]) * 4096
}

#[test]
fn an_index_longer_than_the_volume_is_not_read() {
    let (volume, keep, files) = many();
    let built = volume.finish_with(|volume| {
        let len = 1 << 40;
        let hole = volume.sizes(vec![(None, len >> 12)], len as usize);
        drop_attribute(volume, keep.record, kind::INDEX_ALLOCATION);
        drop_attribute(volume, keep.record, kind::BITMAP);
        let record = volume.records.get_mut(&keep.record).unwrap();
        record.attributes.push(kit::non_resident(kind::INDEX_ALLOCATION, "$I30", &hole));
    });
    let snapshot = read(&built.bytes);
    assert_eq!(snapshot.faults.len(), 1);
    assert!(
        faults(&snapshot)[0].starts_with("p1 › inode 24: index blocks of 1099511627776 bytes; ")
    );
    assert_eq!(listing(&snapshot), files);
}

#[test]
fn the_mirror_stands_in_for_the_first_record() {
    let mut built = sample().volume.finish();
    let at = built.record_at(0);
    put(&mut built, at + 510, &[9, 9]);
    let snapshot = read(&built.bytes);
    assert_eq!(listing(&snapshot), SAMPLE);
    let found = faults(&snapshot);
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(found[0].contains("its copy in $MFTMirr was used"), "{found:?}");
    assert!(found[1].starts_with("p1 › inode 0: sector 0 of the record"), "{found:?}");
}

#[test]
fn an_mft_larger_than_its_runs_is_told() {
    let built = sample().volume.finish();
    let mut bytes = built.bytes.clone();
    // The size of the $MFT's $DATA: the first attribute of type 0x80 of record 0.
    let record = built.record_at(0);
    let at = (record..record + 1024).step_by(8).find(|at| bytes[*at..*at + 4] == [0x80, 0, 0, 0]);
    bytes[at.unwrap() + 0x30..][..8].copy_from_slice(&(1u64 << 50).to_le_bytes());
    let snapshot = read(&bytes);
    assert_eq!(listing(&snapshot), SAMPLE);
    assert!(
        faults(&snapshot)[0].contains("the content has 1125899906842624"),
        "{:?}",
        faults(&snapshot)
    );
}

#[test]
fn blank_records_lose_only_themselves() {
    let Sample { mut volume, .. } = sample();
    for number in 0..2000 {
        volume.add(
            &File::new(Reference { record: 24, sequence: 1 }, &format!("f{number}"))
                .unlisted()
                .deleted(),
        );
    }
    volume.options.clusters = 2048;
    volume.used.resize(2048, false);
    volume.bytes.resize(2048 * 4096, 0);
    volume.options.mft_run = 300;
    let built = volume.finish();
    let (first, second) = (built.mft[0].1, built.mft[1].1);
    assert!(first == 300 && second > 100);
    // Blank the cluster with records 1200 to 1203 where both runs meet a chunk of reading.
    let mut bytes = built.bytes.clone();
    let at = built.record_at(1200);
    bytes[at..at + 4096].fill(0);
    let snapshot = read(&bytes);
    assert_eq!(
        faults(&snapshot),
        [] as [&str; 0],
        "blank records that are not in use were never used"
    );
    assert_eq!(snapshot.files.iter().filter(|entry| entry.inode >= 28).count(), 1996);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_truncated_volume_ends_in_time(len in 0..2_097_152usize) {
        let bytes = varied();
        let started = Instant::now();
        any_read(&bytes[..len.min(bytes.len())]);
        prop_assert!(started.elapsed() < Duration::from_secs(20));
    }

    #[test]
    fn flipped_bytes_end_in_time(flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..40)) {
        let (mut bytes, places) = (varied(), places());
        for (place, value) in flips {
            bytes[places[place.index(places.len())]] = value;
        }
        let started = Instant::now();
        any_read(&bytes);
        prop_assert!(started.elapsed() < Duration::from_secs(20));
    }
}

/// Reads what may be no image at all.
fn any_read(bytes: &[u8]) {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("disk.raw");
    fs::write(&path, bytes).unwrap();
    if let Ok(opened) = Image::open(&path, folder.path(), &|_| ()) {
        Snapshot::read(&opened.image, &Known::new());
    }
}

/// A volume with something of everything.
fn varied_volume() -> Built {
    let (mut volume, keep, _) = many();
    let packed = volume.compressed("", &vec![7; 150_000], Chunks::Packed);
    volume.add(&File::new(keep, "packed").with(packed));
    let split = File::new(keep, "split").data("", b"main").data("s", b"stream");
    volume.add_split(&split, true);
    let link = kit::resident(kind::REPARSE_POINT, "", &kit::junction(r"\??\C:\x"));
    volume.add(&File::new(keep, "link").with(link));
    volume.add(&File::new(keep, "gone").data("", b"x").deleted());
    volume.finish()
}

fn varied() -> Vec<u8> {
    varied_volume().bytes
}

/// Bytes that mean something: boot sector, records, and what is not zero elsewhere.
fn places() -> Vec<usize> {
    let built = varied_volume();
    let mut places: Vec<usize> = (0x0B..0x50).collect();
    for number in 0..52 {
        let at = built.record_at(number);
        places.extend((at..at + 1024).filter(|at| built.bytes[*at] != 0));
    }
    let others = built.bytes.windows(4).enumerate().filter(|(_, bytes)| *bytes == b"INDX");
    others.for_each(|(at, _)| places.extend(at..at + 0x100));
    places
}
