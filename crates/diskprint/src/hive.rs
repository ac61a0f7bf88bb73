use std::sync::Arc;

use diskprint_formats::{Name, regf};

use crate::Digests;

/// A hive file of a slice: where it was found and what it holds.
#[derive(Clone, Debug)]
pub struct Hive {
    /// Number of the partition that it is in.
    pub partition: u32,
    /// Path in the volume, parts separated by `/`, with `:stream` where it is a stream.
    pub path: Name,
    /// Digests of the hive file.
    pub digests: Digests,
    /// The keys and values; shared between slices in which the file's bytes are the same.
    pub tree: Arc<regf::Hive>,
}
