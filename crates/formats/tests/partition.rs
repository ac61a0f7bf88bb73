//! Partition tables, sound and damaged, as the testkit builds them.

use std::fs;
use std::io::Write;
use std::process::{Command, Stdio};

use diskprint_formats::file_system::FileSystem;
use diskprint_formats::partition::{self, Error, Layout, Scheme};
use diskprint_testkit::gpt;
use diskprint_testkit::mbr::{Entry, boot_record};
use diskprint_testkit::need;
use proptest::prelude::*;

const MIB: usize = 1 << 20;

fn disk(records: &[(usize, &[Entry])]) -> Vec<u8> {
    let mut disk = vec![0; 8 * MIB];
    for (sector, entries) in records {
        disk[sector * 512..][..512].copy_from_slice(&boot_record(entries));
    }
    disk
}

fn read(disk: &[u8]) -> Layout {
    partition::read(&disk).unwrap()
}

/// Number, first sector, sectors and type of each partition.
fn table(layout: &Layout) -> Vec<(u32, u64, u64, String)> {
    let row = |p: &partition::Partition| {
        (
            p.index,
            p.start / 512,
            p.len / 512,
            p.kind.map(|kind| kind.to_string()).unwrap_or_default(),
        )
    };
    layout.partitions.iter().map(row).collect()
}

#[test]
fn logical_partitions_follow_the_primary_ones() {
    let layout = read(&disk(&[
        (0, &[(0x07, 64, 100), (0x0F, 200, 1000), (0xAB, 2000, 50)]),
        (200, &[(0x0B, 10, 90), (0x05, 300, 200)]),
        (500, &[(0x83, 20, 80)]),
    ]));
    assert_eq!(layout.scheme, Scheme::Mbr);
    assert_eq!(
        table(&layout),
        [
            (1, 64, 100, "7".into()),
            (3, 2000, 50, "ab".into()),
            (5, 210, 90, "b".into()),
            (6, 520, 80, "83".into()),
        ]
    );
    assert_eq!(layout.findings, []);
    assert_eq!(layout.gaps.len(), 1, "{:?}", layout.gaps);
    assert_eq!(layout.gaps[0].start, 2050 * 512);
}

#[test]
fn a_chain_that_loops_or_breaks_ends_with_a_finding() {
    let looped = disk(&[
        (0, &[(5, 200, 1000)]),
        (200, &[(7, 10, 90), (5, 300, 9)]),
        (500, &[(7, 1, 1), (5, 300, 9)]),
    ]);
    let layout = read(&looped);
    assert_eq!(layout.partitions.len(), 2);
    assert_eq!(layout.findings, [Error::ExtendedLoop { offset: 500 * 512 }]);
    let broken = disk(&[(0, &[(5, 200, 1000)]), (200, &[(7, 10, 90), (5, 300, 9)])]);
    assert_eq!(read(&broken).findings, [Error::Extended { offset: 500 * 512 }]);
    let outside = disk(&[(0, &[(5, u32::MAX, 1000)])]);
    assert_eq!(read(&outside).findings.len(), 1);
}

#[test]
fn overlaps_and_partitions_behind_the_end_are_found() {
    let layout =
        read(&disk(&[(0, &[(7, 64, 100), (7, 100, 10), (7, 120, 100), (7, 16_000, 9999)])]));
    assert_eq!(
        layout.findings,
        [
            Error::Overlap { index: 2, other: 1 },
            Error::Overlap { index: 3, other: 1 },
            Error::OutsideDisk {
                index: 4,
                start: 16_000 * 512,
                len: 9999 * 512,
                disk_len: 8 << 20
            },
        ]
    );
    assert_eq!(layout.partitions.len(), 4, "they are all kept");
}

#[test]
fn a_boot_sector_is_not_taken_for_a_boot_record() {
    let mut disk = disk(&[(0, &[(0x6F, 0x7265_7373, 0x0A0D)])]);
    disk[3..11].copy_from_slice(b"NTFS    ");
    let layout = read(&disk);
    assert_eq!(layout.scheme.name(), "whole disk");
    assert_eq!(table(&layout), [(0, 0, 16384, String::new())]);
}

