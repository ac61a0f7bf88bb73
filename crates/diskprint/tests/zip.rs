//! Zip archives that Python's zipfile writes, and what becomes of damaged ones.

use std::error::Error;
use std::fs;
use std::path::Path;
use std::process::Command;

use diskprint::{Container, Image, OpenError, Opened};
use diskprint_formats::ReadAtExt;
use diskprint_testkit::random::{Random, Repeat, seed};
use diskprint_testkit::{need, vmdk};
use sha2::{Digest, Sha256};
use tempfile::TempDir;

/// A disk of four grains, and its bytes.
fn disk() -> (Vec<u8>, Vec<u8>) {
    let text = vmdk::descriptor("monolithicSparse", 7, None, &["RW 32 SPARSE \"disk.vmdk\""]);
    let grains = [Some(1), None, Some(2), Some(3)];
    let bytes = grains.map(|byte| vec![byte.unwrap_or(0); vmdk::GRAIN_SECTORS * 512]).concat();
    (vmdk::sparse(&text, &grains), bytes)
}

/// Writes members as `archive` in Python: path, method, and the name of a file that holds the bytes.
const MAKE: &str = "
import sys, zipfile
path, *members = sys.argv[1:]
with zipfile.ZipFile(path, 'w') as archive:
    for name, method, source in zip(members[0::3], members[1::3], members[2::3]):
        entry = zipfile.ZipInfo(name)
        entry.compress_type = getattr(zipfile, 'ZIP_' + method)
        if source == 'LINK':
            entry.create_system, entry.external_attr = 3, 0o120777 << 16
            archive.writestr(entry, 'elsewhere')
        else:
            archive.writestr(entry, open(source, 'rb').read())
";

/// An archive with these members: path, method, and bytes; a link where there are none.
fn archive(folder: &Path, members: &[(&str, &str, Option<&[u8]>)]) -> Option<Vec<u8>> {
    let python = need::program("python3")?;
    let path = folder.join("made.zip");
    let mut command = Command::new(python);
    command.args(["-c", MAKE]).arg(&path);
    for (index, (name, method, bytes)) in members.iter().enumerate() {
        let source = folder.join(format!("source{index}"));
        if let Some(bytes) = bytes {
            fs::write(&source, bytes).unwrap();
        }
        let source = if bytes.is_some() { source.display().to_string() } else { "LINK".into() };
        command.args([name, method, source.as_str()]);
    }
    let output = command.output().unwrap();
    assert!(output.status.success(), "{output:?}");
    Some(fs::read(path).unwrap())
}

fn open(bytes: &[u8]) -> Result<Opened, OpenError> {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("machine.zip");
    fs::write(&path, bytes).unwrap();
    Image::open(&path, folder.path(), &|_| ())
}

/// An error and its causes.
fn said(error: OpenError) -> String {
    let mut said = error.source.to_string();
    let mut cause = error.source.source();
    while let Some(error) = cause {
        said += &format!(": {error}");
        cause = error.source();
    }
    said
}

#[test]
fn a_machine_in_a_zip_is_the_machine() {
    let (file, expected) = disk();
    let folder = TempDir::new().unwrap();
    for method in ["STORED", "DEFLATED", "BZIP2"] {
        let members = [
            ("vm/", "STORED", Some(&b""[..])),
            ("vm/notes.log", "DEFLATED", Some(b"not needed")),
            ("vm/disk.vmdk", method, Some(&file)),
            ("vm/link.vmdk", "STORED", None),
            ("../outside.vmdk", "STORED", Some(&file)),
        ];
        let Some(bytes) = archive(folder.path(), &members) else { return };
        let opened = open(&bytes).unwrap();
        assert_eq!(opened.image.container(), Container::Zip);
        assert_eq!(opened.slicehash, <[u8; 32]>::from(Sha256::digest(&bytes)));
        let [disk] = opened.image.disks() else { panic!("{} disks", opened.image.disks().len()) };
        assert_eq!(disk.files, ["vm/disk.vmdk"]);
        assert!(disk.reader.read_vec_at(0, 1 << 20).unwrap() == expected, "{method}");
        let faults: Vec<String> = opened.faults.iter().map(ToString::to_string).collect();
        assert_eq!(
            faults,
            [
                "member \"vm/link.vmdk\": it is a link (left out: the member)",
                "member \"../outside.vmdk\": its path leads outside of the archive \
                 (left out: the member)",
            ]
        );
    }
}

