//! The table: one file for each part of it, in the order of the documentation.

mod account;
mod amcache;
mod autostart;
mod boot;
mod classes;
mod device;
mod execution;
mod network;
mod recent;
mod service;
mod software;
mod system;

use super::Entry;

/// All parts.
pub(super) const ALL: [&[Entry]; 12] = [
    autostart::ENTRIES,
    service::ENTRIES,
    software::ENTRIES,
    classes::ENTRIES,
    execution::ENTRIES,
    recent::ENTRIES,
    device::ENTRIES,
    network::ENTRIES,
    account::ENTRIES,
    system::ENTRIES,
    amcache::ENTRIES,
    boot::ENTRIES,
];
