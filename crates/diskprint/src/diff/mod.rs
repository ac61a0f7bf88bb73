//! What differs between two states.

mod files;

pub use files::files;
