//! Literal paths and what they are known as.

use diskprint::artefact::HiveKind;

use super::{of_key, of_text};

#[test]
fn places_that_programs_start_from() {
    use HiveKind::{Default, NtUser, Software, System};
    for (kind, path, value, said) in [
        (Software, r"Microsoft\Windows\CurrentVersion\Run", "Tool", "autostart | Run | Tool: T"),
        (Software, r"Wow6432Node\Microsoft\Windows\CurrentVersion\Run", "", "autostart | Run | T"),
        (
            Software,
            r"WOW6432NODE\MICROSOFT\windows\currentversion\RUN",
            "t",
            "autostart | Run | t: T",
        ),
        (
            NtUser,
            r"Software\Microsoft\Windows\CurrentVersion\Run",
            "Tool",
            "autostart | Run | Tool: T",
        ),
        (
            NtUser,
            r"Software\Wow6432Node\Microsoft\Windows\CurrentVersion\Run",
            "x",
            "autostart | Run | x: T",
        ),
        (
            Default,
            r"Software\Microsoft\Windows\CurrentVersion\Run",
            "Tool",
            "autostart | Run | Tool: T",
        ),
        (
            Software,
            r"Microsoft\Windows\CurrentVersion\RunOnce\Setup",
            "a",
            r"autostart | RunOnce | Setup\a: T",
        ),
        (
            Software,
            r"Microsoft\Windows\CurrentVersion\RunOnceEx\001\Depend",
            "1",
            r"autostart | RunOnceEx | 001\Depend\1: T",
        ),
        (
            Software,
            r"Microsoft\Windows\CurrentVersion\policies\Explorer\Run",
            "1",
            "autostart | policy Run | 1: T",
        ),
        (
            Software,
            r"Microsoft\Windows NT\CurrentVersion\Winlogon",
            "Shell",
            "autostart | Winlogon | Shell: T",
        ),
        (
            Software,
            r"Microsoft\Windows NT\CurrentVersion\Winlogon",
            "USERINIT",
            "autostart | Winlogon | USERINIT: T",
        ),
        (
            Software,
            r"Microsoft\Windows NT\CurrentVersion\Winlogon",
            "DefaultUserName",
            "logon | Winlogon user | DefaultUserName: T",
        ),
        (
            Software,
            r"Microsoft\Windows NT\CurrentVersion\Winlogon\Notify\x",
            "DLLName",
            r"autostart | Winlogon Notify | x\DLLName: T",
        ),
        (
            Software,
            r"Microsoft\Windows NT\CurrentVersion\Windows",
            "AppInit_DLLs",
            "autostart | AppInit_DLLs | AppInit_DLLs: T",
        ),
        (
            Software,
            r"Microsoft\Windows NT\CurrentVersion\Image File Execution Options\sethc.exe",
            "Debugger",
            r"autostart | Debugger | sethc.exe\Debugger: T",
        ),
        (
            Software,
            r"Microsoft\Windows NT\CurrentVersion\SilentProcessExit\a.exe",
            "MonitorProcess",
            r"autostart | SilentProcessExit | a.exe\MonitorProcess: T",
        ),
        (
            Software,
            r"Microsoft\Active Setup\Installed Components\{A}",
            "StubPath",
            r"autostart | Active Setup | {A}\StubPath: T",
        ),
        (
            System,
            r"ControlSet001\Control\Session Manager",
            "BootExecute",
            "autostart | BootExecute | BootExecute: T",
        ),
        (
            System,
            r"ControlSet002\Control\Session Manager\AppCertDlls",
            "x",
            "autostart | AppCertDlls | x: T",
        ),
        (
            System,
            r"ControlSet001\Control\Lsa",
            "Security Packages",
            "autostart | LSA security package | Security Packages: T",
        ),
        (
            System,
            r"ControlSet001\Control\Print\Monitors\Local Port",
            "Driver",
            r"autostart | print monitor | Local Port\Driver: T",
        ),
        (
            System,
            r"ControlSet001\Services\RDPNP\NetworkProvider",
            "ProviderPath",
            r"autostart | network provider | RDPNP\NetworkProvider\ProviderPath: T",
        ),
        (
            NtUser,
            "Environment",
            "UserInitMprLogonScript",
            "autostart | logon script | UserInitMprLogonScript: T",
        ),
        (NtUser, "Environment", "TEMP", "environment | user variable | TEMP: T"),
        (
            NtUser,
            r"Software\Microsoft\Windows NT\CurrentVersion\Windows",
            "Load",
            "autostart | Windows load and run | Load: T",
        ),
    ] {
        assert_eq!(of_text(kind, path, value, "T"), said, "{kind:?} {path} {value}");
    }
}

