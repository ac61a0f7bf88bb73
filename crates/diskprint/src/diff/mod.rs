//! What differs between two states.

mod cells;

pub use cells::cells;
