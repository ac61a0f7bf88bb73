//! Owners and security descriptors of files: those that Windows wrote, those that changed, damaged
//! ones.

use std::fs;
use std::process::Command;

use diskprint::{FileDelta, FileEntry, Hex, Image, Known, Snapshot, diff};
use diskprint_testkit::need;
use diskprint_testkit::ntfs::{
    File, Options, ROOT, Volume, kind, resident, sds, security_descriptor,
};
use tempfile::TempDir;

const ADMINISTRATORS: [u8; 16] = [1, 2, 0, 0, 0, 0, 0, 5, 32, 0, 0, 0, 0x20, 2, 0, 0];
const SYSTEM: [u8; 12] = [1, 1, 0, 0, 0, 0, 0, 5, 18, 0, 0, 0];
/// An access control list without entries.
const NOBODY: [u8; 8] = [2, 0, 8, 0, 0, 0, 0, 0];

fn read(bytes: &[u8]) -> Snapshot {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("disk.raw");
    fs::write(&path, bytes).unwrap();
    let opened = Image::open(&path, folder.path(), &|_| ()).unwrap();
    Snapshot::read(&opened.image, &Known::new())
}

/// Owner, group and the descriptor's digest as one text.
fn security(file: &FileEntry) -> String {
    let Some(security) = &file.security else { return "none".into() };
    let [owner, group] = [&security.owner, &security.group].map(|sid| sid.as_deref());
    format!("{} {} {}", owner.unwrap_or("-"), group.unwrap_or("-"), Hex(&security.sha1))
}

/// Prints record, owner, group and digest of the descriptor of each file in use; they are found by the
/// index $SII.
const WITNESS: &str = "
import hashlib, sys
from dissect.ntfs import NTFS
from dissect.ntfs.c_ntfs import c_ntfs
volume = NTFS(open(sys.argv[1], 'rb'))
for record in volume.mft.segments():
    if not record.header.Flags & 1 or record.header.BaseFileRecordSegment.SegmentNumberLowPart:
        continue
    information = record.attributes.get(0x10)
    number = information[0].attribute.security_id if information else 0
    if not number:
        continue
    place = c_ntfs._SECURITY_DESCRIPTOR_HEADER(volume.secure.sii.search(number).data)
    volume.secure.sds.seek(place.Offset + 20)
    stored = volume.secure.sds.read(place.Length - 20)
    found = volume.secure.lookup(number)
    print(record.segment, found.owner, found.group, hashlib.sha1(stored).hexdigest())
";

#[test]
fn descriptors_that_windows_wrote_are_those_that_dissect_and_istat_find() {
    let (Some(python), Some(library)) = (need::program("python3"), need::fetched("dissect")) else {
        return;
    };
    let Some(istat) = need::program("istat") else { return };
    for volume in ["dissect-volumes/ntfs.bin", "dissect-volumes/ntfs-cloud.bin"] {
        let Some(path) = need::fetched(volume) else { return };
        let witness = Command::new(&python)
            .args(["-c", WITNESS])
            .arg(&path)
            .env("PYTHONPATH", &library)
            .output()
            .unwrap();
        assert!(witness.status.success(), "{witness:?}");
        let expected = String::from_utf8(witness.stdout).unwrap();
        let snapshot = read(&fs::read(&path).unwrap());
        let told = snapshot.faults.iter().filter(|it| it.to_string().contains("security"));
        assert_eq!(told.count(), 0);
        let of_record = |number: u64| {
            let mut files = snapshot.files.iter();
            files.find(|file| file.inode == number && file.alloc.inode && file.stream.is_none())
        };
        let mut compared = 0;
        for line in expected.lines() {
            let (number, said) = line.split_once(' ').unwrap();
            // The root has no entry, nor have records that the file system keeps for itself.
            let Some(file) = of_record(number.parse().unwrap()) else { continue };
            assert_eq!(security(file), said, "{volume}: {}", file.path);
            compared += 1;
            // A process for each file; of all it would take half a minute.
            if compared > 40 {
                continue;
            }
            let told = Command::new(&istat).arg(&path).arg(number).output().unwrap();
            let told = String::from_utf8(told.stdout).unwrap();
            let owner = file.security.as_ref().unwrap().owner.as_deref().unwrap();
            let line = told.lines().find(|line| line.starts_with("Security ID: "));
            assert!(line.unwrap().ends_with(&format!("({owner})")), "{volume}: {}", file.path);
        }
        assert!(compared > 20, "{volume}: {compared}");
    }
}

