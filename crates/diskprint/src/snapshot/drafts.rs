//! Files of a volume while its directories are not all known.

use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::sync::Arc;

use diskprint_formats::ntfs::{
    AttributeType, Bitmap, Content, Error, File, FileName, FileReference, IndexEntry, Namespace,
    ReparsePoint, Stream,
};
use diskprint_formats::{Extents, Name, regf};

use super::byte_runs::{byte_runs, is_told_by_runs};
use super::effort::Cost;
use super::hives::is_kept_name;
use super::paths::{Directory, ROOT, ROOT_SEQUENCE};
use super::security::{Descriptors, Missing};
use super::volume;
use crate::{
    Allocation, ByteRuns, Deleted, Digests, Fault, FileEntry, FileKind, FileSecurity, FoundBy,
    Partition, Place, Remains, Step, Times,
};

/// Records below this number belong to the file system itself.
pub(super) const FIRST_USER_RECORD: u64 = 24;
/// Record of the file whose stream $Bad is as long as the volume and has next to no clusters.
const BAD_CLUSTERS: u64 = 8;
/// How many entries the streams of a file are given under all its names. Files with so many names
/// have few streams, and a name and a stream take some bytes of image each: without a bound, a
/// small one could ask for a billion entries.
const MOST_ENTRIES: usize = 1 << 16;
/// What is left out of an entry whose content is not digested.
pub(super) const NO_DIGESTS: &str = "digests of its content";
/// What is left out of an entry whose content cannot be found.
const NO_CONTENT: &str = "size, byte runs and digests of its content";

/// What becomes of the contents of files that are listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Contents {
    /// Those in records are digested, and a job is made for each other.
    Digested,
    /// Nothing.
    Left,
}

/// What is known of a volume before its files are.
pub(super) struct Setting<'p> {
    pub(super) partition: &'p Partition,
    pub(super) contents: Contents,
    pub(super) descriptors: Descriptors<'p>,
    /// `None` where it cannot be read.
    pub(super) clusters_in_use: Option<Bitmap>,
}

/// What some records that follow one another say. Those of several chunks are joined in order.
#[derive(Default)]
pub(super) struct Drafts {
    /// Entries without paths; none is said to be listed.
    pub(super) entries: Vec<FileEntry>,
    /// What the path of each entry will be made of.
    pub(super) names: Vec<OwnName>,
    /// The names themselves, one behind the other: of millions, an allocation for each would leave
    /// holes of as many sizes behind when they are made paths.
    pub(super) text: Vec<u8>,
    pub(super) contents: Vec<DraftContent>,
    /// In the order of their records.
    pub(super) directories: Vec<Directory>,
    pub(super) indexes: Vec<Index>,
    /// Directories whose index could not be read whole: names in them are taken as in use.
    pub(super) doubtful: HashSet<u64>,
    pub(super) unread: Vec<u64>,
    /// Security ids that files in use have and no descriptor has, and how many files do.
    pub(super) missing_ids: HashMap<u32, u64>,
    /// What is wrong with records, by their numbers.
    pub(super) faults: Vec<(u64, Fault)>,
}

/// An entry's own name, and what else is known of where it says that it is.
pub(super) struct OwnName {
    start: usize,
    len: u16,
    /// Sequence number of the directory; its record is the entry's `parent_inode`.
    parent_sequence: u16,
    /// Whether the file has no name and this was made up.
    pub(super) is_made_up: bool,
    /// Whether no entry before has this name of this file: others are of further streams.
    pub(super) is_first: bool,
}

impl OwnName {
    /// The directory that the name of this entry is in.
    pub(super) fn parent(&self, entry: &FileEntry) -> FileReference {
        FileReference { record: entry.parent_inode, sequence: self.parent_sequence }
    }
}

/// The index of a directory in use.
pub(super) struct Index {
    pub(super) directory: u64,
    pub(super) streams: Vec<Stream>,
}

