//! Amcache.hve: programs, files, devices and drivers that an inventory found.

use super::super::decode;
use super::super::{Entry, Root, Source};

const FILE: Source = Source::new(
    "Y. Khatri, Amcache.hve in Windows 8 - Goldmine for malware hunters",
    "http://www.swiftforensics.com/2013/12/amcachehve-in-windows-8-goldmine-for.html",
);
const PROGRAMS: Source = Source::new(
    "Y. Khatri, Amcache.hve - Part 2",
    "http://www.swiftforensics.com/2013/12/amcachehve-part-2.html",
);
const INVENTORY: Source = Source::new(
    "B. Lagny (ANSSI), Analysis of the AmCache, version 2",
    "https://docslib.org/doc/6704415/analysis-of-the-amcache-v2",
);

const fn inventory(what: &'static str, key: &'static str) -> Entry {
    Entry::new("amcache", what, Root::Amcache, key, INVENTORY)
}

pub(super) const ENTRIES: &[Entry] = &[
    Entry::new("amcache", "file", Root::Amcache, r"Root\File\**", FILE).form(decode::amcache_file),
    Entry::new("amcache", "program", Root::Amcache, r"Root\Programs\**", PROGRAMS)
        .form(decode::amcache_program),
    inventory("application", r"Root\InventoryApplication\**"),
    inventory("application's file", r"Root\InventoryApplicationFile\**"),
    inventory("application's shortcut", r"Root\InventoryApplicationShortcut\**"),
    inventory("device container", r"Root\InventoryDeviceContainer\**"),
    inventory("device", r"Root\InventoryDevicePnp\**"),
    inventory("driver", r"Root\InventoryDriverBinary\**"),
    inventory("driver package", r"Root\InventoryDriverPackage\**"),
];
