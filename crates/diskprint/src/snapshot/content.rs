use std::io;
use std::ops::Range;

use diskprint_formats::ntfs::{Content, Volume};
use diskprint_formats::{ReadAt, ReadAtExt, regf};

use super::byte_runs;
use super::hives::{Logs, is_hive_file, is_log};
use crate::digest::Digester;
use crate::{Digests, Fault, FileEntry, Place, RunKind, Step, pipeline};

/// A content to digest and the entries that have it: one for each hard link.
pub(super) struct Job {
    pub(super) entries: Range<usize>,
    /// The content where the entries' runs do not tell all of it.
    pub(super) content: Option<Box<Content>>,
}

impl Job {
    fn content<R: ReadAt>(&self, volume: &Volume<R>, entries: &[FileEntry]) -> Content {
        match (&self.content, entries.get(self.entries.start)) {
            (Some(content), _) => Content::clone(content),
            (None, Some(entry)) => byte_runs::content(entry, volume.boot_sector().cluster_size),
            (None, None) => Content::Resident { value: Vec::new(), fs_offset: None },
        }
    }

    /// Where the first part of it that is in clusters lies in the volume, in bytes.
    fn fs_offset(&self, entries: &[FileEntry]) -> u64 {
        let entry = entries.get(self.entries.start);
        let mut runs = entry.iter().flat_map(|entry| entry.runs.iter());
        runs.find_map(|run| run.fs_offset.filter(|_| run.kind != RunKind::Resident)).unwrap_or(0)
    }
}

/// How much is read at once, in bytes: a whole number of compression units.
const CHUNK: usize = 1 << 20;

/// Contents that are read again, each with the number of its entry, in the order of these.
#[derive(Default)]
pub(super) struct Kept {
    /// Of files in use that begin as a hive does, or are called like one; a file with several
    /// names is there once, under the first of them that is in use.
    pub(super) hives: Vec<(usize, Content)>,
    /// Of files in use that are called like transaction logs, by their paths in upper case.
    pub(super) logs: Logs,
}

/// Digests the contents in the order in which they lie on the disk.
pub(super) fn digest<R: ReadAt>(
    volume: &Volume<R>,
    entries: &mut [FileEntry],
    mut jobs: Vec<Job>,
    faults: &mut Vec<Fault>,
) -> Kept {
    jobs.sort_by_cached_key(|job| (job.fs_offset(entries), job.entries.start));
    let outcomes = pipeline::map(&jobs, |job| digest_one(volume, &job.content(volume, entries)));
    let mut kept = Kept::default();
    for (job, outcome) in jobs.into_iter().zip(outcomes) {
        let first = job.entries.start;
        let content = job.content(volume, entries);
        let entries = entries.get_mut(job.entries).unwrap_or_default();
        match outcome {
            Ok((digests, is_hive)) => {
                entries.iter_mut().for_each(|entry| entry.digests = Some(digests));
                kept.keep(entries, first, is_hive, content);
            }
            Err(error) => faults.extend(entries.first().map(|entry| {
                let place =
                    Place::from(Step::Inode(entry.inode)).then(Step::Path(entry.full_path()));
                Fault::new(place, &error, "digests of its content")
            })),
        }
    }
    kept.hives.sort_by_key(|(index, _)| *index);
    kept
}

impl Kept {
    /// Keeps the content of these entries, the first of which has the number `first`.
    fn keep(&mut self, entries: &[FileEntry], first: usize, is_hive: bool, content: Content) {
        let live = || entries.iter().enumerate().filter(|(_, entry)| entry.is_live());
        for (index, entry) in live().filter(|(_, entry)| is_log(entry)) {
            let log = (first + index, content.clone());
            self.logs.insert(entry.full_path().to_upper(), log);
        }
        let hive = live().find(|(_, entry)| is_hive || is_hive_file(entry));
        self.hives.extend(hive.map(|(index, _)| (first + index, content)));
    }
}

fn digest_one<R: ReadAt>(volume: &Volume<R>, content: &Content) -> io::Result<(Digests, bool)> {
    let reader = volume.content_reader(content);
    let mut digester = Digester::default();
    let mut chunk = vec![0; CHUNK.min(usize::try_from(reader.len()).unwrap_or(CHUNK))];
    let mut is_hive = false;
    let mut offset = 0;
    while offset < reader.len() {
        let left = usize::try_from(reader.len() - offset).unwrap_or(CHUNK);
        let len = chunk.len().min(left);
        let part = chunk.get_mut(..len).unwrap_or_default();
        reader.read_exact_at(part, offset)?;
        if offset == 0 {
            is_hive = regf::is_hive(part);
        }
        digester.update(part);
        offset += part.len() as u64;
    }
    Ok((digester.finish(), is_hive))
}