impl Index {
    /// Length of its blocks in bytes.
    pub(super) fn blocks_len(&self) -> u64 {
        let is_blocks = |stream: &&Stream| stream.kind == AttributeType::INDEX_ALLOCATION;
        let blocks = self.streams.iter().find(is_blocks);
        blocks.and_then(|stream| stream.content.as_ref().ok()).map_or(0, Content::len)
    }
}

/// A content that is to be digested or cannot be, and the entries that have it.
pub(super) struct DraftContent {
    pub(super) entries: Range<usize>,
    pub(super) plan: Plan,
}

/// What is done with a content.
pub(super) enum Plan {
    /// It is digested, if that is not too much; the content where the entry does not tell it.
    Digest(Cost, Option<Box<volume::Content>>),
    Leave,
    /// Left, and that is a fault, for the reason given.
    Refuse(String, &'static str),
}

impl Drafts {
    /// The name of an entry, as WTF-8.
    pub(super) fn text_of(&self, name: &OwnName) -> &[u8] {
        self.text.get(name.start..).and_then(|rest| rest.get(..name.len.into())).unwrap_or(&[])
    }

    /// Adds what the records behind these say.
    pub(super) fn append(&mut self, mut next: Self) {
        let (entries, text) = (self.entries.len(), self.text.len());
        self.entries.append(&mut next.entries);
        self.text.append(&mut next.text);
        self.names.extend(
            next.names.into_iter().map(|name| OwnName { start: name.start + text, ..name }),
        );
        self.contents.extend(next.contents.into_iter().map(
            |DraftContent { entries: own, plan }| DraftContent {
                entries: own.start + entries..own.end + entries,
                plan,
            },
        ));
        self.directories.append(&mut next.directories);
        self.indexes.append(&mut next.indexes);
        self.doubtful.extend(next.doubtful);
        self.unread.append(&mut next.unread);
        for (id, files) in next.missing_ids {
            *self.missing_ids.entry(id).or_default() += files;
        }
        self.faults.append(&mut next.faults);
    }

    /// Notes what is wrong with record `number`.
    pub(super) fn fault(&mut self, number: u64, error: &Error, skipped: &str) {
        let place = Place::from(Step::Inode(number));
        self.faults.push((number, Fault::new(place, error, skipped)));
    }

    /// Adds a record that cannot be read; it may be of a directory, so the names that say they
    /// are in it are in use as far as anybody knows.
    pub(super) fn add_unread(&mut self, number: u64, error: &Error) {
        self.unread.push(number);
        self.doubtful.insert(number);
        self.fault(number, error, "the file of this record");
        if number == ROOT {
            let reference = FileReference { record: ROOT, sequence: ROOT_SEQUENCE };
            let (parent, name) = (reference, Name::default());
            self.directories.push(Directory { reference, in_use: true, parent, name });
        }
    }

    /// Adds a file: an entry for each name, and one for each name and named stream.
    pub(super) fn add(&mut self, mut file: File, setting: &Setting<'_>) {
        let inode = file.reference.record;
        if file.in_use && !file.errors.is_empty() {
            self.unread.push(inode);
            for error in &file.errors {
                self.fault(inode, error, "a part of this file");
            }
        }
        self.add_directory(&file);
        self.add_entries(&file, setting);
        if file.directory && file.in_use {
            file.streams.retain(|stream| stream.name.as_bytes() == b"$I30");
            file.streams.shrink_to_fit();
            self.indexes.push(Index { directory: inode, streams: file.streams });
        }
    }

    fn add_directory(&mut self, file: &File) {
        if let Some(name) = shown_names(file).next().filter(|_| file.directory) {
            let (parent, name) = (name.parent, name.name.clone());
            let (reference, in_use) = (file.reference, file.in_use);
            self.directories.push(Directory { reference, in_use, parent, name });
        }
    }

