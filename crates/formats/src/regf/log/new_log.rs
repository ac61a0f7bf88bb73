use super::error::LogError;
use super::log_entry::{Header, LogEntry, SECTOR};
use super::report::Entries;
use super::sequence_number::precedes;

/// What a log of the new format holds: the entries that follow one another from its start, why
/// they end where that is not plainly their end, and what lies behind.
#[derive(Debug)]
pub(super) struct NewLog<'a> {
    /// Sequence number that the first entry must have.
    pub(super) first: u32,
    pub(super) entries: Vec<LogEntry<'a>>,
    pub(super) refused: Option<LogError>,
    /// Entries behind the end whose numbers come later: they cannot be applied.
    pub(super) unreached: Option<Entries>,
    /// Entries behind the end that are from before the log was begun anew.
    pub(super) older: Option<Entries>,
}

impl<'a> NewLog<'a> {
    /// Reads a log whose base block has this sequence number.
    // Source: regf spec, "Log entries": the base block is written with the first entry only, the
    // first has its number, each that follows the next, and old ones may lie behind them (notes 4,
    // 5 and 7 of the 2018 revision; earlier ones compare with the primary file's base block, by
    // which the logs of real-hives, UsrClass.dat could not be applied).
    pub(super) fn read(log: &'a [u8], first: u32) -> Self {
        let mut new =
            Self { first, entries: Vec::new(), refused: None, unreached: None, older: None };
        let mut offset = SECTOR;
        let mut expected = first;
        let behind = loop {
            match next_entry(log, offset, expected) {
                Ok(Some(entry)) => {
                    offset = entry.end();
                    expected = expected.wrapping_add(1);
                    new.entries.push(entry);
                }
                Ok(None) => break offset,
                Err(error) => {
                    // An entry that only comes too early is itself one of those behind.
                    let of_other_number = matches!(error, LogError::EntrySequence { .. });
                    new.refused = Some(error);
                    break if of_other_number { offset } else { offset.saturating_add(SECTOR) };
                }
            }
        };
        new.look_behind(log, behind, expected);
        new
    }

    /// Counts the entries from `offset` on by their headers alone, as some are partly overwritten.
    fn look_behind(&mut self, log: &[u8], offset: usize, expected: u32) {
        for at in (offset..log.len()).step_by(SECTOR) {
            let Some(Ok(header)) = Header::read(log, at) else { continue };
            let number = header.sequence_number;
            let side =
                if precedes(number, expected) { &mut self.older } else { &mut self.unreached };
            Entries::count(side, number);
        }
    }
}

/// The entry at `offset`; `None` where the log plainly ends: there is no entry, or one from before.
fn next_entry(log: &[u8], offset: usize, expected: u32) -> Result<Option<LogEntry<'_>>, LogError> {
    let Some(header) = Header::read(log, offset).transpose()? else { return Ok(None) };
    let found = header.sequence_number;
    if precedes(found, expected) {
        return Ok(None);
    }
    if found != expected {
        return Err(LogError::EntrySequence { offset: offset as u64, found, expected });
    }
    LogEntry::read(log, offset, header).map(Some)
}
