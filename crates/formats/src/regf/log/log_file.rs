use crate::bytes::u32_le;

use super::super::{BaseBlock, checksum};
use super::error::LogError;
use super::log_entry::SECTOR;
use super::new_log::NewLog;
use super::old_log::OldLog;
use super::report::{Applied, Entries, LogFile, LogFormat, LogReport, Verdict};
use super::sequence_number::precedes;

/// A transaction log, read, and what is to be said about it.
#[derive(Debug)]
pub(super) struct Log<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) content: Content<'a>,
    pub(super) report: LogReport,
}

#[derive(Debug)]
pub(super) enum Content<'a> {
    /// Nothing that can be used.
    None,
    Old(BaseBlock, OldLog<'a>),
    New(NewLog<'a>),
}

impl<'a> Log<'a> {
    pub(super) fn read(file: LogFile, bytes: &'a [u8]) -> Self {
        let base_block = bytes.starts_with(b"regf").then(|| BaseBlock::read(bytes)).flatten();
        let mut report = LogReport {
            file,
            len: bytes.len() as u64,
            format: LogFormat::Unknown,
            base_block,
            verdict: Verdict::NotNeeded,
            entries: None,
            newer: 0,
            applied: None,
            refused: None,
            unreached: None,
            older: None,
        };
        let content = content(bytes, &mut report).unwrap_or_else(|error| {
            report.verdict = Verdict::Unusable;
            report.refused = Some(error);
            Content::None
        });
        Self { bytes, content, report }
    }

    /// The entries, where the log is of the new format.
    pub(super) fn new_format(&self) -> Option<&NewLog<'a>> {
        match &self.content {
            Content::New(log) => Some(log),
            _ => None,
        }
    }

    /// Notes how many entries a hive with this sequence number lacks.
    pub(super) fn count_newer(&mut self, hive: u32) {
        let newer = self.new_format().map_or(0, |log| {
            let numbers = log.entries.iter().map(|entry| entry.header.sequence_number);
            numbers.filter(|number| !precedes(*number, hive)).count()
        });
        self.report.newer = newer as u64;
    }

    /// Sets what became of the log, unless that is known from itself.
    pub(super) fn set_verdict(&mut self, verdict: Verdict) {
        if !matches!(self.content, Content::None) {
            self.report.verdict = verdict;
        }
    }
}

fn content<'a>(bytes: &'a [u8], report: &mut LogReport) -> Result<Content<'a>, LogError> {
    if bytes.iter().all(|byte| *byte == 0) {
        report.format = LogFormat::Empty;
        report.verdict = Verdict::Empty;
        return Ok(Content::None);
    }
    // A log that nothing was written to since it was made has a base block alone.
    let behind = bytes.get(SECTOR..).unwrap_or_default();
    if report.base_block.is_some() && behind.iter().all(|byte| *byte == 0) && !behind.is_empty() {
        report.format = LogFormat::Empty;
        report.verdict = Verdict::Empty;
        return Ok(Content::None);
    }
    let base = base_block(bytes, report)?;
    let first = base.primary_sequence_number;
    if report.format == LogFormat::Old {
        report.entries = Some(Entries { count: 1, first, last: first });
        let log = OldLog::read(bytes, &base)?;
        return Ok(Content::Old(base, log));
    }
    let mut log = NewLog::read(bytes, first);
    for entry in &log.entries {
        Entries::count(&mut report.entries, entry.header.sequence_number);
    }
    report.refused = log.refused.take();
    report.unreached = log.unreached.take();
    report.older = log.older.take();
    Ok(Content::New(log))
}

/// The base block of a log that was written whole.
// Source: regf spec, "Old format", "Base block", item 1 and note 2; "New format", "Base block".
fn base_block(bytes: &[u8], report: &mut LogReport) -> Result<BaseBlock, LogError> {
    let found = bytes.first_chunk().copied().unwrap_or_default();
    if found != *b"regf" {
        return Err(LogError::Signature { found });
    }
    report.format = match u32_le(bytes, 28) {
        Some(1 | 2) => LogFormat::Old,
        Some(6) => LogFormat::New,
        _ => LogFormat::Unknown,
    };
    let short = LogError::TooShort { len: bytes.len() as u64 };
    let base = report.base_block.clone().filter(|_| bytes.len() >= SECTOR).ok_or(short)?;
    let (primary, secondary) = (base.primary_sequence_number, base.secondary_sequence_number);
    if report.format == LogFormat::Unknown {
        return Err(LogError::FileType { found: base.file_type });
    }
    if !base.checksum_valid {
        return Err(LogError::Checksum { stated: base.checksum, computed: checksum(bytes) });
    }
    if primary != secondary {
        return Err(LogError::SequenceNumbers { primary, secondary });
    }
    Ok(base)
}

impl LogReport {
    /// Notes that pages of the entries with these numbers were applied.
    pub(super) fn add_applied(&mut self, number: u32, pages: u64, bytes: u64) {
        let none = Applied {
            entries: Entries { count: 0, first: number, last: number },
            pages: 0,
            bytes: 0,
        };
        let applied = self.applied.get_or_insert(none);
        applied.entries.count = applied.entries.count.saturating_add(1);
        applied.entries.last = number;
        applied.pages = applied.pages.saturating_add(pages);
        applied.bytes = applied.bytes.saturating_add(bytes);
    }

    /// Notes entries that cannot be reached, before those behind the end of the log.
    pub(super) fn leave_out(&mut self, numbers: impl Iterator<Item = u32>) {
        let behind = self.unreached.take();
        numbers.for_each(|number| Entries::count(&mut self.unreached, number));
        self.unreached = match (self.unreached, behind) {
            (Some(own), Some(behind)) => Some(Entries {
                count: own.count.saturating_add(behind.count),
                first: own.first,
                last: behind.last,
            }),
            (own, behind) => own.or(behind),
        };
    }
}
