//! Members of the shared test data's archives.

pub use diskprint_testkit::archive::members;
