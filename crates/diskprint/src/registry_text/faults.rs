use diskprint_formats::Name;
use diskprint_formats::regf::{Fault, Hive, Key};

use super::escape;
use crate::printable;

/// What is wrong with a hive, a line for each fault: the path of its key, the root's name first,
/// what was found, and what was left out because of it.
pub fn lines(hive: &Hive) -> impl Iterator<Item = String> {
    let more = hive.more_faults();
    let more = (more > 0).then(|| format!("{more} more faults"));
    hive.faults().iter().map(|fault| line(hive, fault)).chain(more)
}

/// Number of faults found in a hive.
pub(super) fn count(hive: &Hive) -> u64 {
    (hive.faults().len() as u64).saturating_add(hive.more_faults())
}

fn line(hive: &Hive, fault: &Fault) -> String {
    let place = match fault.key.and_then(|id| hive.key_by_id(id)) {
        Some(key) => format!("{}: ", path(key)),
        None => String::new(),
    };
    let what = printable(&fault.error.to_string());
    match fault.error.skipped() {
        "" => format!("{place}{what}"),
        skipped => format!("{place}{what} (left out: {skipped})"),
    }
}

fn path(key: Key<'_>) -> String {
    let mut way: Vec<Name> =
        std::iter::successors(Some(key), Key::parent).map(|key| key.name()).collect();
    let mut path = way.pop().map(|root| escape::name_text(&root)).unwrap_or_default().into_bytes();
    // Writing to memory cannot fail.
    let _ = way.iter().rev().try_for_each(|name| escape::step(name, &mut path));
    String::from_utf8_lossy(&path).into_owned()
}
