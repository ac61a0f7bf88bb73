use std::fmt;

use diskprint_formats::Name;

/// Why a key or value cannot be in a `.reg` file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reason {
    /// A line break or NUL in its name, or one that is not text.
    Name,
    /// A `\` in the name of a key, which would be two keys.
    Separator,
    /// A key without a name.
    NoName,
    /// The name of one before it, which would be written over.
    Double,
    /// It is below a key that is left out.
    Below,
}

impl Reason {
    /// Why a value of this name cannot be held; `None` where it can.
    pub(super) fn of_value(name: &Name) -> Option<Self> {
        let is_held = |text: &str| !text.contains(['\0', '\r', '\n']);
        (!name.to_str().is_some_and(is_held)).then_some(Self::Name)
    }

    /// Why a key of this name cannot be held. A `]` can: the last one of the line ends the path.
    pub(super) fn of_key(name: &Name) -> Option<Self> {
        match name.as_bytes() {
            [] => Some(Self::NoName),
            bytes if bytes.contains(&b'\\') => Some(Self::Separator),
            _ => Self::of_value(name),
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Name => "its name has a line break or NUL, or is not text",
            Self::Separator => "its name has a \\",
            Self::NoName => "it has no name",
            Self::Double => "one before it has its name",
            Self::Below => "the key above it is",
        })
    }
}
