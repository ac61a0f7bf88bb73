//! Where Windows mounts hives, and where it cannot be told.

use std::sync::Arc;

use diskprint::artefact::HiveKind;
use diskprint::registry_path::Mounts;
use diskprint::{Digests, Hive};
use diskprint_formats::{Name, regf};
use diskprint_testkit::regf::{Key, Value, build};

use super::names;

fn nested(path: &[&str], inner: Key) -> Key {
    path.iter().rev().fold(inner, |key, name| Key::new(*name).with(key))
}

fn hive(partition: u32, path: &str, root: &Key) -> Hive {
    let tree = Arc::new(regf::Hive::read(build(root).bytes).unwrap());
    let digests = Digests { md5: [0; 16], sha1: [0; 20], sha256: [0; 32] };
    Hive { partition, path: path.into(), digests, tree, report: Arc::default() }
}

fn empty(partition: u32, path: &str) -> Hive {
    hive(partition, path, &Key::new("ROOT"))
}

/// A SOFTWARE hive whose Windows is at `system_root`, with these profiles.
fn software(partition: u32, path: &str, system_root: &str, profiles: &[(&str, &str)]) -> Hive {
    let list = profiles.iter().fold(Key::new("ProfileList"), |list, (sid, folder)| {
        list.with(Key::new(*sid).value(Value::string("ProfileImagePath", folder)))
    });
    let version = Key::new("CurrentVersion").value(Value::string("SystemRoot", system_root));
    hive(partition, path, &nested(&["ROOT", "Microsoft", "Windows NT"], version.with(list)))
}

const SOFTWARE: &str = "Windows/System32/config/SOFTWARE";
const ANN: &str = "S-1-5-21-1-2-3-1001";

