//! Rows of the original workflow's table `regdelta`.

use diskprint_formats::Name;

/// One row as the original workflow wrote it; `None` is NULL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// What happened: 1 created, 2 removed, 5 property updated.
    pub cellaction: u8,
    /// `\ROOT\key\value`, nothing escaped.
    pub cellpath: Name,
    /// Last-write time of the parent key before.
    pub parentmtimebefore: Option<String>,
    /// Last-write time of the parent key after.
    pub parentmtimeafter: Option<String>,
    /// The key's own last-write time before.
    pub mtimebefore: Option<String>,
    /// The key's own last-write time after.
    pub mtimeafter: Option<String>,
    /// SHA-1 of the value's rendering before.
    pub valuesha1before: Option<String>,
    /// SHA-1 of the value's rendering after.
    pub valuesha1after: Option<String>,
    /// Name of the value's type before; empty for keys.
    pub celltypebefore: Option<String>,
    /// Name of the value's type after; empty for keys.
    pub celltypeafter: Option<String>,
    /// Whether it was a key before.
    pub iskeybefore: Option<bool>,
    /// Whether it is a key after.
    pub iskeyafter: Option<bool>,
}
