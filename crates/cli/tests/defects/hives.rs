//! Which files are hives, and which hives are the same: defects 1, 2, 3, 9, 14.

use std::collections::BTreeSet;
use std::fs;

use diskprint::{Image, Known, Snapshot};
use diskprint_testkit::mbr;
use diskprint_testkit::ntfs::{Chunks, Clusters, Volume, kind, non_resident};
use diskprint_testkit::regf::log::{self, Entry, new_log, old_log};
use diskprint_testkit::regf::{Key, Value};

use crate::sequence::{HIVE, SHORT, Sequence, disk, disk_of, hive, put, put_deleted};
use crate::support;

/// A hive with one number, and with room for holes in its file.
fn number(number: u32) -> Vec<u8> {
    let zeros = Value::new("zeros", 3, &[0; 12_000]);
    hive(Key::new("R").value(zeros).value(Value::dword("n", number)))
}

/// Puts a file whose run list is in two records besides its own.
fn put_split(volume: &mut Volume, path: &str, bytes: &[u8]) {
    let runs = volume.store(bytes, 1);
    let (first, rest) = runs.split_at(runs.len() / 2);
    let lowest_vcn = first.iter().map(|(_, clusters)| clusters).sum();
    let first = volume.sizes(first.to_vec(), bytes.len());
    let rest = Clusters { runs: rest.to_vec(), lowest_vcn, ..Clusters::default() };
    let parts = [first, rest].map(|part| non_resident(kind::DATA, "", &part));
    let file = parts.into_iter().fold(volume.file(path), |file, part| file.with(part));
    volume.add_split(&file, true);
}

/// Defect 1: a sparse hive file ended the sequence.
#[test]
fn a_hive_is_read_however_its_file_is_stored() {
    let state = |n| {
        disk(|volume| {
            let bytes = number(n);
            assert!(bytes.chunks(512).any(|cluster| cluster.iter().all(|byte| *byte == 0)));
            for (path, data) in [
                ("sparse.dat", volume.sparse("", &bytes)),
                ("compressed.dat", volume.compressed("", &bytes, Chunks::Packed)),
                ("fragmented.dat", volume.stored(kind::DATA, "", &bytes, 1)),
                ("stream.txt", volume.stored(kind::DATA, "hive", &bytes, 0)),
            ] {
                let file = volume.file(path);
                volume.add(&file.with(data));
            }
            put_split(volume, "split.dat", &bytes);
        })
    };
    let sequence = Sequence::of(&[state(1), state(2)]);
    sequence.run(0, &["--quiet"]);
    let files = ["compressed.dat", "fragmented.dat", "sparse.dat", "split.dat", "stream.txt:hive"];
    let expected = files.map(|path| format!(r"{path} altered value \R\n data"));
    assert_eq!(sequence.cells(&format!("hive {SHORT}")), expected);
    let files = fs::read_to_string(sequence.outputs(0).join("files/fiout.dfxml")).unwrap();
    let kinds = ["sparse", "compressed"].map(|kind| files.contains(&format!("type='{kind}'")));
    assert_eq!(kinds, [true; 2], "{files}");
}

/// Defect 2: a hive that came or went gave no rows, and a deleted one counted as present.
#[test]
fn hives_that_come_and_go_give_rows_and_deleted_ones_none() {
    let (bob, carol) = ("Users/bob/NTUSER.DAT", "Users/carol/NTUSER.DAT");
    let sequence = Sequence::of(&[
        disk(|volume| put(volume, carol, &number(1))),
        disk(|volume| {
            put_deleted(volume, carol, &number(1));
            put(volume, bob, &number(2));
        }),
        // What is left of the deleted one changes.
        disk(|volume| {
            put_deleted(volume, carol, &number(3));
            put(volume, bob, &number(2));
        }),
    ]);
    sequence.run(0, &["--quiet"]);
    let cells = [r"key \R", r"value \R\n", r"value \R\zeros"];
    let of = |hive, action| cells.map(|cell| format!("20 {hive} {action} {cell}"));
    let expected = [of(bob, "new"), of(carol, "deleted")].concat();
    assert_eq!(sequence.cells("sliceid hive action kind cellpath"), expected);
    let table = "SELECT hivepath, cellaction, count(*) FROM regdelta JOIN hive USING (hiveid)
                 GROUP BY 1, 2 ORDER BY 1";
    assert_eq!(sequence.sql(table), [format!("{bob}|1|3"), format!("{carol}|2|3")]);
}