#[test]
fn places_of_the_machine() {
    use HiveKind::{Security, Software, System};
    for (kind, path, value, said) in [
        (
            System,
            r"ControlSet001\Services\Spooler",
            "ImagePath",
            r"service | service or driver | Spooler\ImagePath: T",
        ),
        (
            System,
            r"ControlSet001\Services\W\Parameters",
            "ServiceDll",
            r"service | service or driver, below | W\Parameters\ServiceDll: T",
        ),
        (
            System,
            r"ControlSet001\Services\EventLog\Application\Tool",
            "EventMessageFile",
            r"event-source | EventLog source | Application\Tool\EventMessageFile: T",
        ),
        (
            System,
            r"ControlSet001\Services\LanmanServer\Shares",
            "D",
            "share | shared folder | D: T",
        ),
        (
            System,
            r"ControlSet001\Services\SharedAccess\Parameters\FirewallPolicy\FirewallRules",
            "{1}",
            "firewall | firewall rule | {1}: T",
        ),
        (
            System,
            r"ControlSet001\Services\SharedAccess\Parameters\FirewallPolicy\StandardProfile\AuthorizedApplications\List",
            r"C:\a.exe",
            r"firewall | firewall policy | StandardProfile\AuthorizedApplications\List\C:\a.exe: T",
        ),
        (
            System,
            r"ControlSet001\Services\Tcpip\Parameters",
            "Hostname",
            "computer-name | host name | Hostname: T",
        ),
        (
            System,
            r"ControlSet001\Control\ComputerName\ComputerName",
            "ComputerName",
            r"computer-name | ComputerName | ComputerName\ComputerName: T",
        ),
        (
            System,
            r"ControlSet001\Control\TimeZoneInformation",
            "TimeZoneKeyName",
            "timezone | TimeZoneInformation | TimeZoneKeyName: T",
        ),
        (
            System,
            r"ControlSet001\Control\Session Manager\Environment",
            "Path",
            "environment | system variable | Path: T",
        ),
        (
            System,
            r"ControlSet001\Control\Session Manager\KnownDLLs",
            "ole32",
            "known-dll | KnownDLLs | ole32: T",
        ),
        (
            System,
            r"ControlSet001\Enum\USBSTOR\Disk&Ven_A\123",
            "FriendlyName",
            r"usb | USBSTOR | Disk&Ven_A\123\FriendlyName: T",
        ),
        (System, r"ControlSet001\Enum\PCI\A\1", "Mfg", r"device | Enum | PCI\A\1\Mfg: T"),
        (
            Software,
            r"Microsoft\Windows\CurrentVersion\Uninstall\{A}",
            "DisplayName",
            r"uninstall | Uninstall | {A}\DisplayName: T",
        ),
        (
            Software,
            r"Wow6432Node\Microsoft\Windows\CurrentVersion\Uninstall\A",
            "DisplayName",
            r"uninstall | Uninstall | A\DisplayName: T",
        ),
        (
            Software,
            r"Microsoft\Windows\CurrentVersion\App Paths\a.exe",
            "",
            "app-path | App Paths | a.exe: T",
        ),
        (
            Software,
            r"Microsoft\Windows NT\CurrentVersion\Schedule\TaskCache\Tree\Vendor\Task",
            "Id",
            r"task | scheduled task's path | Vendor\Task\Id: T",
        ),
        (
            Software,
            r"Microsoft\Windows NT\CurrentVersion\NetworkList\Profiles\{00000000-0000-0000-0000-00000000000A}",
            "ProfileName",
            r"network | network profile | {00000000-0000-0000-0000-00000000000A}\ProfileName: T",
        ),
        (
            Software,
            r"Microsoft\Windows NT\CurrentVersion\ProfileList\S-1-5-18",
            "ProfileImagePath",
            r"account | user profile | S-1-5-18\ProfileImagePath: T",
        ),
        (
            Software,
            r"Microsoft\Windows NT\CurrentVersion",
            "ProductName",
            "system | Windows version | ProductName: T",
        ),
        (
            Software,
            r"Microsoft\Windows\CurrentVersion\Authentication\LogonUI",
            "LastLoggedOnUser",
            "logon | LogonUI | LastLoggedOnUser: T",
        ),
        (
            Software,
            r"Policies\Microsoft\Windows Defender\Exclusions\Paths",
            r"C:\",
            r"defender | exclusion by policy | Paths\C:\: T",
        ),
        (Software, r"Policies\Vendor", "x", r"policy | policy | Vendor\x: T"),
        (Security, r"Policy\Secrets\_SC_x", "", "security | LSA secret | _SC_x: T"),
        (
            Software,
            r"Microsoft\Windows\CurrentVersion\Installer\UserData\S-1-5-18\Products\FAD3074EAC3675A49B3E7D4837810B63\InstallProperties",
            "DisplayName",
            r"installer | installed product | S-1-5-18\Products\{E4703DAF-63CA-4A57-B9E3-D7847318B036}\InstallProperties\DisplayName: T",
        ),
        (
            Software,
            r"Classes\Installer\Products\FAD3074EAC3675A49B3E7D4837810B63",
            "ProductName",
            r"installer | advertised product | {E4703DAF-63CA-4A57-B9E3-D7847318B036}\ProductName: T",
        ),
    ] {
        assert_eq!(of_text(kind, path, value, "T"), said, "{kind:?} {path} {value}");
    }
}

