//! Which installation of Windows a hive belongs to.

use diskprint_formats::regf::{Key, KeyId};
use diskprint_formats::{Name, regf};

use crate::Hive;
use crate::artefact::control_set_number;

/// An installation of Windows, as its SOFTWARE hive names it.
pub(super) struct Windows {
    /// Its folder, in upper case with `\`: `C:\WINDOWS`.
    root: String,
}

/// The names that Windows gives its folder, in upper case: a machine may have another.
// Source: Microsoft Learn, "Recognized environment variables": %SystemRoot%; WINNT until 2000.
pub(super) const USUAL_FOLDERS: [&str; 2] = ["WINDOWS", "WINNT"];

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
        let root = version.value("SystemRoot")?;
        let root = upper(&text(root.value_type(), &root.data())?)?;
        drive(&root).is_some().then_some(Self { root })
    }

    /// Whether it is in this folder of its volume.
    pub(super) fn is_in(&self, folder: &str) -> bool {
        self.root.get(3..).is_some_and(|root| root.trim_end_matches('\\') == folder)
    }

    /// A path of this machine below the drive that Windows is on, in upper case with `/`;
    /// `%SystemDrive%` and `%SystemRoot%` are known. `None` for one on another drive.
    pub(super) fn below_drive(&self, path: &str) -> Option<String> {
        let path = upper(path)?;
        let drive = self.root.get(..2)?;
        let below = match path.strip_prefix("%SYSTEMROOT%") {
            Some(rest) => format!("{}{rest}", self.root.get(2..)?),
            None => path.strip_prefix("%SYSTEMDRIVE%").or(path.strip_prefix(drive))?.to_owned(),
        };
        let below = below.strip_prefix('\\')?.trim_end_matches('\\');
        Some(below.replace('\\', "/"))
    }
}

/// The text in upper case as paths of hives are: one letter for one.
fn upper(text: &str) -> Option<String> {
    Name::from(text).to_upper().to_str().map(str::to_owned)
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
pub(super) fn current_control_set(system: &regf::Hive) -> Option<u32> {
    let current = system.key("Select")?.value("Current")?;
    let data = current.data();
    let number = u32::from_le_bytes((*data).try_into().ok()?);
    (current.value_type() == 4 && number != 0).then_some(number)
}

/// The key of the control set that `Select\Current` of a SYSTEM hive names.
pub fn control_set_in_use(system: &regf::Hive) -> Option<KeyId> {
    let number = current_control_set(system)?;
    let is_it = |key: &Key<'_>| control_set_number(key.name().as_bytes()) == Some(number);
    system.root().children().find(is_it).map(|key| key.id())
}
