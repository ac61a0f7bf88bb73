//! The boot configuration.

use super::super::decode;
use super::super::{Entry, Root, Source};

const OBJECTS: Source = Source::new(
    "G. Chappell, BCD Objects",
    "https://www.geoffchappell.com/notes/windows/boot/bcd/objects.htm",
);
const ELEMENTS: Source = Source::new(
    "G. Chappell, BCD Elements",
    "https://www.geoffchappell.com/notes/windows/boot/bcd/elements.htm",
);

pub(super) const ENTRIES: &[Entry] = &[
    Entry::new("boot", "boot object", Root::Bcd, r"Objects\{guid}\**", OBJECTS),
    Entry::new("boot", "boot element", Root::Bcd, r"Objects\{guid}\Elements\<hex>", ELEMENTS)
        .form(decode::boot_element),
];
