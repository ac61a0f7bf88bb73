//! Which installation of Windows a hive belongs to.

use diskprint_formats::Name;

use crate::Hive;

/// An installation of Windows, as its SOFTWARE hive names it.
pub(super) struct Windows {
    /// Its folder, in upper case with `\`: `C:\WINDOWS`.
    root: String,
}

/// The hives of `System32\config` that Windows mounts, by their names in upper case.
// Source: winreg-kb, "Windows Registry files"; Microsoft Learn, "Registry Hives",
// https://learn.microsoft.com/en-us/windows/win32/sysinfo/registry-hives
const HIVES: [(&str, &str); 7] = [
    ("SOFTWARE", r"HKLM\SOFTWARE"),
    ("SYSTEM", r"HKLM\SYSTEM"),
    ("SAM", r"HKLM\SAM"),
    ("SECURITY", r"HKLM\SECURITY"),
    ("DEFAULT", r"HKU\.DEFAULT"),
    ("COMPONENTS", r"HKLM\COMPONENTS"),
    ("DRIVERS", r"HKLM\DRIVERS"),
];

/// The folder of Windows, in the root of its volume, and the key of the hive at `path`, which is
/// in upper case.
pub(super) fn config(path: &str) -> Option<(&str, &'static str)> {
    let (folder, name) = path.split_once("/SYSTEM32/CONFIG/")?;
    let (_, key) = HIVES.iter().find(|(file, _)| *file == name)?;
    (!folder.is_empty() && !folder.contains('/')).then_some((folder, *key))
}

impl Windows {
    /// Asks a SOFTWARE hive where its Windows is; `None` where it does not say.
    pub(super) fn of(software: &Hive) -> Option<Self> {
        let version = software.tree.key(r"Microsoft\Windows NT\CurrentVersion")?;
        let root =
            text(version.value("SystemRoot")?.value_type(), &version.value("SystemRoot")?.data())?;
        let root = root.to_uppercase();
        drive(&root).is_some().then_some(Self { root })
    }

    /// Whether it is in this folder of its volume.
    pub(super) fn is_in(&self, folder: &str) -> bool {
        self.root.get(3..).is_some_and(|root| root.trim_end_matches('\\') == folder)
    }

    /// A path of this machine below the drive that Windows is on, in upper case with `/`;
    /// `%SystemDrive%` and `%SystemRoot%` are known. `None` for one on another drive.
    pub(super) fn below_drive(&self, path: &str) -> Option<String> {
        let path = path.to_uppercase();
        let drive = self.root.get(..2)?;
        let path = path.replace("%SYSTEMROOT%", &self.root).replace("%SYSTEMDRIVE%", drive);
        let below = path.strip_prefix(drive)?.strip_prefix('\\')?;
        Some(below.trim_end_matches('\\').replace('\\', "/"))
    }
}

fn drive(path: &str) -> Option<&str> {
    let drive = path.get(..3)?;
    (drive.ends_with(":\\") && drive.starts_with(|c: char| c.is_ascii_alphabetic()))
        .then_some(drive)
}

/// The text of a REG_SZ or REG_EXPAND_SZ up to its terminator.
pub(super) fn text(value_type: u32, data: &[u8]) -> Option<String> {
    let (units, _) = data.as_chunks::<2>();
    let units = units.iter().map(|unit| u16::from_le_bytes(*unit)).take_while(|unit| *unit != 0);
    let text = Name::from_utf16(units);
    matches!(value_type, 1 | 2).then(|| text.to_str().map(str::to_owned)).flatten()
}

/// The control set that the machine used last.
// Source: winreg-kb, "Current control set".
pub(super) fn current_control_set(system: &Hive) -> Option<u32> {
    let current = system.tree.key("Select")?.value("Current")?;
    let data = current.data();
    let number = u32::from_le_bytes((*data).try_into().ok()?);
    (current.value_type() == 4 && number != 0).then_some(number)
}
