//! What differs between two states.

mod cells;
mod files;

pub use cells::cells;
pub use files::files;
