//! Data in forms of their own, built here.

use diskprint::artefact::HiveKind;

use super::{of_value, utf16};

#[test]
fn numbers_that_have_a_meaning() {
    use HiveKind::{Sam, Software, System};
    let dword =
        |kind, path, name, number: u32| of_value(kind, path, name, 4, &number.to_le_bytes());
    let service = r"ControlSet001\Services\Spooler";
    for (path, name, number, said) in [
        (service, "Start", 2, r"service | service or driver | Spooler\Start: 2 (automatic)"),
        (
            service,
            "Type",
            0x110,
            r"service | service or driver | Spooler\Type: 272 (own process, interactive)",
        ),
        (service, "Type", 0x50, r"service | service or driver | Spooler\Type: 80"),
        (
            service,
            "DelayedAutostart",
            1,
            r"service | service or driver | Spooler\DelayedAutostart: 1",
        ),
        (
            r"ControlSet001\Services\A\Start",
            "Start",
            2,
            r"service | service or driver, below | A\Start\Start: 2",
        ),
        (
            r"ControlSet001\Control\TimeZoneInformation",
            "ActiveTimeBias",
            -120i32 as u32,
            "timezone | TimeZoneInformation | ActiveTimeBias: -120 minutes (UTC+02:00)",
        ),
        (
            r"ControlSet001\Control\TimeZoneInformation",
            "Bias",
            0,
            "timezone | TimeZoneInformation | Bias: 0 minutes (UTC+00:00)",
        ),
    ] {
        assert_eq!(dword(System, path, name, number), said, "{path} {name}");
    }
    let version = r"Microsoft\Windows NT\CurrentVersion";
    assert_eq!(
        dword(Software, version, "InstallDate", 1_289_374_000),
        "system | Windows installed | InstallDate: 2010-11-10T07:26:40Z"
    );
    let network = r"Microsoft\Windows NT\CurrentVersion\NetworkList\Profiles\{00000000-0000-0000-0000-00000000000A}";
    let date = [0xD9, 7, 2, 0, 2, 0, 0x18, 0, 0x17, 0, 0x14, 0, 0x25, 0, 0, 0];
    assert_eq!(
        of_value(Software, network, "DateCreated", 3, &date),
        r"network | network profile | {00000000-0000-0000-0000-00000000000A}\DateCreated: 2009-02-24T23:20:37.000 local time"
    );
    let approved = r"Software\Microsoft\Windows\CurrentVersion\Explorer\StartupApproved\Run";
    for (number, said) in [
        (2, "Run\\Tool: enabled"),
        (3, "Run\\Tool: disabled 2023-02-08T14:20:53.3620180Z"),
        (9, "Run\\Tool"),
    ] {
        let data = [number, 0, 0, 0, 0xD4, 0x0D, 0x43, 0x8D, 0xC8, 0x3B, 0xD9, 0x01];
        let found = of_value(HiveKind::NtUser, approved, "Tool", 3, &data);
        assert_eq!(found, format!("autostart | StartupApproved | {said}"));
    }
    let names = r"SAM\Domains\Account\Users\Names\Ann";
    assert_eq!(
        of_value(Sam, names, "", 1001, &[]),
        "account | user account's name | Ann: RID 1001"
    );
}

#[test]
fn lists_of_windows_xp() {
    const DIALOGS: &str =
        r"Software\Microsoft\Windows\CurrentVersion\Explorer\ComDlg32\LastVisitedMRU";
    let data = utf16("notepad.exe\0C:\\Texts\0");
    let found = of_value(HiveKind::NtUser, DIALOGS, "a", 3, &data);
    assert_eq!(found, r"mru | LastVisitedMRU | a: notepad.exe, C:\Texts");

    let mut cache = vec![0; 400 + 2 * 552];
    cache[..8].copy_from_slice(&[0xEF, 0xBE, 0xAD, 0xDE, 2, 0, 0, 0]);
    let path = utf16("C:\\a.exe\0");
    cache[400..400 + path.len()].copy_from_slice(&path);
    let key = r"ControlSet001\Control\Session Manager\AppCompatibility";
    let said = "program-seen | ShimCache | AppCompatCache: ";
    let found = of_value(HiveKind::System, key, "AppCompatCache", 3, &cache);
    let first = r"Windows XP form, 2 entries, first C:\a.exe, file changed not set";
    assert_eq!(found, format!("{said}{first}"));
    // More entries than there is room for: not this form.
    cache[4] = 3;
    let found = of_value(HiveKind::System, key, "AppCompatCache", 3, &cache);
    assert_eq!(format!("{found}: "), said);
}

#[test]
fn caches_of_windows_8() {
    let key = r"ControlSet001\Control\Session Manager\AppCompatCache";
    for (mark, form) in [(b"00ts", "Windows 8.0"), (b"10ts", "Windows 8.1")] {
        let path = utf16(r"SYSVOL\a.exe");
        let mut entry = mark.to_vec();
        entry.extend([0; 4]);
        entry.extend((2 + path.len() as u32 + 20).to_le_bytes());
        entry.extend((path.len() as u16).to_le_bytes());
        entry.extend(&path);
        entry.extend([0; 20]);
        let mut cache = vec![0; 128];
        cache[0] = 128;
        cache.extend(entry.repeat(3));
        let found = of_value(HiveKind::System, key, "AppCompatCache", 3, &cache);
        let said = format!(r"{form} form, 3 entries, first SYSVOL\a.exe");
        assert_eq!(found, format!("program-seen | ShimCache | AppCompatCache: {said}"));
    }
}
