use crate::Filetime;
use crate::bytes::u64_le;

use super::super::{BaseBlock, checksum};
use super::log_file::{Content, Log};
use super::old_log::OldLog;
use super::primary::PrimaryFile;
use super::report::{Entries, LogFile, LogReport, State, Verdict};
use super::sequence_number::{distance, precedes};

/// What transaction logs make of a hive, and what was found in them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recovery {
    /// Whether the hive needs its logs.
    pub state: State,
    /// The bytes of the hive file with all that could be applied, a clean hive; `None` where
    /// nothing was.
    pub bytes: Option<Vec<u8>>,
    /// Sequence number of the state that [`Recovery::bytes`] are.
    pub sequence_number: Option<u32>,
    /// The log that the base block was taken from.
    pub base_block_from: Option<LogFile>,
    /// Entries that no log holds, from the first that the hive may lack to the one before the
    /// first that was applied. Windows goes on all the same; whether the hive has their changes
    /// cannot be told.
    pub missing: Option<Entries>,
    /// A report for each log, in the order they were given.
    pub logs: Vec<LogReport>,
}

/// Applies the transaction logs of a hive to the bytes of its primary file, as Windows does when
/// it loads the hive. The logs of another hive are to be kept away by their paths: nothing in
/// them says whose they are, and the file name in their base blocks is often another one.
pub fn recover(primary: &[u8], logs: &[(LogFile, &[u8])]) -> Recovery {
    let logs_len = logs.iter().fold(0, |sum: u64, (_, log)| sum.saturating_add(log.len() as u64));
    let mut logs: Vec<_> = logs.iter().map(|(file, bytes)| Log::read(*file, bytes)).collect();
    let state = state(primary);
    let mut file = PrimaryFile::new(primary, logs_len);
    let outcome = match state {
        State::Clean { sequence_number } => {
            logs.iter_mut().for_each(|log| log.count_newer(sequence_number));
            None
        }
        State::Dirty { primary: number, secondary } => {
            logs.iter_mut().for_each(|log| log.count_newer(secondary));
            let hive_time = u64_le(primary, 12).map(Filetime).unwrap_or_default();
            apply_in_order(&mut file, &mut logs, secondary)
                .or_else(|| apply_old(&mut file, &mut logs, hive_time, Some(number)))
        }
        State::BadBaseBlock { .. } => {
            // Source: regf spec, "Old format", "Base block", note 3.
            let hive_time = u64_le(file.bins(), 20).map(Filetime).unwrap_or_default();
            apply_latest(&mut file, &mut logs)
                .or_else(|| apply_old(&mut file, &mut logs, hive_time, None))
        }
        State::NoBaseBlock { .. } => {
            logs.iter_mut().for_each(|log| log.set_verdict(Verdict::NoBaseBlock));
            None
        }
    };
    Recovery {
        state,
        bytes: outcome.map(|outcome| file.complete(outcome.sequence_number)),
        sequence_number: outcome.map(|outcome| outcome.sequence_number),
        base_block_from: outcome.and_then(|outcome| outcome.base_block_from),
        missing: outcome.and_then(|outcome| outcome.missing),
        logs: logs.into_iter().map(|log| log.report).collect(),
    }
}

/// What applying logs came to.
#[derive(Clone, Copy, Debug)]
struct Outcome {
    sequence_number: u32,
    base_block_from: Option<LogFile>,
    missing: Option<Entries>,
}

// Source: regf spec, "Dirty state of a hive".
fn state(primary: &[u8]) -> State {
    let Some(base) = BaseBlock::read(primary) else {
        return State::NoBaseBlock { len: primary.len() as u64 };
    };
    let (primary_number, secondary) =
        (base.primary_sequence_number, base.secondary_sequence_number);
    if !base.checksum_valid || !primary.starts_with(b"regf") {
        return State::BadBaseBlock { stated: base.checksum, computed: checksum(primary) };
    }
    match primary_number == secondary {
        true => State::Clean { sequence_number: secondary },
        false => State::Dirty { primary: primary_number, secondary },
    }
}

/// Applies the entries of all logs, those first that come first. A log must go on where the one
/// before it ended; the first of them may begin later than the hive ends.
// Source: regf spec, "Log entries", note 7, and "Multiple transaction log files", "New format",
// revision of 2018.
fn apply_in_order(file: &mut PrimaryFile, logs: &mut [Log], hive: u32) -> Option<Outcome> {
    let mut order: Vec<(i32, &mut Log)> = Vec::new();
    for log in logs {
        let Some(first) = log.new_format().map(|new| new.first) else { continue };
        if precedes(first, hive) {
            log.set_verdict(Verdict::Older { log: first, hive });
        } else {
            order.push((distance(hive, first), log));
        }
    }
    order.sort_by_key(|(distance, _)| *distance);
    let mut expected = None;
    let mut begun = None;
    for (_, log) in order {
        let Some(found) = log.new_format().map(|new| new.first) else { continue };
        if let Some(expected) = expected.filter(|expected| *expected != found) {
            log.set_verdict(Verdict::Gap { found, expected });
            continue;
        }
        let next = apply_entries(file, log).map(|last| last.wrapping_add(1));
        begun = begun.or(next.map(|_| found));
        expected = Some(next.unwrap_or(found));
    }
    let missing = begun.map(|first| distance(hive, first).unsigned_abs())?;
    Some(Outcome {
        sequence_number: expected?.wrapping_sub(1),
        base_block_from: None,
        missing: (missing > 0).then(|| Entries {
            count: missing.into(),
            first: hive,
            last: hive.wrapping_add(missing).wrapping_sub(1),
        }),
    })
}

