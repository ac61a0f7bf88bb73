//! Facts of real hives, each read beforehand with hivexsh and a calculator.

use diskprint::artefact::{HiveKind, artefact};
use diskprint_formats::regf::Hive;

use super::{archive, names, said};

/// Hive, key, value, and what it is known as.
const FACTS: [(&str, &str, &str, &str); 27] = [
    (
        "SYSTEM",
        r"ControlSet001\Control\TimeZoneInformation",
        "TimeZoneKeyName",
        "timezone | TimeZoneInformation | TimeZoneKeyName: Eastern Standard Time (and 211 bytes behind its end)",
    ),
    (
        "p_NTUSER-WIN7.DAT",
        r"Software\Microsoft\Windows\CurrentVersion\Explorer\UserAssist\{CEBFF5CD-ACE2-4F4F-9178-9926F41749EA}\Count",
        r"{1NP14R77-02R7-4R5Q-O744-2RO1NR5198O7}\pnyp.rkr",
        r"program-run | UserAssist | <System>\calc.exe: run count 12, focus count 17, focus time 340.000 s, last run 2010-11-10T07:49:37.0780676Z",
    ),
    (
        "p_NTUSER.DAT",
        r"Software\Microsoft\Windows\CurrentVersion\Explorer\UserAssist\{75048700-EF1F-11D0-9888-006097DEACF9}\Count",
        r"HRZR_EHACVQY:%pfvqy2%\ZFA.yax",
        r"program-run | UserAssist | UEME_RUNPIDL:%csidl2%\MSN.lnk: run counter 19, last run 2009-08-04T15:11:22.8110676Z",
    ),
    (
        "p_NTUSER.DAT",
        r"Software\Microsoft\Windows\CurrentVersion\Explorer\UserAssist\{75048700-EF1F-11D0-9888-006097DEACF9}\Count",
        "HRZR_PGYFRFFVBA",
        "program-run | UserAssist | UEME_CTLSESSION",
    ),
    (
        "p_NTUSER.DAT",
        r"Software\Microsoft\Windows\CurrentVersion\Explorer\RecentDocs",
        "0",
        "mru | RecentDocs | 0: Very secret document.txt",
    ),
    (
        "p_NTUSER.DAT",
        r"Software\Microsoft\Windows\CurrentVersion\Explorer\RecentDocs",
        "MRUListEx",
        "mru | RecentDocs | MRUListEx: 1 2 0",
    ),
    (
        "p_NTUSER-WIN7.DAT",
        r"Software\Microsoft\Windows\CurrentVersion\Explorer\WordWheelQuery",
        "1",
        "mru | WordWheelQuery | 1: rar.exe",
    ),
    (
        "p_NTUSER-WIN7.DAT",
        r"Software\Microsoft\Windows\CurrentVersion\Explorer\RunMRU",
        "a",
        r"mru | RunMRU | a: \\controller\WebDavShare\1",
    ),
    (
        "NTUSER_BAGMRU.DAT",
        r"SOFTWARE\Microsoft\Windows\CurrentVersion\Explorer\ComDlg32\LastVisitedPidlMRU",
        "3",
        r"mru | LastVisitedPidlMRU | 3: OpenWith.exe, <My Computer>\C:\Program Files\Notepad++",
    ),
    (
        "NTUSER_BAGMRU.DAT",
        r"SOFTWARE\Microsoft\Windows\CurrentVersion\Explorer\ComDlg32\OpenSavePidlMRU\*",
        "0",
        r"mru | OpenSavePidlMRU | *\0: <My Computer>\C:\Offline\proceccors\NTUSER.DAT",
    ),
    (
        "NTUSER-WSL.DAT",
        r"SOFTWARE\Microsoft\Windows\CurrentVersion\Run",
        "OneDrive",
        r#"autostart | Run | OneDrive: "C:\Users\admin\AppData\Local\Microsoft\OneDrive\OneDrive.exe" /background"#,
    ),
    (
        "SYSTEM_WIN_10_1709",
        r"ControlSet001\Services\bam\UserSettings\S-1-5-21-2595688666-2948619230-3055395256-1001",
        r"\Device\HarddiskVolume2\Windows\System32\cmd.exe",
        r"program-run | BAM | S-1-5-21-2595688666-2948619230-3055395256-1001\\Device\HarddiskVolume2\Windows\System32\cmd.exe: last run 2019-05-16T07:37:48.8375968Z",
    ),
    (
        "SYSTEM_WIN_10_1709",
        r"ControlSet001\Control\Session Manager\AppCompatCache",
        "AppCompatCache",
        r"program-seen | ShimCache | AppCompatCache: Windows 10 form, 1024 entries, first C:\WINDOWS\winsxs\amd64_microsoft-windows-servicingstack_31bf3856ad364e35_10.0.18362.710_none_5f52d84058d0677f\TiWorker.exe",
    ),
    (
        "SYSTEM",
        r"ControlSet001\Control\Session Manager\AppCompatCache",
        "AppCompatCache",
        "program-seen | ShimCache | AppCompatCache: Windows 7 form, 330 entries",
    ),
    (
        "SYSTEM_WIN_10_1709",
        "MountedDevices",
        r"\DosDevices\C:",
        r"mounted-device | MountedDevices | \DosDevices\C:: MBR disk signature df4546ae, partition at byte 525336576",
    ),
    (
        "SYSTEM",
        "MountedDevices",
        r"\DosDevices\D:",
        r"mounted-device | MountedDevices | \DosDevices\D:: \??\IDE#CdRomNECVMWar_VMware_IDE_CDR10_______________1.00____#5&290fd3ab&0&1.0.0#{53f5630d-b6bf-11d0-94f2-00a0c91efb8b}",
    ),
    (
        "SYSTEM",
        r"ControlSet001\Control\Windows",
        "ShutdownTime",
        "system | last shutdown | ShutdownTime: 2012-04-04T01:58:40.8392499Z",
    ),
    (
        "SYSTEM",
        r"ControlSet001\Control\TimeZoneInformation",
        "ActiveTimeBias",
        "timezone | TimeZoneInformation | ActiveTimeBias: 240 minutes (UTC-04:00)",
    ),
    (
        "SYSTEM",
        r"ControlSet001\Control\Session Manager\Memory Management\PrefetchParameters",
        "EnablePrefetcher",
        "prefetch | PrefetchParameters | EnablePrefetcher: 3 (applications and boot)",
    ),
    (
        "SYSTEM",
        r"ControlSet001\Enum\USBSTOR\Disk&Ven_HP&Prod_v100w&Rev_1024\AA951D0000007252&0\Properties\{83da6326-97a6-4088-9453-a1923f573b29}\00000064\00000000",
        "Data",
        r"usb | USBSTOR property | Disk&Ven_HP&Prod_v100w&Rev_1024\AA951D0000007252&0\Properties\{83da6326-97a6-4088-9453-a1923f573b29}\00000064\00000000\Data: installed 2011-04-01T04:52:38.6860000Z",
    ),
    (
        "SYSTEM_WIN_10_1709",
        r"ControlSet001\Enum\USBSTOR\Disk&Ven_SanDisk&Prod_Cruzer&Rev_1.20\200608767007B7C08A6A&0\Properties\{83da6326-97a6-4088-9453-a1923f573b29}\0064",
        "",
        r"usb | USBSTOR property | Disk&Ven_SanDisk&Prod_Cruzer&Rev_1.20\200608767007B7C08A6A&0\Properties\{83da6326-97a6-4088-9453-a1923f573b29}\0064: installed 2020-03-17T14:02:38.9554894Z",
    ),
    (
        "amcache.hve",
        r"Root\File\ccbe4c57-0000-0000-0000-100000000000\100000169dd",
        "101",
        r"amcache | file | ccbe4c57-0000-0000-0000-100000000000\100000169dd\101 (SHA-1): 818b581a471c1c6833839d35a9d6f3544f6a9c92",
    ),
    (
        "amcache.hve",
        r"Root\File\ccbe4c57-0000-0000-0000-100000000000\100000169dd",
        "17",
        r"amcache | file | ccbe4c57-0000-0000-0000-100000000000\100000169dd\17 (modified (2)): 2017-08-01T12:05:02.5988653Z",
    ),
    (
        "ez_SAM",
        r"SAM\Domains\Account\Users\000001F4",
        "F",
        r"account | user account | 000001F4\F: RID 500, flags 0x210, logons 0, last logon not set, password set not set, last failure not set, failures 0, expires never",
    ),
    (
        "ez_SAM",
        r"SAM\Domains\Account\Users\000001F4",
        "V",
        r"account | user account | 000001F4\V: name Administrator, comment Built-in account for administering the computer/domain",
    ),
    (
        "ez_SAM",
        r"SAM\Domains\Account\Users\Names\Guest",
        "",
        "account | user account's name | Guest: RID 501",
    ),
    (
        "ez_BCD",
        r"Objects\{9dea862c-5cdd-4e70-acc1-f32b344d4795}\Elements\12000004",
        "Element",
        r"boot | boot element | {9dea862c-5cdd-4e70-acc1-f32b344d4795}\Elements\12000004\Element (boot manager, description): Windows Boot Manager",
    ),
];