    fn add_entries(&mut self, file: &File, setting: &Setting<'_>) {
        let inode = file.reference.record;
        let nameless = file.names.is_empty();
        let mut streams = file.streams.iter().filter(|stream| is_listed(stream)).peekable();
        let reserved = inode < FIRST_USER_RECORD && file.in_use && nameless;
        let blank =
            !file.in_use && nameless && file.information.is_none() && streams.peek().is_none();
        if inode == ROOT || reserved || blank {
            return;
        }
        let first = self.entries.len();
        let security = self.security(file, &setting.descriptors);
        let common = FileEntry { security, ..common_entry(file, setting.partition.number) };
        if !file.streams.iter().any(|stream| is_main(stream, file.directory)) {
            let deleted = Deleted { found_by: FoundBy::Record, remains: Remains::Unknown };
            let deleted = (!file.in_use).then_some(deleted);
            let entry = FileEntry { deleted, ..common.clone() };
            self.add_group(&entry, file, true, (first, usize::MAX));
        }
        let most_names = self.most_names(file);
        for stream in streams {
            let is_main = is_main(stream, file.directory);
            let mut entry = of_stream(&common, stream, is_main, setting.partition.start);
            if stream.is_encrypted() && file.in_use && entry.size > 0 {
                let what = "content is encrypted (EFS); its digests are of the encrypted bytes";
                let skipped = "digests of the plain content";
                let fault = Fault::text(Step::Inode(inode).into(), what, skipped);
                self.faults.push((inode, fault));
            }
            let reparse = file.reparse.as_ref().filter(|_| is_main);
            entry.deleted = (!file.in_use).then(|| setting.deleted(&stream.content));
            let plan = match &stream.content {
                Ok(_) if inode == BAD_CLUSTERS && !is_main => Plan::Leave,
                Ok(content) => plan(content, file, reparse, setting, &mut entry),
                Err(error) if file.in_use => Plan::Refuse(error.to_string(), NO_CONTENT),
                Err(_) => Plan::Leave,
            };
            // The first ones have all names: those of the others are theirs.
            let is_first = self.entries.len() == first;
            let most = if is_main || is_first { usize::MAX } else { most_names };
            let entries = self.add_group(&entry, file, is_main, (first, most));
            if !matches!(plan, Plan::Leave) {
                self.contents.push(DraftContent { entries, plan });
            }
        }
    }

    /// The security descriptor of a file; takes note where it cannot be read.
    fn security(
        &mut self,
        file: &File,
        descriptors: &Descriptors<'_>,
    ) -> Option<Arc<FileSecurity>> {
        let missing = match descriptors.of(file) {
            Ok(found) => return found,
            Err(missing) => missing,
        };
        match missing {
            _ if !file.in_use => {}
            Missing::Shared(id) => *self.missing_ids.entry(id).or_default() += 1,
            Missing::Own(what) => {
                let inode = file.reference.record;
                let skipped = "its owner and security descriptor";
                self.faults.push((inode, Fault::text(Step::Inode(inode).into(), what, skipped)));
            }
        }
        None
    }

    /// Adds a deleted file of which a directory's index has kept the name, and no more is left.
    pub(super) fn add_stale(&mut self, IndexEntry { file, name }: IndexEntry, partition: u32) {
        const DIRECTORY: u32 = 0x1000_0000;
        let deleted = Deleted { found_by: FoundBy::DirectoryEntry, remains: Remains::Unknown };
        let FileName { mtime, atime, ctime, crtime, .. } = name;
        let first = self.entries.len();
        self.entries.push(FileEntry {
            partition,
            path: Name::default(),
            stream: None,
            kind: match name.attributes & DIRECTORY {
                0 => FileKind::Regular,
                _ => FileKind::Directory,
            },
            alloc: Allocation::DELETED,
            deleted: Some(deleted),
            inode: file.record,
            seq: file.sequence,
            parent_inode: name.parent.record,
            size: name.size,
            attributes: name.attributes,
            link_count: 0,
            owner_id: 0,
            security: None,
            times: Times::default(),
            name_times: Some(Times { mtime, atime, ctime, crtime }),
            runs: ByteRuns::default(),
            target: None,
            digests: None,
        });
        self.add_name(name.parent.sequence, name.name.as_bytes(), first, false);
    }

