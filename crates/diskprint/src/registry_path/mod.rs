//! Paths as Windows shows them: `HKLM\SOFTWARE\…`, `HKU\S-1-5-21-…\…`.
//!
//! A hive has such a path where the machine would mount it: its file lies where Windows keeps it,
//! and, for a user's hive, the machine's list of profiles says whose it is. Copies (RegBack,
//! `repair`, restore points, `Windows.old`), the model of new profiles (`Users\Default`) and
//! hives of programs (Amcache.hve, settings.dat, those of packages) have none, nor has a user's
//! hive of whom the list says nothing: no path is made up.
//!
//! Of the registry's links one alone is followed, and backwards: the control set that
//! `Select\Current` names is shown as `CurrentControlSet`. `HKCU`, `HKCR` and `HKU\S-1-5-18` are
//! other names of what is shown as `HKU\…`, `HKLM\SOFTWARE\Classes` and `HKU\.DEFAULT`.

mod profiles;
mod windows;

use std::collections::BTreeMap;

use diskprint_formats::Name;

use crate::Hive;
use crate::artefact::control_set_number;

use profiles::Profile;
use windows::Windows;

/// Where the hives of one state of a machine are mounted.
#[derive(Clone, Debug, Default)]
pub struct Mounts {
    /// By partition and path in upper case.
    mounts: BTreeMap<(u32, Name), Mount>,
}

/// A hive's place in the registry.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Mount {
    prefix: Name,
    /// Of SYSTEM: the number of the control set in use.
    current: Option<u32>,
}

impl Mounts {
    /// Works out where the hives of one snapshot are mounted.
    ///
    /// Each partition is looked at by itself: a user's hive is known from the SOFTWARE hive of
    /// its own partition.
    pub fn of(hives: &[Hive]) -> Self {
        let mut mounts = BTreeMap::new();
        for hive in hives {
            let beside = hives.iter().filter(|other| other.partition == hive.partition);
            if let Some(mount) = mount(hive, beside) {
                mounts.insert((hive.partition, hive.path.to_upper()), mount);
            }
        }
        Self { mounts }
    }

    /// The path of the root key of the hive file at `hive`, such as `HKLM\SOFTWARE`; `None` where
    /// Windows does not mount it, or where is not known.
    pub fn prefix(&self, partition: u32, hive: &Name) -> Option<&Name> {
        Some(&self.mount(partition, hive)?.prefix)
    }

    /// The path of a key, whose names from below the root are `key`; nothing in them is escaped.
    /// `None` as for [`Mounts::prefix`].
    pub fn path(&self, partition: u32, hive: &Name, key: &[Name]) -> Option<Name> {
        let mount = self.mount(partition, hive)?;
        let mut bytes = mount.prefix.as_bytes().to_vec();
        for (depth, name) in key.iter().enumerate() {
            bytes.push(b'\\');
            let number = mount.current.filter(|_| depth == 0);
            bytes.extend_from_slice(match control_set_number(name.as_bytes()) {
                Some(found) if number == Some(found) => b"CurrentControlSet",
                _ => name.as_bytes(),
            });
        }
        Some(Name::from_wtf8(bytes))
    }

    fn mount(&self, partition: u32, hive: &Name) -> Option<&Mount> {
        self.mounts.get(&(partition, hive.to_upper()))
    }
}

fn mount<'a>(hive: &Hive, beside: impl Iterator<Item = &'a Hive> + Clone) -> Option<Mount> {
    if let Some(prefix) = boot(hive) {
        return Some(Mount { prefix, current: None });
    }
    let path = hive.path.to_upper();
    let path = path.to_text();
    let software = |folder: &str| {
        let wanted = format!("{folder}/SYSTEM32/CONFIG/SOFTWARE");
        beside.clone().find(|other| other.path.to_upper().to_text() == wanted)
    };
    if let Some((folder, key)) = windows::config(&path) {
        // A folder may look like Windows' and be a copy: its SOFTWARE says where it belongs.
        if let Some(software) = software(folder) {
            Windows::of(software)?.is_in(folder).then_some(())?;
        }
        let current = (key == r"HKLM\SYSTEM").then(|| windows::current_control_set(hive)).flatten();
        return Some(Mount { prefix: key.into(), current });
    }
    let mut found = beside
        .clone()
        .filter_map(|software| {
            let folder = software.path.to_upper();
            let folder = folder.to_text();
            let (folder, key) = windows::config(&folder)?;
            let windows = Windows::of(software).filter(|windows| windows.is_in(folder))?;
            (key == r"HKLM\SOFTWARE").then(|| profiles::of(software, &windows))
        })
        .flatten()
        .filter_map(|profile: Profile| profile.prefix(&path));
    let prefix = found.next()?;
    // Two users of one folder: it cannot be told whose it is.
    found.next().is_none().then_some(Mount { prefix, current: None })
}

/// The boot configuration, where Windows keeps it: in `Boot` of the system partition.
// Source: winreg-kb, "Windows Registry files".
fn boot(hive: &Hive) -> Option<Name> {
    const PATHS: [&str; 2] = ["BOOT/BCD", "EFI/MICROSOFT/BOOT/BCD"];
    let path = hive.path.to_upper();
    PATHS.contains(&&*path.to_text()).then(|| r"HKLM\BCD00000000".into())
}
