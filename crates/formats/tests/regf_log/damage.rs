//! Whatever happened to a log, the hive is afterwards in a state that it had, and hostile bytes
//! end.

use diskprint_formats::regf::log::LogFile::{Log, Log1, Log2};
use diskprint_formats::regf::log::recover;
use diskprint_testkit::regf::log::{
    Entry, OLD, Page, new_log, old_log, with, with_last_written, with_numbers,
};
use proptest::prelude::*;
use proptest::sample::Index;

use super::hives::{FIRST, dirty, state};

/// Pages anywhere in the first 24 KiB of the hive bins data, which every state has.
fn any_pages() -> impl Strategy<Value = Vec<Page>> {
    let page = (0..20_000u32, 1..4000usize, any::<u8>());
    let page = page.prop_map(|(offset, len, byte)| Page { offset, bytes: vec![byte; len] });
    prop::collection::vec(page, 1..5)
}

/// Entries that follow one another, each with a size of 0 to 7 blocks more than the dirty hive.
fn any_entries() -> impl Strategy<Value = Vec<Entry>> {
    prop::collection::vec((any_pages(), 0..2u32, 0..8u32), 1..7).prop_map(|entries| {
        let bins = (state(0).len() - 4096) as u32;
        let numbered = entries.into_iter().zip(FIRST..);
        let entry = |((mut pages, flags, blocks), number): ((Vec<Page>, u32, u32), u32)| {
            let growth = blocks * 4096;
            pages.push(Page { offset: bins, bytes: vec![number as u8; growth as usize] });
            Entry { number, flags, bins_len: bins + growth, pages }
        };
        numbered.map(entry).collect()
    })
}

/// The hive before any entry, after the first, after the second…
fn states(entries: &[Entry]) -> Vec<Vec<u8>> {
    let mut hive = state(0);
    let mut states = vec![dirty()];
    for entry in entries {
        hive.resize(hive.len().max(4096 + entry.bins_len as usize), 0);
        for page in &entry.pages {
            let at = 4096 + page.offset as usize;
            hive[at..at + page.bytes.len()].copy_from_slice(&page.bytes);
        }
        hive = with(&hive, 40, &entry.bins_len.to_le_bytes());
        hive = with(&hive, 144, &entry.flags.to_le_bytes());
        states.push(with_numbers(&hive, entry.number, entry.number));
    }
    states
}

fn flip(bytes: &mut [u8], flips: &[(Index, u8)]) {
    for (at, byte) in flips {
        bytes[at.index(bytes.len())] ^= byte;
    }
}

fn flips(most: usize) -> impl Strategy<Value = Vec<(Index, u8)>> {
    prop::collection::vec((any::<Index>(), 1..=255u8), 0..=most)
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 192,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn whole_logs_give_the_last_state(entries in any_entries(), at in any::<Index>()) {
        let (first, second) = entries.split_at(at.index(entries.len()));
        let log = |entries: &[Entry]| match entries {
            [] => Vec::new(),
            _ => new_log(&state(0), entries),
        };
        let recovery = recover(&dirty(), &[(Log2, &log(first)), (Log1, &log(second))]);
        prop_assert!(recovery.bytes == states(&entries).pop(), "{:?}", recovery.logs);
    }

    #[test]
    fn damaged_logs_give_a_state_that_was(
        entries in any_entries(),
        hits in flips(2),
        cut in any::<Index>(),
        is_cut in any::<bool>(),
    ) {
        let mut log = new_log(&state(0), &entries);
        flip(&mut log[512..], &hits);
        if is_cut {
            log.truncate(cut.index(log.len()));
        }
        let recovery = recover(&dirty(), &[(Log1, &log)]);
        let states = states(&entries);
        let found = recovery.bytes.clone().unwrap_or_else(dirty);
        let place = states.iter().position(|state| *state == found);
        prop_assert!(place.is_some(), "a state that never was: {:?}", recovery.logs);
        let applied = recovery.logs[0].applied.map_or(0, |applied| applied.entries.count);
        prop_assert_eq!(place.map(|place| place as u64), Some(applied));
        // Only an entry that is gone to its first letters is left out without a word.
        let end = 512 + entries.iter().take(applied as usize).map(|e| e.bytes().len()).sum::<usize>();
        let report = &recovery.logs[0];
        prop_assert!(
            place == Some(entries.len())
                || report.refused.is_some()
                || report.unreached.is_some()
                || !log.get(end..).is_some_and(|rest| rest.len() > 40 && rest.starts_with(b"HvLE"))
        );
    }

    #[test]
    fn a_cut_log_of_the_old_format_gives_all_or_nothing(cut in any::<Index>()) {
        let log = old_log(&state(0), &state(2), OLD, 15);
        let cut = cut.index(log.len());
        let recovery = recover(&dirty(), &[(Log1, &log[..cut])]);
        prop_assert!(recovery.bytes.is_none());
        prop_assert!(recovery.logs[0].refused.is_some() || cut == 0);
    }

    #[test]
    fn hostile_bytes_end_and_take_no_more_than_their_length(
        entries in any_entries(),
        sizes in prop::collection::vec((any::<u32>(), any::<u32>()), 6),
        hits in (flips(6), flips(40), flips(40)),
        cuts in (any::<Index>(), any::<Index>(), any::<Index>()),
    ) {
        let mut entries = entries;
        for (entry, (bins, offset)) in entries.iter_mut().zip(&sizes).skip(1) {
            entry.bins_len = bins & !0xFFF;
            entry.pages[0].offset = *offset;
        }
        let timed = |hive: &[u8]| with_last_written(hive, 7);
        let mut hive = timed(&dirty());
        let mut new = new_log(&state(0), &entries);
        let mut old = old_log(&timed(&state(0)), &timed(&state(3)), OLD, 15);
        flip(&mut hive, &hits.0);
        flip(&mut new, &hits.1);
        flip(&mut old[512..], &hits.2);
        let most = hive.len() + new.len() + old.len();
        for (hive_len, new_len, old_len) in [
            (hive.len(), new.len(), old.len()),
            (cuts.0.index(hive.len()), new.len(), cuts.2.index(old.len())),
            (hive.len(), cuts.1.index(new.len()), old.len()),
        ] {
            let logs = [(Log1, &new[..new_len]), (Log2, &old[..old_len]), (Log, &hive[..])];
            let recovery = recover(&hive[..hive_len], &logs);
            prop_assert!(recovery.bytes.is_none_or(|bytes| bytes.len() <= most + hive.len() + 4096));
            prop_assert!(recovery.logs.iter().all(|log| !log.to_string().is_empty()));
        }
    }
}