    /// Under how many of its names the streams of a file are listed.
    fn most_names(&mut self, file: &File) -> usize {
        let names = shown_names(file).count();
        let streams = file.streams.iter().filter(|stream| is_listed(stream)).count();
        if names.saturating_mul(streams) <= MOST_ENTRIES {
            return usize::MAX;
        }
        let what = format!("the file has {names} names and {streams} streams");
        let inode = file.reference.record;
        let skipped = "the entries of its streams under all names but the first";
        self.faults.push((inode, Fault::text(Step::Inode(inode).into(), what, skipped)));
        1
    }

    /// Adds `entry` under each name of its file, whose first entry is `first`, but not under more
    /// than `most`.
    fn add_group(
        &mut self,
        entry: &FileEntry,
        file: &File,
        has_name_times: bool,
        (first, most): (usize, usize),
    ) -> Range<usize> {
        let start = self.entries.len();
        for (index, name) in shown_names(file).enumerate().take(most) {
            let times = Times {
                mtime: name.mtime,
                atime: name.atime,
                ctime: name.ctime,
                crtime: name.crtime,
            };
            self.entries.push(FileEntry {
                parent_inode: name.parent.record,
                name_times: has_name_times.then_some(times),
                ..entry.clone()
            });
            self.add_name(name.parent.sequence, name.name.as_bytes(), first + index, false);
        }
        if file.names.is_empty() {
            self.entries.push(entry.clone());
            let name = format!("OrphanFile-{}", file.reference.record);
            self.add_name(0, name.as_bytes(), first, true);
        }
        start..self.entries.len()
    }