#[test]
fn facts_of_real_hives() {
    let Some(hives) = archive::members("real-hives.tar.xz") else { return };
    for (file, path, value, expected) in FACTS {
        let (_, bytes) = hives.iter().find(|(name, _)| name == file).expect(file);
        let hive = Hive::read(bytes.clone()).expect(file);
        let kind = HiveKind::of(file, &hive.root());
        let key = hive.key(path).unwrap_or_else(|| panic!("{file}: {path} is not there"));
        let found = key.value(value).unwrap_or_else(|| panic!("{file}: {value} is not there"));
        let cell = (&found.name(), found.value_type(), &*found.data());
        assert_eq!(said(artefact(kind, &names(path), Some(cell))), expected, "{file}");
    }
}

#[test]
fn real_hives_are_known_by_their_keys() {
    let Some(hives) = archive::members("real-hives.tar.xz") else { return };
    let kinds = hives.into_iter().filter_map(|(name, bytes)| {
        let hive = Hive::read(bytes).ok()?;
        Some((HiveKind::of("unknown", &hive.root()), name))
    });
    let mut kinds: Vec<_> = kinds.map(|(kind, name)| format!("{name} {kind:?}")).collect();
    kinds.retain(|line| !line.contains(".log"));
    let expected = [
        "NTUSER-WSL.DAT NtUser",
        "NTUSER_BAGMRU.DAT NtUser",
        "SYSTEM System",
        "SYSTEM_WIN_10_1709 System",
        "UsrClass.dat UsrClass",
        "amcache.hve Amcache",
        "corrupted_system_hive System",
        "ez_Acronis_0x52_Usrclass.dat UsrClass",
        "ez_BCD Bcd",
        "ez_NTUSER1.DAT NtUser",
        "ez_SAM Sam",
        "ez_SAM_DUPENAME Sam",
        "ez_SAM_RootValue Sam",
        "ez_SECURITY Security",
        "ntuser_software_partial Other",
        "p_NTUSER-CCLEANER.DAT NtUser",
        "p_NTUSER-WIN7.DAT NtUser",
        "p_NTUSER.DAT NtUser",
        "p_regf_NTUSER.DAT NtUser",
        "p_regf_SAM Sam",
        "transactions_NTUSER.DAT NtUser",
    ];
    assert_eq!(kinds, expected);
}
