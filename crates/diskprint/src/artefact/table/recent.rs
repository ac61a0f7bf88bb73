//! What a user opened, typed, searched for, looked at.

use super::super::decode;
use super::super::row::Row;
use super::super::{Entry, Root, Source};

const MRU: Source = Source::new(
    "winreg-kb, Most recently used (MRU)",
    "https://winreg-kb.readthedocs.io/en/latest/sources/explorer-keys/Most-recently-used.html",
);
const TYPED_PATHS: Source = Source::new(
    "winreg-kb, Typed paths",
    "https://winreg-kb.readthedocs.io/en/latest/sources/explorer-keys/Typed-paths.html",
);
const TYPED_URLS: Source = Source::new(
    "winreg-kb, Typed URLs",
    "https://winreg-kb.readthedocs.io/en/latest/sources/internet-explorer-keys/Types-URLs.html",
);
const TYPED_TIME: Source = Source::new(
    "J. Hale, Windows 8 TypedURLsTime",
    "https://df-stream.com/tag/typedurls/",
);
const OFFICE: Source = Source::new(
    "winreg-kb, Microsoft Office",
    "https://winreg-kb.readthedocs.io/en/latest/sources/application-keys/Microsoft-Office.html",
);
const REMOTE: Source = Source::new(
    "winreg-kb, Terminal server client",
    "https://winreg-kb.readthedocs.io/en/latest/sources/application-keys/Terminal-server-client.html",
);
const APPLETS: Source = Source::new(
    "Microsoft Learn, CRecentFileList::WriteList",
    "https://learn.microsoft.com/en-us/cpp/mfc/reference/crecentfilelist-class",
);
const REGEDIT: Source = Source::new(
    "AccessData, Registry Quick Find Chart",
    "https://usermanual.wiki/Pdf/RegistryQuickFindChart92710.1118093854/html",
);

use Root::{Classes, User};

type Form = fn(&Row) -> Option<String>;

const fn mru(what: &'static str, key: &'static str, form: Form) -> Entry {
    Entry::new("mru", what, User, key, MRU).form(form)
}

const fn bags(what: &'static str, root: Root, key: &'static str) -> Entry {
    Entry::new("shellbag", what, root, key, MRU).form(decode::item_list_mru)
}

