//! Dirty hives with their logs, and what is to come of them.

use diskprint_formats::regf::log::LogFile::{self, Log, Log1, Log2};
use diskprint_testkit::regf::log::{
    Entry, NEW, OLD, VERY_OLD, base_block, new_log, old_log, with, with_last_written, with_numbers,
};

use super::hives::{FIRST, dirty, state};

/// A hive and its logs, and what the hive is afterwards; `None`: nothing was applied.
pub struct Case {
    pub name: &'static str,
    pub primary: Vec<u8>,
    pub logs: Vec<(LogFile, Vec<u8>)>,
    pub recovered: Option<Vec<u8>>,
}

impl Case {
    fn new(name: &'static str, primary: Vec<u8>, logs: Vec<(LogFile, Vec<u8>)>) -> Self {
        Self { name, primary, logs, recovered: None }
    }

    fn gives(self, steps: usize, number: u32) -> Self {
        self.gives_bytes(with_numbers(&state(steps), number, number))
    }

    fn gives_bytes(self, bytes: Vec<u8>) -> Self {
        Self { recovered: Some(bytes), ..self }
    }
}

/// The entry that makes state `step` of the one before it; entry 14 makes state 1.
pub fn entry(step: u32) -> Entry {
    let step = step as usize;
    Entry::between(FIRST - 1 + step as u32, &state(step - 1), &state(step))
}

fn numbered(step: u32, number: u32) -> Entry {
    Entry { number, ..entry(step) }
}

/// A log of the new format with these entries.
fn log(entries: &[Entry]) -> Vec<u8> {
    new_log(&state(0), entries)
}

/// The same file with one byte changed, `back` bytes before its end.
fn flip(mut file: Vec<u8>, back: usize) -> Vec<u8> {
    let at = file.len() - back;
    file[at] ^= 0x40;
    file
}

/// The dirty hive with a base block that was hit.
fn bad_base_block() -> Vec<u8> {
    let mut hive = dirty();
    hive[200] ^= 0xFF;
    hive
}

/// The dirty hive, its blocks from the third on as a later state has them.
fn half_written(steps: usize) -> Vec<u8> {
    let mut hive = dirty();
    let len = hive.len();
    hive[4096 + 8192..].copy_from_slice(&state(steps)[4096 + 8192..len]);
    hive
}

/// All cases, by what they try.
pub fn all() -> Vec<Case> {
    let groups = [new_format(), new_format_damaged(), several_logs(), old_format(), base_blocks()];
    groups.into_iter().flatten().collect()
}

fn new_format() -> Vec<Case> {
    let half_written = half_written(2);
    let remnants =
        [log(&[entry(1)]), numbered(2, 9).bytes(), vec![0; 512], numbered(3, 10).bytes()];
    vec![
        Case::new("one log", dirty(), vec![(Log1, log(&[entry(1), entry(2)]))]).gives(2, 15),
        Case::new("growth", dirty(), vec![(Log1, log(&[entry(1), entry(2), entry(3), entry(4)]))])
            .gives(4, 17),
        Case::new("half of it written", half_written, vec![(Log1, log(&[entry(1), entry(2)]))])
            .gives(2, 15),
        Case::new("old entries behind", dirty(), vec![(Log1, remnants.concat())]).gives(1, 14),
        Case::new("begins later", dirty(), vec![(Log1, log(&[numbered(1, 20), numbered(2, 21)]))])
            .gives(2, 21),
        Case::new(
            "numbers begin again",
            with_numbers(&state(0), 0, u32::MAX),
            vec![(Log1, log(&[numbered(2, 0)])), (Log2, log(&[numbered(1, u32::MAX)]))],
        )
        .gives(2, 0),
        Case::new("flag set", flagged(2), vec![(Log1, log(&[with_flags(1)]))]).gives_bytes(with(
            &with_numbers(&state(1), 14, 14),
            144,
            &[3],
        )),
        Case::new("flag unset", flagged(3), vec![(Log1, log(&[with_flags(!1)]))])
            .gives_bytes(with(&with_numbers(&state(1), 14, 14), 144, &[2])),
    ]
}

/// The dirty hive with these flags in its base block.
fn flagged(flags: u8) -> Vec<u8> {
    with(&dirty(), 144, &[flags])
}

fn with_flags(flags: u32) -> Entry {
    Entry { flags, ..entry(1) }
}