/// How Windows packs what is longer than 2 GB.
#[test]
fn deflate64_is_read() {
    let Some(program) = need::program("7z") else { return };
    let (file, expected) = disk();
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("disk.vmdk"), file).unwrap();
    let mut command = Command::new(program);
    command.args(["a", "-tzip", "-mm=Deflate64", "made.zip", "disk.vmdk"]);
    let output = command.current_dir(folder.path()).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let bytes = fs::read(folder.path().join("made.zip")).unwrap();
    assert_eq!(bytes[8], 9, "the method");
    let opened = open(&bytes).unwrap();
    assert!(opened.image.disks()[0].reader.read_vec_at(0, 1 << 20).unwrap() == expected);
}

#[test]
fn what_is_not_read_of_a_zip_is_one_clear_error() {
    let (file, _) = disk();
    let folder = TempDir::new().unwrap();
    let make = |method| archive(folder.path(), &[("disk.vmdk", method, Some(&file))]);
    let Some(stored) = make("STORED") else { return };
    let deflated = make("DEFLATED").unwrap();
    let directory = stored.windows(4).position(|it| it == b"PK\x01\x02").unwrap();

    // A bit of the content, its flag of encryption, its end.
    let mut spoilt = stored.clone();
    spoilt[3000] ^= 1;
    let error = said(open(&spoilt).err().unwrap());
    assert!(error.starts_with("member \"disk.vmdk\" of the zip archive cannot be read"), "{error}");
    let mut encrypted = stored.clone();
    encrypted[6] |= 1;
    encrypted[directory + 8] |= 1;
    let error = said(open(&encrypted).err().unwrap());
    let expected =
        "member \"disk.vmdk\" of the zip archive is encrypted; unpack it with its password first";
    assert_eq!(error, expected);
    let error = said(open(&deflated[..deflated.len() - 30]).err().unwrap());
    assert!(error.starts_with("the zip archive is damaged; copy it anew"), "{error}");
    let error = said(open(&make("LZMA").unwrap()).err().unwrap());
    assert!(error.contains("is compressed by method 14;"), "{error}");
    let error = said(open(b"PK\x05\x06\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0").err().unwrap());
    let expected = "no virtual disk (VMDK, qcow2, VHD, VHDX, VDI, E01, raw) is among its 0 files";
    assert_eq!(error, expected);
}

#[test]
fn a_zip_with_any_bytes_changed_ends() {
    let (file, expected) = disk();
    let folder = TempDir::new().unwrap();
    let members = [("disk.vmdk", "DEFLATED", Some(&file[..])), ("b.txt", "STORED", Some(b"b"))];
    let Some(sound) = archive(folder.path(), &members) else { return };
    let first = seed(1);
    for round in 0..2000 {
        let seed = first.wrapping_add(round);
        let _repeat = Repeat(seed);
        let mut random = Random::new(seed);
        let mut bytes = sound.clone();
        for _ in 0..1 + random.below(4) {
            let at = random.below(bytes.len());
            bytes[at] = random.below(256) as u8;
        }
        if let Ok(opened) = open(&bytes)
            && let [disk] = opened.image.disks()
            && disk.files == ["disk.vmdk"]
        {
            // A checksum of 32 bits guards the member.
            assert!(disk.reader.read_vec_at(0, 1 << 20).unwrap() == expected);
        }
    }
}
