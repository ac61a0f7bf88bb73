//! An NTFS volume as file entries.

use std::iter::Peekable;
use std::ops::Range;
use std::vec;

use diskprint_formats::ntfs::{Error, Found, Joiner, Volume};
use diskprint_formats::{Name, ReadAt};

use super::content::Job;
use super::drafts::{
    Contents, DraftContent, Drafts, FIRST_USER_RECORD, NO_DIGESTS, OwnName, Plan, Setting,
};
use super::effort::Effort;
use super::listed;
use super::paths::{self, Paths};
use super::security::{Descriptors, SECURE};
use super::{Listing, NotListed};
use crate::{Fault, FileEntry, Partition, Place, Step, pipeline};

/// Where entries go whose directory is not known any more; the name is The Sleuth Kit's.
const ORPHANS: &str = "$OrphanFiles";

/// How many chunks of the $MFT are read before what they hold is joined: some for each thread.
const BATCH: usize = 16;

/// Lists the files of `volume` in the order of its $MFT.
///
/// One pass over the $MFT makes all entries but for their paths, the chunks spread over threads; a
/// second, over the indexes of directories, tells which names are in use; then all directories are
/// known. Of 118,000 files that takes 0.33 s of CPU time and 53 MB; keeping each file until the end of
/// one pass took 0.65 s and 190 MB.
pub(super) fn list(
    volume: &Volume<impl ReadAt>,
    partition: &Partition,
    contents: Contents,
) -> Listing {
    let clusters_in_use = volume.clusters_in_use();
    let mut faults = Vec::new();
    let descriptors = Descriptors::read(volume, &mut faults);
    let setting = Setting { partition, contents, descriptors, clusters_in_use };
    let mut walk = Walk::new(&setting, volume.reader().len());
    for warning in volume.warnings() {
        walk.drafts.faults.push((0, Fault::new(Place::default(), warning, "")));
    }
    walk.drafts.faults.extend(faults.into_iter().map(|fault| (SECURE, fault)));
    walk.read(volume);
    let missing = walk.setting.descriptors.missing(&walk.drafts.missing_ids);
    walk.drafts.faults.extend(missing.map(|fault| (SECURE, fault)));
    listed::mark(volume, &mut walk.drafts, partition.number);
    let boot_sector = volume.boot_sector();
    let read = volume.record_count() * u64::from(boot_sector.file_record_size);
    Listing { unit: boot_sector.cluster_size, read, ..walk.finish() }
}

/// A part of a chunk: files of one record each, and the record behind them that is none.
type Part = (Drafts, Option<(u64, Found)>);

fn read_chunk(volume: &Volume<impl ReadAt>, chunk: Range<u64>, setting: &Setting<'_>) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut drafts = Drafts::default();
    volume.scan(chunk, |number, found| match found {
        Found::File(file) => drafts.add(file, setting),
        other => parts.push((std::mem::take(&mut drafts), Some((number, other)))),
    });
    parts.push((drafts, None));
    parts
}

/// What is gathered in one pass over the $MFT: paths are only known at its end.
struct Walk<'s> {
    setting: &'s Setting<'s>,
    drafts: Drafts,
    effort: Effort,
    jobs: Vec<Job>,
    refusals: Vec<Refusal>,
}

/// A content that is not digested, and why.
struct Refusal {
    entries: Range<usize>,
    what: String,
    skipped: &'static str,
}

impl<'s> Walk<'s> {
    fn new(setting: &'s Setting<'s>, volume_len: u64) -> Self {
        let (drafts, effort) = (Drafts::default(), Effort::new(volume_len));
        Self { setting, drafts, effort, jobs: Vec::new(), refusals: Vec::new() }
    }

    fn read(&mut self, volume: &Volume<impl ReadAt>) {
        let mut joiner = Joiner::new(volume);
        let chunks: Vec<_> = volume.chunks().collect();
        for batch in chunks.chunks(BATCH) {
            let read =
                pipeline::map(batch, |chunk| read_chunk(volume, chunk.clone(), self.setting));
            for (drafts, found) in read.into_iter().flatten() {
                self.append(drafts);
                let Some((number, found)) = found else { continue };
                let mut drafts = Drafts::default();
                match joiner.join(number, found) {
                    Some(Ok(file)) => drafts.add(file, self.setting),
                    Some(Err(error)) => drafts.add_unread(number, &error),
                    None => {}
                }
                self.append(drafts);
            }
        }
        for (number, error) in joiner.unlisted() {
            self.add_unlisted(number, &error);
        }
    }

    /// Adds what the next records say, and decides in their order which contents are too much.
    fn append(&mut self, drafts: Drafts) {
        self.drafts.append(drafts);
        for DraftContent { entries, plan } in std::mem::take(&mut self.drafts.contents) {
            let refused = match plan {
                Plan::Leave => None,
                Plan::Refuse(what, skipped) => Some((what, skipped)),
                Plan::Digest(cost, content) => match self.effort.spend(&cost) {
                    Err(what) => Some((what, NO_DIGESTS)),
                    Ok(()) => {
                        if self.setting.contents == Contents::Digested {
                            self.jobs.push(Job { entries: entries.clone(), content });
                        }
                        None
                    }
                },
            };
            let refusal = refused.map(|(what, skipped)| Refusal { entries, what, skipped });
            self.refusals.extend(refusal);
        }
    }

    fn add_unlisted(&mut self, number: u64, error: &Error) {
        if let Error::Unlisted { base } = error {
            self.drafts.unread.push(base.record);
        }
        let place = Place::from(Step::Inode(number));
        let fault = Fault::new(place, error, "what this record adds to its file");
        self.drafts.faults.push((u64::MAX, fault));
    }

