//! The layers of a sample image, as a user asks for them.

use std::path::{Path, PathBuf};

use assert_cmd::Command;
use diskprint_testkit::need;
use diskprint_testkit::regf::{Key, Value, build};

const SOFTWARE: &str = "Windows/System32/config/SOFTWARE";

/// Runs `diskprint inspect` and returns its exit code, its output and what it said beside.
fn inspect(image: &Path, layer: &[&str]) -> (i32, String, String) {
    let mut command = Command::cargo_bin("diskprint").expect("built with this test");
    let output = command.arg("inspect").arg(image).args(layer).output().expect("runs");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
    (output.status.code().unwrap_or(-1), text(output.stdout), text(output.stderr))
}

fn sample() -> PathBuf {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples");
    examples.join("8504-1/7895-1/8504-1-7895-1-20.tar.gz")
}

/// Asserts that the sample's layer is printed without a fault and has lines with these words.
#[track_caller]
fn assert_shows(layer: &[&str], lines: &[&[&str]]) {
    let (code, out, err) = inspect(&sample(), layer);
    assert_eq!((code, &*err), (0, ""), "{layer:?}\n{out}");
    for words in lines {
        let found = out.lines().any(|line| words.iter().all(|word| line.contains(word)));
        assert!(found, "{layer:?}: no line with {words:?} in\n{out}");
    }
}

#[test]
fn an_image_is_its_disks_and_partitions() {
    let lines: [&[&str]; 4] = [
        &["container", "tar.gz"],
        &["format", "monolithicSparse"],
        &["start", "0x100000 (1048576) of the disk"],
        &["file system", "ntfs"],
    ];
    assert_shows(&[], &lines);
}

#[test]
fn a_virtual_disk_is_shown_with_its_header() {
    let Some(qemu_img) = need::program("qemu-img") else { return };
    let folder = tempfile::tempdir().unwrap();
    let cases: [(&str, &str, &[&[&str]]); 5] = [
        ("qcow2", "compat=1.1", &[&["qcow2 header"], &["cluster size", "65536"], &["\"s\""]]),
        ("vpc", "force_size=on", &[&["VHD footer"], &["disk type", "vhd-dynamic"]]),
        ("vhdx", "subformat=fixed", &[&["VHDX header"], &["kind", "vhdx-fixed"], &["BlockSize"]]),
        (
            "vdi",
            "static=off",
            &[&["VDI header"], &["type", "vdi-dynamic"], &["disk size", "1048576"]],
        ),
        ("vmdk", "hwversion=6", &[&["sparse extent header"], &["createType", "monolithicSparse"]]),
    ];
    for (format, options, lines) in cases {
        let path = folder.path().join(format);
        let mut create = std::process::Command::new(&qemu_img);
        create.args(["create", "-q", "-f", format, "-o", options]).arg(&path).arg("1M");
        assert!(create.status().unwrap().success(), "{format}");
        if format == "qcow2" {
            let mut snapshot = std::process::Command::new(&qemu_img);
            assert!(snapshot.args(["snapshot", "-c", "s"]).arg(&path).status().unwrap().success());
        }
        let (_, out, err) = inspect(&path, &[]);
        for words in lines {
            let found = out.lines().any(|line| words.iter().all(|word| line.contains(word)));
            assert!(found, "{format}: no line with {words:?} in\n{out}{err}");
        }
    }
}

#[test]
fn a_partition_is_its_boot_sector() {
    let lines: [&[&str]; 3] = [
        &["0x0003", "OEM id", "\"NTFS    \""],
        &["0x0030", "$MFT", "cluster 4"],
        &["cluster size", "4096 bytes"],
    ];
    assert_shows(&["p1"], &lines);
}

#[test]
fn a_record_is_its_header_and_attributes() {
    let lines: [&[&str]; 5] = [
        &["signature", "\"FILE\""],
        &["attribute 0x10 $STANDARD_INFORMATION"],
        &["name", "\"$MFT\""],
        &["attribute 0x80 $DATA"],
        &["VCN", "LCN", "clusters"],
    ];
    assert_shows(&["p1", "mft", "0"], &lines);
}