fn new_format_damaged() -> Vec<Case> {
    let two = || log(&[entry(1), entry(2)]);
    let last = entry(2).bytes().len();
    let huge = Entry { bins_len: 1 << 30, ..entry(2) };
    let odd = Entry { bins_len: entry(2).bins_len + 512, ..entry(2) };
    let last_page = |entry: &Entry| {
        let page = entry.pages.last().expect("a page");
        page.offset + page.bytes.len() as u32
    };
    let outside = Entry { bins_len: last_page(&entry(2)) - 4096, ..entry(2) };
    let empty = Entry { pages: Vec::new(), ..entry(2) };
    let hash_1 = [flip(two(), 1), entry(3).bytes()].concat();
    let short = two().len() - last / 2;
    let case = |name, log1| Case::new(name, dirty(), vec![(Log1, log1)]);
    vec![
        case("last entry torn", flip(two(), 1)).gives(1, 14),
        case("entry behind a torn one", hash_1).gives(1, 14),
        case("header torn", flip(two(), last - 9)).gives(1, 14),
        case("cut off", two()[..short].to_vec()).gives(1, 14),
        case("gap", log(&[entry(1), entry(3)])).gives(1, 14),
        case("grows too much", log(&[entry(1), huge, entry(3)])).gives(1, 14),
        case("size of no bins", log(&[entry(1), odd])).gives(1, 14),
        case("page outside", log(&[entry(1), outside])).gives(1, 14),
        case("no pages", log(&[entry(1), empty])).gives(1, 14),
        case("first entry torn", flip(log(&[entry(1)]), 1)),
        case("cut within the base block", two()[..300].to_vec()),
        case("no log", b"MZ\x90\0 and so on".to_vec()),
        case("a hive as log", dirty()),
        case("base block torn", with_numbers(&two(), 14, 13)),
        case("base block hit", flip(two(), two().len() - 100)),
    ]
}

fn several_logs() -> Vec<Case> {
    let one = || log(&[entry(1)]);
    let earlier = log(&[numbered(2, 11), numbered(3, 12), numbered(4, 13)]);
    let torn = flip(log(&[entry(1), entry(2)]), 1);
    let clean = with_numbers(&state(0), FIRST, FIRST);
    let case = |name, logs| Case::new(name, dirty(), logs);
    vec![
        case("two logs", vec![(Log1, one()), (Log2, log(&[entry(2), entry(3)]))]).gives(3, 16),
        case("two logs, the second first", vec![(Log1, log(&[entry(2), entry(3)])), (Log2, one())])
            .gives(3, 16),
        case("an older log", vec![(Log1, one()), (Log2, earlier.clone())]).gives(1, 14),
        case("an older log alone", vec![(Log1, earlier)]),
        case(
            "a log that begins earlier",
            vec![(Log1, log(&[numbered(1, 13), numbered(2, 14), numbered(3, 15)]))],
        ),
        case("gap between logs", vec![(Log1, one()), (Log2, log(&[entry(3)]))]).gives(1, 14),
        case("goes on behind a torn entry", vec![(Log1, torn), (Log2, log(&[entry(2)]))])
            .gives(2, 15),
        case("only behind a torn entry", vec![(Log1, flip(one(), 1)), (Log2, log(&[entry(2)]))]),
        case("empty logs", vec![(Log, Vec::new()), (Log1, vec![0; 4096]), (Log2, vec![0; 7])]),
        Case::new("clean", clean.clone(), vec![(Log1, log(&[numbered(1, 12), numbered(2, 13)]))]),
        Case::new(
            "clean, and the logs go on",
            clean,
            vec![(Log1, log(&[numbered(1, 13), numbered(2, 14), numbered(3, 15)]))],
        ),
    ]
}

