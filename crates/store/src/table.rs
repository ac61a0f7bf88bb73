/// A table of ours with rows for each slice.
pub(crate) struct Table {
    pub(crate) name: &'static str,
    /// Its columns beside the key, which is `osetid, appetid, sliceid, ordinal`.
    pub(crate) columns: Vec<Column>,
}

/// A column of a [`Table`].
pub(crate) struct Column {
    pub(crate) name: String,
    /// Whether it holds names, which text cannot always hold.
    pub(crate) is_name: bool,
}
