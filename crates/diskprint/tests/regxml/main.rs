//! RegXML is well-formed, says all of a hive, and agrees with `hivexml`.

#[path = "../support/archive.rs"]
mod archive;
mod hivexml;
mod parse;
mod round_trip;