#[test]
fn a_record_wins_over_what_an_older_file_system_left_behind_it() {
    let mut disk = disk(&[(0, &[(0x83, 2048, 4096)])]);
    disk[1024 + 0x38..1024 + 0x3A].copy_from_slice(&[0x53, 0xEF]);
    let layout = read(&disk);
    assert_eq!(layout.scheme, Scheme::Mbr);
    assert_eq!(layout.findings, [Error::NotRead(FileSystem::Ext2)]);
    disk[510] = 0;
    assert_eq!(read(&disk).scheme.name(), "whole disk");
}

#[test]
fn partitions_over_the_descriptors_of_an_iso_9660_volume_are_the_volume() {
    let iso = |entries: &[Entry]| {
        let mut disk = disk(&[(0, entries)]);
        disk[0x8001..0x8006].copy_from_slice(b"CD001");
        disk
    };
    // As the hybrids of xorriso, isohybrid and debian-cd, whose own entry has no type.
    let hybrids: [&[Entry]; 4] = [
        &[(0xCD, 1, 16_383)],
        &[(0x17, 0, 16_384)],
        &[(0, 0, 16_384), (0xEF, 4000, 2000)],
        &[(0x83, 64, 16_320), (0xEF, 4000, 2000)],
    ];
    for entries in hybrids {
        let layout = read(&iso(entries));
        assert_eq!(layout.scheme, Scheme::Whole(FileSystem::Iso9660), "{entries:?}");
        assert_eq!(layout.findings, []);
    }
    let divided_anew = read(&iso(&[(0x0C, 2048, 14_336)]));
    assert_eq!(table(&divided_anew), [(1, 2048, 14_336, "c".into())]);
    assert_eq!(divided_anew.findings, [Error::NotRead(FileSystem::Iso9660)]);
}

#[test]
fn of_a_hybrid_disk_the_gpt_counts() {
    let mut disk = gpt_disk(512);
    let expected = table(&read(&disk));
    disk[..512].copy_from_slice(&boot_record(&[(0x0C, 34, 100), (0xEE, 1, 33), (0x83, 200, 100)]));
    let layout = read(&disk);
    assert_eq!((layout.scheme, table(&layout)), (Scheme::Gpt, expected));
    assert_eq!(layout.findings, []);
    // A volume that no partition holds is older than they are, and is named.
    disk[0x8001..0x8006].copy_from_slice(b"CD001");
    assert_eq!(read(&disk).findings, []);
    gpt::write(&mut disk, 512, &[("behind it", 2048, 4095)]);
    assert_eq!(read(&disk).findings, [Error::NotRead(FileSystem::Iso9660)]);
}

#[test]
fn a_record_wins_over_the_copy_of_a_boot_sector_that_an_older_volume_left() {
    let mut disk = disk(&[(0, &[(0x07, 2048, 4096)])]);
    let copy = &mut disk[6 * 512..7 * 512];
    copy[..3].copy_from_slice(&[0xEB, 0x58, 0x90]);
    copy[11..22].copy_from_slice(&[0, 2, 1, 32, 0, 2, 0, 0, 0, 0, 0xF8]);
    copy[32..36].copy_from_slice(&200_000u32.to_le_bytes());
    copy[36..40].copy_from_slice(&1600u32.to_le_bytes());
    copy[510..].copy_from_slice(&[0x55, 0xAA]);
    assert_eq!(read(&disk).scheme, Scheme::Mbr);
    // Without a record in the first sector, the copy is all that is left.
    disk[..512].fill(0);
    assert_eq!(read(&disk).scheme.name(), "whole disk");
}

#[test]
fn nothing_known_is_said_to_be_unknown() {
    assert_eq!(read(&[0; MIB]).scheme, Scheme::Unknown);
    assert_eq!(read(&[]).scheme, Scheme::Unknown);
    assert_eq!(read(&disk(&[(0, &[])])).scheme, Scheme::Mbr);
}

const PARTITIONS: [(&str, u64, u64); 2] = [("first", 34, 133), ("zwei", 200, 299)];

