use std::io;
use std::ops::Range;

use diskprint_formats::ntfs::{Content, Volume};
use diskprint_formats::{ReadAt, ReadAtExt, regf};

use crate::digest::Digester;
use crate::{Digests, Fault, FileEntry, Place, Step, pipeline};

/// A content to digest and the entries that have it: one for each hard link.
pub(super) struct Job {
    pub(super) entries: Range<usize>,
    pub(super) content: Content,
}

/// How much is read at once, in bytes: a whole number of compression units.
const CHUNK: usize = 1 << 20;

/// Digests the contents in the order in which they lie on the disk; gives out which of the files
/// in use begin as a hive does, each with the number of its entry.
///
/// A file with several names is given out once, under the first of them that is in use.
pub(super) fn digest<R: ReadAt>(
    volume: &Volume<R>,
    entries: &mut [FileEntry],
    mut jobs: Vec<Job>,
    faults: &mut Vec<Fault>,
) -> Vec<(usize, Content)> {
    jobs.sort_by_key(|job| (first_cluster(&job.content), job.entries.start));
    let outcomes = pipeline::map(&jobs, |job| digest_one(volume, &job.content));
    let mut hives = Vec::new();
    for (job, outcome) in jobs.into_iter().zip(outcomes) {
        let first = job.entries.start;
        let entries = entries.get_mut(job.entries).unwrap_or_default();
        match outcome {
            Ok((digests, is_hive)) => {
                entries.iter_mut().for_each(|entry| entry.digests = Some(digests));
                let live = entries.iter().position(FileEntry::is_live).filter(|_| is_hive);
                hives.extend(live.map(|index| (first + index, job.content)));
            }
            Err(error) => faults.extend(entries.first().map(|entry| {
                let place =
                    Place::from(Step::Inode(entry.inode)).then(Step::Path(entry.full_path()));
                Fault::new(place, &error, "digests of its content")
            })),
        }
    }
    hives.sort_by_key(|(index, _)| *index);
    hives
}

fn first_cluster(content: &Content) -> u64 {
    match content {
        Content::Resident { .. } => 0,
        Content::NonResident(extents) => extents.runs.iter().find_map(|run| run.lcn).unwrap_or(0),
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
