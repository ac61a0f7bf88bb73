//! Traces of programs that ran or were seen.

use super::super::decode;
use super::super::{Entry, Root, Source};

const USER_ASSIST: Source = Source::new(
    "winreg-kb, User Assist key",
    "https://winreg-kb.readthedocs.io/en/latest/sources/explorer-keys/User-assist.html",
);
const SHIM_CACHE: Source = Source::new(
    "winreg-kb, Application compatibility cache key",
    "https://winreg-kb.readthedocs.io/en/latest/sources/system-keys/Application-compatibility-cache.html",
);
const PROGRAM_CACHE: Source = Source::new(
    "winreg-kb, Program cache",
    "https://winreg-kb.readthedocs.io/en/latest/sources/explorer-keys/Program-cache.html",
);
const MUI_CACHE: Source = Source::new(
    "winreg-kb, MUI cache",
    "https://winreg-kb.readthedocs.io/en/latest/sources/explorer-keys/MUI-cache.html",
);
const FEATURE_USAGE: Source = Source::new(
    "artefacts.help, Windows - FeatureUsage",
    "https://artefacts.help/windows_registry_featureusage.html",
);
const RECENT_APPS: Source = Source::new(
    "artefacts.help, Windows - RecentApps",
    "https://artefacts.help/windows_registry_recentapps.html",
);
const ASSISTANT: Source = Source::new(
    "C. Harrell, Revealing Program Compatibility Assistant HKCU AppCompatFlags Registry Keys",
    "http://journeyintoir.blogspot.com/2013/12/revealing-program-compatibility.html",
);
const PREFETCH: Source = Source::new(
    "winreg-kb, Prefetch",
    "https://winreg-kb.readthedocs.io/en/latest/sources/system-keys/Prefetch.html",
);

use Root::{Classes, System, User};

pub(super) const ENTRIES: &[Entry] = &[
    Entry::new(
        "execution",
        "UserAssist",
        User,
        r"Software\Microsoft\Windows\CurrentVersion\Explorer\UserAssist\**",
        USER_ASSIST,
    )
    .form(decode::user_assist),
    Entry::new(
        "execution",
        "ShimCache",
        System,
        r"ControlSet###\Control\Session Manager\AppCompatCache",
        SHIM_CACHE,
    )
    .form(decode::shim_cache),
    Entry::new(
        "execution",
        "ShimCache",
        System,
        r"ControlSet###\Control\Session Manager\AppCompatibility",
        SHIM_CACHE,
    )
    .form(decode::shim_cache),
    Entry::new(
        "execution",
        "ProgramsCache",
        User,
        r"Software\Microsoft\Windows\CurrentVersion\Explorer\StartPage",
        PROGRAM_CACHE,
    )
    .only(&["ProgramsCache"]),
    Entry::new(
        "execution",
        "ProgramsCache",
        User,
        r"Software\Microsoft\Windows\CurrentVersion\Explorer\StartPage2",
        PROGRAM_CACHE,
    )
    .only(&["ProgramsCache", "ProgramsCacheSMP", "ProgramsCacheTBP"]),
    Entry::new(
        "execution",
        "MUICache",
        User,
        r"Software\Microsoft\Windows\ShellNoRoam\MUICache\**",
        MUI_CACHE,
    ),
    Entry::new(
        "execution",
        "MuiCache",
        Classes,
        r"Local Settings\Software\Microsoft\Windows\Shell\MuiCache",
        MUI_CACHE,
    ),
    Entry::new("execution", "MuiCache", Classes, r"Local Settings\MuiCache\**", MUI_CACHE),
    Entry::new(
        "execution",
        "FeatureUsage",
        User,
        r"Software\Microsoft\Windows\CurrentVersion\Explorer\FeatureUsage\**",
        FEATURE_USAGE,
    ),
    Entry::new(
        "execution",
        "RecentApps",
        User,
        r"Software\Microsoft\Windows\CurrentVersion\Search\RecentApps\**",
        RECENT_APPS,
    )
    .form(decode::file_time),
    Entry::new(
        "execution",
        "Compatibility Assistant",
        User,
        r"Software\Microsoft\Windows NT\CurrentVersion\AppCompatFlags\Compatibility Assistant\**",
        ASSISTANT,
    ),
    Entry::new(
        "prefetch",
        "PrefetchParameters",
        System,
        r"ControlSet###\Control\Session Manager\Memory Management\PrefetchParameters",
        PREFETCH,
    )
    .form(decode::prefetch),
];
