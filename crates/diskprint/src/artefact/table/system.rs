//! The machine itself.

use super::super::decode;
use super::super::{Entry, Root, Source};

const TIME_ZONE: Source = Source::new(
    "winreg-kb, Time zones",
    "https://winreg-kb.readthedocs.io/en/latest/sources/system-keys/Time-zones.html",
);
const COMPUTER_NAME: Source = Source::new(
    "HackTricks, Interesting Windows Registry Keys",
    "https://hacktricks.boitatech.com.br/forensics/basic-forensic-methodology/windows-forensics/interesting-windows-registry-keys",
);
const TCPIP: Source = Source::new(
    "Microsoft Learn, TCP/IP and NBT configuration parameters",
    "https://learn.microsoft.com/en-us/troubleshoot/windows-client/networking/tcpip-and-nbt-configuration-parameters",
);
const PRODUCT: Source = Source::new(
    "winreg-kb, Windows product information",
    "https://winreg-kb.readthedocs.io/en/latest/sources/system-keys/Windows-product-information.html",
);
const CONTROL_SET: Source = Source::new(
    "winreg-kb, Current control set",
    "https://winreg-kb.readthedocs.io/en/latest/sources/system-keys/Current-control-set.html",
);
const SHUTDOWN: Source = Source::new(
    "The 4N6 Post, Registry: Computer Restarts, Shutdown",
    "https://4n6post.com/2023/03/registry-computer-restarts-shutdown.html",
);
const SESSION_MANAGER: Source = Source::new(
    "winreg-kb, Session manager",
    "https://winreg-kb.readthedocs.io/en/latest/sources/system-keys/Session-manager.html",
);
const RENAME: Source = Source::new(
    "Microsoft Learn, MoveFileEx: PendingFileRenameOperations",
    "https://learn.microsoft.com/en-us/windows/win32/api/winbase/nf-winbase-movefileexw",
);

use Root::{Software, System};

pub(super) const ENTRIES: &[Entry] = &[
    Entry::new(
        "timezone",
        "TimeZoneInformation",
        System,
        r"ControlSet###\Control\TimeZoneInformation",
        TIME_ZONE,
    )
    .form(decode::time_zone),
    Entry::new(
        "computer-name",
        "ComputerName",
        System,
        r"ControlSet###\Control\ComputerName\**",
        COMPUTER_NAME,
    ),
    Entry::new(
        "computer-name",
        "host name",
        System,
        r"ControlSet###\Services\Tcpip\Parameters",
        TCPIP,
    )
    .only(&["Hostname", "NV Hostname", "Domain", "NV Domain"]),
    Entry::new(
        "system",
        "Windows version",
        Software,
        r"Microsoft\Windows NT\CurrentVersion",
        PRODUCT,
    )
    .only(&[
        "BuildLab",
        "BuildLabEx",
        "CSDVersion",
        "CurrentBuild",
        "CurrentBuildNumber",
        "CurrentType",
        "CurrentVersion",
        "DisplayVersion",
        "EditionID",
        "InstallationType",
        "PathName",
        "ProductId",
        "ProductName",
        "RegisteredOrganization",
        "RegisteredOwner",
        "ReleaseId",
        "SystemRoot",
        "UBR",
    ]),
    Entry::new(
        "system",
        "Windows installed",
        Software,
        r"Microsoft\Windows NT\CurrentVersion",
        PRODUCT,
    )
    .only(&["InstallDate"])
    .form(decode::unix_time),
    Entry::new(
        "system",
        "Windows installed",
        Software,
        r"Microsoft\Windows NT\CurrentVersion",
        PRODUCT,
    )
    .only(&["InstallTime"])
    .form(decode::file_time),
    Entry::new("system", "control sets", System, "Select", CONTROL_SET),
    Entry::new("system", "last shutdown", System, r"ControlSet###\Control\Windows", SHUTDOWN)
        .only(&["ShutdownTime"])
        .form(decode::file_time),
    Entry::new(
        "system",
        "pending file renames",
        System,
        r"ControlSet###\Control\Session Manager",
        RENAME,
    )
    .only(&["PendingFileRenameOperations", "PendingFileRenameOperations2"]),
    Entry::new(
        "system",
        "subsystems",
        System,
        r"ControlSet###\Control\Session Manager\SubSystems",
        SESSION_MANAGER,
    ),
];
