use diskprint_formats::regf::Key;

/// What a hive is, by which its keys have their meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum HiveKind {
    /// SOFTWARE: `HKLM\SOFTWARE`.
    Software,
    /// SYSTEM: `HKLM\SYSTEM`.
    System,
    /// SAM: `HKLM\SAM`, the local accounts.
    Sam,
    /// SECURITY: `HKLM\SECURITY`, the local security policy.
    Security,
    /// DEFAULT: `HKU\.DEFAULT`, the settings of the local system account.
    Default,
    /// NTUSER.DAT or NTUSER.MAN: the settings of a user, `HKCU`.
    NtUser,
    /// UsrClass.dat: the classes of a user, `HKCU\Software\Classes`.
    UsrClass,
    /// Amcache.hve: programs that were seen.
    Amcache,
    /// BCD: the boot configuration.
    Bcd,
    /// COMPONENTS: the parts of Windows.
    Components,
    /// DRIVERS: drivers in the driver store.
    Drivers,
    /// The private hive of a packaged program: its Registry.dat, User.dat, UserClasses.dat.
    Package,
    /// settings.dat: settings of a packaged program.
    Settings,
    /// None of these.
    Other,
}

impl HiveKind {
    /// Says what the hive at `path` is, parts separated by `/`, whose root key is `root`.
    ///
    /// What its keys say goes before its name, so that copies and renamed hives are known; a hive
    /// whose keys say nothing is what its name says.
    pub fn of(path: &str, root: &Key) -> Self {
        let named = by_name(path);
        match (by_keys(root), named) {
            // The two have the same keys.
            (Some(Self::NtUser), Some(Self::Default)) => Self::Default,
            (Some(Self::NtUser | Self::UsrClass), Some(Self::Package)) => Self::Package,
            (Some(kind), _) | (None, Some(kind)) => kind,
            (None, None) => Self::Other,
        }
    }
}

/// What a hive at this path should be.
// Source: winreg-kb, "Windows Registry files",
// https://winreg-kb.readthedocs.io/en/latest/sources/windows-registry/Files.html; the names in
// restore points of Windows XP: H. Carvey, "Windows Forensic Analysis", "System Restore Points".
fn by_name(path: &str) -> Option<HiveKind> {
    let name = path.rsplit('/').next()?.to_ascii_lowercase();
    if let Some(copy) = name.strip_prefix("_registry_machine_") {
        return by_file(copy);
    }
    if let Some(copy) = name.strip_prefix("_registry_user_") {
        return match copy {
            ".default" => Some(HiveKind::Default),
            _ if copy.starts_with("usrclass_") => Some(HiveKind::UsrClass),
            _ if copy.starts_with("ntuser_") => Some(HiveKind::NtUser),
            _ => None,
        };
    }
    by_file(&name)
}

fn by_file(name: &str) -> Option<HiveKind> {
    let (stem, extension) = name.rsplit_once('.').unwrap_or((name, ""));
    match (stem, extension) {
        ("ntuser", "dat" | "man") => Some(HiveKind::NtUser),
        ("usrclass", "dat") => Some(HiveKind::UsrClass),
        ("amcache", "hve") => Some(HiveKind::Amcache),
        ("registry" | "user" | "userclasses", "dat") => Some(HiveKind::Package),
        ("settings", "dat") => Some(HiveKind::Settings),
        (_, "" | "sav" | "bak" | "old" | "hiv" | "hve") => by_stem(stem),
        _ => None,
    }
}

fn by_stem(stem: &str) -> Option<HiveKind> {
    Some(match stem {
        "software" => HiveKind::Software,
        "system" => HiveKind::System,
        "sam" => HiveKind::Sam,
        "security" => HiveKind::Security,
        "default" => HiveKind::Default,
        "bcd" => HiveKind::Bcd,
        "components" => HiveKind::Components,
        "drivers" => HiveKind::Drivers,
        _ => return None,
    })
}

/// What the keys below the root say beyond doubt.
fn by_keys(root: &Key) -> Option<HiveKind> {
    let has = |path: &str| path.split('\\').try_fold(*root, |key, name| key.child(name)).is_some();
    let signs: [(&[&str], HiveKind); 10] = [
        (&["REGISTRY"], HiveKind::Package),
        (&["Select", "MountedDevices"], HiveKind::System),
        (&["Select", "ControlSet001"], HiveKind::System),
        (&[r"SAM\Domains"], HiveKind::Sam),
        (&[r"Policy\Accounts"], HiveKind::Security),
        (&[r"Microsoft\Windows NT\CurrentVersion\Winlogon", "Classes"], HiveKind::Software),
        (&["Control Panel", r"Software\Microsoft"], HiveKind::NtUser),
        (&[r"Local Settings\Software\Microsoft\Windows"], HiveKind::UsrClass),
        (&["Objects", "Description"], HiveKind::Bcd),
        (&["DerivedData", "CanonicalData"], HiveKind::Components),
    ];
    let of_amcache = ["File", "Programs", "InventoryApplicationFile"];
    if of_amcache.iter().any(|name| has(&format!(r"Root\{name}"))) {
        return Some(HiveKind::Amcache);
    }
    signs.into_iter().find(|(keys, _)| keys.iter().all(|key| has(key))).map(|(_, kind)| kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_hives_and_of_their_copies() {
        for (path, kind) in [
            ("Windows/System32/config/SOFTWARE", Some(HiveKind::Software)),
            ("WINDOWS/system32/config/RegBack/SYSTEM", Some(HiveKind::System)),
            ("WINDOWS/repair/sam", Some(HiveKind::Sam)),
            ("Windows/System32/config/DEFAULT", Some(HiveKind::Default)),
            ("Users/Ann/NTUSER.DAT", Some(HiveKind::NtUser)),
            ("Users/Mandatory/ntuser.man", Some(HiveKind::NtUser)),
            ("Users/Ann/AppData/Local/Microsoft/Windows/UsrClass.dat", Some(HiveKind::UsrClass)),
            (
                "System Volume Information/_restore{1}/RP1/snapshot/_REGISTRY_MACHINE_SYSTEM",
                Some(HiveKind::System),
            ),
            ("snapshot/_REGISTRY_USER_.DEFAULT", Some(HiveKind::Default)),
            ("snapshot/_REGISTRY_USER_NTUSER_S-1-5-21-1-2-3-500", Some(HiveKind::NtUser)),
            ("snapshot/_REGISTRY_USER_USRCLASS_S-1-5-21-1-2-3-500", Some(HiveKind::UsrClass)),
            ("Windows/AppCompat/Programs/Amcache.hve", Some(HiveKind::Amcache)),
            ("Boot/BCD", Some(HiveKind::Bcd)),
            ("WINDOWS/system32/config/software.sav", Some(HiveKind::Software)),
            ("Program Files/WindowsApps/A/Registry.dat", Some(HiveKind::Package)),
            ("Users/Ann/AppData/Local/Packages/A/Settings/settings.dat", Some(HiveKind::Settings)),
            ("Windows/System32/config/BBI", None),
            ("Users/Ann/software.txt", None),
            ("Users/Ann/NTUSER.DAT.LOG1", None),
        ] {
            assert_eq!(by_name(path), kind, "{path}");
        }
    }
}
