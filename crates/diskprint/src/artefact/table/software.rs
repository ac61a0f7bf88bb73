//! What is installed, and how programs are set up to run.

use super::super::decode;
use super::super::{Entry, Root, Source};

const UNINSTALL: Source = Source::new(
    "Microsoft Learn, Uninstall Registry Key",
    "https://learn.microsoft.com/en-us/windows/win32/msi/uninstall-registry-key",
);
const INSTALLER: Source = Source::new(
    "Revenera, Converting a regular GUID to a compressed GUID",
    "https://flexerasoftware.my.site.com/revenera/s/article/converting-a-regular-guid-to-a-compressed-guid",
);
const APP_PATHS: Source = Source::new(
    "Microsoft Learn, Application Registration: App Paths",
    "https://learn.microsoft.com/en-us/windows/win32/shell/app-registration",
);
const REGISTERED: Source = Source::new(
    "Microsoft Learn, Default Programs: RegisteredApplications",
    "https://learn.microsoft.com/en-us/windows/win32/shell/default-programs",
);
const SHARED_DLLS: Source = Source::new(
    "Revenera, Managing Reference Counts for Shared Files",
    "https://docs.revenera.com/installshield/helplibrary/IHelpCompShared.htm",
);
const FONTS: Source = Source::new(
    "Microsoft Learn, Font Installation and Deletion",
    "https://learn.microsoft.com/en-us/windows/win32/gdi/font-installation-and-deletion",
);
const PACKAGES: Source = Source::new(
    "Microsoft Tech Community, Understanding Component-Based Servicing",
    "https://techcommunity.microsoft.com/t5/ask-the-performance-team/understanding-component-based-servicing/ba-p/373012",
);
const COMPONENTS: Source = Source::new(
    "Microsoft Learn, Manage the Component Store",
    "https://learn.microsoft.com/en-us/windows-hardware/manufacture/desktop/manage-the-component-store",
);
const POLICY: Source = Source::new(
    "Microsoft Learn, Implementing Registry-based Policy",
    "https://learn.microsoft.com/en-us/previous-versions/windows/desktop/policy/implementing-registry-based-policy",
);
const CERTIFICATES: Source = Source::new(
    "Microsoft Learn, System Store Locations",
    "https://learn.microsoft.com/en-us/windows/win32/seccrypto/system-store-locations",
);
const EXCLUSIONS: Source = Source::new(
    "MITRE ATT&CK T1562.001, Disable or Modify Tools",
    "https://attack.mitre.org/techniques/T1562/001/",
);
const IFEO: Source = Source::new(
    "Microsoft Learn, GFlags Overview: Image File Execution Options",
    "https://learn.microsoft.com/en-us/windows-hardware/drivers/debugger/gflags-overview",
);
const LAYERS: Source = Source::new(
    "MITRE ATT&CK T1546.011, Application Shimming",
    "https://attack.mitre.org/techniques/T1546/011/",
);
const ENVIRONMENT: Source = Source::new(
    "winreg-kb, Environment variables",
    "https://winreg-kb.readthedocs.io/en/latest/sources/system-keys/Environment-variables.html",
);
const FOLDERS: Source = Source::new(
    "winreg-kb, Shell folders",
    "https://winreg-kb.readthedocs.io/en/latest/sources/explorer-keys/Shell-folders.html",
);
const KNOWN_DLLS: Source = Source::new(
    "Microsoft Learn, Dynamic-link library search order",
    "https://learn.microsoft.com/en-us/windows/win32/dlls/dynamic-link-library-search-order",
);

use Root::{Both, Classes, Components, Software, System, User};

const fn product(what: &'static str, root: Root, key: &'static str) -> Entry {
    Entry::new("installer", what, root, key, INSTALLER).form(decode::packed)
}