    /// Adds the name of the next entry, which may be that of entry `same`.
    fn add_name(&mut self, parent_sequence: u16, text: &[u8], same: usize, is_made_up: bool) {
        let start = match self.names.get(same) {
            Some(same) => same.start,
            None => {
                self.text.extend_from_slice(text);
                self.text.len() - text.len()
            }
        };
        let is_first = same == self.names.len();
        // Names are at most 255 UTF-16 units long, each three bytes of WTF-8 or fewer.
        let len = u16::try_from(text.len()).unwrap_or(u16::MAX);
        self.names.push(OwnName { start, len, parent_sequence, is_made_up, is_first });
    }
}

/// The names that a user sees: all but the short names that go with a long one.
fn shown_names(file: &File) -> impl Iterator<Item = &FileName> {
    let only_short = file.names.iter().all(|name| name.namespace == Namespace::Dos);
    file.names.iter().filter(move |name| only_short || name.namespace != Namespace::Dos)
}

/// Data, and the roots of indexes: of the one with the names as the directory's own content, as
/// fiwalk has it, of others as streams. So are extended attributes, ids of objects, what is kept
/// for encryption and transactions, and reparse points of which the file's target does not tell all.
fn is_listed(stream: &Stream) -> bool {
    match stream.kind {
        AttributeType::DATA | AttributeType::INDEX_ROOT => true,
        AttributeType::EA | AttributeType::OBJECT_ID | AttributeType::LOGGED_UTILITY_STREAM => true,
        AttributeType::REPARSE_POINT => match &stream.content {
            Ok(Content::Resident { value, .. }) => ReparsePoint::parse(value)
                .is_none_or(|it| !it.is_link() && it.tag != ReparsePoint::WOF),
            _ => true,
        },
        _ => false,
    }
}

/// What a stream is called: by its own name, or that of its type where it has none.
fn stream_name(stream: &Stream) -> Name {
    match stream.kind.name() {
        Some(kind) if stream.name.is_empty() && stream.kind != AttributeType::DATA => kind.into(),
        _ => stream.name.clone(),
    }
}

fn is_main(stream: &Stream, directory: bool) -> bool {
    match stream.kind {
        AttributeType::INDEX_ROOT => directory && stream.name.as_bytes() == b"$I30",
        kind => kind == AttributeType::DATA && stream.name.is_empty(),
    }
}

/// What all entries of a file have in common.
fn common_entry(file: &File, partition: u32) -> FileEntry {
    let information = file.information.unwrap_or_default();
    let is_link = file.reparse.as_ref().is_some_and(ReparsePoint::is_link);
    FileEntry {
        partition,
        path: Name::default(),
        stream: None,
        kind: match (is_link, file.directory) {
            (true, _) => FileKind::Link,
            (false, true) => FileKind::Directory,
            (false, false) => FileKind::Regular,
        },
        alloc: Allocation { name: false, inode: file.in_use },
        deleted: None,
        inode: file.reference.record,
        seq: file.reference.sequence,
        parent_inode: 0,
        size: 0,
        attributes: information.attributes,
        link_count: file.link_count,
        owner_id: information.owner_id.unwrap_or(0),
        security: None,
        times: Times {
            mtime: information.mtime,
            atime: information.atime,
            ctime: information.ctime,
            crtime: information.crtime,
        },
        name_times: None,
        runs: ByteRuns::default(),
        target: file.reparse.as_ref().and_then(|reparse| reparse.target.clone()),
        digests: None,
    }
}

/// The entry of one of a file's streams, without a name.
fn of_stream(common: &FileEntry, stream: &Stream, is_main: bool, img_start: u64) -> FileEntry {
    let mut entry = common.clone();
    if !is_main {
        entry.stream = Some(stream_name(stream));
        entry.kind = FileKind::Regular;
        entry.target = None;
    }
    if let Ok(content) = &stream.content {
        entry.size = content.len();
        entry.runs = byte_runs(content, img_start);
    }
    entry
}

/// Whether a content can and should be digested. One in the record is digested at once: it is at
/// hand, and need not be kept until the others are read.
fn plan(
    content: &Content,
    file: &File,
    reparse: Option<&ReparsePoint>,
    setting: &Setting<'_>,
    entry: &mut FileEntry,
) -> Plan {
    let digested = setting.contents == Contents::Digested;
    let extents = match content {
        Content::Resident { .. } if !digested => return Plan::Leave,
        Content::Resident { value, .. } => {
            let is_read_again =
                regf::is_hive(value) || shown_names(file).any(|name| is_kept_name(&name.name));
            if is_read_again {
                return Plan::Digest(Cost::default(), Some(Box::new(content.clone().into())));
            }
            entry.digests = Some(Digests::of(value));
            return Plan::Leave;
        }
        Content::NonResident(extents) => extents,
        Content::Overlaid { packed, len, .. } => {
            let is_gone = |extents| !file.in_use && !setting.is_free(extents);
            return match &**packed {
                Content::NonResident(extents) if is_gone(extents) => Plan::Leave,
                _ if !digested => Plan::Leave,
                packed => Plan::Digest(
                    Cost::inflated(packed, *len),
                    Some(Box::new(content.clone().into())),
                ),
            };
        }
    };
    if !file.in_use && !setting.is_free(extents) {
        return Plan::Leave;
    }
    if let Some(reparse) = reparse.filter(|it| it.tag == ReparsePoint::WOF) {
        let what = match reparse.compression {
            Some(_) => "content is compressed by WOF, and the stream that has it cannot be read",
            None => {
                "content is kept by WOF in a Windows image elsewhere, or compressed in a way that \
                 is not known"
            }
        };
        return Plan::Refuse(what.into(), NO_DIGESTS);
    }
    let has_holes = || extents.runs.iter().any(|run| run.lcn.is_none()) || extents.runs.is_empty();
    if let Some(reparse) = reparse.filter(|it| it.keeps_content_elsewhere())
        && extents.data_size > 0
        && has_holes()
    {
        let name = reparse.name().unwrap_or_default();
        let what = format!("content, or a part of it, is not here but where {name} keeps it");
        return Plan::Refuse(what, NO_DIGESTS);
    }
    let is_told = !digested || is_told_by_runs(extents);
    Plan::Digest(Cost::of(extents), (!is_told).then(|| Box::new(content.clone().into())))
}

impl Setting<'_> {
    /// What is left of a content of a deleted file.
    fn deleted(&self, content: &Result<Content, Error>) -> Deleted {
        let of_extents = |extents: &Extents| match &self.clusters_in_use {
            None => Remains::Unknown,
            Some(_) if self.is_free(extents) => Remains::All,
            Some(_) => Remains::Part,
        };
        let remains = match content {
            Ok(Content::Resident { .. }) => Remains::All,
            Ok(Content::NonResident(extents)) => of_extents(extents),
            Ok(Content::Overlaid { packed, .. }) => match &**packed {
                Content::NonResident(extents) => of_extents(extents),
                _ => Remains::All,
            },
            Err(_) => Remains::Unknown,
        };
        Deleted { found_by: FoundBy::Record, remains }
    }