fn gpt_disk(sector_len: usize) -> Vec<u8> {
    let mut disk = vec![0; 8 * MIB];
    gpt::write(&mut disk, sector_len, &PARTITIONS);
    disk
}

#[test]
fn a_gpt_is_read_with_either_sector_length() {
    for sector_len in [512, 4096] {
        let layout = read(&gpt_disk(sector_len));
        assert_eq!((layout.scheme, layout.sector_len), (Scheme::Gpt, sector_len as u64));
        assert_eq!(layout.findings, []);
        let [first, second] = &layout.partitions[..] else { panic!("{layout:?}") };
        assert_eq!((first.start, first.len), (34 * sector_len as u64, 100 * sector_len as u64));
        assert_eq!(second.name.to_text(), "zwei");
        let kind = first.kind.unwrap();
        assert_eq!(kind.to_string(), "EBD0A0A2-B9E5-4433-87C0-68B6B72699C7");
        assert_eq!(kind.name(), Some("Microsoft basic data"));
    }
}

#[test]
fn a_damaged_gpt_is_read_from_its_twin_and_lost_only_with_both() {
    let sound = gpt_disk(512);
    let expected = table(&read(&sound));
    let last = sound.len() - 512;
    let flip = |places: &[usize]| {
        let mut disk = sound.clone();
        places.iter().for_each(|at| disk[*at] ^= 1);
        read(&disk)
    };
    for at in [512, 512 + 40, 512 + 16, 1024 + 60, last, last + 88, last - 500] {
        let layout = flip(&[at]);
        assert_eq!(table(&layout), expected, "flipped at {at:#x}");
        assert!(matches!(layout.findings[..], [Error::GptHeader { .. }]), "{:?}", layout.findings);
    }
    let layout = flip(&[512, last]);
    assert_eq!(layout.findings[0], Error::GptLost);
    assert_eq!(table(&layout)[0].3, "ee", "the protective entry is kept and shown");
}

#[test]
fn a_gpt_left_behind_a_newer_boot_record_is_not_read() {
    let mut disk = gpt_disk(512);
    disk[..512].copy_from_slice(&boot_record(&[(7, 2048, 4096)]));
    assert_eq!(read(&disk).scheme, Scheme::Mbr);
}

/// A disk that fdisk or sfdisk divides, run once for each of what is `said` to its input.
fn fdisk(program: &str, said: &[&str]) -> Option<Vec<u8>> {
    let fdisk = need::program(program)?;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("disk.raw");
    fs::write(&path, vec![0; 32 * MIB]).unwrap();
    for said in said {
        let mut fdisk = Command::new(&fdisk)
            .arg(&path)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        fdisk.stdin.take().unwrap().write_all(said.as_bytes()).unwrap();
        assert!(fdisk.wait().unwrap().success());
    }
    Some(fs::read(path).unwrap())
}

#[test]
fn the_logical_partitions_of_sfdisk_are_read_as_mmls_reads_them() {
    let said = "label: dos\nstart=2048,size=4096,type=7\nstart=8192,size=4096,type=b,bootable\n\
        start=16384,size=40960,type=f\nstart=18432,size=4096,type=83\nstart=24576,size=4096,type=7\n\
        start=30720,size=2048,type=7\n";
    let Some(disk) = fdisk("sfdisk", &[said]) else { return };
    let Some(expected) = mmls(&disk, "dos", &["Unallocated", "Meta"]) else { return };
    let layout = read(&disk);
    assert_eq!((layout.scheme, layout.findings.len()), (Scheme::Mbr, 0));
    assert_eq!(places(&layout), expected);
    assert_eq!(layout.partitions.iter().map(|it| it.index).collect::<Vec<_>>(), [1, 2, 5, 6, 7]);
    assert_eq!(layout.partitions.iter().position(|it| it.active), Some(1));
}

