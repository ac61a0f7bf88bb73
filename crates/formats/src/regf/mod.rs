//! Registry hives, format `regf`.

/// A hive read whole: its base block, keys, values and what is wrong with it.
#[derive(Debug)]
pub struct Hive {}
