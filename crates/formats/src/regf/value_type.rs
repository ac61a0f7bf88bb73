/// Types of value data that have a name. Every other number is kept as it is.
// Source: regf spec, "Data types".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ValueType {
    /// REG_NONE.
    None,
    /// REG_SZ.
    String,
    /// REG_EXPAND_SZ.
    Expand,
    /// REG_BINARY.
    Binary,
    /// REG_DWORD.
    Int32,
    /// REG_DWORD_BIG_ENDIAN.
    Int32BigEndian,
    /// REG_LINK.
    Link,
    /// REG_MULTI_SZ.
    StringList,
    /// REG_RESOURCE_LIST.
    ResourceList,
    /// REG_FULL_RESOURCE_DESCRIPTOR.
    ResourceDescription,
    /// REG_RESOURCE_REQUIREMENTS_LIST.
    ResourceRequirements,
    /// REG_QWORD.
    Int64,
}

impl ValueType {
    /// The type with this number, or `None` when it has no name.
    pub fn from_number(number: u32) -> Option<Self> {
        Some(match number {
            0 => Self::None,
            1 => Self::String,
            2 => Self::Expand,
            3 => Self::Binary,
            4 => Self::Int32,
            5 => Self::Int32BigEndian,
            6 => Self::Link,
            7 => Self::StringList,
            8 => Self::ResourceList,
            9 => Self::ResourceDescription,
            10 => Self::ResourceRequirements,
            11 => Self::Int64,
            _ => return None,
        })
    }

    /// The name in RegXML. Both byte orders of 32-bit integers have one name.
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::String => "string",
            Self::Expand => "expand",
            Self::Binary => "binary",
            Self::Int32 | Self::Int32BigEndian => "int32",
            Self::Link => "link",
            Self::StringList => "string-list",
            Self::ResourceList => "resource-list",
            Self::ResourceDescription => "resource-description",
            Self::ResourceRequirements => "resource-requirements",
            Self::Int64 => "int64",
        }
    }

    /// The name in Windows: `REG_SZ`.
    // Source: winnt.h, "Predefined Value Types".
    pub fn constant(self) -> &'static str {
        match self {
            Self::None => "REG_NONE",
            Self::String => "REG_SZ",
            Self::Expand => "REG_EXPAND_SZ",
            Self::Binary => "REG_BINARY",
            Self::Int32 => "REG_DWORD",
            Self::Int32BigEndian => "REG_DWORD_BIG_ENDIAN",
            Self::Link => "REG_LINK",
            Self::StringList => "REG_MULTI_SZ",
            Self::ResourceList => "REG_RESOURCE_LIST",
            Self::ResourceDescription => "REG_FULL_RESOURCE_DESCRIPTOR",
            Self::ResourceRequirements => "REG_RESOURCE_REQUIREMENTS_LIST",
            Self::Int64 => "REG_QWORD",
        }
    }
}

/// The RegXML name of the type with this number; `unknown` when it has none.
pub fn type_name(number: u32) -> &'static str {
    ValueType::from_number(number).map_or("unknown", ValueType::name)
}
