//! Hives as text that people and their other programs know: the dump and the counts of
//! Parse::Win32Registry's `regdump.pl` and `regstats.pl`, and `.reg` files that Windows imports.
//! RegXML, the third form, is [`crate::regxml`].
//!
//! None of them writes control characters from evidence, nor characters that reorder text, where
//! a person would be misled by them. See `docs/formats.md`, "Hive dumps".

mod escape;
mod faults;
mod hex;
mod paths;
pub mod reg;
mod statistics;
pub mod text;

pub use faults::lines as fault_lines;
pub use statistics::Statistics;