    fn finish(self) -> Listing {
        let Self { setting, mut drafts, jobs, refusals, .. } = self;
        let mut faults = std::mem::take(&mut drafts.faults);
        // Stable: what was found of a record's index stays behind what its attributes have.
        faults.sort_by_key(|(number, _)| *number);
        let mut faults: Vec<Fault> = faults.into_iter().map(|(_, fault)| fault).collect();
        if setting.clusters_in_use.is_none() {
            let what = "$Bitmap cannot be read: which clusters are in use is not known";
            faults.push(Fault::text(Place::default(), what, "digests of deleted files"));
        }
        let mut entries = std::mem::take(&mut drafts.entries);
        let mut finisher = Finisher {
            drafts: &drafts,
            paths: Paths::new(&drafts.directories),
            room: paths::room(entries.len()),
            refusals: refusals.into_iter().peekable(),
            faults,
        };
        for at in 0..entries.len() {
            finisher.finish(&mut entries, at);
        }
        let faults = finisher.faults;
        let unread = NotListed { inodes: drafts.unread, folders: Vec::new() };
        Listing { entries, jobs, faults, unread, ..Listing::default() }
    }
}

/// Turns drafts into entries, once all directories are known.
struct Finisher<'d> {
    drafts: &'d Drafts,
    paths: Paths<'d>,
    /// Room that is left for the entries' paths, in bytes.
    room: usize,
    refusals: Peekable<vec::IntoIter<Refusal>>,
    faults: Vec<Fault>,
}

impl Finisher<'_> {
    fn finish(&mut self, entries: &mut [FileEntry], at: usize) {
        let (Some(entry), Some(name)) = (entries.get_mut(at), self.drafts.names.get(at)) else {
            return;
        };
        if name.is_made_up {
            self.finish_nameless(entry, name);
        } else {
            self.finish_named(entry, name);
        }
        // Of a content under several names, what its names have is told first.
        while let Some(refusal) = self.refusals.next_if(|next| next.entries.end <= at + 1) {
            let path = entries.get(refusal.entries.start).map(FileEntry::full_path);
            let inode = entries.get(refusal.entries.start).map_or(0, |entry| entry.inode);
            let place = Place::from(Step::Inode(inode)).then(Step::Path(path.unwrap_or_default()));
            self.faults.push(Fault::text(place, refusal.what, refusal.skipped));
        }
    }

    fn finish_nameless(&mut self, entry: &mut FileEntry, name: &OwnName) {
        entry.path = joined(&ORPHANS.into(), self.drafts.text_of(name));
        if name.is_first && entry.alloc.inode && entry.inode >= FIRST_USER_RECORD {
            let what = "a file in use has no name";
            let skipped = "the file among those in use";
            self.faults.push(Fault::text(Step::Inode(entry.inode).into(), what, skipped));
        }
    }

    fn finish_named(&mut self, entry: &mut FileEntry, name: &OwnName) {
        let (parent, in_use) = (name.parent(entry), entry.alloc.inode);
        let is_doubtful = self.drafts.doubtful.contains(&parent.record);
        let is_listed = is_doubtful || entry.alloc.name;
        let is_there = is_doubtful || self.paths.is_in_use(parent);
        entry.alloc.name = in_use && is_there && is_listed;
        let room = &mut self.room;
        let folder = self.paths.folder(parent, in_use).filter(|folder| {
            let left = room.checked_sub(folder.as_bytes().len());
            *room = left.unwrap_or(*room);
            left.is_some()
        });
        let is_lost = folder.is_none();
        let own = self.drafts.text_of(name);
        entry.path = match folder {
            Some(folder) => joined(folder, own),
            None => joined(&ORPHANS.into(), own),
        };
        if name.is_first {
            self.tell(entry, name, is_lost);
        }
    }

    /// Says what is wrong with a name and its folder.
    fn tell(&mut self, entry: &FileEntry, name: &OwnName, is_lost: bool) {
        let inode = || Place::from(Step::Inode(entry.inode));
        let path = || inode().then(Step::Path(entry.path.clone()));
        let parent = name.parent(entry);
        if let Some(what) = name_fault(self.drafts.text_of(name)) {
            self.faults.push(Fault::text(inode(), what, ""));
        }
        if entry.alloc.name && is_lost {
            let what = format!("the way up from directory {parent} cannot be read, or is too long");
            self.faults.push(Fault::text(path(), what, "the folders in this path"));
        }
        if entry.alloc.inode && !entry.alloc.name {
            let what = format!("directory {parent} does not list this name of a file in use");
            self.faults.push(Fault::text(path(), what, "this name among those in use"));
        }
    }
}

/// The path of the name `own` in `folder`.
fn joined(folder: &Name, own: &[u8]) -> Name {
    let mut path = Vec::with_capacity(folder.as_bytes().len() + 1 + own.len());
    if !folder.is_empty() {
        path.extend_from_slice(folder.as_bytes());
        path.push(b'/');
    }
    path.extend_from_slice(own);
    Name::from_wtf8(path)
}

/// What a name has that makes paths with it look like others; no file of Windows has such a name,
/// but NTFS can hold it.
fn name_fault(name: &[u8]) -> Option<String> {
    let odd = match name {
        b"" => "is empty",
        b"." | b".." => "stands for a directory",
        bytes if bytes.contains(&b'/') => "has a slash in it",
        _ => return None,
    };
    let name = Name::from_wtf8(name.to_vec());
    Some(format!("name {name:?} {odd}: a path with it may look like that of another file"))
}
