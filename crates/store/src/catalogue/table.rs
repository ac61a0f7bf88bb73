use std::fmt;

/// A table of the catalogue. Rows of a later one may refer to rows of an earlier one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Table {
    /// The types that a slice may have.
    SliceType,
    /// The states that a slice may have.
    SliceState,
    /// Tarballs.
    Storage,
    /// Virtual machines.
    VirtualMachine,
    /// Operating systems.
    Os,
    /// How the virtual machine of an operating system is set up.
    VmSetting,
    /// Slices.
    Slice,
}

/// A column of a [`Table`].
#[derive(Debug, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: &'static str,
    /// What it holds.
    pub kind: Kind,
    /// Whether it is a part of the key.
    pub is_key: bool,
}

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Text.
    Text,
    /// An integer.
    Number,
    /// A day, `2013-05-07`.
    Date,
    /// A moment, `2013-05-07T09:00:45`.
    Time,
}

/// What a row holds in one column.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Field {
    /// Nothing.
    Null,
    /// An integer.
    Number(i64),
    /// Text, also a day or a moment.
    Text(String),
}

impl Table {
    /// All of them, each before those that refer to it.
    pub const ALL: [Self; 7] = [
        Self::SliceType,
        Self::SliceState,
        Self::Storage,
        Self::VirtualMachine,
        Self::Os,
        Self::VmSetting,
        Self::Slice,
    ];

    /// Its name in the database.
    pub fn name(self) -> &'static str {
        match self {
            Self::SliceType => "slicetype",
            Self::SliceState => "slicestate",
            Self::Storage => "storage",
            Self::VirtualMachine => "virtualmachine",
            Self::Os => "os",
            Self::VmSetting => "vmsetting",
            Self::Slice => "slice",
        }
    }

    /// The table of that name, in whatever case.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|table| table.name().eq_ignore_ascii_case(name))
    }

    /// Its columns, in the order of the original workflow's schema.
    pub fn columns(self) -> &'static [Column] {
        match self {
            Self::SliceType | Self::SliceState => &TYPES,
            Self::Storage => &STORAGE,
            Self::VirtualMachine => &VIRTUAL_MACHINE,
            Self::Os => &OS,
            Self::VmSetting => &VM_SETTING,
            Self::Slice => &SLICE,
        }
    }

    /// The index of its column of that name, in whatever case.
    pub fn column(self, name: &str) -> Option<usize> {
        self.columns().iter().position(|column| column.name.eq_ignore_ascii_case(name))
    }

    /// The fields of a row that are a part of its key, or those that are none.
    pub(crate) fn part(self, row: &[Field], is_key: bool) -> impl Iterator<Item = &Field> {
        let fields = row.iter().zip(self.columns());
        fields.filter(move |(_, column)| column.is_key == is_key).map(|(field, _)| field)
    }

    /// What a new row holds in a column that is not named.
    pub(super) fn default(self, column: &Column, now: &str) -> Field {
        match (self, column.name) {
            (Self::Slice, "slicetype") => Field::Text("Default".into()),
            (Self::Slice, "slicestate") => Field::Text("latest".into()),
            (Self::Slice, "creationdate") => Field::Text(now.into()),
            _ => Field::Null,
        }
    }
}

const fn key(name: &'static str, kind: Kind) -> Column {
    Column { name, kind, is_key: true }
}

const fn column(name: &'static str, kind: Kind) -> Column {
    Column { name, kind, is_key: false }
}

const fn text(name: &'static str) -> Column {
    column(name, Kind::Text)
}

const TYPES: [Column; 1] = [key("type", Kind::Text)];
const STORAGE: [Column; 2] = [text("location"), key("slicehash", Kind::Text)];
const VIRTUAL_MACHINE: [Column; 3] =
    [key("vmid", Kind::Number), text("vmappname"), text("vmappversion")];
const OS: [Column; 4] = [
    key("osetid", Kind::Text),
    text("ossystemname"),
    column("vmid", Kind::Number),
    column("installdate", Kind::Date),
];
const SLICE: [Column; 9] = [
    key("sliceid", Kind::Number),
    text("slicetype"),
    key("osetid", Kind::Text),
    key("appetid", Kind::Text),
    column("creationdate", Kind::Time),
    text("slicenotes"),
    text("slicestate"),
    text("slicehash"),
    column("slicepredecessorid", Kind::Number),
];
const VM_SETTING: [Column; 25] = [
    text("vminstancename"),
    text("organization"),
    text("sharing"),
    text("applicationmenu"),
    text("printers"),
    text("autoprotect"),
    text("sound"),
    text("usbdevice"),
    text("otherdevicesconnected"),
    text("advancedother"),
    text("network"),
    text("cddvdconnected"),
    text("cddvdusediskimage"),
    text("harddisktype"),
    text("disksize"),
    text("preallocatediskspace"),
    text("split2gbfile"),
    column("vmid", Kind::Number),
    key("osetid", Kind::Text),
    text("startupdisk"),
    text("display"),
    text("processor"),
    text("processorram"),
    text("ossystemname"),
    column("installdate", Kind::Date),
];

impl Field {
    /// The text; `None` where it holds none.
    pub fn text(self) -> Option<String> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The number; `None` where it holds none.
    pub fn number(&self) -> Option<i64> {
        match self {
            Self::Number(number) => Some(*number),
            _ => None,
        }
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("NULL"),
            Self::Number(number) => number.fmt(f),
            Self::Text(text) => f.write_str(text),
        }
    }
}
