//! Registry hives, format `regf`.
//!
//! Source for all of it, called "regf spec" below: M. Suhanov, "Windows registry file format
//! specification", <https://github.com/msuhanov/regf>. Offsets in it are relative to the record.
//!
//! Not read: volatile subkeys (a file holds none that mean anything).

mod arena;
mod base_block;
mod big_data;
mod cell;
mod data;
mod error;
mod fault;
mod hive;
mod hive_bin;
mod key;
mod key_node;
mod key_security;
mod key_value;
mod list;
pub mod log;
pub mod recovered;
mod root;
mod value;
mod value_type;
mod walk;

pub use arena::KeyId;
pub use base_block::{BaseBlock, checksum, is_hive, is_transaction_log};
pub use cell::{CellOffset, Span};
pub use error::{Error, Structure};
pub use fault::Fault;
pub use hive::Hive;
pub use key::{ExtraBits, Key};
pub use value::Value;
pub use value_type::{ValueType, type_name};
