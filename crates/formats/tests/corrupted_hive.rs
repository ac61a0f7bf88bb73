//! A SYSTEM hive of which whole pages were zeroed or overwritten: what other tools reach in it
//! is reached, and nothing is taken for a key that is none.
//!
//! Which keys are true is said here by the bytes alone, without lists: a record in the form of a
//! key node, and a way of such records from parent to parent up to the root.

use std::collections::{BTreeMap, BTreeSet};

use diskprint_formats::regf::Hive;
use diskprint_testkit::archive;

/// What the best other tool reaches, Parse::Win32Registry 1.1. Of others: python-registry 1.3.1
/// 501 keys and 1,383 values, dissect.regf 3.14 771 and 2,569; regipy 6.5.0 has 1,788 "keys", of
/// which 101 are no key nodes; libhivex 1.3.23 does not open the hive.
const BEST_KEYS: usize = 1687;
const BEST_VALUES: usize = 5625;

#[test]
fn what_any_tool_reaches_is_reached_and_every_key_is_true() {
    let Some(hives) = archive::members("real-hives.tar.xz") else { return };
    let (_, bytes) = hives.into_iter().find(|(name, _)| name == "corrupted_system_hive").unwrap();
    let nodes = key_nodes(&bytes[4096..]);
    let hive = Hive::read(bytes).expect("a root key");
    assert!(hive.key_count() >= BEST_KEYS && hive.value_count() >= BEST_VALUES);

    let reached: BTreeSet<u32> = hive.keys().map(|key| key.offset().0).collect();
    let is_true = |offset: &&u32| leads_to_root(&nodes, **offset);
    let all: BTreeSet<u32> = nodes.keys().filter(is_true).copied().collect();
    let wrong: Vec<_> = reached.difference(&all).collect();
    assert!(wrong.is_empty(), "no keys, or not there: {wrong:x?}");

    let recovered: BTreeSet<u32> = hive.recovered().keys().map(|key| key.offset().0).collect();
    let cut_off: BTreeSet<u32> = all.difference(&reached).copied().collect();
    println!("{} keys reached, {} cut off, {:?}", reached.len(), cut_off.len(), recovered.len());
    let missed: Vec<_> = cut_off.difference(&recovered).collect();
    assert!(missed.is_empty(), "the way from them to the root is whole: {missed:x?}");
}

/// The offset of each record that has the form of a key node in use, and that of its parent.
// Source of the offsets: regf spec, "Key node"; 4 bytes of cell size go before.
fn key_nodes(bins: &[u8]) -> BTreeMap<u32, u32> {
    let offsets = (0..bins.len().saturating_sub(80)).step_by(8);
    let nodes = offsets.filter(|offset| is_key_node(&bins[*offset..]));
    nodes.map(|offset| (offset as u32, u32_at(bins, offset + 4 + 16))).collect()
}

fn is_key_node(cell: &[u8]) -> bool {
    let len = i32::from_le_bytes(cell[..4].try_into().unwrap()).wrapping_neg();
    let name_len = usize::from(u16::from_le_bytes([cell[76], cell[77]]));
    let mtime = u64::from_le_bytes(cell[8..16].try_into().unwrap());
    let name = cell.get(80..80 + name_len).unwrap_or(&[]);
    cell[4..6] == *b"nk"
        && (80..4096).contains(&len)
        && name_len + 80 <= len as usize
        && YEARS.contains(&mtime)
        && !name.is_empty()
        && name.iter().all(|byte| (b' '..=b'~').contains(byte))
}

/// 2001 to 2009: the hive was last written in November 2008.
const YEARS: std::ops::Range<u64> = 0x01C0_7000_0000_0000..0x01CA_8800_0000_0000;

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap())
}

/// Whether the parents of the key node at `offset` are key nodes up to the root, the first cell.
fn leads_to_root(nodes: &BTreeMap<u32, u32>, offset: u32) -> bool {
    const ROOT: u32 = 32;
    const MOST_DEPTH: usize = 512;
    let up = std::iter::successors(Some(offset), |at| nodes.get(at).copied());
    up.take(MOST_DEPTH).any(|at| at == ROOT)
}
