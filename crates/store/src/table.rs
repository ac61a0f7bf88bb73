use diskprint::SliceId;

use crate::column::Value;

/// A table of ours with rows that have a place in an order.
pub(crate) struct Table {
    pub(crate) name: &'static str,
    /// Its columns beside the key: columns that say whose the row is, and `ordinal`.
    pub(crate) columns: Vec<Column>,
}

/// A column of a [`Table`].
pub(crate) struct Column {
    pub(crate) name: String,
    /// Whether it holds names, which text cannot always hold.
    pub(crate) is_name: bool,
}

/// A column that says whose a row is, and what it says.
pub(crate) type Owner = (&'static str, Value);

/// The columns of rows that are a slice's.
pub(crate) fn owner(slice: &SliceId) -> [Owner; 3] {
    [
        ("osetid", slice.osetid.as_str().into()),
        ("appetid", slice.appetid.as_str().into()),
        ("sliceid", slice.sliceid.into()),
    ]
}
