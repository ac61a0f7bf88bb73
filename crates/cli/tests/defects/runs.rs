//! How runs end, which disk they read, and what they remove: defects 11 to 13.

use std::fs;

use assert_cmd::cargo::cargo_bin_cmd;
use diskprint_testkit::archive::tarball;
use diskprint_testkit::regf::{Key, Value};
use diskprint_testkit::vmdk;

use crate::sequence::{NAME, SHORT, Sequence, disk_of};
use crate::support;

fn state(number: u32) -> Vec<u8> {
    disk_of(Key::new("R").value(Value::dword("n", number)))
}

/// Defect 11: `Done.` and exit code 0 for a slice that ends no sequence, for one that nobody knows,
/// and for a run of all sequences of which some failed.
#[test]
fn a_run_that_did_not_work_neither_says_done_nor_ends_with_0() {
    let sequence = Sequence::of(&[state(1), state(2)]);
    sequence.run(0, &["--quiet"]);
    let results = sequence.path("results").display().to_string();
    let middle = support::expect(1, &["run", &sequence.slice(0), &results]);
    assert!(middle.contains("is not the end of its sequence"), "{middle}");
    let unknown = sequence.path("unknown.raw");
    fs::copy(sequence.slice(1), &unknown).unwrap();
    let unknown = support::expect(1, &["run", &unknown.display().to_string(), &results]);
    assert!(unknown.contains("does not say which slice"), "{unknown}");
    let other = sequence.path("store/8504-1-1-1-10.tar.gz");
    fs::copy(sequence.slice(0), &other).unwrap();
    support::expect(0, &["run", &other.display().to_string(), &results, "--quiet"]);
    fs::write(&other, "no archive").unwrap();
    let all = support::expect(1, &["run", "--parallel-all", &results]);
    assert!(all.contains("1 failed"), "{all}");
    for told in [middle, unknown, all] {
        assert!(!told.contains("Done."), "{told}");
    }
}

/// Defect 12: the first `*.vmdk` of an archive was taken for the disk, be it an extent, a decoy or
/// an older state.
#[test]
fn the_disk_that_is_read_is_whole_and_the_latest() {
    let (before, after) = (state(1), state(2));
    let sectors = before.len() / 512;
    let (first, second) = before.split_at(before.len() / 2);
    let half = sectors / 2;
    let extents =
        [format!("RW {half} FLAT \"d-f001.vmdk\" 0"), format!("RW {half} FLAT \"d-f002.vmdk\" 0")];
    let extents = extents.each_ref().map(String::as_str);
    let split = vmdk::descriptor("twoGbMaxExtentFlat", 1, None, &extents);
    let settings = b"scsi0:0.fileName = \"d.vmdk\"\n";
    let in_extents = tarball(&[
        ("M.vmwarevm/._d.vmdk", b"decoy"),
        ("M.vmwarevm/d-f001.vmdk", first),
        ("M.vmwarevm/d-f002.vmdk", second),
        ("M.vmwarevm/d.vmdk", split.as_bytes()),
        ("M.vmwarevm/m.vmx", settings),
    ]);
    let extent = format!("RW {sectors} FLAT \"d-flat.vmdk\" 0");
    let base = vmdk::descriptor("monolithicFlat", 1, None, &[&extent]);
    let extent = format!("RW {sectors} SPARSE \"d-000001.vmdk\"");
    let newer = vmdk::descriptor("monolithicSparse", 2, Some((1, "d.vmdk")), &[&extent]);
    let with_snapshot = tarball(&[
        ("M.vmwarevm/d.vmdk", base.as_bytes()),
        ("M.vmwarevm/d-flat.vmdk", &before),
        ("M.vmwarevm/d-000001.vmdk", &vmdk::snapshot(&newer, &before, &after)),
        ("M.vmwarevm/m.vmx", settings),
    ]);
    let sequence = Sequence::named(&[
        (format!("{NAME}-10.tar.gz"), &in_extents[..]),
        (format!("{NAME}-20.tar.gz"), &with_snapshot[..]),
    ]);
    sequence.run(0, &["--quiet"]);
    assert_eq!(sequence.cells(SHORT), [r"altered value \R\n data"]);

    // Defect 12, too: of an archive that is cut off, nothing is taken.
    fs::write(sequence.slice(1), &with_snapshot[..with_snapshot.len() - 9]).unwrap();
    let told = sequence.run(1, &[]);
    assert!(told.contains(&format!("slice {NAME}-20")) && !told.contains("Done."), "{told}");
}

/// Defect 13: with spaces in the paths, removing what was unfinished removed something else.
#[test]
fn only_remains_are_removed_where_paths_have_spaces() {
    let sequence = Sequence::of(&[state(1), state(2)]);
    let (folder, results) = (sequence.path(""), sequence.path("my old results"));
    let last = sequence.slice(1);
    let run = |cleanup: &str| {
        let mut command = cargo_bin_cmd!("diskprint");
        command.args(["run", &last, "my old results", "--quiet", "--cleanup", cleanup]);
        let output = command.env_remove("DISKPRINT_DB").current_dir(&folder).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", support::text(&output.stderr));
    };
    run("check");
    let expected = support::outputs(&results);
    // What the words of the path would name, there and in the root of the results.
    let mut bystanders = Vec::new();
    for place in [&folder, &results] {
        for name in ["my", "old", "results"] {
            fs::create_dir_all(place.join(name)).unwrap();
            bystanders.push(place.join(name).join("precious"));
            fs::write(bystanders.last().unwrap(), "keep").unwrap();
        }
    }
    let before = support::outputs(&results);
    let slice = diskprint::results::folder(&results, last.as_ref());
    fs::remove_file(slice.join("registry/manifest.json")).unwrap();
    fs::write(slice.join("registry.status.log"), "Started.\n").unwrap();
    let remains = [slice.join("registry/.part-of a run"), results.join(".scratch-a b")];
    fs::write(&remains[0], "half").unwrap();
    fs::create_dir(&remains[1]).unwrap();
    run("erase");
    assert_eq!(remains.map(|path| path.exists()), [false; 2]);
    assert!(bystanders.iter().all(|path| path.exists()), "{bystanders:?}");
    assert_eq!(support::outputs(&results), before);
    assert!(expected.keys().all(|path| before.contains_key(path)));
}
