//! File associations and COM.

use super::super::{Entry, Root, Source};

const FILE_TYPES: Source = Source::new(
    "Microsoft Learn, File Types",
    "https://learn.microsoft.com/en-us/windows/win32/shell/fa-file-types",
);
const VERBS: Source = Source::new(
    "Microsoft Learn, Verbs and File Associations",
    "https://learn.microsoft.com/en-us/windows/win32/shell/fa-verbs",
);
const APPLICATIONS: Source = Source::new(
    "Microsoft Learn, Application Registration: Applications",
    "https://learn.microsoft.com/en-us/windows/win32/shell/app-registration",
);
const PROGIDS: Source = Source::new(
    "Microsoft Learn, Programmatic Identifiers",
    "https://learn.microsoft.com/en-us/windows/win32/shell/fa-progids",
);
const FILE_EXTS: Source = Source::new(
    "winreg-kb, Most recently used (MRU)",
    "https://winreg-kb.readthedocs.io/en/latest/sources/explorer-keys/Most-recently-used.html",
);
const URL: Source = Source::new(
    "Microsoft Learn, Registering an Application to a URI Scheme",
    "https://learn.microsoft.com/en-us/previous-versions/windows/internet-explorer/ie-developer/platform-apis/aa767914(v=vs.85)",
);
const SHELL: Source = Source::new(
    "Microsoft Learn, Registering Shell Extension Handlers",
    "https://learn.microsoft.com/en-us/windows/win32/shell/reg-shell-exts",
);
const MIME: Source = Source::new(
    "Microsoft Learn, MIME Type Detection in Windows Internet Explorer",
    "https://learn.microsoft.com/en-us/previous-versions/windows/internet-explorer/ie-developer/platform-apis/ms775147(v=vs.85)",
);
const CLSID: Source = Source::new(
    "Microsoft Learn, CLSID Key",
    "https://learn.microsoft.com/en-us/windows/win32/com/clsid-key-hklm",
);
const INTERFACE: Source = Source::new(
    "Microsoft Learn, Interface Key",
    "https://learn.microsoft.com/en-us/windows/win32/com/interface-key",
);
const APP_ID: Source = Source::new(
    "Microsoft Learn, AppID Key",
    "https://learn.microsoft.com/en-us/windows/win32/com/appid-key",
);
const TYPE_LIB: Source = Source::new(
    "Microsoft Learn, Registering a Type Library",
    "https://learn.microsoft.com/en-us/previous-versions/windows/desktop/automat/registering-a-type-library",
);
const PROGID: Source = Source::new(
    "Microsoft Learn, <ProgID> Key",
    "https://learn.microsoft.com/en-us/windows/win32/com/-progid--key",
);

use Root::{Classes, User};

const fn association(what: &'static str, root: Root, key: &'static str, source: Source) -> Entry {
    Entry::new("association", what, root, key, source)
}

const fn com(what: &'static str, key: &'static str, source: Source) -> Entry {
    Entry::new("com", what, Classes, key, source)
}

const FILE_EXT: &str = r"Software\Microsoft\Windows\CurrentVersion\Explorer\FileExts\**";
const URL_CHOICE: &str = r"Software\Microsoft\Windows\Shell\Associations\UrlAssociations\**";

pub(super) const ENTRIES: &[Entry] = &[
    association("file extension", Classes, r".*\**", FILE_TYPES),
    association("verb", Classes, r"*\shell\**", VERBS),
    association("verb of a system association", Classes, r"SystemFileAssociations\**", FILE_TYPES),
    association("application", Classes, r"Applications\**", APPLICATIONS),
    association("icon", Classes, r"*\DefaultIcon", PROGIDS),
    association("shell extension", Classes, r"*\shellex\**", SHELL),
    association("URL scheme", Classes, "*", URL).only(&["URL Protocol"]),
    association("MIME type", Classes, r"MIME\Database\**", MIME),
    association("user's choice", User, FILE_EXT, FILE_EXTS),
    association("user's choice for a URL", User, URL_CHOICE, PROGIDS),
    com("CLSID", r"(Wow6432Node)\CLSID\**", CLSID),
    com("Interface", r"(Wow6432Node)\Interface\**", INTERFACE),
    com("AppID", r"(Wow6432Node)\AppID\**", APP_ID),
    com("TypeLib", r"(Wow6432Node)\TypeLib\**", TYPE_LIB),
    com("class of a ProgID", r"*\CLSID", PROGID),
    com("current version of a ProgID", r"*\CurVer", PROGID),
];