#[test]
fn the_gpt_of_sfdisk_is_read_as_mmls_reads_it() {
    let said = "label: gpt\nstart=2048,size=4096,name=one\nstart=8192,size=16384\n";
    let Some(disk) = fdisk("sfdisk", &[said]) else { return };
    let Some(expected) = mmls(&disk, "gpt", &["Unallocated", "Meta"]) else { return };
    let layout = read(&disk);
    assert_eq!((layout.scheme, layout.findings.len()), (Scheme::Gpt, 0));
    assert_eq!(places(&layout), expected);
    assert_eq!(layout.partitions[0].name.to_text(), "one");
}

#[test]
fn a_label_of_fdisk_is_sound_and_a_damaged_one_is_told() {
    let said = [
        "o\nn\np\n1\n2048\n\nt\na5\nw\n",
        "b\ny\nn\na\n\n6143\nt\na\n7\nn\nb\n16384\n22527\nt\nb\n8\nw\n",
    ];
    let Some(disk) = fdisk("fdisk", &said) else { return };
    let layout = read(&disk);
    assert_eq!((places(&layout), layout.findings), (vec![(2048, 4096), (16_384, 6144)], vec![]));

    let label = 2049 * 512;
    let mut damaged = disk;
    damaged[label + 40] ^= 1;
    let layout = read(&damaged);
    let offset = label as u64;
    assert_eq!(
        (places(&layout).len(), layout.findings),
        (2, vec![Error::LabelChecksum { offset }])
    );
    damaged[label + 138] = 23;
    let findings = read(&damaged).findings;
    assert_eq!(findings[0], Error::TooManyEntries { offset, stated: 23, read: 22 });
}

/// A disk that parted divides.
fn parted(args: &[&str]) -> Option<Vec<u8>> {
    let parted = need::program("parted")?;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("disk.raw");
    fs::write(&path, vec![0; 8 * MIB]).unwrap();
    let made = Command::new(parted).arg("-s").arg(&path).args(args).output().unwrap();
    assert!(made.status.success(), "{made:?}");
    Some(fs::read(path).unwrap())
}

/// What mmls says of a disk: first sector and sectors of each line with none of these words.
fn mmls(disk: &[u8], kind: &str, left_out: &[&str]) -> Option<Vec<(u64, u64)>> {
    let mmls = need::program("mmls")?;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("disk.raw");
    fs::write(&path, disk).unwrap();
    let listed = Command::new(mmls).args(["-t", kind]).arg(&path).output().unwrap();
    assert!(listed.status.success(), "{listed:?}");
    let listed = String::from_utf8(listed.stdout).unwrap();
    let line = |line: &str| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let [_, _, start, _, sectors, ..] = words[..] else { return None };
        let place = (start.parse().ok()?, sectors.parse().ok()?);
        (!left_out.iter().any(|word| line.contains(word))).then_some(place)
    };
    Some(listed.lines().filter_map(line).collect())
}

fn places(layout: &Layout) -> Vec<(u64, u64)> {
    layout.partitions.iter().map(|it| (it.start / 512, it.len / 512)).collect()
}

#[test]
fn an_apple_partition_map_is_read_as_mmls_reads_it() {
    let args = ["mklabel", "mac", "mkpart", "data", "hfs", "1MiB", "3MiB", "mkpart", "e", "ext2"];
    let args = [&args[..], &["4MiB", "7MiB"]].concat();
    let left_out = ["partition_map", "Free", "Unallocated", "Table"];
    let Some(disk) = parted(&args) else { return };
    let Some(expected) = mmls(&disk, "mac", &left_out) else { return };
    let layout = read(&disk);
    assert_eq!((layout.scheme, layout.sector_len), (Scheme::Apm, 512));
    assert_eq!(places(&layout), expected);
    let names: Vec<String> =
        layout.partitions.iter().map(|it| format!("{} {}", it.name, it.kind.unwrap())).collect();
    assert_eq!(names, ["data Apple_HFS", "e Apple_UNIX_SVR2"]);
    assert_eq!(layout.findings, []);

    let mut broken = disk.clone();
    let data = layout.partitions[0].index;
    broken[512 * (data as usize + 1)] = 0;
    let layout = read(&broken);
    assert_eq!(places(&layout), expected[..1]);
    let [Error::MapEntry { index, .. }] = layout.findings[..] else { panic!("{layout:?}") };
    assert_eq!(index, data + 1);
    let mut long = disk;
    long[512 + 4..512 + 8].copy_from_slice(&u32::MAX.to_be_bytes());
    let findings = read(&long).findings;
    let stated = u32::MAX;
    assert_eq!(findings[0], Error::TooManyEntries { offset: 512, stated, read: 4096 });
}

