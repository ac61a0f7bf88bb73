//! Real hives and their logs, found in the test data.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use diskprint_formats::ntfs::{AttributeType, Volume};
use diskprint_formats::regf::Hive;
use diskprint_formats::regf::log::LogFile::{self, Log1, Log2};
use diskprint_formats::regf::log::{Entries, Recovery, State, Verdict, recover};
use diskprint_formats::vmdk::{Descriptor, Disk};
use diskprint_formats::{ReadAt, ReadAtExt, Window};
use diskprint_testkit::need;

use super::table::said;

/// A hive file, its logs, and the name of the hive.
pub struct Files {
    pub name: String,
    pub primary: Vec<u8>,
    pub logs: Vec<(LogFile, Vec<u8>)>,
}

impl Files {
    fn recover(&self) -> Recovery {
        let logs: Vec<_> = self.logs.iter().map(|(file, log)| (*file, &**log)).collect();
        recover(&self.primary, &logs)
    }
}

/// Unpacks an archive of the test data into a folder that is named after the test.
#[track_caller]
fn unpack(archive: &str, test: &str) -> Option<PathBuf> {
    let archive = need::data(archive)?;
    let tar = need::program("tar")?;
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("regf_log").join(test);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    let status = Command::new(tar).arg("xf").arg(archive).current_dir(&folder).status().unwrap();
    assert!(status.success());
    Some(folder)
}

/// The hives of the archive of real hives that have logs.
#[track_caller]
pub fn real_hives(test: &str) -> Option<Vec<Files>> {
    need::program("xz")?;
    let folder = unpack("real-hives.tar.xz", test)?;
    let read = |name: &str| fs::read(folder.join(name)).unwrap();
    let files = |name: &str, log: &str| Files {
        name: name.to_owned(),
        primary: read(name),
        logs: vec![(Log1, read(&format!("{log}.log1"))), (Log2, read(&format!("{log}.log2")))],
    };
    let hives = vec![
        files("transactions_NTUSER.DAT", "transactions_ntuser.dat"),
        files("SYSTEM", "system"),
        files("SYSTEM_WIN_10_1709", "system"),
        files("corrupted_system_hive", "system"),
    ];
    fs::remove_dir_all(folder).unwrap();
    Some(hives)
}

/// The two dirty hives of the virtual machine that was made for this.
#[track_caller]
pub fn dirty_hives(test: &str) -> Option<Vec<Files>> {
    let folder = unpack("edge/hive-dirty.tar.gz", test)?;
    let machine = folder.join("Edge hive-dirty.vmwarevm").join("Edge hive-dirty.vmdk");
    let disk: Arc<dyn ReadAt> = Arc::new(fs::read(machine).unwrap());
    let descriptor = Descriptor::read(&disk).unwrap().unwrap();
    let disk = Disk::open(&disk, &descriptor, None, &mut |_| unreachable!("one file")).unwrap();
    let len = disk.len() - 2048 * 512;
    let volume = Volume::open(Window::new(disk, 2048 * 512, len)).unwrap();
    let read = |name: &str| {
        let is_it = |found: &str| found.eq_ignore_ascii_case(name);
        let mut files = volume.files().filter_map(|(_, file)| file.ok()).filter(|file| file.in_use);
        let file =
            files.find(|file| file.names.iter().any(|n| is_it(&n.name.to_string()))).unwrap();
        let content = &file.stream(AttributeType::DATA, "").unwrap().content.as_ref().unwrap();
        let len = usize::try_from(content.len()).unwrap();
        volume.content_reader(content).read_vec_at(0, len).unwrap()
    };
    let files = |name: &str| Files {
        name: name.to_owned(),
        primary: read(name),
        logs: vec![(Log1, read(&format!("{name}.LOG1"))), (Log2, read(&format!("{name}.LOG2")))],
    };
    let hives = vec![files("NTUSER.DAT"), files("UsrClass.dat")];
    fs::remove_dir_all(folder).unwrap();
    Some(hives)
}

/// Paths of all keys.
fn paths(hive: &Hive) -> BTreeSet<String> {
    hive.keys().map(|key| key.path().to_string()).collect()
}

/// Checks how many keys and values there are before and after, that nothing is wrong with either,
/// and how many keys only one has; returns both.
fn read(files: &Files, recovery: Recovery, expected: [[usize; 3]; 2]) -> (Hive, Hive) {
    let before = Hive::read(files.primary.clone()).unwrap();
    let after = Hive::read(recovery.bytes.unwrap()).unwrap();
    assert_eq!((before.faults(), after.faults()), (&[][..], &[][..]));
    assert!(before.base_block().is_dirty() && !after.base_block().is_dirty());
    let (old, new) = (paths(&before), paths(&after));
    let found = [
        [before.key_count(), before.value_count(), old.difference(&new).count()],
        [after.key_count(), after.value_count(), new.difference(&old).count()],
    ];
    assert_eq!(found, expected);
    (before, after)
}