pub(super) const ENTRIES: &[Entry] = &[
    mru("RunMRU", r"Software\Microsoft\Windows\CurrentVersion\Explorer\RunMRU", decode::text_mru),
    mru(
        "RecentDocs",
        r"Software\Microsoft\Windows\CurrentVersion\Explorer\RecentDocs\**",
        decode::item_mru,
    ),
    mru(
        "OpenSaveMRU",
        r"Software\Microsoft\Windows\CurrentVersion\Explorer\ComDlg32\OpenSaveMRU\**",
        decode::text_mru,
    ),
    mru(
        "OpenSavePidlMRU",
        r"Software\Microsoft\Windows\CurrentVersion\Explorer\ComDlg32\OpenSavePidlMRU\**",
        decode::item_list_mru,
    ),
    mru(
        "LastVisitedMRU",
        r"Software\Microsoft\Windows\CurrentVersion\Explorer\ComDlg32\LastVisitedMRU",
        decode::dialog_mru,
    ),
    mru(
        "LastVisitedPidlMRU",
        r"Software\Microsoft\Windows\CurrentVersion\Explorer\ComDlg32\LastVisitedPidlMRU",
        decode::dialog_mru,
    ),
    mru(
        "LastVisitedPidlMRULegacy",
        r"Software\Microsoft\Windows\CurrentVersion\Explorer\ComDlg32\LastVisitedPidlMRULegacy",
        decode::dialog_mru,
    ),
    mru(
        "CIDSizeMRU",
        r"Software\Microsoft\Windows\CurrentVersion\Explorer\ComDlg32\CIDSizeMRU",
        decode::text_mru,
    ),
    mru(
        "FirstFolder",
        r"Software\Microsoft\Windows\CurrentVersion\Explorer\ComDlg32\FirstFolder",
        decode::text_mru,
    ),
    mru(
        "WordWheelQuery",
        r"Software\Microsoft\Windows\CurrentVersion\Explorer\WordWheelQuery\**",
        decode::text_mru,
    ),
    mru(
        "Map Network Drive MRU",
        r"Software\Microsoft\Windows\CurrentVersion\Explorer\Map Network Drive MRU",
        decode::text_mru,
    ),
    mru(
        "FindComputerMRU",
        r"Software\Microsoft\Windows\CurrentVersion\Explorer\FindComputerMRU",
        decode::text_mru,
    ),
    mru(
        "Doc Find Spec MRU",
        r"Software\Microsoft\Windows\CurrentVersion\Explorer\Doc Find Spec MRU",
        decode::text_mru,
    ),
    mru(
        "PrnPortsMRU",
        r"Software\Microsoft\Windows\CurrentVersion\Explorer\PrnPortsMRU",
        decode::text_mru,
    ),
    mru(
        "StreamMRU",
        r"Software\Microsoft\Windows\CurrentVersion\Explorer\StreamMRU",
        decode::item_list_mru,
    ),
    mru(
        "Wallpaper MRU",
        r"Software\Microsoft\Windows\CurrentVersion\Explorer\Wallpaper\MRU",
        decode::text_mru,
    ),
    mru(
        "OpenWithList",
        r"Software\Microsoft\Windows\CurrentVersion\Explorer\FileExts\*\OpenWithList",
        decode::text_mru,
    ),
    Entry::new(
        "mru",
        "TypedPaths",
        User,
        r"Software\Microsoft\Windows\CurrentVersion\Explorer\TypedPaths",
        TYPED_PATHS,
    ),
    Entry::new(
        "mru",
        "TypedURLs",
        User,
        r"Software\Microsoft\Internet Explorer\TypedURLs",
        TYPED_URLS,
    ),
    Entry::new(
        "mru",
        "TypedURLsTime",
        User,
        r"Software\Microsoft\Internet Explorer\TypedURLsTime",
        TYPED_TIME,
    )
    .form(decode::typed_time),
    Entry::new("mru", "Office File MRU", User, r"Software\Microsoft\Office\*\*\File MRU", OFFICE)
        .form(decode::office_mru),
    Entry::new("mru", "Office Place MRU", User, r"Software\Microsoft\Office\*\*\Place MRU", OFFICE)
        .form(decode::office_mru),
    Entry::new(
        "mru",
        "Office File MRU",
        User,
        r"Software\Microsoft\Office\*\*\User MRU\*\File MRU",
        OFFICE,
    )
    .form(decode::office_mru),
    Entry::new(
        "mru",
        "Office Place MRU",
        User,
        r"Software\Microsoft\Office\*\*\User MRU\*\Place MRU",
        OFFICE,
    )
    .form(decode::office_mru),
    Entry::new(
        "mru",
        "Remote Desktop",
        User,
        r"Software\Microsoft\Terminal Server Client\Default",
        REMOTE,
    ),
    Entry::new(
        "mru",
        "Remote Desktop server",
        User,
        r"Software\Microsoft\Terminal Server Client\Servers\**",
        REMOTE,
    ),
    Entry::new(
        "mru",
        "Recent File List",
        User,
        r"Software\Microsoft\Windows\CurrentVersion\Applets\*\Recent File List",
        APPLETS,
    ),
    Entry::new(
        "mru",
        "Regedit LastKey",
        User,
        r"Software\Microsoft\Windows\CurrentVersion\Applets\Regedit",
        REGEDIT,
    )
    .only(&["LastKey"]),
    bags("BagMRU", User, r"Software\Microsoft\Windows\Shell\BagMRU\**"),
    bags("BagMRU", User, r"Software\Microsoft\Windows\ShellNoRoam\BagMRU\**"),
    bags(
        "BagMRU",
        Classes,
        r"(Wow6432Node)\Local Settings\Software\Microsoft\Windows\Shell\BagMRU\**",
    ),
    bags(
        "BagMRU",
        Classes,
        r"(Wow6432Node)\Local Settings\Software\Microsoft\Windows\ShellNoRoam\BagMRU\**",
    ),
    bags("Bags", User, r"Software\Microsoft\Windows\Shell\Bags\**"),
    bags("Bags", User, r"Software\Microsoft\Windows\ShellNoRoam\Bags\**"),
    bags("Bags", Classes, r"(Wow6432Node)\Local Settings\Software\Microsoft\Windows\Shell\Bags\**"),
    bags(
        "Bags",
        Classes,
        r"(Wow6432Node)\Local Settings\Software\Microsoft\Windows\ShellNoRoam\Bags\**",
    ),
];