/// Defect 3: the same path on two partitions, or of a deleted file, mixed histories; another case
/// of the path split one.
#[test]
fn hives_of_one_path_keep_to_their_partition_and_a_new_case_of_the_path_is_no_new_hive() {
    let state = |path: &str, own: Option<u32>, deleted: u32, others: u32| {
        let first = disk(|volume| {
            volume.options.serial = 1;
            if let Some(own) = own {
                put(volume, path, &number(own));
            }
            put_deleted(volume, path, &number(deleted));
        });
        let second = disk(|volume| {
            volume.options.serial = 2;
            put(volume, HIVE, &number(others));
        });
        mbr::disk(&[&first, &second])
    };
    let other_case = "WINDOWS/system32/CONFIG/software";
    let sequence = Sequence::of(&[
        state(HIVE, Some(1), 11, 21),
        state(HIVE, Some(1), 12, 22),
        state(other_case, Some(1), 13, 22),
        state(other_case, Some(2), 13, 22),
        state(other_case, None, 13, 22),
    ]);
    sequence.run(0, &["--quiet"]);
    let altered = [format!("20 2 {HIVE}"), format!("40 1 {other_case}")];
    let altered = altered.map(|place| format!(r"{place} altered value \R\n data"));
    let deleted = [r"key \R", r"value \R\n", r"value \R\zeros"];
    let deleted = deleted.map(|cell| format!("50 1 {other_case} deleted {cell}"));
    let expected = [&altered[..], &deleted].concat();
    assert_eq!(sequence.cells(&format!("sliceid partition hive {SHORT}")), expected);
    assert_eq!(sequence.sql("SELECT count(DISTINCT hiveid) FROM regdelta"), ["2"]);
}

/// Hives of Windows XP to 11, of its parts and of programs.
const HIVES: [&str; 36] = [
    "Boot/BCD",
    "Documents and Settings/alice/Local Settings/Application Data/Microsoft/Windows/UsrClass.dat",
    "Documents and Settings/alice/NTUSER.DAT",
    "EFI/Microsoft/Boot/BCD",
    "Program Files/WindowsApps/Example_1.0.0.0_x64__8wekyb3d8bbwe/Registry.dat",
    "Program Files/WindowsApps/Example_1.0.0.0_x64__8wekyb3d8bbwe/User.dat",
    "Program Files/WindowsApps/Example_1.0.0.0_x64__8wekyb3d8bbwe/UserClasses.dat",
    "ProgramData/Example/Example.hiv",
    "System Volume Information/Syscache.hve",
    "System Volume Information/_restore{4711}/RP1/snapshot/_REGISTRY_MACHINE_SOFTWARE",
    "System Volume Information/_restore{4711}/RP1/snapshot/_REGISTRY_USER_NTUSER_S-1-5-21-1",
    "Users/alice/AppData/Local/Microsoft/Windows/UsrClass.dat",
    "Users/alice/AppData/Local/Packages/Example_8wekyb3d8bbwe/Settings/settings.dat",
    "Users/alice/AppData/Local/Packages/Example_8wekyb3d8bbwe/SystemAppData/Helium/User.dat",
    "Users/alice/NTUSER.DAT",
    "Users/alice/ntuser.dat.bak",
    "Windows/AppCompat/Programs/Amcache.hve",
    "Windows/ServiceProfiles/LocalService/NTUSER.DAT",
    "Windows/System32/SMI/Store/Machine/SCHEMA.DAT",
    "Windows/System32/config/BBI",
    "Windows/System32/config/BCD-Template",
    "Windows/System32/config/COMPONENTS",
    "Windows/System32/config/DEFAULT",
    "Windows/System32/config/DRIVERS",
    "Windows/System32/config/ELAM",
    "Windows/System32/config/RegBack/DEFAULT",
    "Windows/System32/config/RegBack/SAM",
    "Windows/System32/config/RegBack/SOFTWARE",
    "Windows/System32/config/RegBack/SYSTEM",
    "Windows/System32/config/SAM",
    "Windows/System32/config/SECURITY",
    "Windows/System32/config/SOFTWARE",
    "Windows/System32/config/SYSTEM",
    "Windows/System32/config/userdiff",
    "Windows/repair/sam",
    "a name that no list has",
];

/// Defect 9: hives were known by few names.
#[test]
fn a_hive_is_known_by_its_content_whatever_it_is_called() {
    let small = |n| hive(Key::new("R").value(Value::dword("n", n)));
    let state = |n| {
        disk(|volume| {
            HIVES.iter().for_each(|path| put(volume, path, &small(n)));
            put(volume, "Windows/System32/config/notes.txt", format!("no hive {n}").as_bytes());
        })
    };
    let sequence = Sequence::of(&[state(1), state(2)]);
    sequence.run(0, &["--quiet"]);
    let expected = HIVES.map(|path| format!(r"{path} altered value \R\n data"));
    let mut rows = sequence.cells(&format!("hive {SHORT}"));
    rows.sort();
    assert_eq!(rows, expected);
    let manifest = fs::read_to_string(sequence.outputs(1).join("registry/manifest.txt")).unwrap();
    let listed: Vec<_> = manifest.lines().map(|line| line.rsplit('\t').next().unwrap()).collect();
    assert_eq!(listed, HIVES);
}

