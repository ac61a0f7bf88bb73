//! Stored results as web pages, and the JSON API that these use. The only crate that is async.
//!
//! Nothing is written: requests read through connections that cannot write, and no method but GET
//! and HEAD is answered. Each request takes a connection of its own from a few that are kept, and is
//! worked on by a thread; what it reads is bounded by the length of a page.
#![forbid(unsafe_code)]

mod access;
mod answer;
mod api;
mod connections;
mod download;
mod pages;
mod serve;

pub use access::{Access, Guard};
pub use serve::{Error, Settings, serve};