fn machine() -> Vec<Hive> {
    let profiles = [
        ("S-1-5-18", r"%systemroot%\system32\config\systemprofile"),
        ("S-1-5-19", r"%systemroot%\ServiceProfiles\LocalService"),
        ("S-1-5-20", r"%SystemRoot%\ServiceProfiles\NetworkService"),
        (ANN, r"C:\Users\Ann"),
        ("S-1-5-21-1-2-3-1001.bak", r"C:\Users\Old"),
        ("S-1-5-21-1-2-3-1002", r"D:\Users\Bob"),
        ("S-1-5-21-1-2-3-1003", r"%SystemDrive%\Users\Twin"),
        ("S-1-5-21-1-2-3-1004", r"C:\users\twin\"),
    ];
    let select = Key::new("Select").value(Value::dword("Current", 2));
    let system = Key::new("ROOT").with(Key::new("ControlSet001")).with(Key::new("ControlSet002"));
    let mut hives = vec![
        software(2, SOFTWARE, r"C:\Windows", &profiles),
        hive(2, "Windows/System32/config/SYSTEM", &system.with(select)),
        empty(1, "Boot/BCD"),
    ];
    hives.extend(PATHS.iter().map(|(path, _)| empty(2, path)));
    hives
}

/// Paths of hives on the partition of Windows, and where they are mounted.
const PATHS: [(&str, Option<&str>); 25] = [
    ("Windows/System32/config/SAM", Some(r"HKLM\SAM")),
    ("Windows/System32/config/SECURITY", Some(r"HKLM\SECURITY")),
    ("Windows/System32/config/DEFAULT", Some(r"HKU\.DEFAULT")),
    ("Windows/System32/config/COMPONENTS", Some(r"HKLM\COMPONENTS")),
    ("Windows/System32/config/DRIVERS", Some(r"HKLM\DRIVERS")),
    ("Users/Ann/NTUSER.DAT", Some(r"HKU\S-1-5-21-1-2-3-1001")),
    (
        "Users/Ann/AppData/Local/Microsoft/Windows/UsrClass.dat",
        Some(r"HKU\S-1-5-21-1-2-3-1001_Classes"),
    ),
    (
        "Users/Ann/Local Settings/Application Data/Microsoft/Windows/UsrClass.dat",
        Some(r"HKU\S-1-5-21-1-2-3-1001_Classes"),
    ),
    ("Windows/ServiceProfiles/LocalService/NTUSER.DAT", Some(r"HKU\S-1-5-19")),
    ("Windows/ServiceProfiles/NetworkService/NTUSER.DAT", Some(r"HKU\S-1-5-20")),
    ("Windows/System32/config/RegBack/SAM", None),
    ("Windows/repair/sam", None),
    ("Windows.old/Windows/System32/config/SOFTWARE", None),
    ("copy/System32/config/SAM.bak", None),
    ("System Volume Information/_restore{1}/RP1/snapshot/_REGISTRY_MACHINE_SAM", None),
    ("Windows/System32/config/systemprofile/NTUSER.DAT", None),
    ("Windows/System32/config/BBI", None),
    ("Windows/AppCompat/Programs/Amcache.hve", None),
    ("Users/Default/NTUSER.DAT", None),
    ("Users/Old/NTUSER.DAT", None),
    ("Users/Bob/NTUSER.DAT", None),
    ("Users/Twin/NTUSER.DAT", None),
    ("Users/Ann/Desktop/NTUSER.DAT", None),
    ("Users/Ann/AppData/Local/Packages/P/Settings/settings.dat", None),
    ("Users/Annabel/NTUSER.DAT", None),
];

#[test]
fn hives_are_mounted_where_windows_keeps_them() {
    let mounts = Mounts::of(&machine());
    for (path, prefix) in PATHS {
        let found = mounts.prefix(2, &path.into()).map(|name| name.to_text().into_owned());
        assert_eq!(found.as_deref(), prefix, "{path}");
    }
    assert_eq!(mounts.prefix(1, &"BOOT/bcd".into()), Some(&Name::from(r"HKLM\BCD00000000")));
    assert_eq!(mounts.prefix(3, &SOFTWARE.into()), None, "a hive of another partition");
}

#[test]
fn the_control_set_in_use_is_the_current_one() {
    let mounts = Mounts::of(&machine());
    let system = Name::from("windows/SYSTEM32/config/system");
    let path = |key| mounts.path(2, &system, &names(key)).unwrap().to_text().into_owned();
    assert_eq!(path(""), r"HKLM\SYSTEM");
    assert_eq!(path(r"ControlSet002\Services"), r"HKLM\SYSTEM\CurrentControlSet\Services");
    assert_eq!(path(r"ControlSet001\Services"), r"HKLM\SYSTEM\ControlSet001\Services");
    assert_eq!(path(r"Setup\ControlSet002"), r"HKLM\SYSTEM\Setup\ControlSet002");
}

#[test]
fn a_folder_that_windows_was_copied_to_is_not_windows() {
    let copy = "Backup/System32/config/SOFTWARE";
    let hives = [
        software(2, copy, r"C:\Windows", &[(ANN, r"C:\Users\Ann")]),
        empty(2, "Backup/System32/config/SAM"),
        empty(2, "Users/Ann/NTUSER.DAT"),
    ];
    let mounts = Mounts::of(&hives);
    for hive in &hives {
        assert_eq!(mounts.prefix(2, &hive.path), None, "{}", hive.path);
    }
}

#[test]
fn users_are_known_on_the_partition_of_their_windows_alone() {
    let hives = [
        software(2, SOFTWARE, r"C:\WINDOWS", &[(ANN, r"C:\Users\Ann")]),
        empty(3, "Users/Ann/NTUSER.DAT"),
    ];
    assert_eq!(Mounts::of(&hives).prefix(3, &"Users/Ann/NTUSER.DAT".into()), None);
}

#[test]
fn without_software_the_usual_folders_alone_are_windows() {
    let sam = |folder| empty(2, &format!("{folder}/System32/config/SAM"));
    let hives = ["Windows", "WINNT", "Backup"].map(sam);
    let mounts = Mounts::of(&hives);
    let prefixes = hives.each_ref().map(|hive| mounts.prefix(2, &hive.path).is_some());
    assert_eq!(prefixes, [true, true, false]);
}

#[test]
fn what_a_hive_is_its_keys_say_before_its_name() {
    let user = Key::new("R")
        .with(Key::new("Control Panel"))
        .with(nested(&["Software"], Key::new("Microsoft")));
    let sam = nested(&["R", "SAM"], Key::new("Domains"));
    let empty = Key::new("R");
    for (path, root, kind) in [
        ("Users/Ann/NTUSER.DAT", &user, HiveKind::NtUser),
        ("Windows/System32/config/DEFAULT", &user, HiveKind::Default),
        ("copies/1", &user, HiveKind::NtUser),
        ("A/User.dat", &user, HiveKind::Package),
        ("Windows/System32/config/SOFTWARE", &sam, HiveKind::Sam),
        ("Windows/System32/config/SOFTWARE", &empty, HiveKind::Software),
        ("Windows/System32/config/BBI", &empty, HiveKind::Other),
    ] {
        let hive = hive(1, path, root);
        assert_eq!(HiveKind::of(path, &hive.tree.root()), kind, "{path}");
    }
}

#[test]
fn letters_are_compared_as_windows_does() {
    let profiles = [
        ("S-1-5-21-1-2-3-1001", "C:\\Users\\Jos\u{e9}"),
        ("S-1-5-21-1-2-3-1002", "C:\\Users\\Strau\u{df}"),
    ];
    let paths =
        ["JOS\u{c9}", "strau\u{df}", "Strauss"].map(|user| format!("Users/{user}/NTUSER.DAT"));
    let mut hives = vec![software(2, SOFTWARE, r"C:\Windows", &profiles)];
    hives.extend(paths.iter().map(|path| empty(2, path)));
    let mounts = Mounts::of(&hives);
    let found = paths.map(|path| mounts.prefix(2, &path.as_str().into()).map(Name::to_string));
    let user = |rid| Some(format!(r"HKU\S-1-5-21-1-2-3-{rid}"));
    assert_eq!(found, [user(1001), user(1002), None]);
}
