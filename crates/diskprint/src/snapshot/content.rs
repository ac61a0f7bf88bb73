use std::io;
use std::ops::Range;

use diskprint_formats::{ReadAt as _, ReadAtExt as _, ntfs, regf};

use super::byte_runs;
use super::carried::{Digested, Whereabouts, whereabouts};
use super::hives::{Logs, is_hive_file, is_log};
use super::volume::{Content, Volume};
use crate::digest::Digester;
use crate::{Amount, Cache, Fault, FileEntry, Place, RunKind, Step, pipeline};

/// A content to digest and the entries that have it: one for each hard link.
pub(super) struct Job {
    pub(super) entries: Range<usize>,
    /// The content where the entries' runs do not tell all of it.
    pub(super) content: Option<Box<Content>>,
}

impl Job {
    fn content(&self, volume: &Volume<'_>, entries: &[FileEntry]) -> Content {
        match (&self.content, entries.get(self.entries.start)) {
            (Some(content), _) => Content::clone(content),
            (None, Some(entry)) => byte_runs::content(entry, volume.unit).into(),
            (None, None) => ntfs::Content::Resident { value: Vec::new(), fs_offset: None }.into(),
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
const CHUNK: usize = 128 << 10;

/// How many contents are digested before what came of them is taken note of: outcomes of millions
/// would take more memory than the files' entries.
const JOBS: usize = 1 << 16;

/// Contents that are read again, each with the number of its entry, in the order of these.
#[derive(Default)]
pub(super) struct Kept {
    /// Of files in use that begin as a hive does, or are called like one; a file with several
    /// names is there once, under the first of them that is in use.
    pub(super) hives: Vec<(usize, Content)>,
    /// Of files in use that are called like transaction logs, by their paths in upper case.
    pub(super) logs: Logs,
}

/// What came of a job.
struct Outcome {
    /// Where its content lies, if that is known.
    whereabouts: Option<Whereabouts>,
    /// What is carried over.
    carried: Option<Digested>,
    /// What was read.
    read: Option<io::Result<Digested>>,
}

/// Digests the contents in the order in which they lie on the disk, but for those whose digests
/// the cache has.
pub(super) fn digest(
    volume: &Volume<'_>,
    entries: &mut [FileEntry],
    mut jobs: Vec<Job>,
    cache: Option<&Cache>,
    faults: &mut Vec<Fault>,
) -> (Kept, Amount) {
    jobs.sort_by_cached_key(|job| (job.fs_offset(entries), job.entries.start));
    let (mut kept, mut amount) = (Kept::default(), Amount::default());
    for jobs in jobs.chunks(JOBS) {
        let made = |job: &Job| outcome(volume, &job.content(volume, entries), cache);
        let outcomes = pipeline::map(jobs, made);
        for (job, outcome) in jobs.iter().zip(outcomes) {
            amount += take(volume, entries, job, outcome, cache, &mut kept, faults);
        }
    }
    kept.hives.sort_by_key(|(index, _)| *index);
    (kept, amount)
}

/// Takes note of what came of a job, and says how much was read for it and how much is digested.
fn take(
    volume: &Volume<'_>,
    entries: &mut [FileEntry],
    job: &Job,
    Outcome { whereabouts, carried, read }: Outcome,
    cache: Option<&Cache>,
    kept: &mut Kept,
    faults: &mut Vec<Fault>,
) -> Amount {
    let content = job.content(volume, entries);
    let (len, first) = (content.len(), job.entries.start);
    let entries = entries.get_mut(job.entries.clone()).unwrap_or_default();
    let place = |entries: &[FileEntry]| {
        let entry = entries.first()?;
        Some(Place::from(Step::Inode(entry.inode)).then(Step::Path(entry.full_path())))
    };
    if let (Some(carried), Some(Ok(read))) = (carried, &read)
        && carried != *read
    {
        let what = "the digests carried over from a slice before are not those of its content";
        faults.extend(place(entries).map(|place| Fault::text(place, what, "")));
    }
    let was_read = if read.is_some() { len } else { 0 };
    match read.or(carried.map(Ok)) {
        Some(Ok(digested)) => {
            entries.iter_mut().for_each(|entry| entry.digests = Some(digested.digests));
            if let (Some(cache), Some(whereabouts)) = (cache, whereabouts) {
                cache.keep(whereabouts, digested);
            }
            kept.keep(entries, first, digested.is_hive, content);
            Amount { read: was_read, made: len }
        }
        Some(Err(error)) => {
            let fault = |place| Fault::new(place, &error, "digests of its content");
            faults.extend(place(entries).map(fault));
            Amount { read: was_read, made: 0 }
        }
        None => Amount::default(),
    }
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

/// Takes the digests of a content over, or else reads it. To verify, both is done.
fn outcome(volume: &Volume<'_>, content: &Content, cache: Option<&Cache>) -> Outcome {
    let whereabouts = match content {
        Content::Stored(content) => cache.and_then(|_| whereabouts(volume.reader, content)),
        Content::Made(_) => None,
    };
    let carried = cache.zip(whereabouts.as_ref()).and_then(|(cache, it)| cache.digested(it));
    let is_read = carried.is_none() || cache.is_some_and(Cache::verifies);
    Outcome { whereabouts, carried, read: is_read.then(|| digest_one(volume, content)) }
}

fn digest_one(volume: &Volume<'_>, content: &Content) -> io::Result<Digested> {
    let reader = content.reader(volume);
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
    Ok(Digested { digests: digester.finish(), is_hive })
}