fn old_format() -> Vec<Case> {
    let old = |steps: usize| old_log(&state(0), &state(steps), OLD, 15);
    let half_written = half_written(1);
    let another_time = with(&old(1), 12, &0x01CE_4B00_1234_0000u64.to_le_bytes());
    let later = with(&old(1), 12, &0x01CE_4B00_9999_0000u64.to_le_bytes());
    let case = |name, logs| Case::new(name, dirty(), logs);
    vec![
        case("old format", vec![(Log1, old(1)), (Log2, Vec::new())]).gives(1, 15),
        Case::new("old format, half of it written", half_written, vec![(Log1, old(1))])
            .gives(1, 15),
        case("old format, growth", vec![(Log, old(3))]).gives(3, 15),
        case("Windows 2000", vec![(Log, old_log(&state(0), &state(1), VERY_OLD, 14))]).gives(1, 15),
        case("of another write", vec![(Log1, another_time)]),
        case("of a later write", vec![(Log1, old(2)), (Log2, later)]).gives(2, 15),
        case("two old logs", vec![(Log, old(3)), (Log2, old(2)), (Log1, old(1))]).gives(1, 15),
        case("torn, and a second", vec![(Log1, with_numbers(&old(2), 16, 15)), (Log2, old(1))])
            .gives(1, 15),
        case("cut, and a second", {
            let cut = old(2);
            vec![(Log1, cut[..cut.len() - 512].to_vec()), (Log2, old(1))]
        })
        .gives(1, 15),
        case("dirty vector cut", vec![(Log1, old(1)[..516].to_vec())]),
        case("no dirty vector", vec![(Log1, flip(old(1), old(1).len() - 512))]),
        case("old format, no bins", vec![(Log1, with(&old(1), 40, &[0; 4]))]),
        case("a dirty bin is none", vec![(Log1, bad_bin(old(1), SECOND_BIN, 0, b'X'))])
            .gives_bytes(before_bad_bin()),
        case("a dirty bin is of another place", vec![(Log1, bad_bin(old(1), SECOND_BIN, 5, 0x20))])
            .gives_bytes(before_bad_bin()),
        case("a dirty bin has an odd size", vec![(Log1, bad_bin(old(1), SECOND_BIN, 8, 8))])
            .gives_bytes(before_bad_bin()),
        case("the first bin is none", vec![(Log1, bad_bin(old(1), 0, 0, b'X')), (Log2, old(2))])
            .gives(2, 15),
        in_a_bin_without_header(),
    ]
}

/// Where the second hive bin begins in all states, in the hive bins data.
const SECOND_BIN: u32 = 4096;

/// The log of state 1 with another byte in the header of the hive bin at `bin`.
fn bad_bin(mut log: Vec<u8>, bin: u32, offset: usize, byte: u8) -> Vec<u8> {
    let header = [*b"hbin", bin.to_le_bytes()].concat();
    let at = log.windows(8).position(|bytes| bytes == header).expect("a dirty bin");
    log[at + offset] = byte;
    log
}

/// The second block of the second bin is dirty, the first not; in the hive that has no header.
fn in_a_bin_without_header() -> Case {
    let bin = 4096 + SECOND_BIN as usize;
    let (mut hive, mut after) = (dirty(), state(0));
    after[bin + 5000] = 0x77;
    let logs = vec![(Log1, old_log(&state(0), &after, OLD, 15))];
    hive[bin] = b'X';
    after[bin] = b'X';
    Case::new("in a bin without header", hive, logs).gives_bytes(with_numbers(&after, 15, 15))
}

/// State 0 with the blocks of state 1 before the second bin.
fn before_bad_bin() -> Vec<u8> {
    let (before, after) = (state(0), state(1));
    let mut hive = with_numbers(&after, 15, 15);
    let end = before.len();
    let bin = 4096 + SECOND_BIN as usize;
    hive[bin..end].copy_from_slice(&before[bin..]);
    hive[end..].fill(0);
    hive
}

fn base_blocks() -> Vec<Case> {
    let timed = |hive: Vec<u8>| with_last_written(&hive, 0x01CE_4B00_5555_0000);
    let old = old_log(&timed(state(0)), &timed(state(1)), OLD, 15);
    let mut timed_hive = timed(dirty());
    timed_hive[200] ^= 0xFF;
    let mut zeros = dirty();
    zeros[..512].fill(0);
    let latest = log(&[entry(1), entry(2)]);
    let earlier = log(&[numbered(3, 12), numbered(4, 13)]);
    vec![
        Case::new(
            "bad base block",
            bad_base_block(),
            vec![(Log1, earlier), (Log2, latest.clone())],
        )
        .gives(2, 15),
        Case::new("base block of zeros", zeros, vec![(Log1, latest)]).gives(2, 15),
        Case::new(
            "bad base block, nothing else",
            bad_base_block(),
            vec![(Log1, base_block(&state(0), NEW, 14))],
        )
        .gives(0, 14),
        Case::new("bad base block, no log", bad_base_block(), Vec::new()),
        Case::new("bad base block, old format", timed_hive, vec![(Log1, old.clone())])
            .gives_bytes(with_numbers(&timed(state(1)), 15, 15)),
        Case::new("bad base block, another write", bad_base_block(), vec![(Log1, old)]),
        Case::new("too short", dirty()[..100].to_vec(), vec![(Log1, log(&[entry(1)]))]),
    ]
}