pub(super) const ENTRIES: &[Entry] = &[
    Entry::new(
        "uninstall",
        "Uninstall",
        Both,
        r"(Wow6432Node)\Microsoft\Windows\CurrentVersion\Uninstall\**",
        UNINSTALL,
    ),
    product(
        "installed product",
        Software,
        r"Microsoft\Windows\CurrentVersion\Installer\UserData\<sid>\Products\<packed guid>\**",
    ),
    product(
        "installed component",
        Software,
        r"Microsoft\Windows\CurrentVersion\Installer\UserData\<sid>\Components\<packed guid>\**",
    ),
    product(
        "installed patch",
        Software,
        r"Microsoft\Windows\CurrentVersion\Installer\UserData\<sid>\Patches\<packed guid>\**",
    ),
    product(
        "upgrade code",
        Software,
        r"Microsoft\Windows\CurrentVersion\Installer\UpgradeCodes\<packed guid>\**",
    ),
    product("advertised product", Classes, r"Installer\Products\<packed guid>\**"),
    product("product features", Classes, r"Installer\Features\<packed guid>\**"),
    product("upgrade code", Classes, r"Installer\UpgradeCodes\<packed guid>\**"),
    product("advertised product", User, r"Software\Microsoft\Installer\Products\<packed guid>\**"),
    product("product features", User, r"Software\Microsoft\Installer\Features\<packed guid>\**"),
    product("upgrade code", User, r"Software\Microsoft\Installer\UpgradeCodes\<packed guid>\**"),
    Entry::new(
        "installer",
        "installed folder",
        Software,
        r"Microsoft\Windows\CurrentVersion\Installer\Folders",
        INSTALLER,
    ),
    Entry::new(
        "app-path",
        "App Paths",
        Both,
        r"(Wow6432Node)\Microsoft\Windows\CurrentVersion\App Paths\**",
        APP_PATHS,
    ),
    Entry::new(
        "registered-application",
        "RegisteredApplications",
        Both,
        r"(Wow6432Node)\RegisteredApplications",
        REGISTERED,
    ),
    Entry::new(
        "shared-file",
        "SharedDLLs",
        Software,
        r"(Wow6432Node)\Microsoft\Windows\CurrentVersion\SharedDLLs",
        SHARED_DLLS,
    ),
    Entry::new("font", "Fonts", Both, r"Microsoft\Windows NT\CurrentVersion\Fonts", FONTS),
    Entry::new(
        "update",
        "servicing package",
        Software,
        r"Microsoft\Windows\CurrentVersion\Component Based Servicing\Packages\**",
        PACKAGES,
    ),
    Entry::new("update", "component", Components, r"DerivedData\Components\**", COMPONENTS),
    Entry::new("policy", "policy", Both, r"Policies\**", POLICY),
    Entry::new(
        "policy",
        "policy",
        Both,
        r"(Wow6432Node)\Microsoft\Windows\CurrentVersion\Policies\**",
        POLICY,
    ),
    Entry::new(
        "certificate",
        "certificate store",
        Both,
        r"Microsoft\SystemCertificates\**",
        CERTIFICATES,
    ),
    Entry::new(
        "certificate",
        "enterprise certificate store",
        Software,
        r"Microsoft\EnterpriseCertificates\**",
        CERTIFICATES,
    ),
    Entry::new(
        "certificate",
        "policy certificate store",
        Both,
        r"Policies\Microsoft\SystemCertificates\**",
        CERTIFICATES,
    ),
    Entry::new(
        "defender",
        "exclusion",
        Software,
        r"Microsoft\Windows Defender\Exclusions\**",
        EXCLUSIONS,
    ),
    Entry::new(
        "defender",
        "exclusion by policy",
        Software,
        r"Policies\Microsoft\Windows Defender\Exclusions\**",
        EXCLUSIONS,
    ),
    Entry::new(
        "execution-option",
        "Image File Execution Options",
        Software,
        r"(Wow6432Node)\Microsoft\Windows NT\CurrentVersion\Image File Execution Options\**",
        IFEO,
    ),
    Entry::new(
        "compatibility",
        "Layers",
        Both,
        r"Microsoft\Windows NT\CurrentVersion\AppCompatFlags\Layers",
        LAYERS,
    ),
    Entry::new(
        "compatibility",
        "installed shim database",
        Software,
        r"Microsoft\Windows NT\CurrentVersion\AppCompatFlags\InstalledSDB\**",
        LAYERS,
    ),
    Entry::new(
        "compatibility",
        "custom shim",
        Software,
        r"Microsoft\Windows NT\CurrentVersion\AppCompatFlags\Custom\**",
        LAYERS,
    ),
    Entry::new(
        "environment",
        "system variable",
        System,
        r"ControlSet###\Control\Session Manager\Environment",
        ENVIRONMENT,
    ),
    Entry::new("environment", "user variable", User, "Environment", ENVIRONMENT),
    Entry::new(
        "environment",
        "volatile user variable",
        User,
        r"Volatile Environment\**",
        ENVIRONMENT,
    ),
    Entry::new(
        "folder",
        "User Shell Folders",
        Both,
        r"Microsoft\Windows\CurrentVersion\Explorer\User Shell Folders",
        FOLDERS,
    ),
    Entry::new(
        "folder",
        "Shell Folders",
        Both,
        r"Microsoft\Windows\CurrentVersion\Explorer\Shell Folders",
        FOLDERS,
    ),
    Entry::new(
        "known-dll",
        "KnownDLLs",
        System,
        r"ControlSet###\Control\Session Manager\KnownDLLs",
        KNOWN_DLLS,
    ),
    Entry::new(
        "known-dll",
        "KnownDLLs",
        System,
        r"ControlSet###\Control\Session Manager\KnownDLLs32",
        KNOWN_DLLS,
    ),
];
