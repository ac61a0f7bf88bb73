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
pub use windows::control_set_in_use;

use profiles::Profiles;
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
        let known = Known::of(hives);
        let mounts = hives.iter().filter_map(|hive| {
            let path = hive.path.to_upper();
            let mount = known.mount(hive, &path.to_text())?;
            Some(((hive.partition, path), mount))
        });
        Self { mounts: mounts.collect() }
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

/// What SOFTWARE hives say of their machines.
#[derive(Default)]
struct Known {
    /// Whether a folder is that of its Windows, by partition and folder in upper case.
    folders: BTreeMap<(u32, String), bool>,
    profiles: Profiles,
}

impl Known {
    fn of(hives: &[Hive]) -> Self {
        let mut known = Self::default();
        for hive in hives {
            let path = hive.path.to_upper();
            let path = path.to_text();
            let Some((folder, r"HKLM\SOFTWARE")) = windows::config(&path) else { continue };
            let Some(windows) = Windows::of(hive) else { continue };
            let is_windows = windows.is_in(folder);
            known.folders.insert((hive.partition, folder.to_owned()), is_windows);
            if is_windows {
                known.profiles.add(hive, &windows);
            }
        }
        known
    }

    /// The place of the hive at `path`, which is in upper case.
    fn mount(&self, hive: &Hive, path: &str) -> Option<Mount> {
        let prefix = if BOOT.contains(&path) {
            Some(r"HKLM\BCD00000000".into())
        } else {
            self.profiles.prefix(hive.partition, path)
        };
        if let Some(prefix) = prefix {
            return Some(Mount { prefix, current: None });
        }
        let (folder, key) = windows::config(path)?;
        if !self.is_windows(hive.partition, folder) {
            return None;
        }
        let current =
            (key == r"HKLM\SYSTEM").then(|| windows::current_control_set(&hive.tree)).flatten();
        Some(Mount { prefix: key.into(), current })
    }

    /// Whether Windows is in this folder: one may look like it and be a copy.
    fn is_windows(&self, partition: u32, folder: &str) -> bool {
        let said = self.folders.get(&(partition, folder.to_owned()));
        said.copied().unwrap_or_else(|| windows::USUAL_FOLDERS.contains(&folder))
    }
}

/// The boot configuration, where Windows keeps it, in upper case.
// Source: winreg-kb, "Windows Registry files".
const BOOT: [&str; 2] = ["BOOT/BCD", "EFI/MICROSOFT/BOOT/BCD"];