/// libhivex, which reads no logs, counts the same keys and values in what was recovered.
fn hivexml_counts_the_same(hive: &Hive, test: &str) {
    let Some(hivexml) = need::program("hivexml") else { return };
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("regf_log_{test}"));
    fs::write(&file, hive.bytes()).unwrap();
    let output = Command::new(hivexml).arg(&file).output().unwrap();
    assert!(output.status.success());
    let xml = String::from_utf8_lossy(&output.stdout).into_owned();
    let found = (xml.matches("<node ").count(), xml.matches("<value ").count());
    assert_eq!(found, (hive.key_count(), hive.value_count()));
    fs::remove_file(file).unwrap();
}

#[test]
fn a_log_of_23_entries_gives_515_keys_more() {
    let Some(mut hives) = dirty_hives("ntuser_edge") else { return };
    let Some(real) = real_hives("ntuser_real") else { return };
    let files = hives.swap_remove(0);
    assert!(files.primary == real[0].primary && files.logs == real[0].logs);
    let recovery = files.recover();
    assert_eq!(
        said(&recovery),
        "  dirty (checksum valid, sequence numbers 567 and 566)\n  \
         LOG1: 23 entries 566 to 588 applied (132 pages, 1032192 bytes)\n  \
         LOG2: entry 562 not applied: begins with 562, the hive holds all before 566\n"
    );
    assert_eq!(recovery.sequence_number, Some(588));
    let (before, after) = read(&files, recovery, [[2590, 4119, 6], [3105, 4695, 521]]);
    for path in [
        "Software\\Microsoft\\Payment\\PaymentApps",
        "Software\\Microsoft\\Poom\\Indexing",
        "Software\\Microsoft\\Unified Store\\HighWaterMarks",
        "Software\\Microsoft\\Windows\\CurrentVersion\\AppBroadcast\\PlugIns",
    ] {
        assert!(before.key(path).is_none() && after.key(path).is_some(), "{path}");
    }
    hivexml_counts_the_same(&after, "ntuser");
}

#[test]
fn two_logs_that_begin_later_than_the_hive_ends_are_applied_and_the_gap_is_told() {
    let Some(mut hives) = dirty_hives("usrclass") else { return };
    let files = hives.swap_remove(1);
    let recovery = files.recover();
    assert_eq!(
        said(&recovery),
        "  dirty (checksum valid, sequence numbers 256 and 255)\n  \
         LOG1: 4 entries 287 to 290 applied (53 pages, 303104 bytes)\n  \
         LOG2: 10 entries 291 to 300 applied (105 pages, 512000 bytes)\n  \
         missing: 32 entries 255 to 286\n"
    );
    let (before, after) = read(&files, recovery, [[6205, 12369, 0], [6238, 12531, 33]]);
    let shell = "Local Settings\\Software\\Microsoft\\Windows\\Shell";
    for path in ["BagMRU\\10\\1\\0\\0", "BagMRU\\5\\1\\0\\0", "Bags\\32\\Shell"] {
        let path = format!("{shell}\\{path}");
        assert!(before.key(&path).is_none() && after.key(&path).is_some(), "{path}");
    }
    hivexml_counts_the_same(&after, "usrclass");
}

#[test]
fn logs_of_another_hive_are_not_applied() {
    let Some(hives) = real_hives("system") else { return };
    let verdicts = |files: &Files| {
        let recovery = files.recover();
        assert!(recovery.bytes.is_none(), "{}", files.name);
        let logs = recovery.logs.iter().map(|log| (log.verdict, log.entries, log.older));
        (recovery.state, logs.collect::<Vec<_>>())
    };
    let some = |count, first, last| Some(Entries { count, first, last });
    let found =
        [(some(3, 4064, 4066), some(7, 4019, 4038)), (some(7, 4067, 4073), some(26, 3960, 3985))];
    let all = |verdicts: [Verdict; 2]| {
        let logs = verdicts.into_iter().zip(found);
        logs.map(|(verdict, (entries, older))| (verdict, entries, older)).collect::<Vec<_>>()
    };
    let not_needed = || all([Verdict::NotNeeded, Verdict::NotNeeded]);
    let older = |log| Verdict::Older { log, hive: 4316 };
    let clean = |sequence_number| State::Clean { sequence_number };
    assert_eq!(verdicts(&hives[1]), (clean(13983), not_needed()));
    let state = State::Dirty { primary: 4317, secondary: 4316 };
    assert_eq!(verdicts(&hives[2]), (state, all([older(4064), older(4067)])));
    assert_eq!(verdicts(&hives[3]), (clean(731), not_needed()));
}
