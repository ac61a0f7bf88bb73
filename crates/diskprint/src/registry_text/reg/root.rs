use diskprint_formats::Name;
use diskprint_formats::regf::Hive;

/// The key that the keys of a hive are written below: `HKEY_LOCAL_MACHINE\SOFTWARE`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Root(String);

/// Why a text is no [`Root`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RootError {
    /// It does not begin with one of the predefined keys.
    #[error("it must begin with one of {}", PREDEFINED.join(", "))]
    Predefined,
    /// A name in it is empty or has a control character.
    #[error("a name in it is empty or has a control character")]
    Name,
}

/// The keys that a `.reg` file may begin with.
// Source: Microsoft, "Predefined Keys".
const PREDEFINED: [&str; 5] = [
    "HKEY_CLASSES_ROOT",
    "HKEY_CURRENT_CONFIG",
    "HKEY_CURRENT_USER",
    "HKEY_LOCAL_MACHINE",
    "HKEY_USERS",
];

/// Where Windows keeps hives, by the names of their files.
// Source: `HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Control\hivelist`; the hives of a user, whose
// key has his SID, are where he sees them.
const PLACES: [(&str, &str); 9] = [
    ("SYSTEM", "HKEY_LOCAL_MACHINE\\SYSTEM"),
    ("SOFTWARE", "HKEY_LOCAL_MACHINE\\SOFTWARE"),
    ("SAM", "HKEY_LOCAL_MACHINE\\SAM"),
    ("SECURITY", "HKEY_LOCAL_MACHINE\\SECURITY"),
    ("COMPONENTS", "HKEY_LOCAL_MACHINE\\COMPONENTS"),
    ("BCD", "HKEY_LOCAL_MACHINE\\BCD00000000"),
    ("DEFAULT", "HKEY_USERS\\.DEFAULT"),
    ("NTUSER.DAT", "HKEY_CURRENT_USER"),
    ("USRCLASS.DAT", "HKEY_CURRENT_USER\\Software\\Classes"),
];

impl Root {
    /// Makes a root of a path of keys.
    ///
    /// # Errors
    /// When Windows would not import keys below it.
    pub fn new(path: &str) -> Result<Self, RootError> {
        let mut names = path.split('\\');
        let first = names.next().unwrap_or_default();
        if !PREDEFINED.iter().any(|key| key.eq_ignore_ascii_case(first)) {
            return Err(RootError::Predefined);
        }
        match names.all(|name| !name.is_empty() && !name.contains(char::is_control)) {
            true => Ok(Self(path.to_owned())),
            false => Err(RootError::Name),
        }
    }

    /// The root of a hive in a file of that path: where Windows keeps hives of such a name, or of
    /// the name that the hive says it had; else the file's name in `HKEY_LOCAL_MACHINE`.
    pub fn of(hive: &Hive, path: &str) -> Self {
        let other = || Self(format!("HKEY_LOCAL_MACHINE\\{}", plain(file_name(path))));
        Self::known(hive, path).unwrap_or_else(other)
    }

    fn known(hive: &Hive, path: &str) -> Option<Self> {
        let own_path = hive.base_block().file_name.to_text().into_owned();
        let names = [file_name(path), file_name(&own_path)];
        let known = names.iter().find_map(|name| {
            PLACES.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, key)| key)
        });
        known.map(|key| Self((*key).to_owned()))
    }

    /// Where Windows keeps a hive of that name, as people write it: `HKLM\SOFTWARE`; `None` where
    /// that is not known, and for hives of a user, whose key has his SID.
    pub fn mounted(hive: &Hive, path: &str) -> Option<Name> {
        let Self(root) = Self::known(hive, path)?;
        let (_, rest) = root.split_once('\\')?;
        let short = match root.starts_with("HKEY_USERS") {
            _ if root.starts_with("HKEY_CURRENT_USER") => return None,
            true => "HKU",
            false => "HKLM",
        };
        Some(Name::from(&*format!("{short}\\{rest}")))
    }

    /// The path.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn file_name(path: &str) -> &str {
    path.rsplit(['/', '\\']).next().unwrap_or_default()
}

fn plain(name: &str) -> String {
    match name {
        "" => "hive".to_owned(),
        name => name.chars().map(|c| if c.is_control() { '_' } else { c }).collect(),
    }
}
