//! An NTFS volume as file entries.

use std::collections::{HashMap, HashSet};

use diskprint_formats::ntfs::{
    AttributeType, Bitmap, Content, Error, Extents, File, FileName, FileReference, Names,
    Namespace, ReparsePoint, Stream, Volume,
};
use diskprint_formats::{Name, ReadAt};

use super::byte_runs::byte_runs;
use super::content::Job;
use super::effort::Effort;
use super::paths::{Directory, Paths};
use crate::{Allocation, Fault, FileEntry, FileKind, Partition, Place, Step, Times};

/// Record number of the root directory.
const ROOT: u64 = 5;
/// Its sequence number.
const ROOT_SEQUENCE: u16 = 5;
/// Records below this number belong to the file system itself.
const FIRST_USER_RECORD: u64 = 24;
/// Record of the file whose stream $Bad is as long as the volume and has next to no clusters.
const BAD_CLUSTERS: u64 = 8;
/// Where entries go whose directory is not known any more; the name is The Sleuth Kit's.
const ORPHANS: &str = "$OrphanFiles";

/// The entries of a volume, the contents to digest, and what could not be read.
#[derive(Default)]
pub(super) struct Listing {
    pub(super) entries: Vec<FileEntry>,
    pub(super) jobs: Vec<Job>,
    pub(super) faults: Vec<Fault>,
    /// Records in use that could not be read.
    pub(super) unread: Vec<u64>,
}

/// Lists the files of `volume` in the order of its $MFT.
pub(super) fn list(volume: &Volume<impl ReadAt>, partition: &Partition) -> Listing {
    let mut walk = Walk::new(partition, volume.reader().len());
    for warning in volume.warnings() {
        walk.fault(Place::default(), warning, "");
    }
    for (number, file) in volume.files() {
        match file {
            Ok(file) => walk.take(volume, file),
            Err(error) => walk.take_error(number, &error),
        }
    }
    walk.finish(volume)
}

/// What is gathered in one pass over the $MFT: paths are only known at its end.
struct Walk<'p> {
    partition: &'p Partition,
    files: Vec<File>,
    directories: HashMap<u64, Directory>,
    /// Names that a directory lists: directory, file, name.
    listed: HashSet<(u64, FileReference, Name)>,
    /// Directories whose index could not be read whole: names in them are taken as in use.
    doubtful: HashSet<u64>,
    /// Bytes of index blocks that may still be read.
    index_bytes: u64,
    unread: Vec<u64>,
    faults: Vec<Fault>,
}

/// Data, and the roots of indexes: of the one with the names as the directory's own content, as
/// fiwalk has it, of others as streams.
fn is_listed_stream(stream: &Stream) -> bool {
    matches!(stream.kind, AttributeType::DATA | AttributeType::INDEX_ROOT)
}

impl<'p> Walk<'p> {
    fn new(partition: &'p Partition, index_bytes: u64) -> Self {
        Self {
            partition,
            files: Vec::new(),
            directories: HashMap::new(),
            listed: HashSet::new(),
            doubtful: HashSet::new(),
            index_bytes,
            unread: Vec::new(),
            faults: Vec::new(),
        }
    }

    fn fault(&mut self, place: Place, error: &(dyn std::error::Error + 'static), skipped: &str) {
        self.faults.push(Fault::new(place, error, skipped));
    }

    /// Takes a record that cannot be read; it may be of a directory, so the names that say they
    /// are in it are in use as far as anybody knows.
    fn take_error(&mut self, number: u64, error: &Error) {
        let place = Place::from(Step::Inode(number));
        if let Error::Unlisted { base } = error {
            self.unread.push(base.record);
            self.fault(place, error, "what this record adds to its file");
            return;
        }
        self.unread.push(number);
        self.doubtful.insert(number);
        self.fault(place, error, "the file of this record");
        if number == ROOT {
            let reference = FileReference { record: ROOT, sequence: ROOT_SEQUENCE };
            let (parent, name) = (reference, Name::default());
            let root = Directory { reference, in_use: true, parent, name };
            self.directories.insert(ROOT, root);
        }
    }

    fn take(&mut self, volume: &Volume<impl ReadAt>, mut file: File) {
        let inode = file.reference.record;
        let errors = std::mem::take(&mut file.errors);
        if file.in_use && !errors.is_empty() {
            self.unread.push(inode);
            for error in &errors {
                self.fault(Step::Inode(inode).into(), error, "a part of this file");
            }
        }
        if file.directory {
            self.take_directory(volume, &file);
        }
        file.streams.retain(is_listed_stream);
        self.files.push(file);
    }

    fn take_directory(&mut self, volume: &Volume<impl ReadAt>, file: &File) {
        let inode = file.reference.record;
        if let Some(name) = shown_names(file).next() {
            let (parent, name) = (name.parent, name.name.clone());
            let (reference, in_use) = (file.reference, file.in_use);
            self.directories.insert(inode, Directory { reference, in_use, parent, name });
        }
        if !file.in_use {
            return;
        }
        let Names { entries, errors } = volume.index_entries(&file.streams, &mut self.index_bytes);
        for error in errors {
            self.fault(
                Step::Inode(inode).into(),
                &error,
                "which names of this directory are in use",
            );
            self.doubtful.insert(inode);
        }
        for entry in entries {
            self.listed.insert((inode, entry.file, entry.name.name));
        }
    }

    fn finish(self, volume: &Volume<impl ReadAt>) -> Listing {
        let (faults, unread) = (self.faults, self.unread);
        let mut listing = Listing { faults, unread, ..Listing::default() };
        let clusters_in_use = volume.clusters_in_use();
        if clusters_in_use.is_none() {
            let what = "$Bitmap cannot be read: which clusters are in use is not known";
            let fault = Fault::text(Place::default(), what, "digests of deleted files");
            listing.faults.push(fault);
        }
        let mut lister = Lister {
            partition: self.partition,
            paths: Paths::new(&self.directories),
            listed: &self.listed,
            doubtful: &self.doubtful,
            clusters_in_use,
            effort: Effort::new(volume.reader().len()),
            listing: &mut listing,
        };
        self.files.into_iter().for_each(|file| lister.add(file));
        listing
    }
}

/// The names that a user sees: all but the short names that go with a long one.
fn shown_names(file: &File) -> impl Iterator<Item = &FileName> {
    let only_short = file.names.iter().all(|name| name.namespace == Namespace::Dos);
    file.names.iter().filter(move |name| only_short || name.namespace != Namespace::Dos)
}

/// Turns files into entries, once all directories are known.
struct Lister<'w> {
    partition: &'w Partition,
    paths: Paths<'w>,
    listed: &'w HashSet<(u64, FileReference, Name)>,
    doubtful: &'w HashSet<u64>,
    clusters_in_use: Option<Bitmap>,
    effort: Effort,
    listing: &'w mut Listing,
}

