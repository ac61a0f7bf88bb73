//! What only looks like a known place has no name.

use diskprint::artefact::HiveKind;

use super::{of_key, of_text, of_value};

#[test]
fn paths_beside_the_known_ones_have_no_name() {
    use HiveKind::{NtUser, Other, Package, Settings, Software, System, UsrClass};
    for (kind, path) in [
        (Software, r"Microsoft\Windows\CurrentVersion\Run1"),
        (Software, r"Microsoft\Windows\CurrentVersion\Run\Below"),
        (Software, r"Microsoft\Windows\CurrentVersion\ Run"),
        (Software, r"Microsoft\Windows\CurrentVersion"),
        (Software, r"Vendor\Microsoft\Windows\CurrentVersion\Run"),
        (Software, r"Wow6432Node\Wow6432Node\Microsoft\Windows\CurrentVersion\Run"),
        (Software, r"Software\Microsoft\Windows\CurrentVersion\Run"),
        (Software, r"Microsoft\Windows NT\CurrentVersion\Run"),
        (Software, "Microsoft\\W\u{131}ndows\\CurrentVersion\\Run"),
        (NtUser, r"Microsoft\Windows\CurrentVersion\Run"),
        (NtUser, r"Software\Microsoft\Windows\CurrentVersion\Explorer\UserAssist2"),
        (UsrClass, r"Software\Microsoft\Windows\CurrentVersion\Run"),
        (System, r"CurrentControlSet\Services\Spooler"),
        (System, r"ControlSet1\Services\Spooler"),
        (System, r"ControlSet0001\Services\Spooler"),
        (System, r"Services\Spooler"),
        (System, r"Setup\MountedDevices"),
        (System, r"MountedDevices\Below"),
        (Package, r"REGISTRY\MACHINE\SOFTWARE\Microsoft\Windows\CurrentVersion\Run"),
        (Settings, r"LocalState"),
        (Other, r"Microsoft\Windows\CurrentVersion\Run"),
        (Software, ""),
    ] {
        assert_eq!(of_key(kind, path), "-", "{kind:?} {path}");
        assert_eq!(of_text(kind, path, "Tool", "T"), "-", "{kind:?} {path}, a value");
    }
}

#[test]
fn values_beside_the_known_ones_have_no_name() {
    use HiveKind::{NtUser, Software, System};
    for (kind, path, value) in [
        (Software, r"Microsoft\Windows NT\CurrentVersion\Winlogon", "ShellInfrastructure"),
        (Software, r"Microsoft\Windows NT\CurrentVersion\Winlogon", ""),
        (Software, r"Microsoft\Windows NT\CurrentVersion\Windows", "Load"),
        (System, r"ControlSet001\Control\Lsa", "LimitBlankPasswordUse"),
        (System, r"ControlSet001\Control\Session Manager", "AppCertDlls"),
        (NtUser, r"Control Panel\Desktop", "Wallpaper"),
        (NtUser, r"Software\Classes\txtfile", "FriendlyTypeName"),
    ] {
        assert_eq!(of_text(kind, path, value, "T"), "-", "{kind:?} {path} {value}");
        // The key itself holds more than the known values.
        assert_eq!(of_key(kind, path), "-", "{kind:?} {path}");
    }
}

#[test]
fn data_of_another_form_give_no_detail_but_the_item() {
    use HiveKind::{NtUser, System};
    const COUNT: &str = r"Software\Microsoft\Windows\CurrentVersion\Explorer\UserAssist\{A}\Count";
    for len in [0, 8, 15, 17, 71, 73, 1612] {
        let said = of_value(NtUser, COUNT, "P:\\n.rkr", 3, &vec![1; len]);
        assert_eq!(said, r"program-run | UserAssist | C:\a.exe", "{len} bytes");
    }
    let bam = r"ControlSet001\Services\bam\UserSettings\S-1-5-18";
    assert_eq!(of_value(System, bam, "a.exe", 3, &[1; 23]), r"program-run | BAM | S-1-5-18\a.exe");
    // A user's key must be a user's.
    let other = r"ControlSet001\Services\bam\UserSettings\S-1-5-18x";
    let below = r"service | service or driver, below | bam\UserSettings\S-1-5-18x\a.exe";
    assert_eq!(of_value(System, other, "a.exe", 3, &[1; 24]), below);
    let mounted = of_value(System, "MountedDevices", r"\DosDevices\C:", 3, &[1; 13]);
    assert_eq!(mounted, r"mounted-device | MountedDevices | \DosDevices\C:");
    // A type that is a number of another meaning is no type.
    let members = r"SAM\Domains\Builtin\Aliases\Members\S-1-5-21-1-2-3\000003E9";
    let said = of_value(HiveKind::Sam, members, "", 1, &[0x20, 2, 0, 0]);
    assert_eq!(said, r"account | alias | Builtin\Aliases\Members\S-1-5-21-1-2-3\000003E9");
    // Another set of properties has numbers of its own.
    let set = r"ControlSet001\Enum\USB\A\1\Properties\{540b947e-8b40-45bc-a8a2-6a0b894cbda2}\0064";
    let said = of_value(System, set, "", 0xFFFF_0010, &[1; 8]);
    assert!(said.ends_with(r"{540b947e-8b40-45bc-a8a2-6a0b894cbda2}\0064"), "{said}");
}
