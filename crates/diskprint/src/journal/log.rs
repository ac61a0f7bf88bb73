use std::collections::HashMap;

use diskprint_formats::ntfs::log_file::{LogFile, LogRecord, Operation, RECORD};
use diskprint_formats::ntfs::{AttributeType, Error, FileName, FileReference, Namespace, Volume};
use diskprint_formats::{Filetime, ReadAt};

use super::{FileEvent, FileEventKind, FileLink, Journal, JournalKind};
use crate::Partition;
use crate::snapshot::Known;

/// Reads the log of a volume, what it tells only where `is_told`; `None` where it was never written.
pub(super) fn read(
    volume: &Volume<impl ReadAt>,
    partition: &Partition,
    known: &Known,
    is_told: bool,
) -> Result<Option<Journal>, Error> {
    let file = volume.file(RECORD)?;
    let Some(stream) = file.streams.into_iter().find(|it| it.kind == AttributeType::DATA) else {
        return Ok(None);
    };
    let content = stream.content?;
    let Some(log) = LogFile::open(volume.content_reader(&content), volume.boot_sector())? else {
        return Ok(None);
    };
    let kind = JournalKind::LogFile;
    let next = log.next();
    let mut read =
        Journal { partition: partition.number, kind, id: 0, first: next, next, events: Vec::new() };
    if let (true, Some(since)) = (is_told, known.since(partition.serial, kind, read.id)) {
        let first = Some(since).filter(|since| log.reaches(*since)).or_else(|| log.first());
        read.first = first.unwrap_or(next);
        let mut files = Files::default();
        log.walk(read.first, &mut |record| read.events.extend(files.event(record)));
    }
    Ok(Some(read))
}

/// What the log told of files up to some record.
#[derive(Default)]
struct Files {
    files: HashMap<FileReference, State>,
    /// Which file had a record last.
    last: HashMap<u64, FileReference>,
    /// Files that lost a name in a transaction that has not ended.
    renamed: HashMap<u32, Vec<FileReference>>,
}

#[derive(Default)]
struct State {
    name: Option<FileName>,
    /// The name that it lost in a transaction that has not ended.
    lost: Option<FileName>,
    /// Whether its record was taken for it.
    is_new: bool,
}

impl Files {
    /// What a record says happened to a file.
    fn event(&mut self, record: LogRecord) -> Option<FileEvent> {
        let LogRecord { lsn, transaction, operation } = record;
        let (file, kind, name) = match operation {
            Operation::NameAdded(_, name) | Operation::NameRemoved(_, name)
                if name.namespace == Namespace::Dos =>
            {
                return None;
            }
            Operation::NameAdded(file, name) => {
                let state = self.state(file);
                let kind = match state.lost.take() {
                    Some(lost) if link(&lost) == link(&name) => None,
                    Some(lost) => Some(FileEventKind::Renamed(Some(link(&lost)))),
                    None if state.is_new && state.name.is_none() => Some(FileEventKind::Created),
                    None => None,
                };
                state.name = Some(name.clone());
                (file, kind?, name)
            }
            Operation::NameRemoved(file, name) => {
                self.state(file).lost = Some(name);
                self.renamed.entry(transaction).or_default().push(file);
                return None;
            }
            Operation::RecordTaken(file) => {
                let state = self.state(file);
                let is_told = std::mem::replace(&mut state.is_new, true);
                let name = state.name.clone().filter(|_| !is_told)?;
                (file, FileEventKind::Created, name)
            }
            Operation::RecordFreed(record) => {
                let file = self.last.remove(&record)?;
                let State { name, lost, .. } = self.files.remove(&file)?;
                (file, FileEventKind::Deleted, lost.or(name)?)
            }
            Operation::Ended => {
                self.end(transaction);
                return None;
            }
        };
        let (attributes, time) = (name.attributes, Filetime::default());
        Some(FileEvent { file, number: lsn, time, kind, link: link(&name), attributes, reason: 0 })
    }

    fn state(&mut self, file: FileReference) -> &mut State {
        self.last.insert(file.record, file);
        self.files.entry(file).or_default()
    }

    /// A name that was lost and not replaced in one transaction was one of several, or its file's.
    fn end(&mut self, transaction: u32) {
        for file in self.renamed.remove(&transaction).unwrap_or_default() {
            if let Some(state) = self.files.get_mut(&file) {
                state.lost = None;
            }
        }
    }
}

fn link(name: &FileName) -> FileLink {
    FileLink { parent: name.parent, name: name.name.clone() }
}