/// What is done with a content.
enum Plan {
    Digest,
    Leave,
    /// Left, and that is a fault, for the reason given.
    Refuse(String, &'static str),
}

/// What is left out of an entry whose content is not digested.
const NO_DIGESTS: &str = "digests of its content";
/// What is left out of an entry whose content cannot be found.
const NO_CONTENT: &str = "size, byte runs and digests of its content";

impl Lister<'_> {
    /// Adds the entries of a file: one for each name, and one for each name and named stream.
    fn add(&mut self, file: File) {
        let inode = file.reference.record;
        let nameless = file.names.is_empty();
        let reserved = inode < FIRST_USER_RECORD && file.in_use && nameless;
        let blank =
            !file.in_use && nameless && file.information.is_none() && file.streams.is_empty();
        if inode == ROOT || reserved || blank {
            return;
        }
        let entries = self.named_entries(&file);
        if !file.streams.iter().any(|stream| is_main(stream, file.directory)) {
            self.listing.entries.extend_from_slice(&entries);
        }
        for stream in file.streams {
            let is_main = is_main(&stream, file.directory);
            let plan = match &stream.content {
                Ok(content) if is_main => self.plan(content, file.in_use, file.reparse.as_ref()),
                Ok(_) if inode == BAD_CLUSTERS => Plan::Leave,
                Ok(content) => self.plan(content, file.in_use, None),
                Err(error) if file.in_use => Plan::Refuse(error.to_string(), NO_CONTENT),
                Err(_) => Plan::Leave,
            };
            let first = self.listing.entries.len();
            let of_stream = |entry: &FileEntry| self.of_stream(entry, &stream, is_main);
            self.listing.entries.extend(entries.iter().map(of_stream).collect::<Vec<_>>());
            match (plan, stream.content) {
                (Plan::Digest, Ok(content)) => {
                    let entries = first..self.listing.entries.len();
                    self.listing.jobs.push(Job { entries, content });
                }
                (Plan::Refuse(what, skipped), _) => {
                    let path = self.listing.entries.get(first).map(FileEntry::full_path);
                    let place =
                        Place::from(Step::Inode(inode)).then(Step::Path(path.unwrap_or_default()));
                    self.listing.faults.push(Fault::text(place, what, skipped));
                }
                _ => {}
            }
        }
    }

    /// An entry for each name of the file, without content.
    fn named_entries(&mut self, file: &File) -> Vec<FileEntry> {
        let mut entries = Vec::new();
        for name in shown_names(file) {
            entries.push(self.named_entry(file, name));
        }
        if entries.is_empty() {
            let inode = file.reference.record;
            if file.in_use && inode >= FIRST_USER_RECORD {
                let what = "a file in use has no name";
                let skipped = "the file among those in use";
                self.listing.faults.push(Fault::text(Step::Inode(inode).into(), what, skipped));
            }
            let mut entry = self.nameless_entry(file);
            entry.path = Name::from(format!("{ORPHANS}/OrphanFile-{inode}").as_str());
            entries.push(entry);
        }
        entries
    }

