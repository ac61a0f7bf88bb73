//! Data whose form is known, made readable. Each decoder is total: what does not fit its form
//! exactly gives the item's name alone.

mod account;
mod amcache;
mod guid;
mod known_folder;
mod moderator;
mod mounted_device;
mod mru;
mod office;
mod service;
mod shell_item;
mod shim_cache;
mod task;
mod time;
mod user_assist;
mod words;

use super::row::Row;

pub(super) use account::{account, account_name};
pub(super) use amcache::{amcache_file, amcache_program};
pub(super) use guid::packed;
pub(super) use moderator::moderator;
pub(super) use mounted_device::mounted_device;
pub(super) use mru::{dialog_mru, item_list_mru, item_mru, text_mru, typed_time};
pub(super) use office::office_mru;
pub(super) use service::service;
pub(super) use shim_cache::shim_cache;
pub(super) use task::task;
pub(super) use time::{device_time, file_time, unix_time};
pub(super) use user_assist::user_assist;
pub(super) use words::{boot_element, network_profile, prefetch, time_zone};

/// The data as their type says.
pub(super) fn plain(row: &Row) -> Option<String> {
    row.say(row.value.and_then(|value| value.text()))
}

/// The data as `known` reads them, or else as their type says.
fn or_plain(row: &Row, known: Option<String>) -> Option<String> {
    match known {
        Some(text) => row.say(Some(text)),
        None => plain(row),
    }
}

/// Little-endian 32-bit integer at `offset`.
fn u32_at(data: &[u8], offset: usize) -> Option<u32> {
    data.get(offset..)?.first_chunk().map(|bytes| u32::from_le_bytes(*bytes))
}

/// Little-endian 16-bit integer at `offset`.
fn u16_at(data: &[u8], offset: usize) -> Option<u16> {
    data.get(offset..)?.first_chunk().map(|bytes| u16::from_le_bytes(*bytes))
}

/// Little-endian 64-bit integer at `offset`.
fn u64_at(data: &[u8], offset: usize) -> Option<u64> {
    data.get(offset..)?.first_chunk().map(|bytes| u64::from_le_bytes(*bytes))
}
