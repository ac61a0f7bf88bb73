use std::collections::HashMap;

use diskprint_formats::ReadAt;
use diskprint_formats::ntfs::usn_journal::reason::{
    CLOSE, FILE_CREATE, FILE_DELETE, RENAME_NEW_NAME, RENAME_OLD_NAME,
};
use diskprint_formats::ntfs::usn_journal::{UsnJournal, UsnRecord};
use diskprint_formats::ntfs::{Error, FileReference, Volume};

use super::{FileEvent, FileEventKind, FileLink, Journal, JournalKind};
use crate::Partition;
use crate::snapshot::Known;

/// How many damaged records are told.
const MOST_DAMAGES: usize = 20;

/// Reads the change journal whose base record is `inode`; `None` where it was never written.
pub(super) fn read(
    volume: &Volume<impl ReadAt>,
    inode: u64,
    partition: &Partition,
    known: &Known,
    note: &mut dyn FnMut(Error, &str),
) -> Result<Option<Journal>, Error> {
    let Some(journal) = UsnJournal::open(volume, volume.file(inode)?)? else { return Ok(None) };
    let kind = JournalKind::UsnJrnl;
    let mut read = Journal {
        partition: partition.number,
        kind,
        id: journal.id(),
        first: journal.first(),
        next: journal.next()?,
        events: Vec::new(),
    };
    if let Some(since) = known.since(partition.serial, kind, read.id) {
        let mut files = Files::default();
        let mut damages = 0;
        let end = journal.records(since, &mut |record| match record {
            Ok(record) => read.events.extend(files.event(record)),
            Err(error) => {
                damages += 1;
                match damages {
                    ..=MOST_DAMAGES => note(error, SKIPPED),
                    _ if damages == MOST_DAMAGES + 1 => {
                        note(Error::TooMany { read: MOST_DAMAGES }, SKIPPED);
                    }
                    _ => {}
                }
            }
        });
        end.unwrap_or_else(|error| note(error, SKIPPED));
    }
    Ok(Some(read))
}

const SKIPPED: &str = "records of what happened to files between the slices";

/// What is known of files that were written to and not yet closed.
#[derive(Default)]
struct Files {
    open: HashMap<FileReference, Open>,
}

#[derive(Default)]
struct Open {
    /// What was told of it: records repeat the bits of those before, up to the one that closes it.
    told: u32,
    /// The name that it is about to lose.
    old: Option<FileLink>,
}

impl Files {
    /// What a record says that those before did not.
    fn event(&mut self, record: UsnRecord) -> Option<FileEvent> {
        let UsnRecord { usn, file, parent, time, reason, attributes, name } = record;
        let link = FileLink { parent, name };
        let open = self.open.entry(file).or_default();
        let is_told = |bit: u32| open.told & bit != 0;
        let has = |bit: u32| reason & bit != 0;
        let kind = if has(RENAME_OLD_NAME) && open.old.is_none() && !has(CLOSE) {
            open.old = Some(link.clone());
            None
        } else if has(RENAME_NEW_NAME) && (open.old.is_some() || !is_told(RENAME_NEW_NAME)) {
            let old = open.old.take();
            (old.as_ref() != Some(&link)).then_some(FileEventKind::Renamed(old))
        } else if has(FILE_DELETE) && !is_told(FILE_DELETE) {
            Some(FileEventKind::Deleted)
        } else if has(FILE_CREATE) && !is_told(FILE_CREATE) {
            Some(FileEventKind::Created)
        } else {
            None
        };
        open.told |= reason;
        if has(CLOSE) {
            self.open.remove(&file);
        }
        kind.map(|kind| FileEvent { file, number: usn, time, kind, link, attributes, reason })
    }
}
