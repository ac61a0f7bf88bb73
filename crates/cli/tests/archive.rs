//! `run --archive e01`: disks kept as E01 images, and slices that are such images.

mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use diskprint::{Image, results};
use diskprint_formats::{ReadAt, ReadAtExt};
use diskprint_testkit::need;
use support::{expect, outputs};

/// A folder with copies of the first two slices of the example.
fn store() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/8504-1/7895-1");
    for slice in ["10", "20"] {
        let name = format!("8504-1-7895-1-{slice}.tar.gz");
        fs::copy(examples.join(&name), folder.path().join(&name)).unwrap();
    }
    let end = folder.path().canonicalize().unwrap().join("8504-1-7895-1-20.tar.gz");
    (folder, end)
}

fn disk(path: &Path) -> Vec<u8> {
    let scratch = tempfile::tempdir().unwrap();
    let opened = Image::open(path, scratch.path(), &|_| {}).unwrap();
    assert_eq!(opened.faults, []);
    let reader = &opened.image.disks()[0].reader;
    reader.read_vec_at(0, reader.len() as usize).unwrap()
}

#[test]
fn the_disk_of_each_slice_is_kept_and_again_only_for_a_reason() {
    let (folder, end) = store();
    let results = folder.path().join("results");
    let run = |more: &[&str]| {
        let args = ["run", "--quiet", end.to_str().unwrap(), results.to_str().unwrap()];
        expect(0, &[&args[..], more].concat())
    };
    run(&[]);
    let slice = results::folder(&results, &end);
    let archive = slice.join("archive");
    assert!(!archive.exists(), "it was not asked for");
    let without = outputs(&results);

    run(&["--archive", "e01"]);
    assert!(disk(&archive.join("out.E01")) == disk(&end));
    let manifest = fs::read_to_string(archive.join("manifest.json")).unwrap();
    for part in ["\"archive/out.E01\"", "\"segment length\": \"1503238553\"", "\"faults\": 0"] {
        assert!(manifest.contains(part), "{manifest}");
    }
    if let (Some(ewfverify), Some(ewfinfo)) = (need::program("ewfverify"), need::program("ewfinfo"))
    {
        let said = |program: &Path, args: &[&str]| {
            let output = Command::new(program).args(args).current_dir(&archive).output().unwrap();
            String::from_utf8(output.stdout).unwrap()
        };
        let verified = said(&ewfverify, &["-q", "-d", "sha1", "out.E01"]);
        assert!(verified.contains("ewfverify: SUCCESS"), "{verified}");
        let info = said(&ewfinfo, &["out.E01"]);
        let slicehash = diskprint::Hex(&diskprint::slicehash(&end, &|_| {}).unwrap()).to_string();
        for part in ["8504-1-7895-1-20\n", &format!("slicehash {slicehash}\n")] {
            assert!(info.contains(part), "{info}");
        }
    }
    let with = outputs(&results);
    assert!(without.iter().all(|(path, digest)| with.get(path) == Some(digest)), "all else stays");
    // Nothing is to do, with or without the option; and what is there stays.
    run(&["--archive", "e01"]);
    run(&[]);
    assert!(outputs(&results) == with);

    // Shorter segments are other bytes of the same disk.
    run(&["--archive", "e01", "--archive-segment", "1MiB"]);
    assert!(archive.join("out.E02").exists());
    assert!(disk(&archive.join("out.E01")) == disk(&end));
    // Longer ones again: the others go, and the bytes are those of before.
    fs::write(folder.path().join("set.toml"), "archive = 'e01'\narchive_segment = '1GiB'\n")
        .unwrap();
    run(&["--config", folder.path().join("set.toml").to_str().unwrap()]);
    assert!(!archive.join("out.E02").exists());
    run(&["--archive", "e01"]);
    assert!(outputs(&results) == with);

    // A segment that is gone is made again.
    fs::remove_file(archive.join("out.E01")).unwrap();
    let plan = expect(
        0,
        &["run", "--dry-run", "--archive", "e01", end.to_str().unwrap(), results.to_str().unwrap()],
    );
    assert!(plan.contains("archive: its output archive/out.E01 is gone"), "{plan}");
    run(&["--archive", "e01"]);
    assert!(outputs(&results) == with);
}

#[test]
fn segments_of_an_impossible_length_are_refused() {
    let (folder, end) = store();
    let (end, results) = (end.to_str().unwrap(), folder.path().join("results"));
    let args = ["run", end, results.to_str().unwrap(), "--archive-segment"];
    let short = expect(1, &[&args[..], &["1000", "--archive", "e01"]].concat());
    assert!(short.contains("1MiB is the least"), "{short}");
    assert!(expect(1, &[&args[..], &["2GiB"]].concat()).contains("needs --archive"));
    assert!(!results.exists());
}

#[test]
fn a_sequence_of_e01_images_gives_the_rows_of_its_tarballs() {
    let (folder, end) = store();
    let results = folder.path().join("results");
    let run = |end: &Path, results: &Path, more: &[&str]| {
        let args = ["run", "--quiet", end.to_str().unwrap(), results.to_str().unwrap()];
        expect(0, &[&args[..], more].concat())
    };
    run(&end, &results, &["--archive", "e01", "--archive-segment", "1MiB"]);
    // The images become slices, those of both in one folder.
    let images = folder.path().join("images");
    fs::create_dir(&images).unwrap();
    for slice in ["10", "20"] {
        let name = format!("8504-1-7895-1-{slice}");
        let tarball = end.parent().unwrap().join(format!("{name}.tar.gz"));
        for entry in fs::read_dir(results::folder(&results, &tarball).join("archive")).unwrap() {
            let path = entry.unwrap().path();
            if let Some(ending) = path.extension().filter(|ending| *ending != "json") {
                fs::copy(&path, images.join(&name).with_extension(ending)).unwrap();
            }
        }
    }
    let others = folder.path().join("other-results");
    run(&images.join("8504-1-7895-1-20.E01"), &others, &["--verify"]);
    let rows = |results: &Path| {
        let db = format!("sqlite:{}", results.join("diskprint.db").display());
        expect(0, &["export", "8504-1-7895-1", "--db", &db])
    };
    let expected = rows(&results);
    assert!(expected.lines().count() > 100);
    assert!(rows(&others) == expected);

    // What is stated is compared with what is there, by the run and by hand.
    let last = fs::read_dir(&images).unwrap().map(|entry| entry.unwrap().path());
    let last = last.filter(|path| path.file_stem().unwrap() == "8504-1-7895-1-20").max().unwrap();
    let mut bytes = fs::read(&last).unwrap();
    let hash = diskprint_testkit::ewf::data_of(&bytes, "hash", 0);
    bytes[hash] ^= 1;
    diskprint_testkit::ewf::seal_at(&mut bytes, hash, 32);
    fs::write(&last, bytes).unwrap();
    let first = images.join("8504-1-7895-1-20.E01");
    let first = first.to_str().unwrap();
    assert!(!expect(0, &["inspect", first]).contains("its image states"));
    let said = expect(2, &["inspect", first, "--verify"]);
    assert!(said.contains("disk 1: its image states MD5 "), "{said}");
    let verified = folder.path().join("verified");
    let args = ["run", first, verified.to_str().unwrap(), "--quiet"];
    expect(2, &[&args[..], &["--verify"]].concat());
}
