//! The sample's installation, in the words of the field.

use std::path::Path;

use diskprint::artefact::{HiveKind, artefact};
use diskprint::registry_path::Mounts;
use diskprint::{Image, Known, Snapshot, diff};

use super::said;

fn snapshot(slice: &str) -> Snapshot {
    let name = format!("../../examples/8504-1/7895-1/8504-1-7895-1-{slice}.tar.gz");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    let folder = tempfile::tempdir().unwrap();
    let opened = Image::open(&path, folder.path(), &|_| ()).unwrap();
    Snapshot::read(&opened.image, &Known::new())
}

/// Some of the lines that the installation gives: path, value, and what it is known as.
const LINES: [&str; 12] = [
    r"HKLM\SOFTWARE\Classes\*\shellex\ContextMenuHandlers\PackRat () association | shell extension | *\shellex\ContextMenuHandlers\PackRat: {6F1C9C4E-2B0B-4F0A-9D1E-7A3B5C2D1E10}",
    r"HKLM\SOFTWARE\Classes\.prk () association | file extension | .prk: PackRat.prk",
    r"HKLM\SOFTWARE\Classes\CLSID\{6F1C9C4E-2B0B-4F0A-9D1E-7A3B5C2D1E10}\InprocServer32 () com | CLSID | {6F1C9C4E-2B0B-4F0A-9D1E-7A3B5C2D1E10}\InprocServer32: C:\Program Files\PackRat\prkshell.dll",
    r#"HKLM\SOFTWARE\Classes\PackRat.prk\shell\open\command () association | verb | PackRat.prk\shell\open\command: "C:\Program Files\PackRat\PackRat.exe" "%1""#,
    r"HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\App Paths\PackRat.exe () app-path | App Paths | PackRat.exe: C:\Program Files\PackRat\PackRat.exe",
    r"HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Uninstall\PackRat (DisplayName) uninstall | Uninstall | PackRat\DisplayName: PackRat Archiver 2.1",
    r"HKLM\SYSTEM\CurrentControlSet\Control\Windows (ShutdownTime) system | last shutdown | ShutdownTime: 2013-05-07T08:59:00.0000000Z",
    r"HKU\S-1-5-21-0-0-0-1000\Software\Microsoft\Windows\CurrentVersion\Explorer\RunMRU (a) mru | RunMRU | a: packrat21-x64.exe\1",
    r"HKU\S-1-5-21-0-0-0-1000_Classes\Local Settings\Software\Microsoft\Windows\Shell\MuiCache (C:\Users\alice\Downloads\packrat21-x64.exe) program-seen | MuiCache | C:\Users\alice\Downloads\packrat21-x64.exe: packrat21-x64",
    // The program's own keys are nobody's convention.
    r"HKLM\SOFTWARE\Nordlicht\PackRat (InstallDir) -",
    r"HKLM\SOFTWARE\Classes\PackRat.prk () -",
    r"HKU\S-1-5-21-0-0-0-1000\Software\Wine\Fonts -",
];

#[test]
fn the_installation_in_the_words_of_the_field() {
    let (before, after) = (snapshot("10"), snapshot("20"));
    let mounts = Mounts::of(&after.hives);
    let mut lines = Vec::new();
    for delta in diff::snapshots(&before, &after).cells {
        let cell = delta.latest();
        let hive = after.hives.iter().find(|hive| hive.path == cell.hive).unwrap();
        let kind = HiveKind::of(&hive.path.to_text(), &hive.tree.root());
        let data = cell.value().and_then(|value| value.data.clone()).unwrap_or_default();
        let value = cell.value().map(|value| (&value.name, value.value_type, &*data));
        let path = mounts.path(cell.partition, &cell.hive, &cell.key).unwrap();
        let name = value.map(|(name, ..)| format!(" ({name})")).unwrap_or_default();
        lines.push(format!("{path}{name} {}", said(artefact(kind, &cell.key, value))));
    }
    for line in LINES {
        assert!(lines.iter().any(|found| found == line), "{line}\nis not in\n{}", lines.join("\n"));
    }
}