/// How many keys the installation of defect 14 adds.
const INSTALLED: usize = 40;

/// The hive with so many of the keys of a program that is being installed.
fn installed(keys: usize) -> Vec<u8> {
    let key = |number| Key::new(&*format!("key {number}")).value(Value::dword("n", 1));
    hive((0..keys).map(key).fold(Key::new("R"), Key::with))
}

/// Defect 14: what only the transaction logs hold was not seen.
#[test]
fn what_only_transaction_logs_hold_is_seen_and_both_states_are_kept() {
    let user = "Users/alice/NTUSER.DAT";
    let (clean, stored, whole) = (installed(0), installed(1), installed(INSTALLED));
    let dirty = |hive: &[u8]| log::with_numbers(hive, 9, 8);
    let sequence = Sequence::of(&[
        disk(|volume| [HIVE, user].iter().for_each(|path| put(volume, path, &clean))),
        disk(|volume| {
            put(volume, HIVE, &dirty(&stored));
            let entry = Entry::between(8, &stored, &whole);
            put(
                volume,
                &format!("{HIVE}.LOG1"),
                &new_log(&log::with_numbers(&stored, 8, 8), &[entry]),
            );
            put(volume, &format!("{HIVE}.LOG2"), b"");
            put(volume, user, &dirty(&stored));
            put(volume, &format!("{user}.LOG"), &old_log(&stored, &whole, log::OLD, 9));
        }),
        // What the next start of Windows leaves.
        disk(|volume| [HIVE, user].iter().for_each(|path| put(volume, path, &whole))),
    ]);
    let new = |sequence: &Sequence, hive: &str, slice: &str| {
        let rows = sequence.cells("sliceid hive action kind");
        rows.iter().filter(|row| **row == format!("{slice} {hive} new key")).count()
    };
    sequence.run(0, &["--quiet"]);
    for hive in [HIVE, user] {
        let found = ["20", "30"].map(|slice| new(&sequence, hive, slice));
        assert_eq!(found, [INSTALLED, 0], "{hive}, recovered");
    }
    let registry = sequence.outputs(1).join("registry");
    let names = ["001-NTUSER.DAT", "002-SOFTWARE"];
    let keys = |name: &str, state: &str| {
        let text = fs::read_to_string(registry.join(format!("{name}{state}.regxml"))).unwrap();
        text.matches("<node name=\"key ").count()
    };
    let counts = names.map(|name| (keys(name, ""), keys(name, ".stored")));
    assert_eq!(counts, [(INSTALLED, 1); 2]);
    names_of_outputs_differ(&sequence);
    let hives = support::json(&registry.join("hives.json"));
    for hive in hives.as_array().unwrap() {
        let told = ["state", "hive_state", "grade"].map(|field| hive[field].as_str().unwrap());
        assert_eq!(told, ["dirty", "recovered", "repaired"], "{hive}");
        assert!(!hive["logs"].as_array().unwrap().is_empty(), "{hive}");
    }

    // The other state, asked for.
    sequence.run(0, &["--quiet", "--hive-state", "stored"]);
    for hive in [HIVE, user] {
        let found = ["20", "30"].map(|slice| new(&sequence, hive, slice));
        assert_eq!(found, [1, INSTALLED - 1], "{hive}, stored");
    }
    assert_eq!(names.map(|name| keys(name, "")), [1; 2]);
    assert!(!registry.join("001-NTUSER.DAT.stored.regxml").exists(), "of the other state");
}

/// Of two outputs of one name, either could be what is left.
fn names_of_outputs_differ(sequence: &Sequence) {
    let opened = Image::open(sequence.slice(1).as_ref(), &sequence.path(""), &|_| {}).unwrap();
    let snapshot = Snapshot::read(&opened.image, &Known::new());
    let outputs = diskprint::survey::registry(&snapshot);
    let names: BTreeSet<_> = outputs.iter().map(|output| &output.names).collect();
    assert_eq!((names.len(), outputs.len()), (5, 5), "{names:?}");
}

/// Defect 14, the other way: a hive that was changed and written whole needs no log.
#[test]
fn old_transaction_logs_change_nothing() {
    let after = installed(1);
    let log = new_log(&after, &[Entry::between(3, &after, &installed(INSTALLED))]);
    let sequence = Sequence::of(&[
        disk_of(Key::new("R")),
        disk(|volume| {
            put(volume, HIVE, &after);
            put(volume, &format!("{HIVE}.LOG1"), &log);
        }),
    ]);
    sequence.run(0, &["--quiet"]);
    assert_eq!(sequence.cells("action cellpath"), [r"new \R\key 0", r"new \R\key 0\n"]);
    let stored = sequence.outputs(1).join("registry/001-SOFTWARE.stored.regxml");
    assert!(!stored.exists());
}