/// Takes the base block of the log with the latest entries, and applies these.
// Source: regf spec, "Log entries", note 6, and "Multiple transaction log files", "New format".
fn apply_latest(file: &mut PrimaryFile, logs: &mut [Log]) -> Option<Outcome> {
    let firsts = logs.iter().enumerate();
    let firsts = firsts.filter_map(|(index, log)| Some((index, log.new_format()?.first)));
    let firsts: Vec<(usize, u32)> = firsts.collect();
    let (_, some) = *firsts.first()?;
    let (latest, first) = *firsts.iter().rev().max_by_key(|(_, first)| distance(some, *first))?;
    let used = logs.get(latest)?.report.file;
    for (index, log) in logs.iter_mut().enumerate() {
        if index != latest {
            log.set_verdict(Verdict::OtherLog(used));
        }
    }
    let log = logs.get_mut(latest)?;
    file.replace_base_block(log.bytes);
    let last = apply_entries(file, log);
    Some(Outcome {
        sequence_number: last.unwrap_or(first),
        base_block_from: Some(used),
        missing: None,
    })
}

/// Applies the entries of a log up to the first that cannot be, and returns the number of the last
/// that was.
fn apply_entries(file: &mut PrimaryFile, log: &mut Log) -> Option<u32> {
    let Content::New(new) = &log.content else { return None };
    log.report.verdict = Verdict::Used;
    let mut last = None;
    let mut entries = new.entries.iter();
    for entry in entries.by_ref() {
        let number = entry.header.sequence_number;
        if let Err(error) = file.apply(entry) {
            log.report.refused = Some(error);
            break;
        }
        let bytes = entry
            .pages
            .iter()
            .fold(0, |sum: u64, page| sum.saturating_add(page.bytes.len() as u64));
        log.report.add_applied(number, entry.pages.len() as u64, bytes);
        last = Some(number);
    }
    log.report.leave_out(entries.map(|entry| entry.header.sequence_number));
    last
}

/// Applies the first log of the old format that is for the write which was not completed; `number`
/// is the primary sequence number of the hive, or `None` where its base block is bad.
///
/// LOG1 is tried before LOG2, and LOG, which is alone where it is used, last.
// Source: regf spec, "Old format", "Base block", notes 2 to 4, and "Multiple transaction log
// files", "Old format". Where LOG1 is not for this write, kernels since Windows 8 use a LOG2 of a
// later time whose pages may not fit; such a log is told, as one of another write, and not used.
fn apply_old(
    file: &mut PrimaryFile,
    logs: &mut [Log],
    hive_time: Filetime,
    number: Option<u32>,
) -> Option<Outcome> {
    let mut order: Vec<&mut Log> = logs.iter_mut().collect();
    order.sort_by_key(|log| (log.report.file == LogFile::Log, log.report.file));
    let mut outcome: Option<(LogFile, Outcome)> = None;
    for log in order {
        let Content::Old(base, old) = &log.content else { continue };
        let verdict = if base.last_written != hive_time {
            Verdict::OtherWrite { log: base.last_written, hive: hive_time }
        } else if let Some((used, _)) = outcome {
            Verdict::OtherLog(used)
        } else if apply_pages(file, old, &mut log.report) {
            let own = base.primary_sequence_number;
            let base_block_from = number.is_none().then_some(log.report.file);
            let sequence_number = number.unwrap_or(own);
            if base_block_from.is_some() {
                file.replace_base_block(log.bytes);
            }
            outcome = Some((
                log.report.file,
                Outcome { sequence_number, base_block_from, missing: None },
            ));
            Verdict::Used
        } else {
            Verdict::Unusable
        };
        log.report.verdict = verdict;
    }
    outcome.map(|(_, outcome)| outcome)
}

/// Applies the pages of a log up to the first hive bin that is none; returns whether it did.
fn apply_pages(file: &mut PrimaryFile, log: &OldLog, report: &mut LogReport) -> bool {
    let bad = log.bad_bin(file.bins());
    let end = bad.as_ref().map_or(u32::MAX, |(offset, _)| *offset);
    let pages = log.pages.iter().take_while(|page| page.offset < end);
    if let Some((_, error)) = bad {
        report.refused = Some(error);
        if pages.clone().next().is_none() {
            return false;
        }
    }
    if let Err(error) = file.grow(0, log.hive_bins_data_size) {
        report.refused = Some(error);
        return false;
    }
    let mut count = 0u64;
    for page in pages {
        file.write(*page);
        count = count.saturating_add(1);
    }
    let number = report.entries.map(|entries| entries.first).unwrap_or_default();
    report.add_applied(number, count, count.saturating_mul(512));
    true
}