#[test]
fn a_bsd_label_is_read_as_mmls_reads_it() {
    let args = ["mklabel", "bsd", "mkpart", "ext2", "1MiB", "3MiB", "mkpart", "ext2", "4MiB"];
    let args = [&args[..], &["7MiB"]].concat();
    let Some(other) = parted(&args) else { return };
    // parted leaves the checksum of a label as it was before there were partitions.
    let [Error::LabelChecksum { offset: 64 }] = read(&other).findings[..] else { panic!() };
    // Where parted writes a label mmls does not look: it does in the next sector.
    let mut label = other.clone();
    label[..512].fill(0);
    label[512..512 + 404].copy_from_slice(&other[64..64 + 404]);
    let Some(expected) = mmls(&label, "bsd", &["Unallocated", "-----", "Meta"]) else { return };
    assert_eq!(places(&read(&other)), expected);
    let layout = read(&label);
    assert_eq!(layout.scheme, Scheme::Bsd);
    assert_eq!(places(&layout), expected);

    // In a slice: sectors from the start of the slice, and from the start of the disk.
    // Entry c tells which: BSDs always have it, parted has not.
    let slice = 2048;
    label[512 + 148 + 2 * 16..][..4].copy_from_slice(&16_384u32.to_le_bytes());
    label[512 + 138] = label[512 + 138].max(3);
    let mut disk = vec![0; 16 * MIB];
    disk[slice * 512..][..label.len()].copy_from_slice(&label);
    let record = boot_record(&[(0xA5, slice as u32, 16_384), (0x07, 20_000, 1000)]);
    disk[..512].copy_from_slice(&record);
    let of_slice: Vec<(u64, u64)> =
        expected.iter().map(|(start, len)| (start + slice as u64, *len)).collect();
    let with_rest = [&of_slice[..], &[(20_000, 1000)]].concat();
    let layout = read(&disk);
    assert_eq!((layout.scheme, places(&layout)), (Scheme::Mbr, with_rest.clone()));
    assert_eq!(layout.partitions.iter().map(|it| it.index).collect::<Vec<_>>(), [5, 6, 2]);
    for entry in disk[(slice + 1) * 512 + 148..][..16 * 8].chunks_mut(16) {
        let offset = u32::from_le_bytes(entry[4..8].try_into().unwrap());
        entry[4..8].copy_from_slice(&(offset + slice as u32).to_le_bytes());
    }
    assert_eq!(places(&read(&disk)), with_rest);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn damaged_tables_never_panic(
        flips in prop::collection::vec((0usize..2048, any::<u8>()), 1..12),
        cut in 0usize..8 * MIB,
        kind in 0usize..5,
    ) {
        let mut disk = match kind {
            0 => gpt_disk(512)[..MIB].to_vec(),
            1 => disk(&[(0, &[(5, 1, 99), (7, 4, 9)]), (1, &[(7, 1, 1), (5, 1, 1)]), (2, &[(5, 0, 1)])]),
            2 => gpt_disk(4096)[..MIB].to_vec(),
            3 => [&b"ER\x02\0"[..], &[0; 508], b"PM\0\0\0\0\0\x02", &[1; 504], b"PM", &[7; 4000]].concat(),
            _ => [vec![0; 512], 0x8256_4557u32.to_le_bytes().to_vec(), vec![1; 128],
                0x8256_4557u32.to_le_bytes().to_vec(), vec![5; 4000]].concat(),
        };
        for (at, mask) in flips {
            disk[at] ^= mask;
        }
        disk.truncate(disk.len().saturating_sub(cut / 8).max(100));
        let _ = read(&disk);
    }
}
