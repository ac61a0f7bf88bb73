use std::fmt;

use super::decode;
use super::row::Row;
use super::{HiveKind, Source};

/// A place in the registry that has a name.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// The kind, a stable short word.
    pub kind: &'static str,
    /// The name of the place.
    pub what: &'static str,
    /// The hives it is in, and below which key.
    pub root: Root,
    /// The key: see [`Entry::pattern`].
    pub(super) key: &'static str,
    /// Which of the key's cells it is about.
    pub values: Values,
    /// Where this is said.
    pub source: Source,
    decode: fn(&Row) -> Option<String>,
}

/// Which of a key's cells an entry is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Values {
    /// The key and all its values.
    All,
    /// The values of these names alone, without regard to case.
    Named(&'static [&'static str]),
}

/// In which hives a place is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Root {
    /// SOFTWARE.
    Software,
    /// SYSTEM.
    System,
    /// A user's hive, or DEFAULT.
    User,
    /// SOFTWARE, and below `Software` in a user's hive or DEFAULT.
    Both,
    /// `Classes` in SOFTWARE, `Software\Classes` in a user's hive or DEFAULT, and UsrClass.dat.
    Classes,
    /// SAM.
    Sam,
    /// SECURITY.
    Security,
    /// Amcache.hve.
    Amcache,
    /// BCD.
    Bcd,
    /// COMPONENTS.
    Components,
}

impl Root {
    /// The kinds of hive, each with the key below which the place is.
    pub fn hives(self) -> &'static [(HiveKind, &'static str)] {
        match self {
            Self::Software => &[(HiveKind::Software, "")],
            Self::System => &[(HiveKind::System, "")],
            Self::User => &[(HiveKind::NtUser, ""), (HiveKind::Default, "")],
            Self::Both => &[
                (HiveKind::Software, ""),
                (HiveKind::NtUser, "Software"),
                (HiveKind::Default, "Software"),
            ],
            Self::Classes => &[
                (HiveKind::Software, "Classes"),
                (HiveKind::NtUser, r"Software\Classes"),
                (HiveKind::Default, r"Software\Classes"),
                (HiveKind::UsrClass, ""),
            ],
            Self::Sam => &[(HiveKind::Sam, "")],
            Self::Security => &[(HiveKind::Security, "")],
            Self::Amcache => &[(HiveKind::Amcache, "")],
            Self::Bcd => &[(HiveKind::Bcd, "")],
            Self::Components => &[(HiveKind::Components, "")],
        }
    }
}

impl fmt::Display for Root {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Software => "SOFTWARE",
            Self::System => "SYSTEM",
            Self::User => "user",
            Self::Both => "SOFTWARE, user",
            Self::Classes => "classes",
            Self::Sam => "SAM",
            Self::Security => "SECURITY",
            Self::Amcache => "Amcache",
            Self::Bcd => "BCD",
            Self::Components => "COMPONENTS",
        })
    }
}

impl Entry {
    /// A key and all its values, whose data are shown by their type.
    pub(super) const fn new(
        kind: &'static str,
        what: &'static str,
        root: Root,
        key: &'static str,
        source: Source,
    ) -> Self {
        Self { kind, what, root, key, values: Values::All, source, decode: decode::plain }
    }

    /// The same for values of these names alone.
    pub(super) const fn only(mut self, names: &'static [&'static str]) -> Self {
        self.values = Values::Named(names);
        self
    }

    /// The same with data in a form of their own.
    pub(super) const fn form(mut self, decode: fn(&Row) -> Option<String>) -> Self {
        self.decode = decode;
        self
    }

    /// The key below the hives' [`Root`], names separated by `\`.
    ///
    /// `*` is any name, `**` the key and all below it, `(NAME)` a name that may be missing, `#`
    /// a digit, `.*` a name that begins with a dot, `{guid}` a GUID in braces, `<packed guid>` one
    /// as 32 digits, `<sid>` a security identifier, `<hex>` eight hexadecimal digits.
    pub fn pattern(&self) -> &'static str {
        self.key
    }

    pub(super) fn decode(&self, row: &Row) -> Option<String> {
        (self.decode)(row)
    }
}