fn descriptors() -> Vec<(u32, Vec<u8>)> {
    let of = |owner: &[u8]| security_descriptor(owner, &SYSTEM, &NOBODY);
    // Long ones, so that there are two blocks.
    let long = |id: u32| (id, security_descriptor(&SYSTEM, &SYSTEM, &vec![id as u8; 60_000]));
    let mut all = vec![(0x100, of(&SYSTEM)), (0x101, of(&ADMINISTRATORS))];
    all.extend((0x102..0x108).map(long));
    all
}

/// A volume with three files, and where its $SDS begins.
fn volume(ids: [u32; 3]) -> (Vec<u8>, usize) {
    let mut volume = Volume::new(Options { clusters: 1024, ..Options::default() });
    let at = volume.secure(&sds(&descriptors()));
    let names = ["first", "second", "third"];
    for (name, id) in names.into_iter().zip(ids) {
        volume.add(&File::new(ROOT, name).secured(id).data("", b"text"));
    }
    (volume.finish().bytes, at as usize)
}

fn of(snapshot: &Snapshot, path: &str) -> String {
    let file = snapshot.files.iter().find(|file| file.path.to_text() == path);
    security(file.unwrap())
}

fn faults(snapshot: &Snapshot) -> Vec<String> {
    snapshot.faults.iter().map(|fault| fault.to_string()).collect()
}

fn compare(before: &[u8], after: &[u8]) -> Vec<FileDelta> {
    let (before, after) = (read(before), read(after));
    let mut deltas = diff::snapshots(&before, &after).files;
    // The files of the file system itself hold the change, too.
    deltas.retain(|delta| !delta.latest().path.to_text().starts_with('$'));
    deltas
}

#[test]
fn a_file_that_only_has_another_descriptor_is_changed() {
    let (before, _) = volume([0x100, 0x100, 0x107]);
    let (after, _) = volume([0x100, 0x101, 0x107]);
    let snapshot = read(&before);
    assert_eq!(faults(&snapshot), [] as [&str; 0]);
    assert!(of(&snapshot, "third").starts_with("S-1-5-18 S-1-5-18 "), "in the second block");
    let deltas = compare(&before, &after);
    let [delta] = &deltas[..] else { panic!("{deltas:?}") };
    assert_eq!(delta.changes().unwrap().names(), ["changed"]);
    let owner = |file: &FileEntry| file.security.as_ref().unwrap().owner.clone().unwrap();
    let [before, after] = [delta.before(), delta.after()].map(|file| owner(file.unwrap()));
    assert_eq!([&*before, &*after], ["S-1-5-18", "S-1-5-32-544"]);
}

#[test]
fn a_file_may_have_a_descriptor_of_its_own() {
    let own = security_descriptor(&ADMINISTRATORS, &SYSTEM, &NOBODY);
    let mut volume = Volume::new(Options::default());
    volume.add(&File::new(ROOT, "file").with(resident(kind::SECURITY_DESCRIPTOR, "", &own)));
    let snapshot = read(&volume.finish().bytes);
    assert!(of(&snapshot, "file").starts_with("S-1-5-32-544 S-1-5-18 "));
    assert_eq!(faults(&snapshot), [] as [&str; 0]);
}

#[test]
fn damaged_descriptors_are_read_from_their_copy_and_told() {
    let (sound, at) = volume([0x100, 0x101, 0x107]);
    let expected = read(&sound);
    let copy = at + (256 << 10);
    let second = 80;
    let with = |places: &[usize]| {
        let mut bytes = sound.clone();
        places.iter().for_each(|place| bytes[*place] ^= 1);
        read(&bytes)
    };
    for place in [second + 30, second + 8, second + 16] {
        let snapshot = with(&[at + place]);
        let told = faults(&snapshot);
        assert!(told.len() == 1 && told[0].contains("the copy of this block was read"), "{told:?}");
        assert_eq!(of(&snapshot, "second"), of(&expected, "second"));
        let snapshot = with(&[at + place, copy + place]);
        let told = faults(&snapshot);
        assert!(told.len() == 1 && told[0].contains("in the copy of this block too"), "{told:?}");
        assert_eq!(of(&snapshot, "first"), of(&expected, "first"));
        assert_eq!(of(&snapshot, "second"), "none");
        assert_eq!(of(&snapshot, "third"), of(&expected, "third"));
    }
    // What is not known of one state is no difference.
    let mut damaged = sound.clone();
    [at, copy].iter().for_each(|start| damaged[start + second + 30] ^= 1);
    assert_eq!(compare(&sound, &damaged), []);
}

#[test]
fn files_whose_descriptor_is_nowhere_are_counted() {
    let (bytes, _) = volume([0x100, 0x200, 0x300]);
    let told = faults(&read(&bytes));
    let expected = "2 files have security ids that $Secure has no descriptor of; the first is 512";
    assert!(told.len() == 1 && told[0].contains(expected), "{told:?}");
}