    fn named_entry(&mut self, file: &File, name: &FileName) -> FileEntry {
        let mut entry = self.nameless_entry(file);
        let folder = self.paths.folder(name.parent, file.in_use);
        let is_listed = || {
            self.doubtful.contains(&name.parent.record)
                || self.listed.contains(&(name.parent.record, file.reference, name.name.clone()))
        };
        let is_there =
            self.paths.is_in_use(name.parent) || self.doubtful.contains(&name.parent.record);
        entry.alloc.name = file.in_use && is_there && is_listed();
        if let Some(what) = name_fault(&name.name) {
            let place = Place::from(Step::Inode(entry.inode));
            self.listing.faults.push(Fault::text(place, what, ""));
        }
        let is_lost = folder.is_none();
        entry.path = folder.unwrap_or_else(|| ORPHANS.into()).join('/', &name.name);
        if entry.alloc.name && is_lost {
            let place = Place::from(Step::Inode(entry.inode)).then(Step::Path(entry.path.clone()));
            let what = format!("the way up from directory {} cannot be read", name.parent);
            self.listing.faults.push(Fault::text(place, what, "the folders in this path"));
        }
        entry.parent_inode = name.parent.record;
        entry.name_times = Some(Times {
            mtime: name.mtime,
            atime: name.atime,
            ctime: name.ctime,
            crtime: name.crtime,
        });
        if file.in_use && !entry.alloc.name {
            let place = Place::from(Step::Inode(entry.inode)).then(Step::Path(entry.path.clone()));
            let what =
                format!("directory {} does not list this name of a file in use", name.parent);
            let skipped = "this name among those in use";
            self.listing.faults.push(Fault::text(place, what, skipped));
        }
        entry
    }

    /// What all entries of a file have in common.
    fn nameless_entry(&self, file: &File) -> FileEntry {
        let information = file.information.unwrap_or_default();
        let is_link = file.reparse.as_ref().is_some_and(ReparsePoint::is_link);
        FileEntry {
            partition: self.partition.number,
            path: Name::default(),
            stream: None,
            kind: match (is_link, file.directory) {
                (true, _) => FileKind::Link,
                (false, true) => FileKind::Directory,
                (false, false) => FileKind::Regular,
            },
            alloc: Allocation { name: false, inode: file.in_use },
            inode: file.reference.record,
            seq: file.reference.sequence,
            parent_inode: 0,
            size: 0,
            attributes: information.attributes,
            link_count: file.link_count,
            owner_id: information.owner_id.unwrap_or(0),
            times: Times {
                mtime: information.mtime,
                atime: information.atime,
                ctime: information.ctime,
                crtime: information.crtime,
            },
            name_times: None,
            runs: Vec::new(),
            target: file.reparse.as_ref().and_then(|reparse| reparse.target.clone()),
            digests: None,
        }
    }

    /// The entry of one of a file's streams.
    fn of_stream(&self, entry: &FileEntry, stream: &Stream, is_main: bool) -> FileEntry {
        let mut entry = entry.clone();
        if !is_main {
            entry.stream = Some(stream.name.clone());
            entry.kind = FileKind::Regular;
            entry.name_times = None;
            entry.target = None;
        }
        if let Ok(content) = &stream.content {
            entry.size = content.len();
            entry.runs = byte_runs(content, self.partition.start);
        }
        entry
    }

    /// Whether a content can and should be digested.
    fn plan(&mut self, content: &Content, in_use: bool, reparse: Option<&ReparsePoint>) -> Plan {
        let Content::NonResident(extents) = content else { return Plan::Digest };
        if !in_use && !self.is_free(extents) {
            return Plan::Leave;
        }
        match reparse.map(|reparse| reparse.tag) {
            Some(ReparsePoint::WOF) => {
                let what = "content is compressed by WOF, which is not read";
                return Plan::Refuse(what.into(), NO_DIGESTS);
            }
            Some(ReparsePoint::DEDUP) => {
                let what = "content is in the deduplication store, which is not read";
                return Plan::Refuse(what.into(), NO_DIGESTS);
            }
            _ => {}
        }
        match self.effort.spend(extents) {
            Ok(()) => Plan::Digest,
            Err(what) => Plan::Refuse(what, NO_DIGESTS),
        }
    }

    /// Whether no cluster of a deleted file's content is in use again.
    fn is_free(&self, extents: &Extents) -> bool {
        let Some(in_use) = &self.clusters_in_use else { return false };
        let mut stored = extents.runs.iter().filter_map(|run| Some((run.lcn?, run.clusters)));
        stored.all(|(lcn, count)| !in_use.any_set(lcn..lcn.saturating_add(count)))
    }
}

fn is_main(stream: &Stream, directory: bool) -> bool {
    match stream.kind {
        AttributeType::INDEX_ROOT => directory && stream.name.to_str() == Some("$I30"),
        kind => kind == AttributeType::DATA && stream.name.is_empty(),
    }
}

/// What a name has that makes paths with it look like others; no file of Windows has such a name,
/// but NTFS can hold it.
fn name_fault(name: &Name) -> Option<String> {
    let odd = match name.as_bytes() {
        b"" => "is empty",
        b"." | b".." => "stands for a directory",
        bytes if bytes.contains(&b'/') => "has a slash in it",
        _ => return None,
    };
    Some(format!("name {name:?} {odd}: a path with it may look like that of another file"))
}