#[test]
fn classes_are_the_same_in_three_hives() {
    use HiveKind::{NtUser, Software, UsrClass};
    for (kind, above) in [(Software, r"Classes\"), (NtUser, r"Software\Classes\"), (UsrClass, "")] {
        for (path, value, said) in [
            (".txt", "", "association | file extension | .txt: T"),
            (
                r".txt\OpenWithProgids",
                "a",
                r"association | file extension | .txt\OpenWithProgids\a: T",
            ),
            (
                r"txtfile\shell\open\command",
                "",
                r"association | verb | txtfile\shell\open\command: T",
            ),
            (r"txtfile\DefaultIcon", "", r"association | icon | txtfile\DefaultIcon: T"),
            (r"tool", "URL Protocol", r"association | URL scheme | tool\URL Protocol: T"),
            (
                r"*\shellex\ContextMenuHandlers\A",
                "",
                r"association | shell extension | *\shellex\ContextMenuHandlers\A: T",
            ),
            (r"CLSID\{A}\InprocServer32", "", r"com | CLSID | {A}\InprocServer32: T"),
            (r"Wow6432Node\CLSID\{A}\InprocServer32", "", r"com | CLSID | {A}\InprocServer32: T"),
            (r"CLSID\{A}\shell\open\command", "", r"com | CLSID | {A}\shell\open\command: T"),
            (r"Interface\{A}", "", "com | Interface | {A}: T"),
            (r"TypeLib\{A}\1.0", "", r"com | TypeLib | {A}\1.0: T"),
            (r"AppID\{A}", "", "com | AppID | {A}: T"),
            (r"A.B\CLSID", "", r"com | class of a ProgID | A.B\CLSID: T"),
        ] {
            assert_eq!(of_text(kind, &format!("{above}{path}"), value, "T"), said, "{above}{path}");
        }
    }
}

#[test]
fn what_a_user_did() {
    use HiveKind::{NtUser, UsrClass};
    const EXPLORER: &str = r"Software\Microsoft\Windows\CurrentVersion\Explorer";
    for (path, value, said) in [
        (r"RunMRU", "a", "mru | RunMRU | a: T"),
        (r"TypedPaths", "url1", "mru | TypedPaths | url1: T"),
        (r"ComDlg32\OpenSaveMRU\txt", "a", r"mru | OpenSaveMRU | txt\a: T"),
        (r"FileExts\.txt\OpenWithList", "a", r"mru | OpenWithList | .txt\OpenWithList\a: T"),
        (
            r"FileExts\.txt\UserChoice",
            "ProgId",
            r"association | FileExts | .txt\UserChoice\ProgId: T",
        ),
        (
            r"MountPoints2\##host#share",
            "BaseClass",
            r"mounted-device | MountPoints2 | ##host#share\BaseClass: T",
        ),
        (r"Map Network Drive MRU", "a", "mru | Map Network Drive MRU | a: T"),
    ] {
        assert_eq!(of_text(NtUser, &format!(r"{EXPLORER}\{path}"), value, "T"), said, "{path}");
    }
    let office = r"Software\Microsoft\Office\16.0\Word\User MRU\LiveId_1\File MRU";
    assert_eq!(
        of_text(NtUser, office, "Item 1", r"[F00000000][T01D86AF6C3B4AD80][O00000000]*C:\a.docx"),
        r"mru | Office File MRU | 16.0\Word\User MRU\LiveId_1\File MRU\Item 1: C:\a.docx, opened 2022-05-18T20:35:08.5326720Z"
    );
    assert_eq!(
        of_key(UsrClass, r"Local Settings\Software\Microsoft\Windows\Shell\BagMRU\0\1"),
        r"shellbag | BagMRU | 0\1"
    );
    assert_eq!(of_key(NtUser, r"Software\Microsoft\Windows\Shell\Bags"), "shellbag | Bags | ");
}