    /// Whether no cluster of a deleted file's content is in use again.
    fn is_free(&self, extents: &Extents) -> bool {
        let Some(in_use) = &self.clusters_in_use else { return false };
        let mut stored = extents.runs.iter().filter_map(|run| Some((run.lcn?, run.clusters)));
        stored.all(|(lcn, count)| !in_use.any_set(lcn..lcn.saturating_add(count)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use diskprint_formats::Filetime;

    fn file(names: usize, streams: usize) -> File {
        let parent = FileReference { record: ROOT, sequence: ROOT_SEQUENCE };
        let time = Filetime(0);
        let name = |number| FileName {
            parent,
            crtime: time,
            mtime: time,
            ctime: time,
            atime: time,
            size: 0,
            attributes: 0,
            namespace: Namespace::Posix,
            name: format!("name{number}").as_str().into(),
        };
        let stream = |number| Stream {
            kind: AttributeType::DATA,
            // The main one is the last.
            name: if number + 1 == streams {
                "".into()
            } else {
                format!("s{number}").as_str().into()
            },
            flags: 0,
            content: Ok(Content::Resident { value: vec![1], fs_offset: None }),
        };
        File {
            reference: FileReference { record: 30, sequence: 1 },
            in_use: true,
            directory: false,
            link_count: 1,
            information: None,
            names: (0..names).map(name).collect(),
            streams: (0..streams).map(stream).collect(),
            reparse: None,
            errors: Vec::new(),
        }
    }

    fn listed(names: usize, streams: usize) -> Drafts {
        let partition = Partition::default();
        let setting = Setting {
            partition: &partition,
            contents: Contents::Left,
            descriptors: Descriptors::none(),
            clusters_in_use: None,
        };
        let mut drafts = Drafts::default();
        drafts.add(file(names, streams), &setting);
        drafts
    }

    #[test]
    fn the_streams_of_a_file_with_thousands_of_names_are_listed_under_its_first() {
        let drafts = listed(200, 300);
        assert_eq!((drafts.entries.len(), drafts.faults.len()), (60_000, 0));
        let drafts = listed(2000, 3000);
        // All names of the first stream and of the main one, and one of each other.
        assert_eq!((drafts.entries.len(), drafts.faults.len()), (2 * 2000 + 2998, 1));
        let name =
            |at: usize| String::from_utf8_lossy(drafts.text_of(&drafts.names[at])).into_owned();
        assert_eq!(name(1999), "name1999");
        assert_eq!((name(2000), name(2001)), ("name0".into(), "name0".into()));
        let main = drafts.entries.len() - 2000;
        assert_eq!((name(main), name(main + 1)), ("name0".into(), "name1".into()));
        assert!(drafts.entries[main..].iter().all(|entry| entry.stream.is_none()));
    }
}
