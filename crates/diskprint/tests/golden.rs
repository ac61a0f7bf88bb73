//! Dumps of the structures in `golden/`, each a folder with `input.KIND`, `expected.txt` and
//! `NOTE.md`. `DISKPRINT_BLESS=1` writes the expected dumps anew.
//!
//! | kind | what the input is |
//! |---|---|
//! | `disk` | the first sectors of a disk of 80 MiB; zeros follow |
//! | `vmdk` | a VMDK file, or its beginning |
//! | `boot` | the boot sector of an NTFS volume |
//! | `record` | a record of an $MFT; its number is taken from its header |
//! | `hive` | a hive; all its keys are dumped, too |

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use diskprint::dump;
use diskprint_formats::ReadAt;
use diskprint_formats::regf::Hive;

const DISK_LEN: u64 = 80 << 20;

/// A disk that begins with some bytes and goes on with zeros.
struct Disk(Vec<u8>);

impl ReadAt for Disk {
    fn len(&self) -> u64 {
        DISK_LEN
    }

    fn read_at(&self, buf: &mut [u8], offset: u64) -> std::io::Result<usize> {
        let got = self.0.read_at(buf, offset)?;
        buf[got..].fill(0);
        Ok(buf.len())
    }
}

struct Case {
    folder: PathBuf,
    kind: String,
    input: Vec<u8>,
}

fn cases() -> Vec<Case> {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let folders = fs::read_dir(golden).unwrap().map(|entry| entry.unwrap().path());
    let mut folders: Vec<_> = folders.filter(|path| path.is_dir()).collect();
    folders.sort();
    folders.into_iter().map(case).collect()
}

fn case(folder: PathBuf) -> Case {
    let files: Vec<_> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    let mut inputs = files.iter().filter(|path| path.file_stem().is_some_and(|s| s == "input"));
    let (Some(input), None) = (inputs.next(), inputs.next()) else {
        panic!("{}: not one input.KIND", folder.display());
    };
    assert!(folder.join("NOTE.md").is_file(), "{}: no NOTE.md", folder.display());
    let kind = input.extension().unwrap().to_str().unwrap().to_owned();
    Case { input: fs::read(input).unwrap(), kind, folder }
}

fn dump(kind: &str, input: &[u8]) -> String {
    match kind {
        "disk" => dump::disk(&Disk(input.to_vec())).to_string(),
        "vmdk" => dump::vmdk(&input).to_string(),
        "boot" => dump::boot_sector(input).to_string(),
        "record" => {
            let number = input.get(0x2C..0x30).unwrap_or(&[0; 4]);
            let number = u32::from_le_bytes(number.try_into().unwrap());
            dump::mft_record(number.into(), input).to_string()
        }
        "hive" => hive(input),
        other => panic!("no dump for inputs of kind {other:?}"),
    }
}

fn hive(input: &[u8]) -> String {
    let read = Hive::read(input.to_vec());
    let mut text = dump::hive(input, &read).to_string();
    if let Ok(hive) = &read {
        for key in hive.keys() {
            write!(text, "\n{}", dump::key(hive, &key)).unwrap();
        }
    }
    text
}

#[test]
fn dumps_are_as_expected() {
    let bless = std::env::var_os("DISKPRINT_BLESS").is_some();
    let mut wrong = Vec::new();
    for Case { folder, kind, input } in cases() {
        let (path, dump) = (folder.join("expected.txt"), dump(&kind, &input));
        if bless {
            fs::write(&path, &dump).unwrap();
        }
        if fs::read_to_string(&path).unwrap_or_default() != dump {
            wrong.push(format!("{} should be:\n{dump}", path.display()));
        }
    }
    assert!(wrong.is_empty(), "{}\nDISKPRINT_BLESS=1 accepts these", wrong.join("\n"));
}

#[test]
fn a_cut_or_damaged_input_is_dumped_as_far_as_it_goes() {
    for Case { kind, input, .. } in cases() {
        for len in (0..input.len()).step_by(input.len() / 64 + 1) {
            dump(&kind, &input[..len]);
        }
        for at in (0..input.len()).step_by(input.len() / 512 + 1) {
            for byte in [0, 0x7F, 0xFF] {
                let mut damaged = input.clone();
                damaged[at] = byte;
                dump(&kind, &damaged);
            }
        }
    }
}

#[test]
fn every_line_of_a_dump_is_plain_text() {
    for Case { folder, kind, input } in cases() {
        let dump = dump(&kind, &input);
        let plain = dump.chars().all(|c| c == '\n' || !c.is_control());
        assert!(plain && dump.lines().all(|line| !line.ends_with(' ')), "{}", folder.display());
    }
}
