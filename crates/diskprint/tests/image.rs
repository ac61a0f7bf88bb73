//! From a path to partitions: the test data's tarballs, compared with their truth and with what
//! qemu-img makes of them.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use diskprint::{Image, OpenError, Opened};
use diskprint_formats::ReadAtExt;
use diskprint_testkit::need;
use serde_json::Value;
use sha2::{Digest, Sha256};
use tempfile::TempDir;

fn open(path: &Path) -> (Result<Opened, OpenError>, TempDir) {
    let scratch = TempDir::new().unwrap();
    (Image::open(path, scratch.path(), &|_| ()), scratch)
}

/// The error with its causes, as a person sees it.
fn message(error: &OpenError) -> String {
    let (mut text, mut cause) = (error.to_string(), error.source());
    while let Some(error) = cause {
        text.push_str(&format!(": {error}"));
        cause = error.source();
    }
    text
}

fn sound(path: &Path) -> (Opened, TempDir) {
    let (opened, scratch) = open(path);
    (opened.unwrap_or_else(|error| panic!("{}", message(&error))), scratch)
}

fn run(program: &Path, folder: &Path, args: &[&str]) {
    let output = Command::new(program).args(args).current_dir(folder).output().unwrap();
    assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// Finds the one VMDK below `folder` that is the machine's disk, judging by names alone.
fn disk_of(folder: &Path) -> PathBuf {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let (path, name) = entry.map(|e| (e.path(), e.file_name().into_string().unwrap())).unwrap();
        if name.starts_with("._") || name.ends_with(".lck") {
            continue;
        } else if path.is_dir() {
            return disk_of(&path);
        }
        let part = ["-s0", "-f0", "-flat"].iter().any(|part| name.contains(part));
        if name.ends_with(".vmdk") && !part {
            found.push(path);
        }
    }
    found.sort();
    let current = found.iter().find(|path| path.to_str().unwrap().contains("-000001"));
    current.or(found.first()).unwrap().clone()
}

fn assert_as_qemu_img_reads_it(tarball: &Path, qemu_img: &Path) {
    let folder = TempDir::new().unwrap();
    run(Path::new("tar"), folder.path(), &["xzf", tarball.to_str().unwrap()]);
    let disk = disk_of(folder.path());
    run(qemu_img, folder.path(), &["convert", "-O", "raw", disk.to_str().unwrap(), "raw"]);
    let raw = fs::read(folder.path().join("raw")).unwrap();
    let (opened, scratch) = sound(tarball);
    let [disk] = opened.image.disks() else { panic!("{} disks", opened.image.disks().len()) };
    assert_eq!(disk.reader.len(), raw.len() as u64, "{tarball:?}");
    let ours = disk.reader.read_vec_at(0, raw.len()).unwrap();
    assert!(ours == raw, "{tarball:?} reads otherwise");
    assert_eq!(opened.faults, []);
    let hash: [u8; 32] = Sha256::digest(fs::read(tarball).unwrap()).into();
    assert_eq!(opened.slicehash, hash);
    drop(opened);
    assert_eq!(fs::read_dir(scratch.path()).unwrap().count(), 0, "the scratch folder is empty");
}

#[test]
fn every_slice_of_the_small_data_reads_as_qemu_img_reads_it() {
    let Some(qemu_img) = need::program("qemu-img") else { return };
    let Some(small) = need::data("small/8504-1") else { return };
    for app in ["7895-1", "7901-1", "7950-2"] {
        for slice in [10, 20, 30, 40] {
            let tarball = small.join(format!("{app}/8504-1-{app}-{slice}.tar.gz"));
            assert_as_qemu_img_reads_it(&tarball, &qemu_img);
        }
    }
}

fn edge() -> Option<(PathBuf, serde_json::Map<String, Value>)> {
    let truth = fs::read(need::data("truth/edge/expected.json")?).unwrap();
    Some((need::data("edge")?, serde_json::from_slice(&truth).unwrap()))
}