#[test]
fn an_attribute_is_its_header_and_first_bytes() {
    let lines: [&[&str]; 3] = [
        &["attribute 0x90 $INDEX_ROOT \"$I30\""],
        &["indexed attribute", "$FILE_NAME"],
        &["00000000  30 00 00 00 01 00 00 00"],
    ];
    assert_shows(&["p1", "mft", "5", "attr", "0x90:$I30"], &lines);
    let lines: [&[&str]; 2] = [&["content", "bytes, the first 512"], &["|INDX"]];
    assert_shows(&["p1", "mft", "5", "attr", "$index_allocation"], &lines);
}

#[test]
fn a_file_is_found_by_its_path() {
    let lines: [&[&str]; 2] = [&["Windows/notepad.exe", "in use"], &["name", "\"notepad.exe\""]];
    assert_shows(&["p1", "file", "Windows/notepad.exe"], &lines);
    assert_shows(&["p1", "file", "\\WINDOWS\\Notepad.EXE"], &lines);
}

#[test]
fn a_hive_and_its_keys_are_found_by_their_paths() {
    let lines: [&[&str]; 2] = [&["signature", "\"regf\""], &["state", "clean"]];
    assert_shows(&["p1", "hive", SOFTWARE], &lines);
    let lines: [&[&str]; 2] = [&["key \"Microsoft\\Windows\""], &["\"CurrentVersion\""]];
    assert_shows(&["p1", "hive", SOFTWARE, "key", "Microsoft\\Windows"], &lines);
}

#[test]
fn a_wrong_layer_is_one_line_that_says_what_is_right() {
    for (layer, answer) in [
        (&["mft", "0"][..], "after the image may follow: p1, p2, … for a partition"),
        (&["p1", "record", "5"], "after p1 may follow: mft NUMBER, file PATH, hive PATH"),
        (&["p2"], "there is no p2: the image has only p1"),
        (&["p1", "mft", "999999"], "the $MFT holds"),
        (&["p1", "mft", "5", "attr", "0xE0"], "its record has: 0x10 $STANDARD_INFORMATION"),
        (&["p1", "file", "Windows/nothing"], "it has \"Windows\""),
        (&["p1", "hive", SOFTWARE, "key", "Microsoft\\Nothing"], "its subkeys: \"Active Setup\""),
    ] {
        let (code, out, err) = inspect(&sample(), layer);
        assert_eq!((code, &*out), (1, ""), "{layer:?}");
        assert!(err.contains(answer) && err.lines().count() == 1, "{layer:?}: {err}");
    }
}

#[test]
fn a_damaged_hive_is_shown_with_the_damage_in_the_last_line() {
    let value = Value::string("Lost", "long enough");
    let mut hive = build(&Key::new("ROOT").with(Key::new("Software").value(value)));
    hive.patch(hive.values[&(vec![0], 0)] + 12, &0x7FFF_FFF8u32.to_le_bytes());
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("SOFTWARE");
    std::fs::write(&path, &hive.bytes).expect("written");
    for layer in [&[][..], &["key", "software"]] {
        let (code, out, err) = inspect(&path, layer);
        assert_eq!((code, &*err), (2, ""), "{out}");
        let last = out.lines().last().unwrap_or_default();
        assert!(last.starts_with("error: ") && last.contains("0x7ffffff8"), "{out}");
    }
}

#[test]
fn a_damaged_disk_is_shown_as_far_as_it_goes() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("disk.vmdk");
    let header = diskprint_testkit::vmdk::sparse_header(1000, 127);
    std::fs::write(&path, header).expect("written");
    let (code, out, _) = inspect(&path, &[]);
    assert_eq!(code, 2, "{out}");
    assert!(out.contains("grainSize") && out.contains("127 sectors"), "{out}");
    assert!(out.lines().last().is_some_and(|line| line.starts_with("error: ")), "{out}");
}
