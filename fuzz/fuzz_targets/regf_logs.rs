//! A hive and its two transaction logs: checksums and hashes are made right, so that what is
//! mutated are the entries and not what guards them.
//!
//! The input is a byte of choices, a byte that means nothing, the lengths of the hive and of the
//! first log as 32-bit numbers, then the three files.
#![no_main]

use diskprint::{HiveState, read_hive};
use diskprint_formats::regf::log::{LogFile, recover};
use diskprint_testkit::regf::checksum;
use diskprint_testkit::regf::log::marvin32;
use libfuzzer_sys::fuzz_target;

/// Choices: make the checksum of the hive right, make what guards the logs right.
const SEAL_HIVE: u8 = 1;
const SEAL_LOGS: u8 = 2;

fuzz_target!(|input: &[u8]| {
    let Some((&[choices, _, a, b, c, d, e, f, g, h], files)) = input.split_first_chunk() else {
        return;
    };
    let [hive_len, log_len] = [[a, b, c, d], [e, f, g, h]].map(|n| u32::from_le_bytes(n) as usize);
    let (hive, logs) = files.split_at(hive_len.min(files.len()));
    let (log1, log2) = logs.split_at(log_len.min(logs.len()));
    let (mut hive, mut log1, mut log2) = (hive.to_vec(), log1.to_vec(), log2.to_vec());
    if choices & SEAL_HIVE != 0 {
        seal_base_block(&mut hive);
    }
    if choices & SEAL_LOGS != 0 {
        [&mut log1, &mut log2].into_iter().for_each(|log| seal_log(log));
    }
    let logs = [(LogFile::Log1, log1.as_slice()), (LogFile::Log2, log2.as_slice())];
    let recovery = recover(&hive, &logs);
    assert_eq!(recovery.logs.len(), logs.len());
    recovery.state.to_string();
    if let Some(bytes) = recovery.bytes {
        // A page may begin a block that the logs do not fill.
        assert!(bytes.len() <= hive.len() + log1.len() + log2.len() + 2 * 4096);
        let again = recover(&bytes, &logs);
        assert!(again.bytes.is_none(), "what was recovered is clean");
        diskprint_fuzz::visit_hive(bytes);
    }
    for state in [HiveState::Recovered, HiveState::Stored] {
        if let Ok((tree, report)) = read_hive(hive.clone(), &logs, state) {
            report.faults();
            report.stored(&tree);
        }
    }
});

fn seal_base_block(file: &mut [u8]) {
    if file.len() >= 512 {
        let sum = checksum(&file[..508]);
        file[508..512].copy_from_slice(&sum.to_le_bytes());
    }
}

// Source: regf spec, "Log entries".
fn seal_log(log: &mut [u8]) {
    seal_base_block(log);
    let mut rest = log.get_mut(512..).unwrap_or_default();
    while let Some((entry, behind)) = entry(rest) {
        let body = marvin32(&entry[40..]);
        entry[24..32].copy_from_slice(&body.to_le_bytes());
        let header = marvin32(&entry[..32]);
        entry[32..40].copy_from_slice(&header.to_le_bytes());
        rest = behind;
    }
}

/// Splits off the first log entry.
fn entry(log: &mut [u8]) -> Option<(&mut [u8], &mut [u8])> {
    let len = u32::from_le_bytes(*log.get(4..8)?.first_chunk()?) as usize;
    let is_entry = log.starts_with(b"HvLE") && len >= 40 && len.is_multiple_of(4);
    (is_entry && len <= log.len()).then(|| log.split_at_mut(len))
}