#[test]
fn edge_images_have_the_partitions_they_were_made_with() {
    let Some(qemu_img) = need::program("qemu-img") else { return };
    let Some((edge, truth)) = edge() else { return };
    let mut seen = 0;
    for (name, truth) in &truth {
        let Some(expected) = truth["partitions"].as_array() else { continue };
        let tarball = edge.join(format!("{name}.tar.gz"));
        assert_as_qemu_img_reads_it(&tarball, &qemu_img);
        let (opened, _scratch) = sound(&tarball);
        let (partitions, faults) = opened.image.partitions();
        let layouts = opened.image.layouts();
        let kinds = &layouts[0].as_ref().unwrap().partitions;
        assert_eq!(partitions.len(), expected.len(), "{name}");
        for ((ours, expected), kind) in partitions.iter().zip(expected).zip(kinds) {
            assert_eq!(Some(ours.start / 512), expected["start"].as_u64(), "{name}");
            assert_eq!(Some(ours.len / 512), expected["size"].as_u64(), "{name}");
            assert_eq!(ours.file_system, expected["fs"].as_str(), "{name}");
            assert_eq!(kind.kind.map(|k| k.to_string()).as_deref(), expected["type"].as_str());
        }
        let texts: Vec<String> = faults.iter().map(ToString::to_string).collect();
        match name.as_str() {
            "blank" => assert!(texts[0].contains("into no partition"), "{texts:?}"),
            _ => assert!(texts.is_empty(), "{name}: {texts:?}"),
        }
        seen += 1;
    }
    assert_eq!(seen, 9, "images with a partition table");
}

#[test]
fn a_volume_without_partition_table_is_one_partition() {
    let Some((edge, _)) = edge() else { return };
    let (opened, _scratch) = sound(&edge.join("nopart-ntfs.tar.gz"));
    let (partitions, faults) = opened.image.partitions();
    assert_eq!(faults, []);
    let [only] = &partitions[..] else { panic!("{partitions:?}") };
    assert_eq!((only.start, only.file_system), (0, Some("ntfs")));
    let volume = opened.image.volume(only).unwrap();
    assert_eq!(volume.read_vec_at(3, 4).unwrap(), b"NTFS");
}

#[test]
fn the_newest_snapshot_is_read_though_the_settings_name_the_first_disk() {
    let Some((edge, _)) = edge() else { return };
    let (opened, _scratch) = sound(&edge.join("delta-chain.tar.gz"));
    let files = &opened.image.disks()[0].files;
    assert!(files[0].ends_with("-000001.vmdk"), "{files:?}");
    assert_eq!(files.len(), 2);
}

#[test]
fn each_broken_tarball_ends_with_one_clear_error() {
    let Some((edge, truth)) = edge() else { return };
    let mut seen = 0;
    for (name, truth) in &truth {
        if !truth["expect"].as_str().is_some_and(|expect| expect.starts_with("error")) {
            continue;
        }
        let (opened, scratch) = open(&edge.join(format!("{name}.tar.gz")));
        let error = opened.err().unwrap_or_else(|| panic!("{name} was opened"));
        let text = message(&error);
        if name == "traversal" {
            let [fault] = &error.faults[..] else { panic!("{:?}", error.faults) };
            assert!(
                fault.to_string().starts_with("member \"../evil.txt\": its path leads outside")
            );
            assert!(!scratch.path().join("../evil.txt").exists());
        }
        println!("{name}: {text}\n");
        let wanted = match name.as_str() {
            "bitflip" => "the archive is damaged",
            "truncated" => "the archive is damaged",
            "corrupt-vmdk" => "sparse header: version is",
            "empty" => "the file is empty",
            "missing-extent" => "extent \"z-s001.vmdk\" of the disk cannot be opened",
            "notgzip" => "neither a tarball",
            "novmdk" => "no virtual disk",
            "traversal" => "\"v.vmwarevm/v.vmdk\" (0 bytes)",
            other => panic!("{other} is new"),
        };
        assert!(text.contains(wanted), "{name}: {text}");
        assert_eq!(fs::read_dir(scratch.path()).unwrap().count(), 0, "{name} left something");
        seen += 1;
    }
    assert_eq!(seen, 8, "broken tarballs");
}
